"""A lender's figures: earned, late, worth and expected, each from its own source."""

from __future__ import annotations

import math
from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from accounts.models import User
from core.dates import add_months
from ledger.chart import EntryKind, Role
from ledger.services import Move, account_id, post_entry
from lending.domain.returns import xirr
from lending.models import Holding, Loan
from lending.selectors.cash_forecast import expected_months
from lending.selectors.returns import (
    Slice,
    lender_overview,
    lender_record,
    value_history,
)
from lending.selectors.valuation import value_on
from lending.states import LoanStatus
from tests.factories import loans, people
from tests.factories.people import AT

pytestmark = pytest.mark.django_db
ON = AT.date()


def _alone(lender: User, cents: int = 1_000_00, **request: Any) -> Loan:
    """A loan that this lender alone gave; its money is paid in for it."""
    terms = {"term_months": 12, "annual_rate": Decimal("0.08"), "due_day": 15} | request
    return loans.loan(shares_cents=[cents], lenders=[lender], **terms)


def _withdraw(lender: User, cents: int, on: date) -> None:
    cash, transit = (account_id(role, lender.pk) for role in (Role.CASH, Role.IN_TRANSIT_OUT))
    clearing, provider = account_id(Role.CLEARING_OUT), account_id(Role.PROVIDER)
    for kind, moves in (
        (EntryKind.WITHDRAWAL_REQUESTED, [Move(cash, transit, cents)]),
        (EntryKind.PAYOUT, [Move(transit, clearing, cents), Move(clearing, provider, cents)]),
    ):
        post_entry(
            reference=f"{kind}:{lender.pk}:{on}",
            kind=kind,
            effective_on=on,
            at=loans.noon(on),
            moves=moves,
        )


def test_a_lender_who_never_paid_in_has_empty_books() -> None:
    lender = people.lender()
    seen = lender_overview(lender, ON)
    assert (seen.since, seen.is_new, seen.average_rate) == (None, True, None)
    assert (seen.cash_cents, seen.invested_cents, seen.deposited_cents) == (0, 0, 0)
    assert tuple(seen.value) == (0, 0, 0)
    assert tuple(seen.returns) == (None, None, None)
    assert value_history(lender, ON) == []
    assert (seen.grades, seen.bridge) == ([], [])
    assert {month.net_cents for month in expected_months(lender, value_on(lender, ON))} == {0}


def test_the_overview_adds_up_what_was_paid_in_lent_earned_and_paid_out() -> None:
    lender = people.lender()
    loan = _alone(lender)
    paid = loans.pay_instalments(loan, 6)
    on = paid[-1].received_on
    _withdraw(lender, 200_00, on)
    seen = lender_overview(lender, on)
    principal = sum(row.principal_cents for row in paid)
    interest, fees = sum(row.interest_cents for row in paid), sum(row.fee_cents for row in paid)
    assert (seen.since, seen.is_new) == (ON, False)
    assert (seen.deposited_cents, seen.withdrawn_cents) == (1_000_00, 200_00)
    assert (seen.lent_cents, seen.repaid_cents) == (1_000_00, principal)
    assert (seen.interest_cents, seen.fee_cents) == (interest, fees)
    assert seen.invested_cents == 1_000_00 - principal
    assert seen.cash_cents == principal + interest - fees - 200_00
    assert seen.average_rate == Decimal("0.08")
    assert set(seen.value) == {seen.cash_cents + seen.invested_cents}


def test_the_return_is_that_of_the_money_really_paid_in_and_out() -> None:
    lender = people.lender(cash_cents=500_00)  # idle all the time
    loan = _alone(lender)
    on = loans.pay_instalments(loan, 6)[-1].received_on
    _withdraw(lender, 200_00, on)
    seen = lender_overview(lender, on + timedelta(days=10))
    end = 1_500_00 - 200_00 + seen.interest_cents - seen.fee_cents
    expected = xirr(
        [(ON, -1_500_00), (on, 200_00), (on + timedelta(days=10), end)],
    )
    assert seen.returns.fair == pytest.approx(expected)
    assert seen.returns.low == seen.returns.fair == seen.returns.high
    assert seen.returns.fair < 0.08  # type: ignore[operator]


