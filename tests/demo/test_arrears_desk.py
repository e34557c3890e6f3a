"""The demo's staff at the arrears desk: one borrower who pays no more, from help to recovery."""

from __future__ import annotations

from datetime import timedelta

import pytest

from demo.arrears_desk import work_on_arrears
from lending.models import ArrearsCase, Document, LegalCost, WriteOff
from lending.states import ArrearsStage, LoanStatus
from tests.factories import arrears as make
from tests.factories import loans
from tests.flows.money import assert_money

pytestmark = pytest.mark.django_db


def test_a_loan_that_is_never_paid_goes_the_whole_way_within_the_year() -> None:
    staff, loan = make.two_staff(), loans.loan(due_day=15)
    make.give_capital(500_00, loan.disbursed_on)
    on, steps = loan.first_due_on, 0
    while on < loan.first_due_on + timedelta(days=260):
        steps += work_on_arrears(staff, at=loans.noon(on))
        make.live(on, on)
        on += timedelta(days=1)
    case = ArrearsCase.objects.get()
    loan.refresh_from_db()
    assert (case.status, loan.status) == (ArrearsStage.RECOVERED, LoanStatus.WRITTEN_OFF)
    assert steps == 7  # offer, notice, termination, collection, recovery, write-off, recovery
    kinds = Document.objects.order_by("id").values_list("kind", flat=True)
    assert list(kinds) == ["reminder_1", "reminder_2", "final_notice", "termination"]
    paid = loan.repayments.order_by("id")
    assert [row.kind for row in paid] == ["dues", "recovery"]
    assert paid[0].costs_cents == LegalCost.objects.get().cents == 48_00
    assert WriteOff.objects.get().principal_cents == loan.principal_cents - paid[0].principal_cents
    assert_money("ledger", "lending")
