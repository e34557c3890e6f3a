"""The market's record: counted by hand on a small market, and the book behind it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.cache import cache

from core.dates import target_day_on_or_after
from lending.choices import Cover
from lending.domain.returns import xirr
from lending.models import Loan, PoolBooking
from lending.selectors.loan_book import loan_book
from lending.selectors.public_book import COLUMNS, public_book
from lending.selectors.returns import lender_overview
from lending.selectors.statistics import Funding, MarketRecord, market_record
from lending.services.arrears import age_loans
from lending.services.contract_withdrawals import withdraw_from_contract
from lending.services.expiry import expire_requests
from lending.services.pools import run_pools
from tests.factories import loans, people
from tests.factories.people import AT
from tests.factories.requests import listed_request
from tests.flows.money import assert_money

pytestmark = pytest.mark.django_db
ON = date(2027, 6, 30)


@pytest.fixture(autouse=True)
def nothing_kept() -> Iterator[None]:
    """The record is worked out anew in each test."""
    cache.clear()
    yield
    cache.clear()


def _lent(at: datetime, *, paid: int, **request: Any) -> Loan:
    terms = {"term_months": 12, "annual_rate": Decimal("0.08"), "due_day": 1} | request
    made = loans.loan(at=at, shares_cents=[1_000_00, 500_00], **terms)
    loans.pay_instalments(made, paid)
    return made


def _market() -> dict[str, Loan]:
    """Two quarters; in the first a loan in C fails in July 2026, one in B is paid to the end."""
    spring = AT + timedelta(days=100)
    made = {
        "good": _lent(AT, paid=12, grade="B"),
        "bad": _lent(AT, paid=1, grade="C"),
        "young": _lent(spring, paid=12, grade="C"),
        "late": _lent(spring, paid=8, grade="C", term_months=24),
    }
    for day in (date(2026, 7, 15), date(2027, 3, 10)):
        age_loans(on=day, at=loans.noon(day))
    return made


def test_an_empty_market_has_an_empty_record() -> None:
    record = market_record(ON)
    assert (record.since, record.totals.loans, record.windows) == (None, 0, [])
    assert (record.cohorts, record.requests, record.rate.mean) == ([], [], None)
    assert record.funding == Funding(0, 0, 0)
    assert list(public_book(ON)) == []


def test_defaults_are_counted_by_window_grade_and_cohort() -> None:
    _market()
    record = market_record(date(2027, 1, 31))
    (window,) = record.windows
    assert window == (date(2026, 2, 1), date(2027, 1, 31))
    assert (record.rate.defaulted, record.rate.at_start, record.rate.mean) == (1, 2, Decimal("0.5"))
    by_grade = {row.grade: row for row in record.grades}
    assert (by_grade["B"].rate.defaulted, by_grade["B"].rate.at_start) == (0, 1)
    assert (by_grade["C"].rate.defaulted, by_grade["C"].rate.at_start) == (1, 1)
    assert (by_grade["C"].least, by_grade["C"].most) == (0, 1)
    assert by_grade["C"].is_as_expected
    assert by_grade["A"].is_as_expected is None
    assert by_grade["C"].totals.loans == 3
    assert by_grade["C"].expected == Decimal("0.040")
    first, second = record.cohorts
    assert [(cohort.name, cohort.totals.loans) for cohort in record.cohorts] == [
        ("2026-Q1", 2),
        ("2026-Q2", 2),
    ]
    assert (first.totals.defaulted, second.totals.defaulted) == (1, 0)
    assert first.default_share == Decimal("0.5")
    assert first.curve == [Decimal(0)] * 6 + [Decimal("0.5")] * 6
    assert second.curve == [Decimal(0)] * 9


def test_a_past_day_is_told_as_it_was() -> None:
    made = _market()
    before = market_record(date(2026, 7, 14))
    assert (before.totals.defaulted, before.windows) == (0, [])
    book = {loan.loan_id: loan for loan in loan_book(date(2026, 7, 14))}
    assert book[made["bad"].pk].state == "late"
    assert book[made["good"].pk].state == "on_time"
    after = {loan.loan_id: loan for loan in loan_book(ON)}
    assert after[made["bad"].pk].state == "default"
    assert after[made["good"].pk].state == "repaid"
    assert after[made["good"].pk].closed_on == date(2027, 2, 1)
    late = after[made["late"].pk]
    assert (late.bucket, late.state, late.in_default) == ("over-90", "late", False)
    assert loan_book(date(2025, 12, 31)) == []


def test_a_cohort_s_return_is_that_of_all_its_flows_and_new_ones_have_none() -> None:
    made = _market()
    on = date(2027, 2, 28)
    first, second = market_record(on).cohorts
    flows = [(made["good"].disbursed_on, -3_000_00)]
    for loan in (made["good"], made["bad"]):
        flows += [
            (row.received_on, row.amount_cents - row.fee_cents) for row in loan.repayments.all()
        ]
    left = loan_book(on)[1].outstanding_cents
    assert first.returns is not None
    assert first.returns.low == pytest.approx(xirr([*flows]))
    assert first.returns.high == pytest.approx(xirr([*flows, (on, left)]))
    assert first.returns.fair == pytest.approx(xirr([*flows, (on, round(left * 0.2))]), abs=1e-6)
    assert second.returns is not None
    young = market_record(date(2026, 6, 1)).cohorts
    assert [cohort.returns is None for cohort in young] == [False, True]


def test_pool_bookings_are_part_of_the_quarters_and_add_up_to_the_lenders_bridges() -> None:
    spring = AT + timedelta(days=100)
    made = [_pooled(AT, first_share=1_000_00), _pooled(spring, first_share=2_000_00)]
    loans.pay_instalments(made[0], 6)
    loans.pay_instalments(made[1], 1)
    for month in range(5, 11):
        day = target_day_on_or_after(date(2026, month, 1))
        run_pools(on=day, at=loans.noon(day))
    on = date(2026, 10, 31)
    cohorts = market_record(on).cohorts
    lenders = [holding.lender for loan in made for holding in loan.holdings.order_by("id")]
    bridges = [lender_overview(lender, on).earned.pool_cents for lender in lenders]
    assert [cohort.pool_cents for cohort in cohorts] == [sum(bridges[:2]), sum(bridges[2:])]
    assert cohorts[0].pool_cents < 0 < cohorts[1].pool_cents
    assert sum(bridges) == 0
    (loan,) = made[:1]
    flows = [(loan.disbursed_on, -loan.principal_cents)]
    flows += [(row.received_on, row.amount_cents - row.fee_cents) for row in loan.repayments.all()]
    flows += [
        (line.run.run_on, line.delta_cents)
        for line in PoolBooking.objects.filter(holding__loan=loan).select_related("run")
    ]
    loan.refresh_from_db()
    assert cohorts[0].returns is not None
    assert cohorts[0].returns.high == pytest.approx(xirr([*flows, (on, loan.outstanding_cents)]))
    assert_money("ledger", "lending")


def _pooled(at: datetime, *, first_share: int) -> Loan:
    return loans.loan(
        at=at,
        shares_cents=[first_share, 500_00],
        term_months=12,
        annual_rate=Decimal("0.08"),
        due_day=1,
        cover=Cover.POOL,
    )


def test_requests_that_were_not_funded_stay_in_the_record() -> None:
    _market()
    listed_request(amount_cents=4_000_00)
    expire_requests(on=AT.date() + timedelta(days=30), at=AT + timedelta(days=30))
    listed_request(amount_cents=2_000_00, at=AT + timedelta(days=40))
    first, second = market_record(date(2026, 7, 1)).requests
    assert (first.listed, first.funded, first.unfunded, first.still_open) == (4, 2, 1, 1)
    assert first.asked_cents == 9_000_00
    assert (second.name, second.listed, second.funded) == ("2026-Q2", 2, 2)
    rows = [row for row in public_book(date(2026, 7, 1)) if row[1] == "request"]
    assert [row[10] for row in rows] == ["unfunded", "open"]


def test_the_book_adds_up_and_names_nobody() -> None:
    made = _market()
    on = date(2027, 2, 28)
    record = market_record(on)
    rows = [dict(zip(COLUMNS, row, strict=True)) for row in public_book(on)]
    assert len(rows) == len(made) == len({row["key"] for row in rows})
    for name in ("outstanding_cents", "repaid_cents", "interest_cents", "written_off_cents"):
        assert sum(row[name] for row in rows) == getattr(record.totals, name)
    assert sum(row["amount_cents"] for row in rows) == record.totals.lent_cents
    told = " ".join(str(value) for row in rows for value in row.values())
    for loan in made.values():
        for secret in (loan.number, loan.request.title, str(loan.request.public_id)):
            assert secret not in told
        for lender in people.User.objects.filter(holdings__loan=loan):
            assert lender.email not in told
    assert [row["key"] for row in rows] == [row[2] for row in public_book(on)]


def test_more_loans_take_no_more_queries(django_assert_num_queries: Any) -> None:
    for count in (1, 3):
        while Loan.objects.count() < count:
            _lent(AT, paid=2)
        cache.clear()
        with django_assert_num_queries(4):
            market_record(date(2026, 5, 1))
    with django_assert_num_queries(0):
        assert isinstance(market_record(date(2026, 5, 1)), MarketRecord)


def test_a_loan_withdrawn_from_and_given_back_never_ran() -> None:
    kept, gone = _lent(AT, paid=2), _lent(AT, paid=0)
    on = AT.date() + timedelta(days=5)
    loans.give_collected(gone.borrower, gone.principal_cents + 10_00, on=on)
    withdraw_from_contract(borrower=gone.borrower, loan_id=gone.pk, on=on, at=loans.noon(on))
    record = market_record(date(2026, 3, 1))
    assert (record.totals.loans, record.withdrawn) == (1, 1)
    assert record.totals.lent_cents == kept.principal_cents
    assert [loan.state for loan in loan_book(date(2026, 3, 1))] == ["on_time", "withdrawn"]
