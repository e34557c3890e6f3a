"""Money in and out, from the first page to the last cent, over days of the sandbox."""

from datetime import date, timedelta
from uuid import uuid4

import pytest

from accounts.models import BankStatus, CheckStatus, Role
from accounts.selectors import active_bank_account, is_identified, latest_bank_account
from ledger.chart import Role as Money
from ledger.selectors import balance_cents
from lending.domain.due_dates import payable_on
from lending.models import LoanEvent, LoanEventKind
from payments import verify
from payments.errors import (
    AmountOutOfRange,
    BadIban,
    NoBankAccount,
    NotIdentified,
    NotWithdrawable,
    WrongRole,
)
from payments.models import Collection, PayIn, Payout
from payments.sandbox import control
from payments.selectors import withdrawable_cents
from payments.services import bank_accounts, identity, pay_ins, payouts
from payments.services.withdrawals import request_withdrawal
from payments.states import CollectionStatus, PayInStatus, PayoutStatus
from tests.factories import people
from tests.payments import world

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _time_begins(db: None) -> None:
    world.begin()


def everything_is_proven() -> None:
    checks = [
        verify.pay_ins_are_booked,
        verify.collections_are_booked,
        verify.payouts_are_booked,
        verify.charges_are_booked,
        verify.returns_are_booked,
        verify.provider_agrees,
    ]
    assert [str(finding) for check in checks for finding in check()] == []
    assert control.book_faults() == []
    assert sum(control.books_cents().values()) == 0


def test_a_good_document_identifies_a_person():
    user = world.person(Role.LENDER)
    world.identify(user)
    assert is_identified(user)


def test_a_refused_document_leaves_the_page_open_for_another():
    user = world.person(Role.LENDER)
    session_id = world.identify(user, refusal="document_expired")
    assert not is_identified(user)
    assert world.last_part(identity.start(user=user, at=world.at())) == session_id
    world.identify(user)
    assert is_identified(user)


def test_a_document_with_another_name_identifies_nobody():
    user = world.person(Role.LENDER)
    session_id = world.identify(user, last_name="Winter")
    check = user.identity_checks.get(provider_id=session_id)
    assert (check.status, check.failure_code) == (CheckStatus.FAILED, "name_mismatch")


def test_a_bank_account_is_used_once_its_holder_has_agreed():
    user = world.person(Role.BORROWER)
    added = bank_accounts.add(
        user=user,
        iban=control.GOOD_IBAN,
        holder_name="Jana Sommer",
        accepted=world.PROOF,
        at=world.at(),
    )
    world.hear()
    assert latest_bank_account(user).status == BankStatus.PENDING
    control.finish_onboarding(world.last_part(added.onboarding_url))
    world.hear()
    account = active_bank_account(user)
    assert account.iban_masked == "DE89 **** **** **** **30 00"
    assert account.provider_mandate.startswith("mandate_")
    assert account.mandate_ip == "192.0.2.7"


def test_the_iban_is_kept_nowhere_on_our_side():
    user = world.ready(Role.BORROWER)
    account = active_bank_account(user)
    from payments.models import ProviderOperation

    kept = [str(row) for row in ProviderOperation.objects.values("params", "answer")]
    assert not [row for row in kept if control.GOOD_IBAN in row]
    assert control.GOOD_IBAN not in str(vars(account))


def test_a_second_bank_account_replaces_the_first_without_another_page():
    user = world.ready(Role.LENDER)
    added = bank_accounts.add(
        user=user,
        iban="DE08370400440532013003",
        holder_name="Jana Sommer",
        accepted=world.PROOF,
        at=world.at(),
        password=people.PASSWORD,
    )
    assert added.onboarding_url == ""
    assert active_bank_account(user).iban_masked.endswith("03")


@pytest.mark.parametrize("iban", ["DE89370400440532013001", "DE00", "", "nonsense"])
def test_a_bad_iban_is_refused_before_anything_is_asked(iban):
    user = world.person(Role.LENDER)
    with pytest.raises(BadIban):
        bank_accounts.add(
            user=user, iban=iban, holder_name="J", accepted=world.PROOF, at=world.at()
        )
    assert latest_bank_account(user) is None


def test_a_card_pay_in_is_credited_and_may_leave_at_once():
    lender = world.ready(Role.LENDER)
    pay_in = world.pay_in(lender, 500_00)
    assert pay_in.status == PayInStatus.CONFIRMED
    assert balance_cents(Money.CASH, lender.pk) == 500_00
    assert withdrawable_cents(lender, world.MONDAY) == 500_00
    assert balance_cents(Money.PROVIDER_COSTS) == pay_in.fee_cents > 0
    everything_is_proven()


