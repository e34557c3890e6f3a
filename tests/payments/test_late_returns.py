"""A debit that was collected and shared out is taken back: from lenders, borrower and books."""

from datetime import timedelta

import pytest

from accounts.models import BankAccount, BankStatus
from ledger.chart import Role
from ledger.selectors import balance_cents
from lending import verify
from lending.models import Loan
from payments.models import Collection
from payments.sandbox import control
from payments.services import collections, inbox
from payments.states import CollectionStatus
from tests.flows.money import assert_money
from tests.payments import world

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _begin() -> None:
    world.begin()


def _prove() -> None:
    """The books, the provider's too, and the lines of every payment."""
    assert_money("ledger", "payments")
    for check in (
        verify.holdings_equal_principal,
        verify.holdings_equal_invested,
        verify.loan_sums,
        verify.instalments_sum_to_principal,
        verify.repayments_equal_parts_and_shares,
        verify.lenders_add_up,
        verify.fees_equal_postings,
    ):
        assert list(check()) == []


def _taken_back(reason: str) -> tuple[Loan, Collection]:
    """A loan whose first debit succeeded and came back, as the webhooks told."""
    loan, borrower, _lender, on = world.paid_out_loan()
    due_on = world.first_instalment(loan).due_on
    control.set_fate(world.method_of(borrower), f"late:{reason}", from_date=on)
    world.live_until(due_on + timedelta(days=4), on)
    collected = Collection.objects.get()
    assert (collected.status, collected.is_passed_on) == (CollectionStatus.SUCCEEDED, True)
    assert loan.repayments.get().reversed_on is None
    control.set_fate(world.method_of(borrower), "succeeds", from_date=due_on)
    world.play(due_on + timedelta(days=12))
    collected.refresh_from_db()
    return loan, collected


def test_it_is_taken_back_from_everyone_and_the_instalment_is_open_again() -> None:
    loan, collected = _taken_back("insufficient_funds")
    assert (collected.status, collected.failure_code) == (
        CollectionStatus.TAKEN_BACK,
        "insufficient_funds",
    )
    repayment = loan.repayments.get()
    assert repayment.reversed_on == collected.returned_on
    assert world.first_instalment(loan).paid_on is None
    holding = loan.holdings.get()
    assert holding.outstanding_cents == loan.principal_cents
    assert balance_cents(Role.CASH, loan.borrower_id) == 0
    assert BankAccount.objects.get(user=loan.borrower_id).status == BankStatus.ACTIVE
    _prove()


def test_a_debit_that_nobody_allowed_ends_the_mandate() -> None:
    loan, _collected = _taken_back("debit_not_authorized")
    assert BankAccount.objects.get(user=loan.borrower_id).status != BankStatus.ACTIVE


def test_it_is_tried_again_and_the_same_news_twice_changes_nothing() -> None:
    loan, collected = _taken_back("insufficient_funds")
    before = loan.repayments.get()
    inbox.handle_waiting(at=world.at(collected.returned_on))
    world.live_until(collected.returned_on + timedelta(days=9), collected.returned_on)
    second = Collection.objects.exclude(pk=collected.pk).get()
    assert second.number == 2
    assert second.status == CollectionStatus.SUCCEEDED
    assert loan.repayments.filter(reversed_on__isnull=False).get() == before
    _prove()


def test_money_that_was_not_passed_on_yet_is_taken_back_as_well() -> None:
    loan, borrower, _lender, on = world.paid_out_loan()
    due_on = world.first_instalment(loan).due_on
    control.set_fate(world.method_of(borrower), "late:insufficient_funds", from_date=on)
    world.live_until(due_on - timedelta(days=1), on)
    collections.collect_due(on=due_on, at=world.at(due_on))
    world.play(due_on + timedelta(days=14))
    assert Collection.objects.get().status == CollectionStatus.TAKEN_BACK
    assert balance_cents(Role.CASH, loan.borrower_id) == 0
    _prove()
