"""Spares wait behind a full request without money, and move up when a bid is revoked."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from random import Random
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from core import audit
from core.errors import DomainError, IllegalTransition, NotFound
from ledger.chart import Role
from ledger.errors import ReferenceReused
from ledger.selectors import balance_cents
from lending.choices import REFLECTION_DAYS
from lending.errors import (
    AlreadyWaiting,
    BidOffStep,
    BidTooSmall,
    NotALender,
    RequestClosed,
    StillRoom,
)
from lending.models import Contract, LoanRequest, Offer, Spare
from lending.services.contracts import sign
from lending.services.offers import revoke_offer, take_part
from lending.services.requests import withdraw_request
from lending.services.spares import leave_spare, withdraw_spare
from lending.states import OfferStatus, RequestStatus, SpareStatus
from notifications.models import Message
from tests.factories import people
from tests.factories.people import AT
from tests.factories.requests import bid, filled_request, listed_request, wait_in_line
from tests.flows.money import assert_money
from tests.matching.proofs import assert_ledger
from tests.matching.race import race
from tests.seeds import seeds, tried

pytestmark = pytest.mark.django_db

LATER = AT + timedelta(days=1)


def wait(request: LoanRequest, cents: int, *, cash_cents: int = 1_000_00, minute: int = 0) -> Spare:
    """A fresh lender's place in the line."""
    lender = people.lender(cash_cents=cash_cents)
    return wait_in_line(lender, request, cents, at=AT + timedelta(minutes=minute))


def revoke(offer: Offer) -> LoanRequest:
    """The request once the bid is revoked."""
    revoke_offer(lender=offer.lender, offer_id=offer.pk, at=LATER)
    return LoanRequest.objects.get(pk=offer.request_id)


def full() -> tuple[LoanRequest, Offer, Offer]:
    """A request over EUR 1,000 that two bids by hand fill: of 600 and of 400."""
    request = filled_request(shares_cents=[600_00, 400_00])
    first, second = request.offers.order_by("id")
    return request, first, second


def test_a_spare_holds_no_money() -> None:
    request, _, _ = full()
    own = wait(request, 500_00)
    assert balance_cents(Role.CASH, own.lender_id) == 1_000_00
    assert balance_cents(Role.RESERVED, own.lender_id) == 0
    assert_money("ledger", "lending")


def test_who_waits_longest_moves_up_and_the_request_stays_full() -> None:
    request, first, _ = full()
    late, early = wait(request, 600_00, minute=2), wait(request, 600_00, minute=1)

    request = revoke(first)

    assert (request.status, request.funded_cents) == (RequestStatus.FILLED, 1_000_00)
    assert request.filled_at == LATER
    early.refresh_from_db()
    late.refresh_from_db()
    assert (early.status, late.status) == (SpareStatus.MOVED_UP, SpareStatus.WAITING)
    assert early.offer is not None
    assert (early.offer.amount_cents, early.offer.source) == (600_00, "hand")
    assert early.offer.firm_on == LATER.date() + timedelta(days=REFLECTION_DAYS)
    assert balance_cents(Role.RESERVED, early.lender_id) == 600_00
    assert balance_cents(Role.RESERVED, late.lender_id) == 0
    told = Message.objects.get(kind="spare_moved_up")
    assert (told.person_id, told.facts["amount_cents"]) == (early.lender_id, 600_00)
    assert [row.after for row in audit.trail(early)] == ["moved_up"]
    assert_money("ledger", "lending")
    assert_ledger()


def test_the_last_who_moves_up_takes_what_room_is_left() -> None:
    request, first, _ = full()
    spares = [wait(request, 250_00, minute=minute) for minute in range(4)]

    assert revoke(first).status == RequestStatus.FILLED

    moved = Offer.objects.filter(spare__in=spares).order_by("spare__placed_at")
    assert list(moved.values_list("amount_cents", flat=True)) == [250_00, 250_00, 100_00]
    assert Spare.objects.filter(status=SpareStatus.WAITING).count() == 1
    assert_money("ledger", "lending")