def test_late_loans_are_shown_by_bucket_and_cut_by_its_haircut() -> None:
    lender = people.lender()
    good, late = _alone(lender), _alone(lender, 3_000_00)
    for row in list(good.instalments.filter(number__lte=2)):
        loans.pay(good, row.total_cents, on=row.due_on)
    on = date(2026, 4, 1)  # 44 days after 16 February
    seen = lender_overview(lender, on)
    buckets = {line.bucket: line for line in seen.buckets}
    good.refresh_from_db()
    assert list(buckets) == ["current", "1-30", "31-60", "61-90", "over-90"]
    assert buckets["31-60"].principal_cents == late.principal_cents
    assert buckets["31-60"].value_cents == 2_100_00
    assert (buckets["31-60"].haircut, buckets["31-60"].holdings) == (Decimal("0.30"), 1)
    assert buckets["current"].principal_cents == good.outstanding_cents
    assert buckets["1-30"].holdings == 0
    sure = seen.cash_cents + good.outstanding_cents
    assert tuple(seen.value) == (sure, sure + 2_100_00, sure + 3_000_00)
    low, fair, high = seen.returns
    assert low < fair < 0 < high  # type: ignore[operator]
    assert seen.is_new


def test_rates_are_weighted_by_what_is_still_outstanding() -> None:
    lender = people.lender()
    _alone(lender, 1_000_00, annual_rate=Decimal("0.05"))
    _alone(lender, 3_000_00, annual_rate=Decimal("0.09"))
    repaid = _alone(lender, 2_000_00, annual_rate=Decimal("0.20"))
    loans.pay_off(repaid, on=repaid.first_due_on)
    seen = lender_overview(lender, repaid.first_due_on)
    assert seen.average_rate == Decimal("0.08")
    assert seen.open_holdings == 2


def test_allocation_shows_grades_and_terms() -> None:
    lender = people.lender()
    _alone(lender, 1_000_00, grade="B", term_months=12)
    _alone(lender, 2_000_00, grade="A", term_months=60)
    _alone(lender, 1_500_00, grade="B", term_months=60)
    seen = lender_overview(lender, ON)
    assert seen.grades == [Slice("A", 2_000_00, 1), Slice("B", 2_500_00, 2)]
    assert seen.terms == [Slice("12", 1_000_00, 1), Slice("60", 3_500_00, 2)]


def test_the_history_has_a_point_for_each_month_s_end_and_one_for_today() -> None:
    lender = people.lender(cash_cents=250_00)
    loan = _alone(lender)
    loans.pay_instalments(loan, 3)
    points = value_history(lender, date(2026, 4, 20))
    assert [point.on for point in points] == [
        date(2026, 1, 31),
        date(2026, 2, 28),
        date(2026, 3, 31),
        date(2026, 4, 20),
    ]
    plan = list(loan.instalments.order_by("number"))
    left = [1_000_00]
    for row in plan[:3]:
        left.append(left[-1] - row.principal_cents)
    assert [point.invested_cents for point in points] == left
    assert {point.paid_in_cents for point in points} == {1_250_00}
    for point in points:
        assert point.value_cents == 1_250_00 + point.interest_cents - point.fee_cents
        assert point.cash_cents + point.invested_cents == point.value_cents
    assert points[-1].interest_cents == sum(row.interest_cents for row in plan[:3])
    assert points[0].interest_cents == points[0].fee_cents == 0


def test_the_last_point_equals_the_overview_and_earlier_ones_know_what_was_late_then() -> None:
    lender = people.lender()
    loan = _alone(lender)
    first = loan.instalments.get(number=1)
    loans.pay(loan, first.total_cents, on=date(2026, 3, 5))  # 17 days late
    on = date(2026, 3, 10)
    points, seen = value_history(lender, on), lender_overview(lender, on)
    assert points[-1].value_cents == seen.value.fair_cents
    assert points[-1].cash_cents == seen.cash_cents
    assert points[1].on == date(2026, 2, 28)
    assert points[1].value_cents == 950_00  # 5 % off while it was late
    assert points[0].value_cents == 1_000_00


def test_a_withdrawal_lowers_what_was_paid_in() -> None:
    lender = people.lender(cash_cents=100_00)
    _withdraw(lender, 40_00, date(2026, 2, 10))
    points = value_history(lender, date(2026, 2, 20))
    assert [point.paid_in_cents for point in points] == [100_00, 60_00]
    assert [point.value_cents for point in points] == [100_00, 60_00]


