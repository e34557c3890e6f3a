"""Disputes: a payer's bank takes back what it had paid, for good or until it is decided.

A debit's dispute cannot be contested and is lost at once. A card's may be answered: the money and
a charge leave at once, and what becomes of it hangs on the evidence, by the provider's published
test words. An inquiry takes no money unless it turns into a dispute.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from payments.sandbox import books, calendar, clock, events
from payments.sandbox.errors import invalid
from payments.sandbox.store import Record, Work

LATE_RETURN_DAYS: Final = 5
"""Bank days after which a debit that comes back late is known."""
CONTESTED_DAYS: Final = 3
"""Bank days after which a card payment is contested, if it is."""
DECIDED_DAYS: Final = 10
"""Bank days after which a bank decides on what it was told."""
ANSWER_WITHIN: Final = timedelta(days=14)
FEE_CENTS: Final = 20_00
"""The charge for a card's dispute, given back when it is won."""
REASON: Final = "late_return"
INQUIRY: Final = "is_inquiry"
LOSING: Final = "losing_evidence"
"""Evidence of this word loses, any other wins."""

_ANSWERABLE = ("needs_response", "warning_needs_response")


def open_lost(work: Work, charge: Record) -> None:
    """The act that falls due: what kind of dispute it is hangs on how it was paid."""
    if not charge.data["disputed"]:
        reason, is_inquiry = charge.hidden[REASON], bool(charge.hidden.get(INQUIRY))
        open_one(work, charge, reason=reason, is_inquiry=is_inquiry)


def open_one(
    work: Work,
    charge: Record,
    *,
    reason: str,
    amount: int = 0,
    is_inquiry: bool = False,
    fee_cents: int | None = None,
) -> Record:
    """Open a dispute over all of a payment, or over `amount` cents of it."""
    is_debit = charge.data["payment_method_details"]["type"] == "sepa_debit"
    cents = amount or charge.data["amount"]
    dispute = work.add("dispute", _data(work, charge, reason, cents, is_debit), parent=charge.id)
    work.change(charge, disputed=True)
    if not is_debit:
        work.schedule("expire_dispute", dispute, work.now + ANSWER_WITHIN)
    if is_inquiry and not is_debit:
        work.change(dispute, status="warning_needs_response", is_charge_refundable=True)
        events.emit(work, "charge.dispute.created", dispute)
        return dispute
    fee = (0 if is_debit else FEE_CENTS) if fee_cents is None else fee_cents
    _withdraw(work, dispute, cents, fee)
    for kind in ("created", "funds_withdrawn", *(["closed"] if is_debit else [])):
        events.emit(work, f"charge.dispute.{kind}", dispute)
    return dispute


def retrieve(work: Work, params: dict[str, Any], dispute_id: str) -> Record:
    """GET disputes/{id}."""
    return work.find(dispute_id, "dispute", param="dispute")


def update(work: Work, params: dict[str, Any], dispute_id: str) -> Record:
    """POST disputes/{id}: evidence, which goes to the bank once it is submitted."""
    dispute = work.find(dispute_id, "dispute", param="dispute")
    if dispute.data["status"] not in _ANSWERABLE or dispute.data["evidence_details"]["past_due"]:
        raise invalid("This dispute is already closed or under review.", code="dispute_closed")
    evidence = dispute.data["evidence"] | params.get("evidence", {})
    work.change(dispute, evidence=evidence)
    if "metadata" in params:
        work.change(dispute, metadata=dispute.data["metadata"] | params["metadata"])
    if params.get("submit", True) and evidence:
        _submit(work, dispute)
    events.emit(work, "charge.dispute.updated", dispute)
    return dispute


def close(work: Work, params: dict[str, Any], dispute_id: str) -> Record:
    """POST disputes/{id}/close: the payer is right."""
    dispute = work.find(dispute_id, "dispute", param="dispute")
    if dispute.data["status"] not in _ANSWERABLE:
        raise invalid("This dispute is already closed.", code="dispute_closed")
    is_inquiry = dispute.data["status"].startswith("warning_")
    work.change(dispute, status="warning_closed" if is_inquiry else "lost")
    events.emit(work, "charge.dispute.closed", dispute)
    return dispute


