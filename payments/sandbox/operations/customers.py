"""Customers: who pays."""

from __future__ import annotations

from typing import Any

from payments.sandbox import events
from payments.sandbox.store import Record, Work

_FIELDS = (
    "address",
    "description",
    "email",
    "name",
    "phone",
    "preferred_locales",
    "shipping",
)


def create(work: Work, params: dict[str, Any]) -> Record:
    """POST customers."""
    data: dict[str, Any] = {
        **{name: params.get(name) for name in _FIELDS},
        "balance": 0,
        "currency": None,
        "default_source": None,
        "delinquent": False,
        "metadata": params.get("metadata", {}),
        "preferred_locales": params.get("preferred_locales", []),
        "tax_exempt": "none",
        "test_clock": None,
    }
    customer = work.add("customer", data)
    events.emit(work, "customer.created", customer)
    return customer


def retrieve(work: Work, params: dict[str, Any], customer_id: str) -> Record:
    """GET customers/{id}."""
    return work.find(customer_id, "customer")


def update(work: Work, params: dict[str, Any], customer_id: str) -> Record:
    """POST customers/{id}."""
    customer = work.find(customer_id, "customer")
    changed = {name: params[name] for name in _FIELDS if name in params}
    if "metadata" in params:
        changed["metadata"] = customer.data["metadata"] | (params["metadata"] or {})
    work.change(customer, **changed)
    events.emit(work, "customer.updated", customer)
    return customer
