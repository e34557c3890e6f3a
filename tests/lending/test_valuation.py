"""The one valuation, at each month's end of a loan's life, against figures worked out by hand."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Final
from uuid import uuid4

import pytest

from core.dates import month_range
from ledger.chart import Role
from ledger.selectors import balances_cents
from lending.domain.return_bridge import StepKind
from lending.domain.returns import HAIRCUTS, Valuation
from lending.models import Loan
from lending.selectors.holdings import holdings_of, value_of
from lending.selectors.positions import positions
from lending.selectors.returns import lender_overview, value_history
from lending.selectors.valuation import books_on, value_on
from lending.services import recoveries
from lending.services.arrears import age_loans
from lending.services.reversals import reverse_repayment
from tests.factories import arrears as arrears_factory
from tests.factories import loans, people
from tests.factories.requests import bid, listed_request
from tests.flows.money import assert_money

pytestmark = pytest.mark.django_db

HALF: Final = Decimal("0.5")


def _life() -> tuple[Loan, list[date]]:
    """1,200.00 at 0 %, twelve times 100.00 on the 15th; one lender holds a third of it.

    Instalment 1 comes in time, 2 comes 25 days late, 3 comes never: default on 15 July.
    """
    third = people.lender()
    loan = loans.loan(
        shares_cents=[400_00, 800_00],
        lenders=[third, people.lender()],
        term_months=12,
        due_day=15,
        annual_rate=Decimal(0),
    )
    first, second = loan.instalments.order_by("number")[:2]
    loans.pay(loan, first.total_cents, on=first.due_on)
    loans.pay(loan, second.total_cents, on=date(2026, 4, 9))
    for month in range(1, 9):
        on = month_range(date(2026, month, 1))[1]
        age_loans(on=on, at=loans.noon(on))
    return loan, [month_range(date(2026, month, 1))[1] for month in range(1, 9)]


def test_each_month_s_end_of_a_loan_that_is_paid_late_and_then_not_at_all() -> None:
    loan, ends = _life()
    lender = loan.holdings.order_by("id")[0].lender
    claims = [books.claims for books in books_on(lender, ends)]
    third = [
        (400_00, "current"),  # 31 January: nothing due
        (366_67, "current"),  # 28 February: the first came on its day
        (366_67, "1-30"),  # 31 March: the second is 15 days late
        (333_34, "1-30"),  # 30 April: it came on the 9th; the third is 15 days late
        (333_34, "31-60"),  # 31 May: 46 days
        (333_34, "61-90"),  # 30 June: 76 days
        (333_34, "over-90"),  # 31 July: 107 days
        (333_34, "over-90"),  # 31 August
    ]
    assert claims == [
        Valuation(
            cents if bucket == "current" else 0,
            int((cents * (1 - HAIRCUTS[bucket]) + HALF) // 1),  # type: ignore[index]
            cents,
        )
        for cents, bucket in third
    ]
    fair = [claim.fair_cents for claim in claims]
    assert fair == [400_00, 366_67, 348_34, 316_67, 233_34, 150_00, 66_67, 66_67]


def test_every_place_that_shows_a_value_shows_the_same() -> None:
    loan, ends = _life()
    lender = loan.holdings.order_by("id")[0].lender
    history = {point.on: point for point in value_history(lender, ends[-1])}
    for on in ends:
        books, seen = value_on(lender, on), lender_overview(lender, on)
        assert history[on].value_cents == books.value.fair_cents == seen.value.fair_cents
        assert sum(line.value_cents for line in seen.buckets) == books.claims.fair_cents
        assert sum(line.principal_cents for line in seen.buckets) == books.invested_cents
        assert sum(part.principal_cents for part in seen.grades) == books.invested_cents
    today = ends[-1]
    assert sum(value_of(row, today) for row in holdings_of(lender)) == books.claims.fair_cents


def test_the_past_does_not_change_with_what_comes_later() -> None:
    lender = people.lender()
    loan = loans.loan(shares_cents=[1_000_00], lenders=[lender], term_months=12, due_day=15)
    loans.pay_instalments(loan, 2)
    on = date(2026, 3, 31)
    before = lender_overview(lender, on)
    loans.pay_instalments(loan, 10)
    after = lender_overview(lender, on)
    assert after.books.value == before.books.value
    assert (after.interest_cents, after.fee_cents) == (before.interest_cents, before.fee_cents)
    assert (after.repaid_cents, after.open_holdings) == (before.repaid_cents, 1)
    assert after.earned == before.earned
    assert lender_overview(lender, date(2027, 2, 1)).open_holdings == 0


def test_many_late_cents_are_rounded_claim_by_claim() -> None:
    lender = people.lender()
    for _ in range(3):
        loan = loans.loan(
            shares_cents=[325_00, 900_00],
            lenders=[lender, people.lender()],
            annual_rate=Decimal("0.0731"),
        )
        loans.pay_instalments(loan, 1)
    on = date(2026, 4, 10)
    rows = list(holdings_of(lender))
    books = value_on(lender, on)
    assert {claim.bucket for claim in books.late} == {"1-30"}
    assert books.claims.fair_cents == sum(value_of(row, on) for row in rows)


def test_contract_interest_is_run_on_what_was_outstanding_day_by_day() -> None:
    lender = people.lender()
    loan = loans.loan(
        shares_cents=[1_000_00], lenders=[lender], term_months=12, annual_rate=Decimal("0.12")
    )
    paid = loans.pay_instalments(loan, 2)
    on = date(2026, 5, 20)
    balance, since, run = 1_000_00, loan.disbursed_on, Decimal(0)
    for row in paid:
        run += balance * (row.received_on - since).days
        balance, since = balance - row.principal_cents, row.received_on
    run += balance * (on - since).days
    (position,) = positions(value_on(lender, on))
    assert position.cent_days == run
    assert position.rated_cent_days == run * Decimal("0.12")
    assert position.is_missing  # the third was due on 1 May


def test_a_loan_called_due_written_off_and_partly_recovered() -> None:
    staff = arrears_factory.two_staff()
    lender = people.lender()
    loan = loans.loan(
        shares_cents=[1_000_00, 1_000_00],
        lenders=[lender, people.lender()],
        term_months=24,
        due_day=15,
        annual_rate=Decimal("0.12"),
    )
    paid = loans.pay_instalments(loan, 2)
    share = loan.holdings.get(lender=lender)
    left = share.outstanding_cents
    case, may_on = arrears_factory.in_collection(loan, staff, missed=4)
    arrears_factory.decide(case, "write_off", staff, at=loans.noon(may_on))
    got_on = may_on + timedelta(days=40)
    loans.give_collected(loan.borrower, 300_00, on=got_on)
    recoveries.recover(
        staff=staff[0],
        case_id=case.pk,
        amount_cents=300_00,
        source="borrower",
        key=uuid4(),
        at=loans.noon(got_on),
    )
    loan.refresh_from_db()
    called_on = loan.terminated_on
    assert called_on is not None
    days = [called_on, may_on - timedelta(days=1), may_on, got_on]
    called, before, off, after = books_on(lender, days)
    fifth = int((left * Decimal("0.20") + HALF) // 1)
    assert [claim.bucket for claim in called.late] == ["over-90"]
    assert called.claims == before.claims == Valuation(0, fifth, left)
    assert off.claims == after.claims == Valuation(0, 0, 0)
    assert (off.lost_cents, before.lost_cents) == (left, 0)
    share.refresh_from_db()
    assert share.recovered_cents == 150_00
    gain = sum(row.cents for row in after.facts.moves)
    seen = lender_overview(lender, got_on)
    assert after.cash_cents == off.cash_cents + 150_00 - (share.fee_cents - off.fee_cents)
    assert after.cash_cents == sum(balances_cents((Role.CASH, Role.RESERVED), lender.pk).values())
    assert (seen.recovered_cents, seen.written_off_cents) == (150_00, left)
    assert seen.value.low_cents == seen.value.high_cents == after.cash_cents
    assert gain == 1_000_00
    kinds = {step.kind: step for step in seen.bridge}
    assert kinds[StepKind.RECOVERED].cents == 150_00 + seen.default_interest_cents
    assert kinds[StepKind.RECOVERED].hundredths > 0
    assert kinds[StepKind.LATE].cents < -left
    assert StepKind.OTHER not in kinds
    assert sum(step.hundredths for step in seen.bridge[:-1]) == seen.bridge[-1].hundredths
    assert seen.bridge[-1].cents == after.cash_cents - 1_000_00
    assert len(paid) == 2
    assert_money("ledger", "lending")


def test_the_books_of_today_are_those_of_the_ledger() -> None:
    lender = people.lender(cash_cents=321_00)
    loan = loans.loan(shares_cents=[500_00, 700_00], lenders=[lender, people.lender()])
    loans.pay_instalments(loan, 3)
    bid(lender, listed_request(), 100_00)
    books = value_on(lender, date(2026, 7, 1))
    held = balances_cents((Role.CASH, Role.RESERVED, Role.IN_TRANSIT_OUT), lender.pk)
    assert books.cash_cents == sum(held.values())
    assert held[Role.RESERVED] == 100_00
    assert books.invested_cents == balances_cents((Role.INVESTED,), lender.pk)[Role.INVESTED]


def test_after_clean_months_a_loan_is_in_default_no_more() -> None:
    lender = people.lender()
    loan = loans.loan(shares_cents=[1_000_00], lenders=[lender], term_months=24, due_day=15)
    arrears_factory.live(date(2026, 6, 1), date(2026, 6, 10))
    on = date(2026, 6, 11)
    late = sum(row.open_cents for row in loan.instalments.filter(due_on__lt=on))
    loans.pay(loan, late, on=on)
    assert [claim.bucket for claim in value_on(lender, on).late] == ["over-90"]
    arrears_factory.live(on, on)
    for row in list(loan.instalments.unpaid().filter(due_on__lt=date(2026, 10, 1))):
        loans.pay(loan, row.open_cents, on=row.due_on)
    sound_on = date(2026, 9, 20)
    arrears_factory.live(sound_on, sound_on)
    loan.refresh_from_db()
    assert loan.status == "active"
    assert value_on(lender, sound_on).late == []
    assert [claim.bucket for claim in value_on(lender, date(2026, 9, 10)).late] == ["over-90"]


def test_a_payment_taken_back_counted_until_then_and_leaves_a_debt_where_it_was_spent() -> None:
    lender = people.lender()
    loan = loans.loan(
        shares_cents=[1_000_00, 1_000_00],
        lenders=[lender, people.lender()],
        term_months=12,
        due_day=15,
    )
    first, second = loans.pay_instalments(loan, 2)
    on = second.received_on + timedelta(days=12)
    before = value_on(lender, on - timedelta(days=1))
    request = listed_request(amount_cents=1_000_00, at=loans.noon(on))
    bid(lender, request, 100_00, at=loans.noon(on))
    reverse_repayment(repayment_id=second.pk, on=on, at=loans.noon(on), reason="no cover")
    again, after = books_on(lender, [on - timedelta(days=1), on])
    assert again.value == before.value
    assert (again.interest_cents, again.late) == (before.interest_cents, [])
    share = second.shares.get(holding__lender=lender)
    got = share.principal_cents + share.interest_cents - share.fee_cents
    owes = balances_cents((Role.RECEIVABLE,), lender.pk)[Role.RECEIVABLE]
    free = balances_cents((Role.CASH, Role.RESERVED), lender.pk)
    assert owes > 0
    assert after.cash_cents == sum(free.values()) - owes == before.cash_cents - got
    assert after.invested_cents == before.invested_cents + share.principal_cents
    assert after.interest_cents == before.interest_cents - share.interest_cents
    assert [(claim.bucket, claim.principal_cents) for claim in after.late] == [
        ("1-30", after.invested_cents)
    ]
    held = positions(after)
    assert sum(row.outstanding_cents for row in held) == after.invested_cents
    assert sum(row.interest_cents for row in held) == after.interest_cents
    plan = list(loan.instalments.order_by("number"))
    assert first.principal_cents == plan[0].principal_cents
    assert_money("ledger", "lending")