def test_who_lacks_the_money_is_passed_over_and_goes_on_waiting() -> None:
    request, first, _ = full()
    poor, rich = wait(request, 600_00, cash_cents=599_99), wait(request, 600_00, minute=1)

    assert revoke(first).status == RequestStatus.FILLED

    poor.refresh_from_db()
    rich.refresh_from_db()
    assert (poor.status, rich.status) == (SpareStatus.WAITING, SpareStatus.MOVED_UP)
    assert_money("ledger", "lending")


def test_a_request_that_spares_do_not_cover_opens_again() -> None:
    request, first, _ = full()
    wait(request, 200_00)

    request = revoke(first)

    assert (request.status, request.funded_cents) == (RequestStatus.LISTED, 600_00)
    assert request.filled_at is None
    bid(people.lender(cash_cents=400_00), request, 400_00, at=LATER)
    assert_money("ledger", "lending")


def test_a_part_that_was_taken_stays_as_large_as_it_was() -> None:
    request = listed_request(amount_cents=1_000_00, least_percent=70)
    for cents in (500_00, 300_00):
        bid(people.lender(cash_cents=cents), request, cents)
    take_part(borrower=request.borrower, request_id=request.pk, at=AT)
    wait(request, 1_000_00)

    request = revoke(request.offers.earliest("id"))

    assert (request.status, request.granted_cents) == (RequestStatus.FILLED, 800_00)
    assert_money("ledger", "lending")


def test_what_moved_up_can_be_revoked_and_the_next_moves_up() -> None:
    request, first, _ = full()
    own = wait(request, 600_00)
    wait(request, 600_00, minute=1)
    revoke(first)
    own.refresh_from_db()
    assert own.offer is not None

    assert revoke(own.offer).status == RequestStatus.FILLED

    assert Spare.objects.filter(status=SpareStatus.MOVED_UP).count() == 2
    assert_money("ledger", "lending")


def test_who_revokes_a_bid_leaves_the_line_too() -> None:
    request, first, _ = full()
    own = wait_in_line(first.lender, request, 25_00)

    assert revoke(first).status == RequestStatus.LISTED

    own.refresh_from_db()
    assert own.status == SpareStatus.WITHDRAWN


def test_who_bids_on_what_has_opened_again_leaves_the_line() -> None:
    request, first, _ = full()
    own = wait(request, 500_00, cash_cents=0)
    request = revoke(first)
    assert request.status == RequestStatus.LISTED

    people.give_cash(own.lender, 600_00)
    bid(own.lender, request, 600_00, at=LATER)

    own.refresh_from_db()
    assert own.status == SpareStatus.WITHDRAWN
    assert_money("ledger", "lending")


# --- The end of the line -------------------------------------------------------------------------


def test_a_signature_ends_the_line() -> None:
    request, _, _ = full()
    own = wait(request, 100_00)
    firm = AT + timedelta(days=REFLECTION_DAYS)
    sign(borrower=request.borrower, request_id=request.pk, at=firm)
    own.refresh_from_db()
    assert (own.status, own.closed_at) == (SpareStatus.RELEASED, firm)
    assert Message.objects.get(kind="spare_released").person_id == own.lender_id


def test_a_request_that_ends_ends_its_line() -> None:
    request, _, _ = full()
    own = wait(request, 100_00)
    withdraw_request(borrower=request.borrower, request_id=request.pk, at=LATER)
    own.refresh_from_db()
    assert own.status == SpareStatus.RELEASED
    assert_money("ledger", "lending")


def test_who_waits_may_leave_twice_and_nobody_else_may_do_it() -> None:
    request, first, _ = full()
    own = wait(request, 600_00)
    with pytest.raises(NotFound):
        withdraw_spare(lender=first.lender, spare_id=own.pk, at=AT)
    for _ in range(2):
        left = withdraw_spare(lender=own.lender, spare_id=own.pk, at=AT)
    assert left.status == SpareStatus.WITHDRAWN
    assert revoke(first).status == RequestStatus.LISTED


