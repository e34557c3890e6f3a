"""Charges: one attempt to take money, and the money when it comes."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final

from payments.sandbox import books, calendar, clock, events, outcomes
from payments.sandbox.store import Record, Work

DEBIT_FEE_CENTS: Final = 35
CARD_FEE_CENTS: Final = 25
CARD_FEE_SHARE: Final = Decimal("0.015")
CARD_DELAY_DAYS: Final = 2
DEBIT_DELAY_DAYS: Final = 1
RETURN_DELAY_DAYS: Final = 2
"""Bank days after which money may be used, and after which a failed debit is known."""


def retrieve(work: Work, params: dict[str, Any], charge_id: str) -> Record:
    """GET charges/{id}."""
    return work.find(charge_id, "charge", param="charge")


def start(work: Work, intent: Record, method: Record, *, mandate_id: str = "") -> Record:
    """A pending charge for a payment."""
    kind = method.data["type"]
    shown = dict(method.data[kind])
    if kind == "sepa_debit":
        shown = {name: shown[name] for name in ("bank_code", "country", "fingerprint", "last4")}
        shown["mandate"] = mandate_id or None
    data = {
        "amount": intent.data["amount"],
        "amount_captured": 0,
        "amount_refunded": 0,
        "application": None,
        "application_fee": None,
        "balance_transaction": None,
        "billing_details": method.data["billing_details"],
        "captured": False,
        "currency": "eur",
        "customer": intent.data["customer"],
        "description": intent.data["description"],
        "disputed": False,
        "failure_balance_transaction": None,
        "failure_code": None,
        "failure_message": None,
        "fraud_details": {},
        "metadata": intent.data["metadata"],
        "on_behalf_of": None,
        "paid": False,
        "payment_intent": intent.id,
        "payment_method": method.id,
        "payment_method_details": {kind: shown, "type": kind},
        "refunded": False,
        "review": None,
        "source": None,
        "source_transfer": None,
        "status": "pending",
        "transfer": None,
        "transfer_group": intent.data["transfer_group"],
    }
    prefix = "payment" if kind == "sepa_debit" else "charge"
    return work.add("charge", data, parent=intent.id, prefix=prefix)


def succeed(work: Work, charge: Record) -> None:
    """The payer's money arrives: book it, less our charge."""
    is_debit = charge.data["payment_method_details"]["type"] == "sepa_debit"
    today = clock.day_of(work.now)
    days = DEBIT_DELAY_DAYS if is_debit else CARD_DELAY_DAYS
    amount = charge.data["amount"]
    txn = books.transact(
        work,
        "payment" if is_debit else "charge",
        charge,
        amount,
        fee_cents=DEBIT_FEE_CENTS if is_debit else _card_fee(amount),
        against=books.OUTSIDE,
        available_on=calendar.add_bank_days(today, days),
    )
    work.change(
        charge,
        status="succeeded",
        paid=True,
        captured=True,
        amount_captured=amount,
        balance_transaction=txn.id,
    )
    events.emit(work, "charge.succeeded", charge)


def fail(work: Work, charge: Record, code: str) -> None:
    """The payer's bank refuses: no money, and a reason."""
    work.change(
        charge,
        status="failed",
        failure_code=code,
        failure_message=outcomes.explain(code),
    )
    events.emit(work, "charge.failed", charge)


def debit_day(work: Work, target_date: str) -> date:
    """The bank day on which a debit is worked off, as asked for or as soon as the scheme allows."""
    if target_date:
        return calendar.bank_day_from(date.fromisoformat(target_date))
    return calendar.add_bank_days(clock.day_of(work.now), 3)


def is_target_allowed(work: Work, target_date: str) -> bool:
    """Whether a date may be asked for: it must lie 3 to 15 days ahead."""
    try:
        target = date.fromisoformat(target_date)
    except ValueError:
        return False
    today = clock.day_of(work.now)
    return today + timedelta(days=3) <= target <= today + timedelta(days=15)


def _card_fee(amount_cents: int) -> int:
    share = Decimal(amount_cents) * CARD_FEE_SHARE
    return CARD_FEE_CENTS + int(share.to_integral_value(ROUND_HALF_UP))
