"""Short of money in the demo: breaks are taken, late loans are stretched, the money stays whole."""

from __future__ import annotations

from datetime import date

import pytest

from demo.hard_times import helped, skip_instalments
from lending.models import ChangeKind, PlanChange
from lending.services.arrears import days_past_due
from lending.states import ChangeStatus
from tests.factories import loans, people
from tests.factories.loans import noon
from tests.flows.money import assert_money

pytestmark = pytest.mark.django_db(databases=["default", "sandbox"])


def test_a_break_is_taken_as_soon_as_the_limits_allow_it():
    loan = loans.loan()
    early, later = date(2026, 2, 4), date(2026, 5, 6)
    assert not skip_instalments(loan, 2, on=early, at=noon(early))
    loans.pay_instalments(loan, 3)
    assert skip_instalments(loan, 2, on=later, at=noon(later))
    change = PlanChange.objects.get()
    assert (change.kind, change.status) == (ChangeKind.PAYMENT_BREAK, ChangeStatus.IN_FORCE)
    assert_money("ledger", "lending")


def test_a_late_loan_is_stretched_and_late_no_more():
    loan, on = loans.loan(), date(2026, 4, 28)
    loans.pay_instalments(loan, 1)
    clerk, soon = people.staff(), date(2026, 4, 8)
    assert helped([loan], clerk, on=soon, at=noon(soon)) == []
    assert helped([loan], clerk, on=on, at=noon(on)) == [loan.pk]
    loan.refresh_from_db()
    assert days_past_due(loan, on) == 0
    assert loan.forborne_until is not None
    assert_money("ledger", "lending")
