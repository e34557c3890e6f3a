"""Loans at every stage of their life, reached by the house's own services."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from itertools import count
from uuid import uuid4

from accounts.models import User
from core.clock import day_of
from core.transitions import advance
from ledger.chart import EntryKind, Role
from ledger.services import Move, account_id, post_entry
from lending.choices import Cover
from lending.models import Instalment, Loan, LoanRequest, Repayment
from lending.services.disbursements import disburse
from lending.services.repayments import repay
from lending.states import REQUEST_TRANSITIONS, RequestStatus
from tests.factories import people
from tests.factories.people import AT
from tests.factories.requests import bid, listed_request

_numbers = count(1)


def noon(on: date) -> datetime:
    """An instant on a market day."""
    return datetime.combine(on, time(11, 0), tzinfo=UTC)


def signed_request(
    *,
    shares_cents: list[int] | None = None,
    lenders: list[User] | None = None,
    at: datetime = AT,
    cover: Cover = Cover.SOLO,
    **request: object,
) -> LoanRequest:
    """A request covered by hand bids and signed, with the audit rows of its whole life.

    Each share is bid by the lender at its place; fresh lenders with just that money are made
    where none is given.
    """
    shares = shares_cents or [3_000_00, 1_975_00, 25_00]
    signed = listed_request(amount_cents=sum(shares), at=at, **request)  # type: ignore[arg-type]
    for index, cents in enumerate(shares):
        lender = lenders[index] if lenders else people.lender(at=at)
        people.give_cash(lender, cents, at=at)
        bid(lender, signed, cents, at=at, cover=cover)
    signed.refresh_from_db()
    advance(signed, RequestStatus.ACCEPTED, table=REQUEST_TRANSITIONS, at=at, accepted_at=at)
    return signed


def loan(*, on: date | None = None, at: datetime = AT, **request: object) -> Loan:
    """A running loan, disbursed on the day of `at` unless another is given."""
    signed = signed_request(at=at, **request)  # type: ignore[arg-type]
    made = disburse(request_id=signed.pk, on=on or day_of(at), at=at)
    made.refresh_from_db()
    return made


def give_collected(borrower: User, cents: int, *, on: date) -> None:
    """Book a collected debit as a confirmed one is booked."""
    provider, clearing = account_id(Role.PROVIDER), account_id(Role.CLEARING_IN)
    cash = account_id(Role.CASH, borrower.pk)
    post_entry(
        reference=f"collection:{uuid4()}",
        kind=EntryKind.COLLECTION,
        effective_on=on,
        at=noon(on),
        moves=[Move(provider, clearing, cents), Move(clearing, cash, cents)],
    )


def pay(
    of: Loan,
    cents: int,
    *,
    on: date,
    reference: str | None = None,
    instalment: Instalment | None = None,
) -> Repayment:
    """Collect money from the borrower and repay with it; an instalment may be paid ahead."""
    give_collected(of.borrower, cents, on=on)
    return repay(
        loan_id=of.pk,
        amount_cents=cents,
        reference=reference or f"test-{next(_numbers)}",
        received_on=on,
        at=noon(on),
        instalment_id=instalment and instalment.pk,
    )


def pay_off(of: Loan, *, on: date) -> None:
    """Pay every instalment that is left on one day, as debits that came ahead of theirs."""
    for row in list(Instalment.objects.unpaid().filter(loan=of).order_by("number")):
        pay(of, row.open_cents, on=on, instalment=row)


def pay_instalments(of: Loan, count: int) -> list[Repayment]:
    """Pay the next `count` instalments, each on its due date."""
    unpaid = Instalment.objects.unpaid().filter(loan=of).order_by("number")[:count]
    return [pay(of, row.open_cents, on=row.due_on) for row in list(unpaid)]