def test_a_debit_pay_in_is_pending_for_days_and_then_seasons():
    lender = world.ready(Role.LENDER)
    started = pay_ins.start_pay_in(lender=lender, amount_cents=500_00, at=world.at())
    control.pay_session(started.session_id, iban=control.GOOD_IBAN)
    world.hear()
    started.refresh_from_db()
    assert started.status == PayInStatus.PENDING
    assert balance_cents(Money.CASH, lender.pk) == 0
    world.play(world.later(1))
    assert balance_cents(Money.CASH, lender.pk) == 0
    world.play(world.later(3))
    started.refresh_from_db()
    assert started.status == PayInStatus.CONFIRMED
    assert balance_cents(Money.CASH, lender.pk) == 500_00
    assert withdrawable_cents(lender, started.seasoned_on - timedelta(days=1)) == 0
    assert withdrawable_cents(lender, started.seasoned_on) == 500_00
    everything_is_proven()


def test_a_debit_pay_in_that_comes_back_credits_nothing():
    lender = world.ready(Role.LENDER)
    started = pay_ins.start_pay_in(lender=lender, amount_cents=500_00, at=world.at())
    control.pay_session(started.session_id, iban=world.FAILING_IBAN)
    world.play(world.later(8))
    started.refresh_from_db()
    assert (started.status, started.failure_code) == (PayInStatus.FAILED, "debit_not_authorized")
    assert balance_cents(Money.CASH, lender.pk) == 0
    everything_is_proven()


def test_a_page_on_which_nobody_pays_expires():
    lender = world.ready(Role.LENDER)
    started = pay_ins.start_pay_in(lender=lender, amount_cents=500_00, at=world.at())
    world.play(world.later(1))
    started.refresh_from_db()
    assert started.status == PayInStatus.EXPIRED


def test_the_same_request_key_opens_one_page():
    lender, key = world.ready(Role.LENDER), uuid4()
    first = pay_ins.start_pay_in(lender=lender, amount_cents=50_00, at=world.at(), request_key=key)
    again = pay_ins.start_pay_in(lender=lender, amount_cents=50_00, at=world.at(), request_key=key)
    assert again.session_id == first.session_id
    assert PayIn.objects.count() == 1


def test_pay_ins_are_for_identified_people_and_sensible_amounts():
    with pytest.raises(WrongRole):
        pay_ins.start_pay_in(lender=people.staff(), amount_cents=50_00, at=world.at())
    with pytest.raises(NotIdentified):
        pay_ins.start_pay_in(lender=world.person(Role.LENDER), amount_cents=50_00, at=world.at())
    with pytest.raises(AmountOutOfRange):
        pay_ins.start_pay_in(lender=world.ready(Role.LENDER), amount_cents=9_99, at=world.at())


def test_a_loan_reaches_its_borrower_and_comes_back_in_instalments():
    loan, borrower, lender, on = world.paid_out_loan()
    payout = Payout.objects.get(loan=loan)
    assert payout.status == PayoutStatus.PAID
    assert balance_cents(Money.IN_TRANSIT_OUT, borrower.pk) == 0
    instalment = world.first_instalment(loan)
    paid_day = payable_on(instalment.due_on)
    world.live_until(paid_day, on)
    instalment.refresh_from_db()
    collection = Collection.objects.get()
    assert collection.status == CollectionStatus.SUCCEEDED
    assert (instalment.paid_on, collection.settled_on) == (paid_day, paid_day)
    assert balance_cents(Money.CASH, borrower.pk) == 0
    share = collection.repayment.shares.get()
    expected = share.principal_cents + share.interest_cents - share.fee_cents
    assert balance_cents(Money.CASH, lender.pk) == 500_00 + expected
    kinds = LoanEvent.objects.filter(loan=loan).values_list("kind", flat=True)
    assert {LoanEventKind.TRIED, LoanEventKind.PAID} <= set(kinds)
    everything_is_proven()


def test_a_failed_debit_is_tried_again_until_it_succeeds():
    loan, borrower, _, on = world.paid_out_loan()
    instalment = world.first_instalment(loan)
    method = world.method_of(borrower)
    day = payable_on(instalment.due_on)
    control.set_fate(method, "insufficient_funds", from_date=world.MONDAY)
    control.set_fate(method, "succeeds", from_date=day + timedelta(days=1))
    world.live_until(day + timedelta(days=9), on)
    instalment.refresh_from_db()
    tries = list(Collection.objects.order_by("number"))
    assert [row.status for row in tries] == [CollectionStatus.FAILED, CollectionStatus.SUCCEEDED]
    assert tries[0].failure_code == "insufficient_funds"
    assert instalment.paid_on is not None
    assert day < instalment.paid_on <= day + timedelta(days=9)
    returned = LoanEvent.objects.filter(loan=loan, kind=LoanEventKind.RETURNED)
    assert returned.count() == 1
    everything_is_proven()


