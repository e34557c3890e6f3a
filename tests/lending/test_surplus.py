"""More than is due is neither kept nor prepaid: it stays the borrower's, who is told."""

import pytest

from core.dates import ONE_DAY
from ledger.chart import Role
from ledger.selectors import balance_cents
from lending.errors import Overpayment
from lending.selectors.charges import payable
from lending.services.repayments import repay
from tests.factories import loans
from tests.flows.money import assert_money

pytestmark = pytest.mark.django_db


def test_before_its_day_an_instalment_is_not_due() -> None:
    loan = loans.loan()
    with pytest.raises(Overpayment):
        loans.pay(loan, 1, on=loan.first_due_on - ONE_DAY)
    assert balance_cents(Role.CASH, loan.borrower_id) == 1


def test_a_debit_received_a_day_early_pays_its_own_instalment_and_no_more() -> None:
    loan = loans.loan()
    first = loan.instalments.get(number=1)
    on = first.due_on - ONE_DAY
    assert payable(loan, on).total_cents == 0
    assert payable(loan, on, first.pk).total_cents == first.total_cents
    loans.give_collected(loan.borrower, first.total_cents + 5_00, on=on)
    given = {"loan_id": loan.pk, "received_on": on, "at": loans.noon(on), "instalment_id": first.pk}
    with pytest.raises(Overpayment):
        repay(amount_cents=first.total_cents + 5_00, reference="more", **given)
    repay(amount_cents=first.total_cents, reference="debit", **given)
    first.refresh_from_db()
    assert first.paid_on == on
    assert balance_cents(Role.CASH, loan.borrower_id) == 5_00
    assert_money("ledger", "lending")
