"""Default interest on real loans: charged by day, owed, paid last, passed to lenders."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest

from core.money import to_cents
from ledger.chart import EntryKind, Role
from ledger.selectors import balance_cents
from ledger.services import Move, account_id, post_entry
from lending.domain.due_dates import payable_on
from lending.models import BaseRate, DefaultInterestSpan, LegalCost, Loan
from lending.selectors.charges import default_interest_owed_cents, payable
from lending.services.default_interest import charge_default_interest
from lending.states import LoanStatus
from tests.factories import loans, people
from tests.flows.money import assert_money

pytestmark = pytest.mark.django_db


def _late_loan(**given: object) -> tuple[Loan, date]:
    """A loan whose first instalment is forty days late, and the day."""
    loan = loans.loan(**given)  # type: ignore[arg-type]
    return loan, payable_on(loan.first_due_on) + timedelta(days=40)


def _lay_out(loan: Loan, cents: int, on: date) -> None:
    """A cost of legal pursuit, as the operator books it."""
    costs, capital = account_id(Role.COLLECTION_COSTS), account_id(Role.CAPITAL)
    entry = post_entry(
        reference=f"cost:{loan.pk}",
        kind=EntryKind.COLLECTION_COST,
        effective_on=on,
        at=loans.noon(on),
        moves=[Move(costs, capital, cents)],
    )
    LegalCost.objects.create(loan=loan, on=on, cents=cents, note="Court fee", entry=entry)


def test_each_late_day_costs_the_base_rate_and_five_points_on_what_is_overdue() -> None:
    loan, on = _late_loan()
    first, second = loan.instalments.order_by("number")[:2]
    charged = charge_default_interest(loan_id=loan.pk, on=on)
    days_of_second = (on - payable_on(second.due_on)).days
    exact = (first.total_cents * 40 + second.total_cents * days_of_second) * Decimal("0.0627") / 365
    assert charged == to_cents(exact)
    assert default_interest_owed_cents(loan, on) == charged


def test_charging_day_by_day_twice_or_at_once_is_the_same() -> None:
    loan, on = _late_loan()
    day = loan.first_due_on
    while day <= on:
        charge_default_interest(loan_id=loan.pk, on=day)
        charge_default_interest(loan_id=loan.pk, on=day)
        day += timedelta(days=1)
    columns = ("from_on", "to_on", "overdue_cents", "annual_rate")
    by_day = list(DefaultInterestSpan.objects.values_list(*columns).order_by("from_on"))
    DefaultInterestSpan.objects.all().delete()
    charge_default_interest(loan_id=loan.pk, on=on)
    at_once = list(DefaultInterestSpan.objects.values_list(*columns).order_by("from_on"))
    assert by_day == at_once
    assert len(at_once) == 2


def test_a_base_rate_that_nobody_approved_counts_for_nothing() -> None:
    loan, on = _late_loan()
    before = default_interest_owed_cents(loan, on)
    BaseRate.objects.create(rate=Decimal("0.10"), valid_from=loan.first_due_on, source="a rumour")
    assert default_interest_owed_cents(loan, on) == before


def test_a_payment_short_of_all_settles_costs_then_dues_then_default_interest() -> None:
    """Section 367 BGB would put default interest before the instalments: the wrong order here."""
    loan, on = _late_loan(shares_cents=[3_000_00, 2_000_00])
    _lay_out(loan, 30_00, on)
    due = payable(loan, on)
    assert due.costs_cents == 30_00
    assert due.default_interest_cents > 0
    short = loans.pay(loan, due.costs_cents + due.dues_cents, on=on)
    assert (short.costs_cents, short.default_interest_cents) == (30_00, 0)
    assert payable(loan, on).total_cents == due.default_interest_cents
    rest = loans.pay(loan, due.default_interest_cents, on=on)
    assert rest.default_interest_cents == due.default_interest_cents
    assert payable(loan, on).total_cents == 0
    assert sum(row.default_interest_cents for row in loan.holdings.all()) == rest.amount_cents
    assert balance_cents(Role.COLLECTION_COSTS) == 0
    assert_money("ledger", "lending")


def test_a_product_may_name_the_order_of_section_367() -> None:
    loan, on = _late_loan()
    Loan.objects.filter(pk=loan.pk).update(allocation="bgb_367")
    due = payable(loan, on)
    paid = loans.pay(loan, due.default_interest_cents + 1_00, on=on)
    assert paid.default_interest_cents == due.default_interest_cents
    assert paid.interest_cents == 1_00
    assert_money("ledger", "lending")


def test_part_payments_are_never_refused_and_stop_the_interest_on_what_they_pay() -> None:
    loan, on = _late_loan()
    loans.pay(loan, 1, on=on)
    due = payable(loan, on)
    loans.pay(loan, due.dues_cents, on=on)
    later = on + timedelta(days=5)
    assert default_interest_owed_cents(loan, later) == due.default_interest_cents
    assert_money("ledger", "lending")


def test_a_payment_booked_for_an_earlier_day_takes_charged_interest_back() -> None:
    loan, on = _late_loan()
    received = on - timedelta(days=30)
    charge_default_interest(loan_id=loan.pk, on=on)
    loans.pay(loan, loan.instalments.get(number=1).total_cents, on=received)
    spans = DefaultInterestSpan.objects.filter(loan=loan).order_by("from_on")
    assert spans.first().to_on == received  # type: ignore[union-attr]


def test_cents_of_default_interest_do_not_keep_a_paid_loan_open() -> None:
    loan = loans.loan(shares_cents=[1_000_00], term_months=12)
    loans.pay_instalments(loan, 11)
    last = loan.instalments.get(number=12)
    on = payable_on(last.due_on) + timedelta(days=2)
    charge_default_interest(loan_id=loan.pk, on=on)
    assert 0 < default_interest_owed_cents(loan, on) < 1_00
    loans.pay(loan, last.total_cents, on=on)
    loan.refresh_from_db()
    assert loan.status == LoanStatus.REPAID


def test_a_euro_of_default_interest_keeps_the_loan_open_until_it_is_paid() -> None:
    loan = loans.loan(shares_cents=[1_000_00, 500_00], term_months=12)
    loans.pay_instalments(loan, 11)
    last = loan.instalments.get(number=12)
    on = payable_on(last.due_on) + timedelta(days=80)
    loans.pay(loan, last.total_cents, on=on)
    loan.refresh_from_db()
    left = default_interest_owed_cents(loan, on)
    assert (loan.status, loan.outstanding_cents) == (LoanStatus.ACTIVE, 0)
    assert left >= 1_00
    loans.pay(loan, left, on=on)
    loan.refresh_from_db()
    assert loan.status == LoanStatus.REPAID
    assert_money("ledger", "lending")


def test_lenders_share_default_interest_by_what_is_outstanding_and_pay_the_fee_on_it() -> None:
    loan, on = _late_loan(shares_cents=[600_00, 400_00], lenders=[people.lender() for _ in "ab"])
    due = payable(loan, on)
    paid = loans.pay(loan, due.total_cents, on=on)
    shares = list(paid.shares.order_by("holding_id"))
    assert sum(row.default_interest_cents for row in shares) == due.default_interest_cents
    for row in shares:
        got = row.principal_cents + row.interest_cents + row.default_interest_cents
        assert row.fee_cents == to_cents(Decimal(got) / 100)