def test_debits_that_never_succeed_stop_with_the_default():
    loan, borrower, _, on = world.paid_out_loan()
    control.set_fate(world.method_of(borrower), "insufficient_funds", from_date=world.MONDAY)
    first = world.first_instalment(loan)
    world.live_until(first.due_on + timedelta(days=60), on)
    tries = Collection.objects.filter(instalment=first)
    assert tries.count() == 4
    assert set(tries.values_list("status", flat=True)) == {CollectionStatus.FAILED}
    assert balance_cents(Money.CASH, borrower.pk) == 0
    everything_is_proven()


def test_a_disbursement_waits_for_money_that_may_be_used():
    lender, borrower = world.rich_lender(1_500_00), world.ready(Role.BORROWER)
    loan = world.disbursed_loan(borrower, lender, 1_000_00, world.MONDAY)
    assert payouts.send_due(on=world.MONDAY, at=world.at())["waiting"] == 1
    assert Payout.objects.get(loan=loan).status == PayoutStatus.REQUESTED
    world.play(world.later(3))
    payouts.send_due(on=world.later(3), at=world.at(world.later(3)))
    assert Payout.objects.get(loan=loan).status == PayoutStatus.SENT
    everything_is_proven()


def test_a_withdrawal_leaves_the_wallet_at_once_and_arrives_in_days():
    lender = world.rich_lender(800_00)
    world.play(world.later(3))
    payout = world.withdraw(lender, 300_00, world.later(3))
    assert payout.status == PayoutStatus.SENT
    assert balance_cents(Money.CASH, lender.pk) == 500_00
    assert balance_cents(Money.IN_TRANSIT_OUT, lender.pk) == 300_00
    everything_is_proven()
    world.play(world.later(7))
    payout.refresh_from_db()
    assert payout.status == PayoutStatus.PAID
    assert balance_cents(Money.IN_TRANSIT_OUT, lender.pk) == 0
    everything_is_proven()


def test_a_withdrawal_that_failed_after_it_seemed_paid_returns_the_money():
    lender = world.rich_lender(800_00)
    world.play(world.later(3))
    payout = world.withdraw(lender, 300_00, world.later(3))
    world.play(world.later(7))
    control.break_payout(payout.payout_id)
    world.hear(world.later(8))
    payout.refresh_from_db()
    assert (payout.status, payout.failure_code) == (PayoutStatus.RETURNED, "account_closed")
    assert balance_cents(Money.CASH, lender.pk) == 800_00
    assert balance_cents(Money.IN_TRANSIT_OUT, lender.pk) == 0
    assert active_bank_account(lender) is None
    everything_is_proven()


def test_a_disbursement_that_came_back_goes_out_again_to_another_account():
    loan, borrower, _, on = world.paid_out_loan()
    payout = Payout.objects.get(loan=loan)
    control.break_payout(payout.payout_id)
    world.hear(on)
    payout.refresh_from_db()
    assert payout.status == PayoutStatus.RETURNED
    assert balance_cents(Money.IN_TRANSIT_OUT, borrower.pk) == payout.amount_cents
    everything_is_proven()
    payouts.send_due(on=on, at=world.at(on))
    payout.refresh_from_db()
    assert payout.status == PayoutStatus.RETURNED
    world.add_bank(borrower, on, iban="DE08370400440532013003")
    payouts.send_due(on=on, at=world.at(on))
    payout.refresh_from_db()
    assert payout.status == PayoutStatus.REQUESTED
    on += timedelta(days=1)
    payouts.send_due(on=on, at=world.at(on))
    world.play(on + timedelta(days=6))
    payout.refresh_from_db()
    assert (payout.status, payout.round) == (PayoutStatus.PAID, 2)
    assert balance_cents(Money.IN_TRANSIT_OUT, borrower.pk) == 0
    everything_is_proven()


def test_withdrawals_are_bounded_by_what_is_final():
    lender = world.rich_lender(800_00)
    with pytest.raises(NotWithdrawable):
        world.withdraw(lender, 800_01, world.MONDAY)
    with pytest.raises(AmountOutOfRange):
        world.withdraw(lender, 99, world.MONDAY)
    homeless = world.person(Role.LENDER)
    world.identify(homeless)
    with pytest.raises(NoBankAccount):
        world.withdraw(homeless, 1_00, world.MONDAY)


def test_the_same_withdrawal_asked_twice_is_one():
    lender, key = world.rich_lender(800_00), uuid4()
    asked = {"lender": lender, "amount_cents": 500_00, "at": world.at(), "request_key": key}
    assert request_withdrawal(**asked) == request_withdrawal(**asked)
    assert balance_cents(Money.CASH, lender.pk) == 300_00


def test_capital_arrives_and_is_the_operators():
    world.cover_charges()
    assert balance_cents(Money.CAPITAL) == 0
    world.play(world.later(1))
    assert balance_cents(Money.CAPITAL) == 1_000_00
    everything_is_proven()


def test_nothing_happens_on_days_without_anything_due():
    _, _, _, on = world.paid_out_loan()
    before = Collection.objects.count()
    world.live_until(on + timedelta(days=3), on)
    assert Collection.objects.count() == before == 0
    assert isinstance(on, date)
