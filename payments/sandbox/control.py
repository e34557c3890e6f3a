"""The handles of the sandbox: its clock, its people at the hosted pages, its faults, its mail.

Whoever seeds a demo, writes a test or sits at the staff panel uses these; no caller of the API can.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Final

from payments.sandbox import books, clock, due, events, outcomes
from payments.sandbox.delivery import Mischief, deliver_events
from payments.sandbox.models import Act, Fate, StoredObject
from payments.sandbox.operations import accounts, checkout, disputes, identity, payouts, refunds
from payments.sandbox.store import PLATFORM, Work, perform

__all__ = [
    "GOOD_IBAN",
    "Mischief",
    "advance_to",
    "book_faults",
    "books_cents",
    "break_payout",
    "deliver_events",
    "fail_refund",
    "finish_identity",
    "finish_onboarding",
    "now",
    "open_dispute",
    "pay_session",
    "run_due",
    "set_dispute_status",
    "set_fate",
    "shown",
    "start_at",
    "today",
    "waiting_acts",
    "win_dispute",
]

GOOD_IBAN: Final = "DE89370400440532013000"
"""The published IBAN whose debits and payouts succeed."""
_TESTER: Final = {"ip": "127.0.0.1", "user_agent": "sandbox"}


def now() -> datetime:
    """The provider's present instant."""
    return clock.now()


def today() -> date:
    """The provider's present day."""
    return clock.day_of(clock.now())


def start_at(on: date) -> None:
    """Begin on a day, perhaps in the past; ValueError once anything has been recorded."""
    if StoredObject.objects.exists():
        raise ValueError("the sandbox has objects already; its clock only goes forward now")
    clock.set_to(clock.evening(on))


def advance_to(on: date) -> int:
    """Let time pass until the evening of `on`; never back. Returns how much fell due."""
    evening = clock.evening(on)
    done = due.run(until=max(evening, clock.now()))
    if evening > clock.now():
        clock.set_to(evening)
    return done


def run_due() -> int:
    """Do what is due by the present instant."""
    return due.run(until=clock.now())


def set_fate(subject: str, outcome: str, *, from_date: date) -> None:
    """Let payments end so from a day on.

    Args:
        subject: a payment method (of debits or cards), a bank account (of payouts), or the IBAN or
            card number of any of them.
        outcome: "succeeds", or a failure code such as "insufficient_funds" or "account_closed";
            with "late:" before it a debit succeeds and is taken back some days later; "dispute:" or
            "inquiry:" and a reason lets a card payment be contested.
    """
    if not outcomes.is_outcome(outcome):
        raise ValueError(f"unknown outcome {outcome}")
    Fate.objects.create(subject=subject, outcome=outcome, from_date=from_date)


def pay_session(
    session_id: str,
    *,
    iban: str = "",
    card: str = "",
    fate: str = "",
    name: str = "Test Payer",
    email: str = "payer@example.org",
    ip: str = _TESTER["ip"],
    user_agent: str = _TESTER["user_agent"],
) -> str:
    """Pay on a checkout page by IBAN or card number; returns the payment's status.

    `fate` is what becomes of the debit, as in `set_fate`: "late:insufficient_funds" lets the bank
    take it back some days after it succeeded.

    Raises ApiError when the page is closed or the number is not taken.
    """
    given: dict[str, Any] = {"type": "card", "card": {"number": card}}
    if iban:
        billing = {"name": name, "email": email}
        given = {
            "type": "sepa_debit",
            "sepa_debit": {"iban": iban},
            "billing_details": billing,
        }

    def act(work: Work) -> str:
        session = work.find(session_id, "checkout.session")
        intent = checkout.pay(work, session, given, ip=ip, user_agent=user_agent)
        if fate:
            set_fate(intent.data["payment_method"], fate, from_date=clock.day_of(work.now))
        return str(intent.data["status"])

    return perform(act)


def shown(kind: str, object_id: str) -> dict[str, Any]:
    """What a hosted page may show of an object, and the page to go back to.

    Raises ApiError with the code resource_missing when there is none.
    """
    record = Work(now=clock.now()).find(object_id, kind, account=PLATFORM)
    page = {
        "label": record.hidden.get("words", ""),
        "link": record.hidden.get("link"),
        "return_url": record.hidden.get("return_url", ""),
    }
    return record.data | page


def finish_identity(
    session_id: str,
    *,
    first_name: str,
    last_name: str,
    born_on: date,
    refusal: str = "",
) -> None:
    """Show a document on an identity page; `refusal` is an error code such as document_expired."""

    def act(work: Work) -> None:
        identity.show_document(
            work,
            work.find(session_id, "identity.verification_session"),
            first_name=first_name,
            last_name=last_name,
            born_on=born_on,
            refusal=refusal,
        )

    perform(act)
    run_due()


def finish_onboarding(account_id: str) -> None:
    """Agree to the terms on an onboarding page."""

    def act(work: Work) -> None:
        account = work.find(account_id, "v2.core.account", account=PLATFORM)
        accounts.finish_onboarding(work, account)

    perform(act)


def break_payout(payout_id: str, code: str = "account_closed") -> None:
    """Let a payout fail now, even one that was reported as paid."""

    def act(work: Work) -> None:
        payout = work.peek(payout_id)
        if payout is None or payout.data["status"] == "failed":
            raise ValueError(f"no payout {payout_id} that could fail")
        payouts.fail(work, payout, code)

    perform(act)


def open_dispute(
    payment_id: str,
    *,
    reason: str = "fraudulent",
    amount_cents: int = 0,
    is_inquiry: bool = False,
    fee_cents: int | None = None,
) -> str:
    """Let a payment's bank contest it now, whole or in part; returns the dispute's id."""

    def act(work: Work) -> str:
        intent = work.find(payment_id, "payment_intent", account=PLATFORM)
        charge = work.peek(intent.data["latest_charge"] or "")
        if charge is None or charge.data["status"] != "succeeded":
            raise ValueError(f"{payment_id} was not paid")
        dispute = disputes.open_one(
            work,
            charge,
            reason=reason,
            amount=amount_cents,
            is_inquiry=is_inquiry,
            fee_cents=fee_cents,
        )
        return dispute.id

    return perform(act)


def win_dispute(dispute_id: str) -> None:
    """Let a dispute be decided for us now, even one that was lost (an appeal)."""
    perform(lambda work: disputes.win(work, work.find(dispute_id, "dispute", account=PLATFORM)))


def set_dispute_status(dispute_id: str, status: str) -> None:
    """Put a dispute into any status, such as one that nobody knows yet."""

    def act(work: Work) -> None:
        dispute = work.find(dispute_id, "dispute", account=PLATFORM)
        work.change(dispute, status=status)
        events.emit(work, "charge.dispute.updated", dispute)

    perform(act)


def fail_refund(refund_id: str, reason: str = "lost_or_stolen_card") -> None:
    """Let a refund come back now, even one that had succeeded."""

    def act(work: Work) -> None:
        refund = work.find(refund_id, "refund", account=PLATFORM)
        if refund.data["status"] not in ("pending", "succeeded"):
            raise ValueError(f"no refund {refund_id} that could fail")
        refunds.fail(work, refund, reason)

    perform(act)


def waiting_acts() -> int:
    """How much is still to happen."""
    return Act.objects.count()


def books_cents() -> dict[str, int]:
    """Every account of the provider's own books."""
    return books.balances()


def book_faults() -> list[str]:
    """What is wrong with the provider's own books; empty when all is well."""
    return books.faults()
