"""What a database says of money and loans, without what may differ between two runs of the same.

A row is told by its figures, days and words and by the rows that it points to, not by its key:
keys have gaps where something was rolled back. So have the numbers of loans, which are made of
theirs; a loan is called by its place among all. Instants and random names are left out,
and so is what documents say: it is drawn up from rows that are told here and names those by key.
The provider's ids and instants are random and of the wall clock; they are left out too.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from hashlib import sha256
from typing import Any, Final

from django.apps import apps
from django.db import models

from ledger.chart import RULES, Holder, Role

_APPS: Final = ("core", "ledger", "lending", "notifications", "payments")
_LEFT_OUT: Final = frozenset(
    {"DayEndRun", "DayEndStep", "DayEndShard", "MarketDay", "Seal", "ChainCheck"}
)
_UUID: Final = re.compile(r"[0-9a-f]{8}(-?[0-9a-f]{4}){3}-?[0-9a-f]{12}")
_INSTANT: Final = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+(Z|[+-]\d\d:\d\d)")
_NUMBER: Final = re.compile(r"\d+")
_OF_PROVIDER: Final = re.compile(r"\b([a-z_]+)_[0-9a-f]{24}(_secret_\w+)?")
_LOAN: Final = re.compile(r'(\bP-|"loan_id": )(\d+)\b')
_SECONDS: Final = re.compile(r"\b1\d{9}\b")
_BOOKS: Final = frozenset({"Book", "Posting", "StoredObject"})
_SAID: Final = {"lending_document": ("data", "pdf", "sha256")}
_NAMED_BY_KEY: Final = ("key", "subject")


def digest(*, with_provider: bool = False) -> dict[str, Counter[str]]:
    """Per table how often each row stands there, told without its key.

    Args:
        with_provider: also what the provider's own books and objects say.
    """
    return _Digest(with_provider=with_provider).tables()


def _told_models() -> list[type[models.Model]]:
    found = [model for app in _APPS for model in apps.get_app_config(app).get_models()]
    return [model for model in found if model.__name__ not in _LEFT_OUT]


def _provider_models() -> list[type[models.Model]]:
    found = apps.get_app_config("payments_sandbox").get_models()
    return [model for model in found if model.__name__ in _BOOKS]


class _Digest:
    def __init__(self, *, with_provider: bool) -> None:
        told = _told_models() + (_provider_models() if with_provider else [])
        self.models = {model._meta.db_table: model for model in told}
        self.rows = {table: _read(model) for table, model in self.models.items()}
        self.places = {key: place for place, key in enumerate(sorted(self.rows["lending_loan"]))}
        self.told: dict[tuple[str, Any], str] = {}

    def tables(self) -> dict[str, Counter[str]]:
        """All rows told; an account that holds nothing is as good as none."""
        return {
            table: Counter(
                self.tell(table, key) for key, row in rows.items() if row.get("balance_cents", 1)
            )
            for table, rows in self.rows.items()
        }

    def tell(self, table: str, key: Any) -> str:
        """One row in words; the rows that it points to by the hash of theirs."""
        if (table, key) not in self.told:
            model, row = self.models[table], self.rows[table][key]
            said = {
                field.attname: self._value(field, row[field.attname])
                for field in model._meta.concrete_fields
                if not field.primary_key
                and not isinstance(field, models.DateTimeField)
                and field.attname not in _SAID.get(table, ())
            }
            if table == "ledger_account" and RULES[Role(row["role"])].holder == Holder.LOAN:
                said["holder_id"] = self.places[row["holder_id"]]
            self.told[table, key] = json.dumps(said, default=str, sort_keys=True)
        return self.told[table, key]

    def _value(self, field: models.Field[Any, Any], value: Any) -> Any:
        target = field.related_model._meta.db_table if field.is_relation else ""  # type: ignore[union-attr]
        if value is not None and target in self.rows:
            return sha256(self.tell(target, value).encode()).hexdigest()[:12]
        if isinstance(field, models.BinaryField | models.UUIDField):
            return None
        if isinstance(value, dict | list):
            value = json.dumps(value, sort_keys=True)
        if isinstance(value, str):
            value = _LOAN.sub(self._placed, value)
            value = _OF_PROVIDER.sub(r"\1_?", _INSTANT.sub("?", _UUID.sub("?", value)))
            value = _SECONDS.sub("?", value)
            return _NUMBER.sub("#", value) if field.name in _NAMED_BY_KEY else value
        return value

    def _placed(self, found: re.Match[str]) -> str:
        return f"{found[1]}{self.places.get(int(found[2]), found[2])}"


def _read(model: type[models.Model]) -> dict[Any, dict[str, Any]]:
    names = [field.attname for field in model._meta.concrete_fields]
    return {row[model._meta.pk.attname]: row for row in model._base_manager.values(*names)}


def differences(before: dict[str, Counter[str]], after: dict[str, Counter[str]]) -> list[str]:
    """The rows that one has and the other has not, for the message of a failure."""
    return [
        f"{sign} {table} {row}"
        for table in before
        for sign, rest in (
            ("-", before[table] - after[table]),
            ("+", after[table] - before[table]),
        )
        for row in rest.elements()
    ]
