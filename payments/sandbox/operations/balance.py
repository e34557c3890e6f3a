"""Balances, and money that the operator puts in."""

from __future__ import annotations

from typing import Any

from payments.sandbox import books, calendar, clock, events
from payments.sandbox.errors import bad_parameter
from payments.sandbox.store import Record, Work


def retrieve(work: Work, params: dict[str, Any]) -> dict[str, Any]:
    """GET balance, of the account that asks."""
    kept = books.balances()
    return {
        "object": "balance",
        "available": [_line(kept.get(books.available(work.account), 0))],
        "livemode": False,
        "pending": [_line(kept.get(books.pending(work.account), 0))],
    }


def retrieve_transaction(work: Work, params: dict[str, Any], txn_id: str) -> Record:
    """GET balance_transactions/{id}."""
    return work.find(txn_id, "balance_transaction")


def create_topup(work: Work, params: dict[str, Any]) -> Record:
    """POST topups: the operator's own money, from the operator's bank."""
    if params["amount"] < 1:
        raise bad_parameter("Invalid positive integer", param="amount")
    data = {
        "amount": params["amount"],
        "balance_transaction": None,
        "currency": "eur",
        "description": params.get("description"),
        "expected_availability_date": None,
        "failure_code": None,
        "failure_message": None,
        "initiated_by": "api",
        "metadata": params.get("metadata") or {},
        "payment_method": None,
        "source": None,
        "statement_descriptor": params.get("statement_descriptor"),
        "status": "pending",
        "transfer_group": params.get("transfer_group"),
    }
    topup = work.add("topup", data)
    day = calendar.add_bank_days(clock.day_of(work.now), 1)
    work.change(topup, expected_availability_date=clock.seconds(clock.bank_hour(day)))
    work.schedule("finish_topup", topup, clock.bank_hour(day))
    events.emit(work, "topup.created", topup)
    return topup


def retrieve_topup(work: Work, params: dict[str, Any], topup_id: str) -> Record:
    """GET topups/{id}."""
    return work.find(topup_id, "topup", param="topup")


def finish_topup(work: Work, topup: Record) -> None:
    """The operator's money arrives."""
    amount = topup.data["amount"]
    txn = books.transact(work, "topup", topup, amount, against=books.OUTSIDE, account=topup.account)
    work.change(topup, status="succeeded", balance_transaction=txn.id)
    events.emit(work, "topup.succeeded", topup)


def _line(cents: int) -> dict[str, Any]:
    return {"amount": cents, "currency": "eur", "source_types": {"card": cents}}
