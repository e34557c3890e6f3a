"""A new version of a plan replaces what is unpaid, and nothing that was paid."""

import pytest

from core.dates import add_months
from core.errors import StaleState
from lending.models import Instalment, PlanReason
from lending.services.plans import PlannedInstalment, make_plan
from tests.factories import loans
from tests.flows.money import assert_money

pytestmark = pytest.mark.django_db


def test_a_loan_begins_with_the_first_version_of_its_plan():
    loan = loans.loan()
    plan = loan.plans.get()
    assert (plan.version, plan.reason, plan.made_on) == (1, PlanReason.DISBURSED, loan.disbursed_on)
    assert set(loan.instalments.values_list("plan_id", flat=True)) == {plan.pk}


def test_a_new_version_keeps_what_was_paid_and_closes_what_was_paid_in_part():
    loan = loans.loan()
    loans.pay_instalments(loan, 1)
    second = loan.instalments.get(number=2)
    loans.pay(loan, second.interest_cents + 100, on=second.due_on)
    loan.refresh_from_db()
    on = second.due_on
    rest = PlannedInstalment(3, add_months(on, 1), loan.outstanding_cents, 0)
    plan = make_plan(
        loan=loan,
        reason=PlanReason.LONGER_TERM,
        instalments=[rest],
        on=on,
        at=loans.noon(on),
    )
    assert plan.version == 2
    current = list(loan.instalments.current().order_by("number"))
    assert [row.number for row in current] == [1, 2, 3]
    assert (current[1].principal_cents, current[1].paid_on) == (100, on)
    assert not Instalment.objects.filter(loan=loan, superseded_on=on, paid_principal_cents__gt=0)
    assert_money("ledger", "lending")


def test_a_plan_for_another_sum_than_is_outstanding_is_refused():
    loan = loans.loan()
    with pytest.raises(StaleState):
        make_plan(
            loan=loan,
            reason=PlanReason.LONGER_TERM,
            instalments=[PlannedInstalment(1, loan.first_due_on, 1, 0)],
            on=loan.disbursed_on,
            at=loans.noon(loan.disbursed_on),
        )
    assert loan.plans.count() == 1
