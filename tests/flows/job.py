"""The main job by services alone: from a request to its last repayment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from accounts.models import Role, User
from core import clock
from ledger.chart import Role as Account
from ledger.selectors import balance_cents
from lending.choices import REFLECTION_DAYS
from lending.domain.due_dates import payable_on
from lending.models import Loan, LoanRequest
from lending.services.contracts import sign
from lending.services.reviews import approve
from tests.factories import people
from tests.factories import requests as make
from tests.factories.mandates import mandate
from tests.flows.market import FIRST_DAY, lender_with, open_market, pass_days
from tests.flows.shares import plan_of, shares_of
from tests.payments import world

STAKES_CENTS: Final = (1_225_00, 775_00)
"""What is bid by hand, and what is left for the mandate."""
AMOUNT_CENTS: Final = sum(STAKES_CENTS)
MONTHS: Final = 12
PAID_IN_CENTS: Final = 2_000_00
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True)
class Job:
    """The people of one loan, and the request that it is about."""

    request: LoanRequest
    by_hand: User
    by_mandate: User

    @property
    def borrower(self) -> User:
        """Who asked."""
        return self.request.borrower

    @property
    def lenders(self) -> tuple[User, User]:
        """Who lends, in the order of their stakes."""
        return self.by_hand, self.by_mandate


def wanted() -> Job:
    """A request on the market: partly bid for by hand, the rest is for a mandate in force."""
    open_market()
    lenders = [lender_with(PAID_IN_CENTS) for _ in STAKES_CENTS]
    borrower = world.ready(Role.BORROWER, FIRST_DAY)
    reviewer = people.staff()
    pass_days(FIRST_DAY + _DAY)
    at = clock.now()
    amount = make.amount_data(amount_cents=AMOUNT_CENTS, term_months=MONTHS)
    handed_in = make.submitted_request(borrower=borrower, amount=amount, at=at)
    request = approve(reviewer=reviewer, request_id=handed_in.pk, at=clock.now())
    make.bid(lenders[0], request, STAKES_CENTS[0], at=clock.now())
    mandate(lender=lenders[1], max_per_loan_cents=1_000_00)
    return Job(request, *lenders)


def lent(job: Job) -> Loan:
    """The loan, once the bids are firm, the borrower has signed and a day has ended."""
    pass_days(clock.business_date() + timedelta(days=REFLECTION_DAYS))
    sign(borrower=job.borrower, request_id=job.request.pk, at=clock.now())
    pass_days(clock.business_date() + _DAY)
    return Loan.objects.get(request=job.request)


def live_through(loan: Loan, *, instalments: int) -> None:
    """Let days pass until so many instalments were due and their debits collected."""
    due_on = loan.instalments.get(number=instalments).due_on
    pass_days(payable_on(due_on) + _DAY)


# --- What must have come of it -------------------------------------------------------------------


def assert_paid(job: Job, loan: Loan, *, instalments: int) -> None:
    """Each lender has exactly what so many instalments bring, and the borrower nothing left."""
    paid = plan_of(loan)[:instalments]
    received = list(shares_of(paid, STAKES_CENTS))
    for place, lender in enumerate(job.lenders):
        shares = [shares[place] for shares in received]
        principal_cents = sum(share.principal_cents for share in shares)
        earned_cents = sum(share.interest_cents - share.fee_cents for share in shares)
        lent_cents = STAKES_CENTS[place] - principal_cents
        assert balance_cents(Account.INVESTED, lender.pk) == lent_cents
        cash_cents = PAID_IN_CENTS - lent_cents + earned_cents
        assert balance_cents(Account.CASH, lender.pk) == cash_cents
    assert balance_cents(Account.CASH, job.borrower.pk) == 0
    assert balance_cents(Account.IN_TRANSIT_OUT, job.borrower.pk) == 0
