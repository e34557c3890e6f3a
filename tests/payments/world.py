"""A small world in front of the sandbox: people with real provider ids, loans, days that pass."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from urllib.parse import urlsplit
from uuid import uuid4

from django.db import transaction

from accounts import services as accounts
from accounts.models import Role, User
from accounts.selectors import active_bank_account
from core import audit
from core.transitions import advance
from lending.models import Instalment, Loan
from lending.services.disbursements import disburse
from lending.states import REQUEST_TRANSITIONS, RequestStatus
from payments.models import PayIn, Payout
from payments.sandbox import control
from payments.services import (
    bank_accounts,
    capital,
    collections,
    identity,
    pay_ins,
    payouts,
    sandbox_day,
)
from tests.factories import people
from tests.factories.requests import bid, listed_request

MONDAY = date(2026, 1, 5)
DEBIT_CARD = "4000056655665556"
CREDIT_CARD = "4242424242424242"
FAILING_IBAN = "DE62370400440532013001"
PROOF = bank_accounts.MandateProof("I agree to debits.", "192.0.2.7", "Mozilla/5.0")
_LIFE = (
    RequestStatus.DRAFT,
    RequestStatus.SUBMITTED,
    RequestStatus.IN_REVIEW,
    RequestStatus.LISTED,
)


def key() -> str:
    """A key such as the house uses."""
    return f"op-{uuid4()}-1"


def at(on: date = MONDAY) -> datetime:
    """The evening of a market day."""
    return datetime.combine(on, time(19), UTC)


def later(days: int) -> date:
    """A day after the first Monday."""
    return MONDAY + timedelta(days=days)


def begin() -> None:
    """Let the sandbox's time begin on the Monday."""
    sandbox_day.start(on=MONDAY)


def play(on: date) -> dict[str, object]:
    """Let the provider live through a day and tell us of it."""
    return sandbox_day.play(on=on, at=at(on))


def hear(on: date = MONDAY) -> None:
    """Hear what the provider has to tell."""
    sandbox_day.catch_up(at=at(on))


def last_part(url: str) -> str:
    """The id at the end of a hosted page's address."""
    return urlsplit(url).path.rstrip("/").rsplit("/", 1)[-1]


def person(role: Role, on: date = MONDAY) -> User:
    """Someone with a profile."""
    user = people.person(role, at=at(on))
    accounts.save_profile(user=user, data=people.profile_data(), at=at(on))
    return user


def identify(user: User, on: date = MONDAY, *, refusal: str = "", last_name: str = "Sommer") -> str:
    """Go through the provider's identity page; returns the session's id."""
    session_id = last_part(identity.start(user=user, at=at(on)))
    control.finish_identity(
        session_id,
        first_name="Jana",
        last_name=last_name,
        born_on=date(1988, 4, 17),
        refusal=refusal,
    )
    hear(on)
    return session_id


def add_bank(user: User, on: date = MONDAY, *, iban: str = control.GOOD_IBAN) -> None:
    """Add a bank account and agree to the provider's terms."""
    added = bank_accounts.add(
        user=user,
        iban=iban,
        holder_name="Jana Sommer",
        accepted=PROOF,
        at=at(on),
        password=people.PASSWORD,
    )
    if added.onboarding_url:
        control.finish_onboarding(last_part(added.onboarding_url))
    hear(on)


def ready(role: Role, on: date = MONDAY, *, iban: str = control.GOOD_IBAN) -> User:
    """Someone who may move money."""
    user = person(role, on)
    identify(user, on)
    add_bank(user, on, iban=iban)
    return user


def pay_in(lender: User, cents: int, on: date = MONDAY, *, card: str = DEBIT_CARD) -> PayIn:
    """Pay in by card, confirmed at once."""
    started = pay_ins.start_pay_in(lender=lender, amount_cents=cents, at=at(on))
    control.pay_session(started.session_id, card=card)
    hear(on)
    started.refresh_from_db()
    return started


def rich_lender(cents: int, on: date = MONDAY) -> User:
    """A lender whose money is at the provider and may be used there from the third day on."""
    lender = ready(Role.LENDER, on)
    pay_in(lender, cents, on)
    return lender


def cover_charges(on: date = MONDAY) -> None:
    """Let the operator put in what the provider's charges will take."""
    capital.add_capital(amount_cents=1_000_00, at=at(on))


def disbursed_loan(borrower: User, lender: User, cents: int, on: date) -> Loan:
    """A loan, its payout recorded but not yet sent."""
    request = listed_request(borrower=borrower, amount_cents=cents, at=at(on), term_months=12)
    for before, after in pairwise(_LIFE):
        audit.record(request, "status", at=at(on), before=before, after=after)
    bid(lender, request, cents, at=at(on))
    request.refresh_from_db()
    advance(
        request, RequestStatus.ACCEPTED, table=REQUEST_TRANSITIONS, at=at(on), accepted_at=at(on)
    )
    return disburse(request_id=request.pk, on=on, at=at(on))


def paid_out_loan(
    cents: int = 1_000_00, *, iban: str = control.GOOD_IBAN
) -> tuple[Loan, User, User, date]:
    """A loan whose money has reached its borrower's bank; and the day on which that was."""
    cover_charges()
    lender = rich_lender(cents + 500_00)
    borrower = ready(Role.BORROWER, iban=iban)
    on = later(3)
    play(on)
    loan = disbursed_loan(borrower, lender, cents, on)
    payouts.send_due(on=on, at=at(on))
    on = later(7)
    play(on)
    return loan, borrower, lender, on


def first_instalment(loan: Loan) -> Instalment:
    """The instalment that falls due first."""
    return loan.instalments.order_by("number")[0]


def live_until(last: date, first: date) -> None:
    """Let days pass as day end does, for this app."""
    on = first
    while on <= last:
        play(on)
        payouts.send_due(on=on, at=at(on))
        collections.collect_due(on=on, at=at(on))
        on += timedelta(days=1)


def withdraw(lender: User, cents: int, on: date) -> Payout:
    """Ask for a withdrawal and send it."""
    from payments.services.withdrawals import request_withdrawal

    asked = request_withdrawal(lender=lender, amount_cents=cents, at=at(on), request_key=uuid4())
    return payouts.send(payout_id=asked.pk, at=at(on))


@contextmanager
def undone() -> Iterator[None]:
    """Do things on our side and at the provider, then take all of it back: to try again.

    A request to the provider must not be made inside a transaction; this one is a test's.
    """
    ours, theirs = transaction.atomic(), transaction.atomic(using="sandbox")
    ours._from_testcase = theirs._from_testcase = True  # type: ignore[attr-defined]
    with ours, theirs:
        yield
        transaction.set_rollback(True)
        transaction.set_rollback(True, using="sandbox")


def method_of(user: User) -> str:
    """The provider's id of the bank account in use."""
    account = active_bank_account(user)
    assert account is not None
    return account.provider_method
