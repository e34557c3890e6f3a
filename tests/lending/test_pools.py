"""Runs of the grade pools on real loans: shared, posted, proven, corrected by late money."""

from __future__ import annotations

from datetime import date

import pytest

from accounts.models import User
from core.dates import add_months, target_day_on_or_after
from ledger.chart import EntryKind, Role
from ledger.models import Entry
from ledger.selectors import balance_cents
from lending.choices import Cover
from lending.models import Holding, Loan, PoolBooking, PoolRun
from lending.services.covers import choose_cover
from lending.services.disbursements import disburse
from lending.services.pools import run_pools
from lending.services.reversals import reverse_repayment
from lending.verify import pools_share_out
from tests.factories import arrears, loans, people
from tests.factories.loans import noon
from tests.factories.requests import bid, listed_request
from tests.flows.money import assert_money

pytestmark = pytest.mark.django_db


def pooled_loan(lenders: list[User], shares: list[int], **request: object) -> Loan:
    """A running loan whose lenders all chose the pool."""
    signed = loans.signed_request(shares_cents=shares, lenders=lenders, **request)
    for offer in signed.offers.order_by("id"):
        choose_cover(lender=offer.lender, offer_id=offer.pk, cover=Cover.POOL, at=people.AT)
    return disburse(request_id=signed.pk, on=people.AT.date(), at=people.AT)


def run_in_month_after(month: date) -> dict[str, object]:
    """What day end does on the first bank day of the month after."""
    on = target_day_on_or_after(add_months(month.replace(day=1), 1))
    return run_pools(on=on, at=noon(on))


def pay_next(loan: Loan, *, on: date | None = None) -> None:
    """Pay the oldest unpaid instalment, on its day unless another is given."""
    row = loan.instalments.unpaid().order_by("number")[0]
    loans.pay(loan, row.open_cents, on=on or row.due_on)


def claim_of(lender: User) -> Holding:
    return Holding.objects.get(lender=lender)


@pytest.fixture
def first() -> User:
    return people.lender()


@pytest.fixture
def second() -> User:
    return people.lender()


@pytest.fixture
def good(first: User) -> Loan:
    return pooled_loan([first], [1_000_00])


@pytest.fixture
def bad(second: User) -> Loan:
    return pooled_loan([second], [2_000_00])


def test_what_came_in_is_shared_by_what_was_due(
    good: Loan, bad: Loan, first: User, second: User
) -> None:
    month = good.first_due_on.replace(day=1)
    pay_next(good)
    before = balance_cents(Role.CASH, first.pk)

    assert run_in_month_after(month) == {"runs": 1, "corrections": 0}

    run = PoolRun.objects.get()
    due = [loan.instalments.get(number=1).principal_cents for loan in (good, bad)]
    assert (run.due_cents, run.received_cents) == (sum(due), due[0])
    booked = PoolBooking.objects.get(holding=claim_of(first)).booking_cents
    assert booked == claim_of(first).pool_cents < 0
    assert claim_of(second).pool_cents == balance_cents(Role.CASH, second.pk) == -booked
    assert balance_cents(Role.CASH, first.pk) == before + booked
    assert (run.entry.kind, run.entry.effective_on) == (EntryKind.POOL, run.run_on)  # type: ignore[union-attr]
    assert_money("ledger", "lending")


def test_a_second_run_books_nothing_and_other_days_do_not_run(good: Loan, bad: Loan) -> None:
    month = good.first_due_on.replace(day=1)
    pay_next(good)
    run_in_month_after(month)
    entries = Entry.objects.count()

    assert run_in_month_after(month) == {"runs": 0, "corrections": 0}
    later = target_day_on_or_after(add_months(month, 1).replace(day=10))
    assert run_pools(on=later, at=noon(later)) == {}
    assert (PoolRun.objects.count(), Entry.objects.count()) == (1, entries)


def test_late_money_runs_the_month_again_and_books_the_difference(
    good: Loan, bad: Loan, first: User, second: User
) -> None:
    month = good.first_due_on.replace(day=1)
    pay_next(good)
    run_in_month_after(month)
    taken = claim_of(first).pool_cents
    pay_next(bad, on=add_months(good.first_due_on, 1))
    pay_next(good)
    pay_next(bad)

    assert run_in_month_after(add_months(month, 1)) == {"runs": 2, "corrections": 1}

    assert claim_of(first).pool_cents == claim_of(second).pool_cents == 0
    line = PoolBooking.objects.get(holding=claim_of(first), run__version=2)
    assert (line.booking_cents, line.delta_cents, line.run.month) == (0, -taken, month)
    whole = PoolRun.objects.get(month=add_months(month, 1))
    assert (whole.received_cents, whole.entry) == (whole.due_cents, None)
    assert_money("ledger", "lending")


