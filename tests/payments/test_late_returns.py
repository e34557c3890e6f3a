"""A debit that was collected and shared out is taken back: from lenders, borrower and books."""

from datetime import timedelta

import pytest

from accounts.models import BankAccount, BankStatus, Role, User
from ledger.chart import Role as LedgerRole
from ledger.models import Entry
from ledger.selectors import balance_cents
from lending import verify
from lending.models import Loan
from lending.selectors.wallet import Reason, statement_lines, statement_of, wallet_of
from notifications.models import Message
from payments.errors import NotWithdrawable
from payments.models import Collection, PayIn
from payments.sandbox import control
from payments.selectors import withdrawable_cents
from payments.services import collections, inbox, pay_ins
from payments.states import CollectionStatus, PayInStatus
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
    assert balance_cents(LedgerRole.CASH, loan.borrower_id) == 0
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
    assert balance_cents(LedgerRole.CASH, loan.borrower_id) == 0
    _prove()


def _paid_in_by_debit(cents: int, fate: str) -> tuple[User, PayIn]:
    """A lender whose debit was credited, as the webhooks told."""
    world.cover_charges()
    lender = world.ready(Role.LENDER)
    pay_in = pay_ins.start_pay_in(lender=lender, amount_cents=cents, at=world.at())
    control.pay_session(pay_in.session_id, iban=control.GOOD_IBAN, fate=fate)
    world.live_until(world.later(8), world.MONDAY)
    pay_in.refresh_from_db()
    assert pay_in.status == PayInStatus.CONFIRMED
    assert balance_cents(LedgerRole.CASH, lender.pk) == cents
    return lender, pay_in


def test_a_pay_in_that_comes_back_leaves_a_wallet_that_still_holds_it() -> None:
    lender, pay_in = _paid_in_by_debit(500_00, "late:insufficient_funds")
    world.live_until(world.later(20), world.later(9))
    pay_in.refresh_from_db()
    assert (pay_in.status, pay_in.failure_code) == (PayInStatus.TAKEN_BACK, "insufficient_funds")
    wallet = wallet_of(lender)
    assert (wallet.cash_cents, wallet.owed_cents) == (0, 0)
    told = Message.objects.get(kind="pay_in_taken_back")
    assert (told.person, told.facts["is_missing"]) == (lender, False)
    assert withdrawable_cents(lender, world.later(90)) == 0
    _prove()


def test_a_pay_in_that_comes_back_after_it_was_lent_is_owed_until_money_comes() -> None:
    borrower = world.ready(Role.BORROWER)
    lender, pay_in = _paid_in_by_debit(1_100_00, "late:debit_not_authorized")
    loan = world.disbursed_loan(borrower, lender, 1_000_00, world.later(8))
    world.live_until(world.later(20), world.later(8))
    pay_in.refresh_from_db()
    assert pay_in.status == PayInStatus.TAKEN_BACK
    wallet = wallet_of(lender)
    assert (wallet.cash_cents, wallet.owed_cents) == (0, 1_000_00)
    assert (wallet.invested_cents, wallet.total_cents) == (1_000_00, 0)
    told = Message.objects.get(kind="pay_in_taken_back")
    assert told.facts == {"amount_cents": 1_100_00, "missing_cents": 1_000_00, "is_missing": True}
    _prove()

    due_on = world.first_instalment(loan).due_on
    world.live_until(due_on + timedelta(days=5), world.later(21))
    paid = loan.repayments.get()
    left_cents = 1_000_00 - (paid.amount_cents - paid.fee_cents)
    assert wallet_of(lender).owed_cents == left_cents
    with pytest.raises(NotWithdrawable):
        world.withdraw(lender, 10_00, due_on + timedelta(days=5))

    world.pay_in(lender, 1_200_00, due_on + timedelta(days=6))
    wallet = wallet_of(lender)
    assert (wallet.owed_cents, wallet.cash_cents) == (0, 1_200_00 - left_cents)
    _prove()
    seen = [line.reason for line in statement_lines(lender, list(statement_of(lender)))]
    assert Reason.TAKEN_BACK in seen
    assert Reason.DEBT_SETTLED in seen


@pytest.mark.parametrize("seed", [1, 2])
def test_the_news_of_a_pay_in_taken_back_counts_once_in_any_order(seed: int) -> None:
    world.cover_charges()
    lender = world.ready(Role.LENDER)
    pay_in = pay_ins.start_pay_in(lender=lender, amount_cents=500_00, at=world.at())
    control.pay_session(pay_in.session_id, iban=control.GOOD_IBAN, fate="late:insufficient_funds")
    world.hear()
    on = world.later(20)
    control.advance_to(on)  # nothing is heard of it all this time
    control.deliver_events(mischief=control.Mischief(copies=2, shuffled_by=seed))
    for _ in range(2):
        inbox.handle_waiting(at=world.at(on))
    pay_in.refresh_from_db()
    assert pay_in.status == PayInStatus.TAKEN_BACK
    assert Entry.objects.filter(reference=pay_in.return_reference).count() == 1
    assert Message.objects.filter(kind="pay_in_taken_back").count() == 1
    assert wallet_of(lender).total_cents == 0
    _prove()
