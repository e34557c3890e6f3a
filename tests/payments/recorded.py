"""Holds recorded requests against the SDK's own descriptions: `python -m tests.payments.recorded`.

The check is independent of the sandbox's: it walks the SDK's typed classes itself. Only which path
is which operation is looked up in the sandbox's table. Record with PARI_PROVIDER_RECORD=FILE.
"""

import json
import os
import re
import sys
import types
from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal, NotRequired, Union, get_args, get_origin

import django
import stripe
import stripe.params.checkout
import stripe.params.identity
import stripe.params.v2.core
from django.apps import apps
from typing_extensions import get_type_hints, is_typeddict

if not apps.ready:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()

from payments.sandbox import forms
from payments.sandbox.routes import match

SECRETS = ("Authorization", "Bearer", "rk_live", "rk_test", "sk_live", "sk_test")
LEAST_REQUESTS, LEAST_OPERATIONS = 300, 30
KEY = re.compile(r"^op-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}-[1-9][0-9]*$")
OPTIONS = frozenset(stripe.RequestOptions.__annotations__)


def params_class(name: str) -> Any:
    found: Any = stripe.params
    for part in name.split("."):
        found = getattr(found, part)
    return found


def hints_of(typed: Any) -> dict[str, Any]:
    own = {name: hint for name, hint in typed.__annotations__.items() if name not in OPTIONS}
    holder = type("Holder", (), {"__annotations__": own})
    module = __import__(typed.__module__, fromlist=["x"])
    return get_type_hints(holder, vars(module), include_extras=True)


def complaints(typed: Any, value: Any, name: str = "") -> list[str]:
    """What is wrong with a value, by the SDK's description of it."""
    origin, inside = get_origin(typed), get_args(typed)
    if origin is NotRequired:
        return complaints(inside[0], value, name)
    if is_typeddict(typed):
        return _table(typed, value, name)
    if origin in (Union, types.UnionType):
        words = [word for part in inside if get_origin(part) is Literal for word in get_args(part)]
        is_closed = isinstance(value, str) and any(words)
        ways = [complaints(part, value, name) for part in inside if not (is_closed and part is str)]
        return [] if [] in ways else max(ways, key=len)
    if origin is Literal:
        return [] if value in inside else [f"{name}: {value} is no word of {inside[:5]}"]
    if origin is list:
        values = _in_order(value)
        if values is None:
            return [f"{name}: no list"]
        return [text for part in values for text in complaints(inside[0], part, f"{name}[]")]
    if origin is not None:
        return [] if isinstance(value, dict) else [f"{name}: not a table"]
    return _plain(typed, value, name)


def _in_order(value: Any) -> list[Any] | None:
    """The values of a list; a form numbers them."""
    if isinstance(value, dict) and all(key.isdigit() for key in value):
        return [value[key] for key in sorted(value, key=int)]
    return value if isinstance(value, list) else None


def _table(typed: Any, value: Any, name: str) -> list[str]:
    if not isinstance(value, dict):
        return [f"{name}: not a table"]
    hints = hints_of(typed)
    found = [f"{name}.{key}: unknown" for key in value if key not in hints]
    found += [
        f"{name}.{key}: missing"
        for key, hint in hints.items()
        if get_origin(hint) is not NotRequired and key not in value
    ]
    for key, part in value.items():
        if key in hints:
            found += complaints(hints[key], part, f"{name}.{key}")
    return found


def _plain(typed: Any, value: Any, name: str) -> list[str]:
    fits = {
        int: lambda: re.match(r"^-?\d+$", str(value)),
        bool: lambda: str(value).lower() in ("true", "false"),
        str: lambda: isinstance(value, str),
    }
    is_fit = fits.get(typed, fits[str])()
    return [] if is_fit else [f"{name}: {value!r} is no {typed.__name__}"]


def faults_of(line: dict[str, Any]) -> list[str]:
    """What is wrong with one recorded request."""
    found = match(line["method"], line["path"])
    if found is None:
        return [f"{line['path']}: no such operation"]
    body = line["query"] if line["method"] == "GET" else line["body"]
    is_json = line["path"].startswith("/v2/") and line["method"] == "POST"
    given = json.loads(body) if is_json else forms.decode(body)
    faults = complaints(params_class(found[0].params), given)
    key = line["headers"].get("Idempotency-Key", "")
    if line["method"] == "POST" and not KEY.match(key):
        faults.append(f"key {key!r}")
    return [f"{line['method']} {line['path']}: {fault}" for fault in faults]


def told_twice(lines: Iterable[dict[str, Any]]) -> list[str]:
    """Keys under which more than one request was sent."""
    said = defaultdict(set)
    for line in lines:
        if line["method"] == "POST":
            about = line["headers"].get("Stripe-Account", "")
            said[line["headers"].get("Idempotency-Key", "")].add(
                (line["path"], line["body"], about)
            )
    return [
        f"key {key!r} for {len(bodies)} requests" for key, bodies in said.items() if len(bodies) > 1
    ]


def operation_of(line: dict[str, Any]) -> str:
    """The operation of a request, e.g. `POST /v1/transfers/*/reversals`."""
    found = match(line["method"], line["path"])
    return f"{line['method']} {found[0].path if found else line['path']}"


def secrets_in(text: str) -> list[str]:
    """Words that no recording may hold."""
    return [word for word in SECRETS if word in text]


def main(names: list[str]) -> int:
    """Check recordings, say what they hold; 1 when anything is wrong or too little is there."""
    texts = [Path(name).read_text(encoding="utf-8") for name in names]
    lines = [json.loads(line) for text in texts for line in text.splitlines()]
    used = Counter(operation_of(line) for line in lines)
    faults = [fault for line in lines for fault in faults_of(line)] + told_twice(lines)
    faults += [f"holds {word}" for text in texts for word in secrets_in(text)]
    for operation, times in sorted(used.items()):
        print(f"{times:8}  {operation}")
    for fault, times in Counter(faults).most_common(50):
        print(f"WRONG {times:6}  {fault}")
    print(f"{len(lines)} requests, {len(used)} operations, {len(faults)} faults")
    is_enough = len(lines) >= LEAST_REQUESTS and len(used) >= LEAST_OPERATIONS
    if not is_enough:
        print(f"too few: at least {LEAST_REQUESTS} requests of {LEAST_OPERATIONS} operations")
    return 1 if faults or not is_enough else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
