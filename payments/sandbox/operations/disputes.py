"""Disputes: a debit that succeeded is taken back by the payer's bank, for good."""

from __future__ import annotations

from typing import Any, Final

from payments.sandbox import books, events
from payments.sandbox.store import Record, Work

LATE_RETURN_DAYS: Final = 5
"""Bank days after which a debit that comes back late is known."""
REASON: Final = "late_return"


def open_lost(work: Work, charge: Record) -> None:
    """Take the money back; a debit's dispute cannot be contested and is lost at once."""
    amount, reason = charge.data["amount"], charge.hidden[REASON]
    data: dict[str, Any] = {
        "amount": amount,
        "balance_transactions": [],
        "charge": charge.id,
        "currency": "eur",
        "enhanced_eligibility_types": [],
        "evidence": {},
        "evidence_details": {
            "due_by": None,
            "has_evidence": False,
            "past_due": False,
            "submission_count": 0,
        },
        "is_charge_refundable": False,
        "metadata": {},
        "payment_intent": charge.data["payment_intent"],
        "reason": reason,
        "status": "lost",
    }
    dispute = work.add("dispute", data, parent=charge.id)
    line = books.transact(work, "adjustment", dispute, -amount, against=books.OUTSIDE)
    work.change(dispute, balance_transactions=[dict(line.data)])
    work.change(charge, disputed=True)
    for kind in ("created", "funds_withdrawn", "closed"):
        events.emit(work, f"charge.dispute.{kind}", dispute)


def retrieve(work: Work, params: dict[str, Any], dispute_id: str) -> Record:
    """GET disputes/{id}."""
    return work.find(dispute_id, "dispute", param="dispute")
