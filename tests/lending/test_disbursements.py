"""Disbursement: what a loan looks like on its first day."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from core.audit import trail
from core.clock import day_of
from core.errors import IllegalTransition, NotFound, StaleState
from core.money import to_cents
from ledger.chart import Role
from ledger.models import Entry
from ledger.selectors import balance_cents
from lending.models import Holding, Loan, LoanEvent, Offer
from lending.services.disbursements import disburse, disburse_accepted
from lending.states import LoanStatus, OfferStatus, RequestStatus
from notifications.models import Message
from tests.factories import loans, people
from tests.factories.people import AT
from tests.factories.requests import filled_request

pytestmark = pytest.mark.django_db
ON = day_of(AT)


def test_reserved_money_becomes_holdings_and_the_borrower_is_owed_the_amount_less_the_fee() -> None:
    loan = loans.loan(shares_cents=[3_000_00, 1_975_00, 25_00])
    holdings = Holding.objects.filter(loan=loan).order_by("id")
    assert [row.principal_cents for row in holdings] == [3_000_00, 1_975_00, 25_00]
    assert [row.outstanding_cents for row in holdings] == [3_000_00, 1_975_00, 25_00]
    for row in holdings:
        assert balance_cents(Role.RESERVED, row.lender_id) == 0
        assert balance_cents(Role.INVESTED, row.lender_id) == row.principal_cents
    assert balance_cents(Role.PRINCIPAL, loan.pk) == 5_000_00
    assert balance_cents(Role.IN_TRANSIT_OUT, loan.borrower_id) == 4_875_00
    assert balance_cents(Role.FEES) == 125_00
    assert loan.fee_cents == 125_00


def test_several_offers_of_one_lender_become_one_holding() -> None:
    lender, other = people.lender(), people.lender()
    loan = loans.loan(shares_cents=[500_00, 250_00, 250_00], lenders=[lender, other, lender])
    amounts = dict(loan.holdings.values_list("lender_id", "principal_cents"))
    assert amounts == {lender.pk: 750_00, other.pk: 250_00}


def test_instalments_follow_the_plan_of_the_request() -> None:
    loan = loans.loan(
        shares_cents=[10_000_00], term_months=36, annual_rate=Decimal("0.08"), on=date(2026, 1, 1)
    )
    plan = list(loan.instalments.order_by("number"))
    assert [row.number for row in plan] == list(range(1, 37))
    assert plan[0].due_on == date(2026, 2, 1)
    assert {row.total_cents for row in plan[:-1]} == {313_37}
    assert plan[-1].total_cents == 313_10
    assert sum(row.principal_cents for row in plan) == 10_000_00


@pytest.mark.parametrize(
    ("due_day", "on", "first"),
    [
        (1, date(2026, 1, 5), date(2026, 3, 1)),
        (15, date(2026, 1, 5), date(2026, 2, 15)),
        (15, date(2026, 1, 15), date(2026, 2, 15)),
        (15, date(2026, 1, 16), date(2026, 3, 15)),
    ],
)
def test_the_first_instalment_is_due_on_the_chosen_day_a_month_later_at_the_earliest(
    due_day: int, on: date, first: date
) -> None:
    loan = loans.loan(due_day=due_day, on=on)
    assert loan.first_due_on == first
    assert loan.instalments.order_by("number")[0].due_on == first


def test_a_long_first_period_bears_its_interest_and_all_instalments_stay_equal() -> None:
    loan = loans.loan(shares_cents=[10_000_00], on=date(2026, 1, 5), due_day=1)
    plan = list(loan.instalments.order_by("number"))
    first_period = Decimal(56) / 360  # 5 January to 1 March by German 30/360
    assert plan[0].interest_cents == to_cents(10_000_00 * Decimal("0.08") * first_period)
    assert len({row.total_cents for row in plan[:-1]}) == 1
    assert plan[-1].total_cents <= plan[0].total_cents


def test_request_and_offers_are_closed_with_an_audit_row_and_a_timeline() -> None:
    loan = loans.loan()
    assert loan.request.status == RequestStatus.DISBURSED
    assert set(Offer.objects.values_list("status", flat=True)) == {OfferStatus.CONVERTED}
    assert trail(loan.request)[-1].after == RequestStatus.DISBURSED
    event = LoanEvent.objects.get(loan=loan)
    assert (event.kind, event.on, event.amount_cents) == ("disbursed", ON, 5_000_00)
    assert loan.status == LoanStatus.ACTIVE
    assert loan.number == f"P-{loan.pk:06d}"


def test_the_borrower_and_those_who_bid_by_hand_are_told() -> None:
    loan = loans.loan()
    told = Message.objects.filter(kind__in=["loan_disbursed", "holding_started"])
    people_told = set(told.values_list("person_id", flat=True))
    lenders = set(loan.holdings.values_list("lender_id", flat=True))
    assert people_told == lenders | {loan.borrower_id}
    assert told.get(kind="loan_disbursed").facts["payout_cents"] == 4_875_00


def test_a_second_call_returns_the_same_loan_and_moves_nothing() -> None:
    request = loans.signed_request()
    first = disburse(request_id=request.pk, on=ON, at=AT)
    second = disburse(request_id=request.pk, on=ON, at=AT)
    assert first.pk == second.pk
    assert Entry.objects.filter(kind="disbursement").count() == 1


def test_a_request_that_is_not_signed_is_refused_and_nothing_moves() -> None:
    request = filled_request()
    with pytest.raises(IllegalTransition):
        disburse(request_id=request.pk, on=ON, at=AT)
    assert not Loan.objects.exists()
    assert not Entry.objects.filter(kind="disbursement").exists()


def test_an_unknown_request_is_not_found() -> None:
    with pytest.raises(NotFound):
        disburse(request_id=404, on=ON, at=AT)


def test_offers_that_do_not_add_up_stop_the_disbursement() -> None:
    request = loans.signed_request()
    Offer.objects.filter(request=request, amount_cents=25_00).update(status=OfferStatus.RELEASED)
    with pytest.raises(StaleState):
        disburse(request_id=request.pk, on=ON, at=AT)
    request.refresh_from_db()
    assert request.status == RequestStatus.ACCEPTED


def test_day_end_disburses_every_signed_request_and_one_refusal_holds_up_no_other() -> None:
    good, broken, waiting = loans.signed_request(), loans.signed_request(), filled_request()
    Offer.objects.filter(request=broken, amount_cents=25_00).update(status=OfferStatus.RELEASED)
    result = disburse_accepted(on=ON, at=AT)
    loan = Loan.objects.get()
    assert loan.request_id == good.pk
    assert result == {
        "loans": [loan.number],
        "lent_cents": 5_000_00,
        "refused": {str(broken.pk): "stale_state"},
    }
    waiting.refresh_from_db()
    assert waiting.status == RequestStatus.FILLED
    assert disburse_accepted(on=ON, at=AT)["loans"] == []


def test_a_request_without_an_agreed_fee_is_not_paid_out_for_nothing() -> None:
    request = loans.signed_request()
    type(request).objects.filter(pk=request.pk).update(borrower_fee_rate=None)
    with pytest.raises(StaleState):
        disburse(request_id=request.pk, on=ON, at=AT)
    assert not Loan.objects.exists()


def test_what_was_signed_after_midnight_waits_for_its_own_day() -> None:
    at = datetime(2026, 1, 5, 23, 30, tzinfo=UTC)  # half past midnight in Berlin
    request = loans.signed_request(at=at)
    assert disburse_accepted(on=date(2026, 1, 5), at=at)["loans"] == []
    assert len(disburse_accepted(on=date(2026, 1, 6), at=at)["loans"]) == 1
    assert Loan.objects.get(request=request).disbursed_on == date(2026, 1, 6)