def test_whoever_lacks_the_money_owes_it_and_the_next_payment_settles_it(
    good: Loan, bad: Loan, first: User, second: User
) -> None:
    month = good.first_due_on.replace(day=1)
    pay_next(good)
    cash = balance_cents(Role.CASH, first.pk)
    bid(first, listed_request(), cash // 25_00 * 25_00)
    left = balance_cents(Role.CASH, first.pk)

    run_in_month_after(month)

    booked = -claim_of(first).pool_cents
    assert booked > left
    assert balance_cents(Role.RECEIVABLE, first.pk) == booked - left
    assert balance_cents(Role.CASH, first.pk) == 0
    assert balance_cents(Role.CASH, second.pk) == booked
    assert_money("ledger", "lending")
    pay_next(good)
    assert balance_cents(Role.RECEIVABLE, first.pk) == 0
    assert_money("ledger", "lending")


def test_who_stands_alone_neither_pays_nor_gets(bad: Loan, second: User) -> None:
    alone = people.lender()
    mixed = loans.signed_request(shares_cents=[600_00, 400_00], lenders=[alone, people.lender()])
    other = mixed.offers.exclude(lender=alone).get()
    choose_cover(lender=other.lender, offer_id=other.pk, cover=Cover.POOL, at=people.AT)
    loan = disburse(request_id=mixed.pk, on=people.AT.date(), at=people.AT)
    pay_next(loan)

    run_in_month_after(loan.first_due_on)

    assert claim_of(alone).pool_cents == 0
    assert not PoolBooking.objects.filter(holding=claim_of(alone)).exists()
    assert claim_of(other.lender).pool_cents == -claim_of(second).pool_cents < 0
    assert_money("ledger", "lending")


def test_pools_are_by_grade_and_term(good: Loan, first: User) -> None:
    lender = people.lender()
    other = pooled_loan([lender], [1_000_00], grade="D", annual_rate=good.annual_rate)
    pay_next(good)
    run_in_month_after(good.first_due_on)
    assert {run.grade for run in PoolRun.objects.all()} == {good.grade, other.grade}
    assert claim_of(first).pool_cents == claim_of(lender).pool_cents == 0


def test_one_payment_over_two_months_counts_in_each(good: Loan, bad: Loan) -> None:
    month = good.first_due_on.replace(day=1)
    second_due = add_months(good.first_due_on, 1)
    rows = list(good.instalments.order_by("number")[:2])
    loans.pay(good, sum(row.open_cents for row in rows), on=second_due)

    run_in_month_after(add_months(month, 1))

    received = dict(PoolRun.objects.values_list("month", "received_cents"))
    assert received == {
        month: rows[0].principal_cents,
        add_months(month, 1): rows[1].principal_cents,
    }
    assert_money("ledger", "lending")


def test_the_proof_finds_a_cent_that_was_planted(good: Loan, bad: Loan, first: User) -> None:
    pay_next(good)
    run_in_month_after(good.first_due_on)
    Holding.objects.filter(lender=first).update(pool_cents=claim_of(first).pool_cents + 1)
    assert [found.subject for found in pools_share_out()] == [f"holding:{claim_of(first).pk}"]


def test_a_debit_that_came_back_runs_the_month_again(
    good: Loan, bad: Loan, first: User, second: User
) -> None:
    month = good.first_due_on.replace(day=1)
    pay_next(good)
    pay_next(bad)
    run_in_month_after(month)
    assert claim_of(first).pool_cents == 0
    back = add_months(good.first_due_on, 1)
    paid = bad.repayments.get()
    reverse_repayment(repayment_id=paid.pk, on=back, at=noon(back), reason="returned")
    pay_next(good)

    assert run_in_month_after(add_months(month, 1)) == {"runs": 2, "corrections": 1}

    corrected = PoolRun.objects.get(month=month, version=2)
    assert corrected.received_cents == corrected.due_cents - paid.principal_cents
    assert claim_of(second).pool_cents == -claim_of(first).pool_cents > 0
    assert_money("ledger", "lending")


def test_a_loan_called_due_goes_on_by_its_plan_and_late_money_pays_the_oldest_months(
    first: User, second: User
) -> None:
    staff = arrears.two_staff()
    good = pooled_loan([first], [1_000_00], due_day=15)
    bad = pooled_loan([second], [2_000_00], due_day=15)
    plan = dict(bad.instalments.values_list("due_on", "principal_cents"))
    month = good.first_due_on.replace(day=1)
    case, on = arrears.in_collection(bad, staff, missed=4)
    for _ in range(6):
        pay_next(good)
    last = add_months(month, 5)
    run_in_month_after(last)
    runs = PoolRun.objects.filter(version=1).order_by("month")
    owed = [PoolBooking.objects.get(run=run, holding=claim_of(second)).owed_cents for run in runs]
    assert owed == [plan[due_on] for due_on in sorted(plan)[:6]]
    assert {run.month for run in runs} == {add_months(month, months) for months in range(6)}
    oldest = owed[0] + owed[1] // 2
    loans.pay(bad, oldest + 50_00, on=on)

    run_in_month_after(add_months(last, 1))

    got = PoolBooking.objects.filter(holding=claim_of(second), run__version=2)
    received = dict(got.values_list("run__month", "received_cents"))
    principal = sum(bad.repayments.values_list("principal_cents", flat=True))
    assert received[month] == owed[0]
    assert sum(received.values()) == principal
    assert case.loan_id == bad.pk
    assert_money("ledger", "lending")