def decide(work: Work, dispute: Record) -> None:
    """The bank decides on what it was told."""
    status = dispute.data["status"]
    if status not in ("under_review", "warning_under_review"):
        return
    is_lost = dispute.data["evidence"].get("uncategorized_text", "").strip() == LOSING
    if status == "under_review" and is_lost:
        work.change(dispute, status="lost")
    elif status == "under_review":
        win(work, dispute)
        return
    elif is_lost:
        _escalate(work, dispute)
        return
    else:
        work.change(dispute, status="warning_closed")
    events.emit(work, "charge.dispute.closed", dispute)


def expire(work: Work, dispute: Record) -> None:
    """Nobody answered in time: a dispute is lost, an inquiry becomes one."""
    if dispute.data["evidence_details"]["due_by"] > clock.seconds(work.now):
        return
    if dispute.data["status"] == "warning_needs_response":
        _escalate(work, dispute)
    elif dispute.data["status"] == "needs_response":
        details = dispute.data["evidence_details"] | {"past_due": True}
        work.change(dispute, status="lost", evidence_details=details)
        events.emit(work, "charge.dispute.closed", dispute)


def win(work: Work, dispute: Record) -> None:
    """The bank gives the money back, and the provider its charge."""
    taken = [line for line in dispute.data["balance_transactions"] if line["amount"] < 0]
    cents, fee = -sum(line["amount"] for line in taken), sum(line["fee"] for line in taken)
    if cents:
        line = books.transact(
            work, "adjustment", dispute, cents, against=books.OUTSIDE, fee_cents=-fee
        )
        _book(work, dispute, line)
        events.emit(work, "charge.dispute.funds_reinstated", dispute)
    work.change(dispute, status="won")
    events.emit(work, "charge.dispute.closed", dispute)


def _submit(work: Work, dispute: Record) -> None:
    details = dispute.data["evidence_details"]
    told = {"has_evidence": True, "submission_count": details["submission_count"] + 1}
    is_inquiry = dispute.data["status"].startswith("warning_")
    status = "warning_under_review" if is_inquiry else "under_review"
    work.change(dispute, status=status, evidence_details=details | told)
    day = calendar.add_bank_days(clock.day_of(work.now), DECIDED_DAYS)
    work.schedule("decide_dispute", dispute, clock.bank_hour(day))


def _escalate(work: Work, dispute: Record) -> None:
    """The inquiry becomes a dispute: now the money leaves."""
    due_by = clock.seconds(work.now + ANSWER_WITHIN)
    details = _no_evidence(due_by)
    work.change(dispute, status="needs_response", evidence={}, evidence_details=details)
    work.schedule("expire_dispute", dispute, work.now + ANSWER_WITHIN)
    _withdraw(work, dispute, dispute.data["amount"], FEE_CENTS)
    for kind in ("updated", "funds_withdrawn"):
        events.emit(work, f"charge.dispute.{kind}", dispute)


def _withdraw(work: Work, dispute: Record, cents: int, fee_cents: int) -> None:
    line = books.transact(
        work, "adjustment", dispute, -cents, against=books.OUTSIDE, fee_cents=fee_cents
    )
    _book(work, dispute, line)


def _book(work: Work, dispute: Record, line: Record) -> None:
    lines = [*dispute.data["balance_transactions"], dict(line.data)]
    work.change(dispute, balance_transactions=lines)


def _data(work: Work, charge: Record, reason: str, cents: int, is_debit: bool) -> dict[str, Any]:
    due_at = None if is_debit else work.now + ANSWER_WITHIN
    return {
        "amount": cents,
        "balance_transactions": [],
        "charge": charge.id,
        "currency": "eur",
        "enhanced_eligibility_types": [],
        "evidence": {},
        "evidence_details": _no_evidence(clock.seconds(due_at) if due_at else None),
        "is_charge_refundable": False,
        "metadata": {},
        "payment_intent": charge.data["payment_intent"],
        "reason": reason,
        "status": "lost" if is_debit else "needs_response",
    }


def _no_evidence(due_by: int | None) -> dict[str, Any]:
    return {
        "due_by": due_by,
        "enhanced_eligibility": {},
        "has_evidence": False,
        "past_due": False,
        "submission_count": 0,
    }
