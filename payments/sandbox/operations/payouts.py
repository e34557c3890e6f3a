"""Payouts: money from an account's balance to its bank account."""

from __future__ import annotations

from typing import Any, Final

from payments.sandbox import books, calendar, clock, events, outcomes
from payments.sandbox.errors import bad_parameter, invalid
from payments.sandbox.store import PLATFORM, Record, Work

ARRIVAL_DAYS: Final = 2
"""Bank days from asking to arrival."""


def create(work: Work, params: dict[str, Any]) -> Record:
    """POST payouts, on behalf of a connected account."""
    amount = params["amount"]
    if amount < 1:
        raise bad_parameter(
            "This value must be greater than or equal to 1.",
            param="amount",
            code="parameter_invalid_integer",
        )
    bank = _destination(work, params.get("destination", ""))
    books.require(work, work.account, amount)
    day = calendar.add_bank_days(clock.day_of(work.now), ARRIVAL_DAYS)
    payout = work.add(
        "payout",
        _data(params, bank, clock.seconds(clock.bank_hour(day))),
        parent=bank.id,
    )
    txn = books.transact(work, "payout", payout, -amount, against=books.OUTSIDE)
    work.change(payout, balance_transaction=txn.id)
    work.schedule(
        "send_payout",
        payout,
        clock.bank_hour(calendar.add_bank_days(clock.day_of(work.now), ARRIVAL_DAYS - 1)),
    )
    work.schedule("arrive_payout", payout, clock.bank_hour(day))
    events.emit(work, "payout.created", payout)
    return payout


def retrieve(work: Work, params: dict[str, Any], payout_id: str) -> Record:
    """GET payouts/{id}."""
    return work.find(payout_id, "payout", param="payout")


def cancel(work: Work, params: dict[str, Any], payout_id: str) -> Record:
    """POST payouts/{id}/cancel."""
    payout = work.find(payout_id, "payout", param="payout")
    if payout.data["status"] != "pending":
        raise invalid("You can only cancel payouts that are still pending.")
    _give_back(work, payout, "payout_cancel")
    work.change(payout, status="canceled")
    events.emit(work, "payout.canceled", payout)
    return payout


def send(work: Work, payout: Record) -> None:
    """The payout leaves for the bank."""
    if payout.data["status"] == "pending":
        work.change(payout, status="in_transit")
        events.emit(work, "payout.updated", payout)


def arrive(work: Work, payout: Record) -> None:
    """The payout reaches the bank, which takes it or sends it back."""
    if payout.data["status"] not in ("pending", "in_transit"):
        return
    bank = work.find(payout.data["destination"], "bank_account", account=payout.account)
    outcome = outcomes.of_payout(bank.id, bank.hidden["iban"], clock.day_of(work.now))
    if outcome == outcomes.SUCCEEDS:
        work.change(payout, status="paid")
        events.emit(work, "payout.paid", payout)
    else:
        fail(work, payout, outcome)


def fail(work: Work, payout: Record, code: str) -> None:
    """The bank sends the money back, perhaps days after it seemed paid."""
    bank = work.find(payout.data["destination"], "bank_account", account=payout.account)
    txn = _give_back(work, payout, "payout_failure")
    work.change(
        payout,
        failure_balance_transaction=txn.id,
        failure_code=code,
        failure_message=outcomes.explain(code),
        status="failed",
    )
    work.change(bank, status="errored")
    events.emit(work, "payout.failed", payout)


def _give_back(work: Work, payout: Record, kind: str) -> Record:
    amount = payout.data["amount"]
    return books.transact(work, kind, payout, amount, against=books.OUTSIDE, account=payout.account)


def _destination(work: Work, asked: str) -> Record:
    if work.account == PLATFORM:
        raise invalid("Only payouts of connected accounts are held here.")
    account = work.find(work.account, "v2.core.account", account=PLATFORM)
    bank_id = asked or account.hidden.get("bank_account", "")
    if not bank_id:
        raise invalid("Sorry, you don't have any external accounts in that currency (eur).")
    bank = work.find(bank_id, "bank_account", param="destination", status=400)
    if bank.data["status"] == "errored":
        raise invalid(
            "Payouts to this bank account are disabled because an earlier one failed.",
            code="payouts_not_allowed",
            param="destination",
        )
    return bank


def _data(params: dict[str, Any], bank: Record, arrival: int) -> dict[str, Any]:
    return {
        "amount": params["amount"],
        "application_fee": None,
        "application_fee_amount": None,
        "arrival_date": arrival,
        "automatic": False,
        "balance_transaction": None,
        "currency": "eur",
        "description": params.get("description"),
        "destination": bank.id,
        "failure_balance_transaction": None,
        "failure_code": None,
        "failure_message": None,
        "metadata": params.get("metadata", {}),
        "method": params.get("method", "standard"),
        "original_payout": None,
        "reconciliation_status": "not_applicable",
        "reversed_by": None,
        "source_type": "card",
        "statement_descriptor": params.get("statement_descriptor"),
        "status": "pending",
        "trace_id": None,
        "type": "bank_account",
    }
