"""From a request to its first instalment where lenders find the rate, or a part is enough."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Final

import pytest

from accounts.models import Role, User
from core import clock
from lending.choices import REFLECTION_DAYS, PriceRule
from lending.domain.due_dates import payable_on
from lending.models import Contract, Loan, LoanRequest
from lending.services.contracts import sign
from lending.services.mandates import pause_mandate
from lending.services.reviews import approve
from lending.states import LoanStatus, OfferSource, RequestStatus
from matching.services.replays import replay
from matching.services.rounds import run_round
from notifications.models import Message
from payments.models import Collection, Payout
from payments.states import CollectionStatus, PayoutStatus
from tests.factories import people
from tests.factories import requests as make
from tests.factories.mandates import mandate
from tests.flows.market import FIRST_DAY, lender_with, open_market, pass_days
from tests.flows.money import assert_money
from tests.flows.shares import assert_shared_out, plan_of
from tests.payments import world

pytestmark = pytest.mark.django_db

AMOUNT_CENTS: Final = 2_000_00
PAID_IN_CENTS: Final = 2_000_00
MONTHS: Final = 12
STEP: Final = Decimal("0.0005")
_DAY: Final = timedelta(days=1)


def listed(**amount: object) -> LoanRequest:
    """A borrower's request, handed in and approved on the second day of a market."""
    open_market()
    borrower = world.ready(Role.BORROWER, FIRST_DAY)
    reviewer = people.staff()
    pass_days(FIRST_DAY + _DAY)
    told = make.amount_data(amount_cents=AMOUNT_CENTS, term_months=MONTHS, **amount)
    handed_in = make.submitted_request(borrower=borrower, amount=told, at=clock.now())
    return approve(reviewer=reviewer, request_id=handed_in.pk, at=clock.now())


def auction() -> LoanRequest:
    """A request whose borrower would pay up to 20 %, so the band is that of the price list."""
    return listed(price_rule=PriceRule.AUCTION, max_rate=Decimal("0.20"))


def old_enough() -> None:
    """Pass the days after which mandates may hold all, and bids by hand are binding."""
    pass_days(clock.business_date() + timedelta(days=REFLECTION_DAYS))


def standing_orders(*orders: tuple[Decimal | None, int]) -> list[User]:
    """Lenders with a mandate each: the lowest rate that it takes, and its most per loan."""
    lenders = [lender_with(PAID_IN_CENTS) for _ in orders]
    for lender, (lowest, cents) in zip(lenders, orders, strict=True):
        mandate(lender=lender, min_rate=lowest, max_per_loan_cents=cents)
    return lenders


def lent(request: LoanRequest) -> Loan:
    """The loan, once the borrower has signed and a day has ended."""
    sign(borrower=request.borrower, request_id=request.pk, at=clock.now())
    pass_days(clock.business_date() + _DAY)
    return Loan.objects.get(request=request)


def assert_first_instalment(loan: Loan, stakes: Mapping[int, int]) -> None:
    """Contract, payout and plan are of what was granted; the first debit reaches each lender."""
    granted_cents = sum(stakes.values())
    contract = Contract.objects.get(request=loan.request)
    assert loan.principal_cents == contract.figures["amount_cents"] == granted_cents
    assert Decimal(contract.figures["annual_rate"]) == loan.annual_rate
    assert sum(cents for _, cents in contract.figures["lenders"]) == granted_cents
    assert dict(loan.holdings.values_list("lender_id", "principal_cents")) == stakes

    pass_days(payable_on(loan.first_due_on) + _DAY)

    payout = Payout.objects.get()
    assert payout.status == PayoutStatus.PAID
    assert payout.amount_cents == granted_cents - loan.fee_cents
    first = plan_of(loan)[0]
    debit = Collection.objects.get(status=CollectionStatus.SUCCEEDED)
    assert debit.amount_cents == first.principal_cents + first.interest_cents
    loan.refresh_from_db()
    assert loan.status == LoanStatus.ACTIVE
    assert loan.outstanding_cents == granted_cents - first.principal_cents
    assert_shared_out(loan, PAID_IN_CENTS, instalments=1)
    assert_money()


# --- The price that lenders find -----------------------------------------------------------------


