"""Refunds: money back to whoever paid it."""

from __future__ import annotations

from typing import Any

from payments.sandbox import books, calendar, clock, events
from payments.sandbox.errors import bad_parameter, invalid
from payments.sandbox.store import Record, Work


def create(work: Work, params: dict[str, Any]) -> Record:
    """POST refunds, by payment or by charge."""
    charge = _charge(work, params)
    left = charge.data["amount"] - charge.data["amount_refunded"]
    amount = params.get("amount", left)
    if charge.data["disputed"]:
        raise invalid("This charge has been charged back.", code="charge_disputed")
    if charge.data["status"] != "succeeded" or left == 0:
        raise invalid("This charge has no money left to refund.", code="charge_already_refunded")
    if not 0 < amount <= left:
        raise invalid(
            f"Refund amount ({amount}) is greater than unrefunded amount on charge ({left})",
            param="amount",
        )
    books.require(work, work.account, amount)
    is_debit = charge.data["payment_method_details"]["type"] == "sepa_debit"
    refund = work.add("refund", _data(params, charge, amount), parent=charge.id)
    kind = "payment_refund" if is_debit else "refund"
    txn = books.transact(work, kind, refund, -amount, against=books.OUTSIDE)
    work.change(
        refund,
        balance_transaction=txn.id,
        status="pending" if is_debit else "succeeded",
    )
    refunded = charge.data["amount_refunded"] + amount
    work.change(charge, amount_refunded=refunded, refunded=refunded == charge.data["amount"])
    if is_debit:
        day = calendar.add_bank_days(clock.day_of(work.now), 2)
        work.schedule("finish_refund", refund, clock.bank_hour(day))
    events.emit(work, "refund.created", refund)
    events.emit(work, "charge.refunded", charge)
    return refund


def retrieve(work: Work, params: dict[str, Any], refund_id: str) -> Record:
    """GET refunds/{id}."""
    return work.find(refund_id, "refund", param="refund")


def finish(work: Work, refund: Record) -> None:
    """The payer's bank takes the money."""
    if refund.data["status"] != "pending":
        return
    work.change(refund, status="succeeded")
    events.emit(work, "refund.updated", refund)


def fail(work: Work, refund: Record, reason: str) -> None:
    """The payer's bank sends the money back, perhaps after it seemed to have taken it."""
    charge = work.find(refund.data["charge"], "charge", account=refund.account)
    amount = refund.data["amount"]
    txn = books.transact(work, "refund_failure", refund, amount, against=books.OUTSIDE)
    work.change(
        refund,
        failure_balance_transaction=txn.id,
        failure_reason=reason,
        status="failed",
    )
    work.change(charge, amount_refunded=charge.data["amount_refunded"] - amount, refunded=False)
    events.emit(work, "refund.failed", refund)


def _charge(work: Work, params: dict[str, Any]) -> Record:
    if "payment_intent" in params:
        intent = work.find(
            params["payment_intent"],
            "payment_intent",
            param="payment_intent",
            status=400,
        )
        charge_id = intent.data["latest_charge"] or ""
    elif "charge" in params:
        charge_id = params["charge"]
    else:
        raise bad_parameter(
            "One of the following params should be provided for this request: payment_intent or"
            " charge.",
            param="payment_intent",
            code="parameter_missing",
        )
    return work.find(charge_id, "charge", param="charge", status=400)


def _data(params: dict[str, Any], charge: Record, amount: int) -> dict[str, Any]:
    return {
        "amount": amount,
        "balance_transaction": None,
        "charge": charge.id,
        "currency": "eur",
        "customer": charge.data["customer"],
        "failure_balance_transaction": None,
        "failure_reason": None,
        "metadata": params.get("metadata") or {},
        "payment_intent": charge.data["payment_intent"],
        "payment_method": charge.data["payment_method"],
        "pending_reason": None,
        "reason": params.get("reason"),
        "receipt_number": None,
        "source_transfer_reversal": None,
        "status": "pending",
        "transfer_reversal": None,
    }
