"""Puts whole objects where an answer holds their ids, as `expand` asks for."""

from __future__ import annotations

from typing import Any

from payments.sandbox.errors import bad_parameter
from payments.sandbox.store import Work


def expanded(work: Work, data: dict[str, Any], paths: list[str]) -> dict[str, Any]:
    """A copy of `data` with each dotted path filled in; four levels at most."""
    shown = dict(data)
    for path in paths:
        parts = path.split(".")
        if len(parts) > 4:
            raise bad_parameter(
                f"You cannot expand more than 4 levels of a property. Property: {path}",
                param="expand",
            )
        _fill(work, shown, parts, path)
    return shown


def _fill(work: Work, shown: dict[str, Any], parts: list[str], path: str) -> None:
    name, rest = parts[0], parts[1:]
    if name == "data" and shown.get("object") == "list":
        shown["data"] = [dict(row) for row in shown["data"]]
        for row in shown["data"]:
            _fill(work, row, rest, path)
        return
    if name not in shown:
        raise bad_parameter(f"This property cannot be expanded ({path}).", param="expand")
    shown[name] = _whole(work, shown, name)
    if rest and isinstance(shown[name], dict):
        _fill(work, shown[name], rest, path)


def _whole(work: Work, shown: dict[str, Any], name: str) -> Any:
    value = shown[name]
    if name == "verified_outputs":
        record = work.peek(shown["id"])
        is_verified = shown["status"] == "verified"
        return record.hidden.get(name) if record and is_verified else None
    if isinstance(value, str):
        record = work.peek(value)
        return dict(record.data) if record else value
    return dict(value) if isinstance(value, dict) else value