def test_an_auction_is_lent_by_all_at_the_lowest_rate_at_which_it_fills() -> None:
    request = auction()
    floor, cap = request.floor_rate, request.annual_rate
    assert floor is not None and cap is not None and cap - floor > 40 * STEP
    hand = lender_with(PAID_IN_CENTS)
    make.bid(hand, request, 300_00, at=clock.now())
    asked: list[tuple[Decimal | None, int]] = [
        (None, 800_00),  # takes any rate
        (floor + Decimal("0.0031"), 700_00),  # between two steps: lends from the next one on
        (floor + 20 * STEP, 500_00),  # the last that is needed
        (floor + 21 * STEP, 1_000_00),  # a step too dear
    ]
    any_rate, second, third, _ = standing_orders(*asked)
    assert run_round(at=clock.now()) is None  # mandates may not hold all of it yet

    old_enough()
    match = run_round(at=clock.now())

    request.refresh_from_db()
    assert match is not None and match.fallen == {}
    assert request.status == RequestStatus.FILLED
    assert request.annual_rate == request.floor_rate == lowest_price(floor, cap, 1_700_00, asked)
    assert request.annual_rate == floor + 20 * STEP
    assert replay(match)
    stakes = {hand.pk: 300_00, any_rate.pk: 800_00, second.pk: 700_00, third.pk: 200_00}
    assert dict(request.offers.values_list("lender_id", "amount_cents")) == stakes

    loan = lent(request)
    assert loan.annual_rate == floor + 20 * STEP
    assert_first_instalment(loan, stakes)


def lowest_price(
    floor: Decimal, cap: Decimal, missing_cents: int, asked: list[tuple[Decimal | None, int]]
) -> Decimal:
    """Every step from the floor on, tried one by one; the cap is the last."""
    price = floor
    while sum(cents for lowest, cents in asked if (lowest or floor) <= price) < missing_cents:
        assert price < cap
        price = min(price + STEP, cap)
    return price


def test_an_auction_that_only_bids_by_hand_fill_clears_at_its_lowest_rate() -> None:
    request = auction()
    floor = request.floor_rate
    stakes = {}
    for cents in (1_200_00, 800_00):
        lender = lender_with(PAID_IN_CENTS)
        make.bid(lender, request, cents, at=clock.now())
        stakes[lender.pk] = cents

    request.refresh_from_db()
    assert (request.status, request.annual_rate) == (RequestStatus.FILLED, floor)
    assert not request.rate_is_cap

    old_enough()
    loan = lent(request)
    assert loan.annual_rate == floor
    assert_first_instalment(loan, stakes)


# --- A part that is enough -----------------------------------------------------------------------


def test_a_part_that_a_round_could_place_becomes_the_loan_at_the_deadline() -> None:
    request = listed(least_percent=70)
    first, second = standing_orders((None, 900_00), (None, 700_00))
    old_enough()

    match = run_round(at=clock.now())

    request.refresh_from_db()
    assert match is not None and match.figures["funded_cents"] == 1_600_00
    assert (request.status, request.funded_cents) == (RequestStatus.LISTED, 1_600_00)
    assert request.deadline_on is not None

    pass_days(request.deadline_on + _DAY)

    request.refresh_from_db()
    assert request.status == RequestStatus.FILLED
    letter = Message.objects.get(kind="request_filled", person_id=request.borrower_id)
    assert letter.facts["is_part"] is True
    loan = lent(request)
    assert_first_instalment(loan, {first.pk: 900_00, second.pk: 700_00})


def test_a_part_that_was_placed_early_is_completed_by_a_later_round() -> None:
    request = listed(least_percent=70)
    first = lender_with(PAID_IN_CENTS)
    own = mandate(lender=first, max_per_loan_cents=1_500_00, max_per_borrower_cents=1_500_00)
    old_enough()
    early = run_round(at=clock.now())
    assert early is not None and early.figures["funded_cents"] == 1_500_00
    pause_mandate(lender=first, mandate_id=own.pk, at=clock.now())
    (second,) = standing_orders((None, 900_00))
    pass_days(clock.business_date() + _DAY)

    assert run_round(at=clock.now()) is not None

    request.refresh_from_db()
    assert request.status == RequestStatus.FILLED
    assert set(request.offers.values_list("source", flat=True)) == {OfferSource.MANDATE}
    assert_first_instalment(lent(request), {first.pk: 1_500_00, second.pk: 500_00})