def test_what_moved_up_is_a_bid_and_no_place_in_a_line() -> None:
    request, first, _ = full()
    own = wait(request, 600_00)
    revoke(first)
    with pytest.raises(IllegalTransition):
        withdraw_spare(lender=own.lender, spare_id=own.pk, at=LATER)


# --- Who may wait --------------------------------------------------------------------------------


def refused(refusal: type[DomainError], request: LoanRequest, **given: object) -> None:
    """Leaving a spare is refused with this."""
    told: dict[str, object] = {
        "lender": people.lender(),
        "request_id": request.pk,
        "amount_cents": 100_00,
        "at": AT,
        "request_key": uuid4(),
    }
    with pytest.raises(refusal):
        leave_spare(**(told | given))  # type: ignore[arg-type]
    assert not Spare.objects.filter(request=request, status=SpareStatus.WAITING).exists()


def test_what_makes_no_spare() -> None:
    request, _, _ = full()
    refused(NotALender, request, lender=people.borrower())
    refused(BidTooSmall, request, amount_cents=0)
    refused(BidOffStep, request, amount_cents=30_00)
    refused(NotFound, request, request_id=0)
    refused(RequestClosed, request, at=AT + timedelta(days=REFLECTION_DAYS))
    refused(StillRoom, listed_request())


def test_one_place_in_line_for_each_lender_and_one_spare_for_each_key() -> None:
    request, _, _ = full()
    own = {"lender": people.lender(), "request_id": request.pk, "at": AT}
    key = uuid4()
    first = leave_spare(amount_cents=100_00, request_key=key, **own)  # type: ignore[arg-type]
    assert leave_spare(amount_cents=100_00, request_key=key, **own) == first  # type: ignore[arg-type]
    with pytest.raises(ReferenceReused):
        leave_spare(amount_cents=125_00, request_key=key, **own)  # type: ignore[arg-type]
    with pytest.raises(AlreadyWaiting):
        leave_spare(amount_cents=100_00, request_key=uuid4(), **own)  # type: ignore[arg-type]


# --- At once -------------------------------------------------------------------------------------


@pytest.mark.soak
@pytest.mark.django_db(transaction=True)
def test_revoking_joining_and_leaving_the_line_and_bidding_at_once_cost_no_cent() -> None:
    for seed in tried(seeds(few=15, many=200)):
        rng = Random(seed)
        request, first, second = full()
        line = [wait(request, rng.choice((200_00, 600_00)), minute=n) for n in range(2)]
        newcomer, quick = (people.lender(cash_cents=1_000_00) for _ in range(2))
        acts: list[Callable[[], object]] = [
            partial(revoke_offer, lender=offer.lender, offer_id=offer.pk, at=LATER)
            for offer in (first, second)
        ]
        acts += [
            partial(withdraw_spare, lender=line[0].lender, spare_id=line[0].pk, at=LATER),
            partial(wait_in_line, newcomer, request, 300_00, at=LATER),
            partial(bid, quick, request, 100_00, at=LATER),
        ]
        rng.shuffle(acts)

        told = race(*acts)

        unexpected = [one for one in told if isinstance(one, Exception) and not _is_told(one)]
        assert unexpected == []
        request.refresh_from_db()
        offers = request.offers.filter(status=OfferStatus.OPEN)
        total = sum(offers.values_list("amount_cents", flat=True))
        assert request.funded_cents == total <= 1_000_00
        assert (request.status == RequestStatus.FILLED) == (total == 1_000_00)
        assert len(offers) == len(set(offers.values_list("lender_id", flat=True)))
        for one in request.spares.filter(status=SpareStatus.MOVED_UP):
            assert one.offer is not None and one.offer.lender_id == one.lender_id
    assert_ledger()
    assert_money("ledger", "lending")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("attempt", range(3))