def test_twelve_months_ahead_show_the_plan_of_the_lender_s_part() -> None:
    lender = people.lender()
    loan = loans.loan(
        shares_cents=[250_00, 750_00], lenders=[lender, people.lender()], term_months=12, due_day=15
    )
    months = expected_months(lender, value_on(lender, ON))
    assert [month.month for month in months] == [
        add_months(date(2026, 1, 1), index) for index in range(12)
    ]
    plan = {row.due_on.replace(day=1): row for row in loan.instalments.all()}
    for month in months[1:]:
        row = plan[month.month]
        assert abs(month.principal_cents * 4 - row.principal_cents) <= 2
        assert abs(month.interest_cents * 4 - row.interest_cents) <= 2
        fee = (month.principal_cents + month.interest_cents + 50) // 100
        assert month.fee_cents == fee
    assert months[0].net_cents == 0
    assert months[0].expected_cents == 0
    for month in months[1:]:
        assert month.least_cents < month.expected_cents < month.most_cents < month.net_cents


def test_many_parts_of_loans_are_planned_as_exact_sums_have_it() -> None:
    """Thirds and sevenths, of several loans of two grades, added up as fractions one by one."""
    lender, other = people.lender(), people.lender()
    for mine, theirs, day in ((400_00, 800_00, 15), (200_00, 1_200_00, 1), (375_00, 725_00, 15)):
        loan = loans.loan(shares_cents=[mine, theirs], lenders=[lender, other], due_day=day)
        loans.pay_instalments(loan, 1)
    sums = defaultdict[date, list[Fraction]](lambda: [Fraction(0), Fraction(0)])
    for holding in Holding.objects.filter(lender=lender).select_related("loan"):
        part = Fraction(holding.outstanding_cents, holding.loan.outstanding_cents)
        for row in holding.loan.instalments.filter(paid_on=None):
            both = sums[row.due_on.replace(day=1)]
            both[0] += row.principal_cents * part
            both[1] += row.interest_cents * part
    months = expected_months(lender, value_on(lender, date(2026, 2, 20)))
    assert any(month.principal_cents for month in months)
    for month in months[1:]:
        found = (month.principal_cents, month.interest_cents)
        assert found == tuple(math.floor(each + Fraction(1, 2)) for each in sums[month.month])


def test_what_was_paid_or_is_overdue_or_in_default_is_not_expected() -> None:
    lender = people.lender()
    paid, overdue, lost = _alone(lender), _alone(lender), _alone(lender)
    Loan.objects.filter(pk=lost.pk).update(status=LoanStatus.DEFAULTED)
    loans.pay_instalments(paid, 2)
    on = date(2026, 3, 20)
    assert overdue.instalments.filter(due_on__lt=on).count() == 2
    expected = expected_months(lender, value_on(lender, on), months=2)
    april = sum(
        row.principal_cents
        for loan in (paid, overdue)
        for row in loan.instalments.filter(due_on=date(2026, 4, 15))
    )
    assert [month.principal_cents for month in expected] == [0, april]
    april_net = expected[1].net_cents
    assert (
        april_net * 0.8 < expected[1].expected_cents < april_net * 0.9
    )  # one of two is 33 days late


def test_one_lender_s_figures_do_not_hold_another_s() -> None:
    lender, other = people.lender(), people.lender()
    loans.loan(shares_cents=[250_00, 750_00], lenders=[lender, other])
    assert lender_overview(lender, ON).invested_cents == 250_00
    assert value_history(lender, ON)[-1].value_cents == 250_00
    assert lender_overview(lender, ON).grades[0].principal_cents == 250_00


def test_the_number_of_queries_does_not_grow_with_the_holdings(
    django_assert_num_queries: Any,
) -> None:
    lender = people.lender()
    for number in (1, 3):
        while Holding.objects.filter(lender=lender).count() < number:
            loans.pay_instalments(_alone(lender), number)
        on = date(2026, 6, 1)
        with django_assert_num_queries(5):
            lender_overview(lender, on)
        with django_assert_num_queries(5):
            value_history(lender, on)
        books = value_on(lender, on)
        with django_assert_num_queries(2):
            expected_months(lender, books)
        with django_assert_num_queries(5):
            lender_record(lender, on)
