"""Loans called due or given up, and what happened to them before or comes after."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import pytest

from accounts.models import User
from core.dates import ONE_DAY
from core.money import to_cents
from lending.models import ArrearsCase, Loan, Repayment, WriteOff
from lending.selectors.debts import debt_of
from lending.services import recoveries
from lending.services.breaks import take_break
from lending.services.reversals import reverse_repayment
from lending.services.terminations import hand_to_collection
from lending.states import ArrearsStage, LoanStatus
from tests.factories import arrears as make
from tests.factories import loans
from tests.flows.money import assert_money

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff() -> list[User]:
    return make.two_staff()


@pytest.fixture
def loan() -> Loan:
    """5,000 euros over 36 months at 8 %; three lenders."""
    return loans.loan(due_day=15)


def test_a_break_of_months_to_come_costs_nothing_once_a_loan_is_called_due(
    loan: Loan, staff: list[User]
) -> None:
    paid = loans.pay_instalments(loan, 3)
    on = paid[-1].received_on + ONE_DAY
    take_break(
        borrower=loan.borrower,
        loan_id=loan.pk,
        numbers=[13, 14],
        collect="spread",
        on=on,
        at=loans.noon(on),
        request_key=uuid4(),
    )
    _, called_on = make.terminated(loan, staff)
    *late, rest = loan.instalments.unpaid().order_by("due_on", "number")
    since = late[-1].due_on
    days = (called_on.month - since.month) * 30 + called_on.day - since.day
    earned = to_cents(rest.principal_cents * Decimal("0.08") * days / 360)
    assert rest.due_on == called_on
    assert earned <= rest.interest_cents <= earned + 1  # months of a break are rounded one by one
    assert rest.interest_cents - rest.deferred_cents == earned
    assert_money("ledger", "lending")


def _take_back(payment: Repayment, case: ArrearsCase, *, days: int) -> None:
    on = case.stage_since + timedelta(days=days)
    reverse_repayment(repayment_id=payment.pk, on=on, at=loans.noon(on), reason="not authorised")
    make.live(on, on)


def test_a_debit_that_comes_back_after_a_write_off_is_lost_with_the_rest(
    loan: Loan, staff: list[User]
) -> None:
    (paid,) = loans.pay_instalments(loan, 1)
    case, on = make.in_collection(loan, staff)
    make.decide(case, "write_off", staff, at=loans.noon(on))
    _take_back(paid, case, days=3)
    loan.refresh_from_db()
    assert (loan.status, loan.outstanding_cents) == (LoanStatus.WRITTEN_OFF, 0)
    assert not loan.instalments.unpaid().exists()
    lost = list(loan.holdings.order_by("id").values_list("written_off_cents", flat=True))
    assert lost == [3_000_00, 1_975_00, 25_00]
    assert WriteOff.objects.latest("id").principal_cents == paid.principal_cents
    assert_money("ledger", "lending")
    make.give_capital(5_000_00, on)
    recoveries.recover(
        staff=staff[0],
        case_id=case.pk,
        amount_cents=5_000_00,
        source="outside",
        key=uuid4(),
        at=loans.noon(on),
    )
    case.refresh_from_db()
    assert (case.status, case.closed_on) == (ArrearsStage.RECOVERED, on)
    assert_money("ledger", "lending")


@pytest.mark.parametrize("days", [0, 20])
def test_a_loan_called_due_and_paid_goes_back_to_where_it_was_when_a_payment_comes_back(
    loan: Loan, staff: list[User], days: int
) -> None:
    case, on = make.terminated(loan, staff)
    loan.refresh_from_db()
    paid = loans.pay(loan, debt_of(loan, on).total_cents, on=on)
    make.live(on, on)
    case.refresh_from_db()
    assert case.status == ArrearsStage.CURED
    _take_back(paid, case, days=days)
    again = ArrearsCase.objects.get(loan=loan, closed_on=None)
    loan.refresh_from_db()
    assert (again.status, loan.status) == (ArrearsStage.TERMINATED, LoanStatus.DEFAULTED)
    assert_money("ledger", "lending")
    on = again.stage_since + timedelta(days=14)
    hand_to_collection(staff=staff[0], case_id=again.pk, agency="Muster Inkasso", at=loans.noon(on))
    again.refresh_from_db()
    assert again.status == ArrearsStage.COLLECTION