def test_two_revocations_at_once_let_each_in_line_move_up_once(attempt: int) -> None:
    request, first, second = full()
    line = [wait(request, 500_00, minute=minute) for minute in range(3)]

    told = race(
        *(partial(revoke_offer, lender=o.lender, offer_id=o.pk, at=LATER) for o in (first, second))
    )

    assert [one for one in told if isinstance(one, Exception)] == []
    request.refresh_from_db()
    assert (request.status, request.funded_cents) == (RequestStatus.FILLED, 1_000_00)
    moved = Offer.objects.filter(request=request, status=OfferStatus.OPEN)
    assert sum(moved.values_list("amount_cents", flat=True)) == 1_000_00
    for spare in line:
        spare.refresh_from_db()
        reserved = balance_cents(Role.RESERVED, spare.lender_id)
        assert reserved == (spare.offer.amount_cents if spare.offer else 0) <= 500_00
    assert_ledger()
    assert_money("ledger", "lending")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("attempt", range(3))
def test_who_joins_while_a_bid_is_revoked_moves_up_or_is_told_to_bid(attempt: int) -> None:
    request, first, _ = full()
    newcomer = people.lender(cash_cents=1_000_00)

    joined, revoked = race(
        partial(wait_in_line, newcomer, request, 600_00, at=LATER),
        partial(revoke_offer, lender=first.lender, offer_id=first.pk, at=LATER),
    )

    assert isinstance(revoked, Offer)
    request.refresh_from_db()
    if isinstance(joined, Spare):  # it came first, so the request never opened
        joined.refresh_from_db()
        assert joined.status == SpareStatus.MOVED_UP
        assert (request.status, request.funded_cents) == (RequestStatus.FILLED, 1_000_00)
    else:
        assert isinstance(joined, StillRoom)
        assert (request.status, request.funded_cents) == (RequestStatus.LISTED, 400_00)
    assert_ledger()
    assert_money("ledger", "lending")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("attempt", range(3))
def test_a_signature_and_a_last_revocation_at_once_leave_one_of_them_done(attempt: int) -> None:
    """Lenders act just before midnight, the borrower signs just after it."""
    request, first, _ = full()
    line = [wait(request, 600_00, minute=minute) for minute in range(2)]
    newcomer = people.lender(cash_cents=1_000_00)
    firm = AT + timedelta(days=REFLECTION_DAYS)
    last = firm - timedelta(days=1)

    told = race(
        partial(sign, borrower=request.borrower, request_id=request.pk, at=firm),
        partial(revoke_offer, lender=first.lender, offer_id=first.pk, at=last),
        partial(withdraw_spare, lender=line[0].lender, spare_id=line[0].pk, at=last),
        partial(wait_in_line, newcomer, request, 100_00, at=last),
    )

    assert [one for one in told if isinstance(one, Exception) and not _is_told(one)] == []
    request.refresh_from_db()
    is_signed, is_revoked = isinstance(told[0], Contract), isinstance(told[1], Offer)
    assert is_signed != is_revoked
    if is_signed:
        assert request.status == RequestStatus.ACCEPTED
        ended = set(request.spares.values_list("status", flat=True))
        assert ended <= {SpareStatus.RELEASED, SpareStatus.WITHDRAWN}
    else:
        assert (request.status, request.funded_cents) == (RequestStatus.FILLED, 1_000_00)
        assert request.spares.filter(status=SpareStatus.MOVED_UP).count() == 1
    open_offers = request.offers.filter(status=OfferStatus.OPEN)
    assert sum(open_offers.values_list("amount_cents", flat=True)) == 1_000_00
    assert_ledger()
    assert_money("ledger", "lending")


def _is_told(error: Exception) -> bool:
    return isinstance(error, DomainError)


def test_a_long_line_costs_a_revocation_no_more_while_nobody_moves_up() -> None:
    counts = []
    for length in (1, 6):
        request, first, _ = full()
        for number in range(length):
            wait(request, 600_00, cash_cents=0, minute=number)
        with CaptureQueriesContext(
            connection,
        ) as queries:
            revoke(first)
        counts.append(len(queries))
    assert counts[0] == counts[1]
