"""A borrower takes the part, a lender bids and a round commits, all on one request at once."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from random import Random
from uuid import UUID, uuid4

import pytest

from accounts.models import User
from lending.errors import PartTooSmall, RequestClosed, RequestFull
from lending.models import LoanRequest, Offer
from lending.services.offers import place_bid, revoke_offer, take_part
from lending.states import OfferSource, OfferStatus, RequestStatus
from matching.models import MatchRound
from matching.services import rounds
from matching.services.replays import differences
from matching.services.rounds import run_round
from matching.states import RoundStatus
from tests.factories import people
from tests.factories.mandates import mandate
from tests.factories.people import AT
from tests.factories.requests import bid
from tests.flows.money import assert_money
from tests.matching.proofs import assert_entries, assert_gave_way_whole, assert_ledger
from tests.matching.race import race
from tests.matching.world import OLD, booked, on_market, stakes_of
from tests.seeds import seeds, tried

AMOUNT_CENTS = 1_000_00
ENOUGH_CENTS = 700_00
LATEST_SECONDS = 0.06
"""About as long as a round over this market takes."""


def wanting(bid_cents: int = ENOUGH_CENTS) -> LoanRequest:
    """A request that is content with 70 %, of which some was bid by hand four days ago."""
    request = on_market(AMOUNT_CENTS, least_percent=70)
    bid(people.lender(cash_cents=bid_cents), request, bid_cents)
    return request


def take(request: LoanRequest) -> LoanRequest:
    """The borrower is content with what is there."""
    return take_part(borrower=request.borrower, request_id=request.pk, at=OLD)


def bid_now(lender: User, request: LoanRequest, cents: int, key: UUID) -> Offer:
    """A bid that the same key places once."""
    return place_bid(
        lender=lender, request_id=request.pk, amount_cents=cents, at=OLD, request_key=key
    )


def take_back(offer: Offer) -> Offer:
    """The lender revokes the bid."""
    return revoke_offer(lender=offer.lender, offer_id=offer.pk, at=OLD)


def assert_whole(request: LoanRequest) -> None:
    """No stake twice, never above the amount, nothing filled below what would do."""
    request.refresh_from_db()
    offers = Offer.objects.filter(request=request, status=OfferStatus.OPEN)
    stakes = Counter(offers.values_list("lender_id", "round_id"))
    assert set(stakes.values()) <= {1}
    total = sum(offers.values_list("amount_cents", flat=True))
    assert request.funded_cents == total <= AMOUNT_CENTS
    if request.status == RequestStatus.FILLED:
        assert total >= ENOUGH_CENTS
    else:
        assert (request.status, request.filled_at) == (RequestStatus.LISTED, None)
        assert total < AMOUNT_CENTS


# --- Between the snapshot of a round and its commit ----------------------------------------------


def disturbed(monkeypatch: pytest.MonkeyPatch, act: Callable[[], object]) -> None:
    """Let something happen once a round is decided and before it is booked."""
    book = rounds.book_stakes

    def late(**given: object) -> dict[int, str]:
        act()
        return book(**given)  # type: ignore[arg-type]

    monkeypatch.setattr(rounds, "book_stakes", late)


@pytest.mark.django_db
def test_a_part_taken_while_a_round_is_decided_sends_its_stakes_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    request = wanting()
    mandate(cash_cents=300_00)
    disturbed(monkeypatch, lambda: take(request))

    match = booked()

    assert match.fallen == {str(request.pk): "request_closed"}
    assert_whole(request)
    assert (request.status, request.granted_cents) == (RequestStatus.FILLED, ENOUGH_CENTS)
    assert stakes_of(request) == []
    assert_money("ledger", "lending")


@pytest.mark.django_db
def test_a_bid_while_a_round_is_decided_sends_its_stakes_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    request = wanting()
    mandate(cash_cents=300_00)
    rich = people.lender(cash_cents=100_00)
    disturbed(monkeypatch, lambda: bid_now(rich, request, 100_00, uuid4()))

    match = booked()

    assert match.fallen == {str(request.pk): "request_full"}
    assert_whole(request)
    assert request.funded_cents == ENOUGH_CENTS + 100_00
    assert_money("ledger", "lending")


@pytest.mark.django_db
def test_a_part_that_a_revoked_bid_has_undone_cannot_be_taken() -> None:
    request = on_market(AMOUNT_CENTS, least_percent=70)
    offer = bid(people.lender(cash_cents=ENOUGH_CENTS), request, ENOUGH_CENTS)
    revoke_offer(lender=offer.lender, offer_id=offer.pk, at=AT)
    with pytest.raises(PartTooSmall):
        take(request)
    assert_whole(request)


# --- All at once ---------------------------------------------------------------------------------


@pytest.mark.soak
@pytest.mark.django_db(transaction=True)
def test_taking_the_part_bidding_and_a_round_at_once_cost_no_cent() -> None:
    """Each act starts at a random instant of the round; whoever loses is told why."""
    ended: Counter[str] = Counter()
    for seed in tried(seeds(few=25, many=400)):
        rng = Random(seed)
        request = wanting()
        for _ in range(2):
            mandate(cash_cents=150_00)
        rich, key = people.lender(cash_cents=600_00), uuid4()
        cents = rng.choice((100_00, 300_00))

        told = race(
            lambda: run_round(at=OLD),
            after(rng, take, request),
            after(rng, bid_now, rich, request, cents, key),
            after(rng, bid_now, rich, request, cents, key),
        )

        refused = [one for one in told if isinstance(one, Exception)]
        assert all(isinstance(one, (RequestClosed, RequestFull)) for one in refused), refused
        assert_whole(request)
        assert Offer.objects.filter(request_key=key).count() <= 1
        assert (not refused) == Offer.objects.filter(request_key=key).exists()
        ended.update({outcome(request): 1})
        mandates_stop()
    assert_all_booked()
    assert len(ended) > 1, ended


@pytest.mark.soak
@pytest.mark.django_db(transaction=True)
def test_revoking_taking_the_part_and_a_round_at_once_cost_no_cent() -> None:
    """The bid that the part needs is taken back in the same moment."""
    for seed in tried(seeds(few=15, many=200)):
        rng = Random(seed)
        request = on_market(AMOUNT_CENTS, least_percent=70)
        own = people.lender(cash_cents=ENOUGH_CENTS)
        offer = bid(own, request, ENOUGH_CENTS, at=OLD - timedelta(days=1))
        for _ in range(2):
            mandate(cash_cents=150_00)

        told = race(
            lambda: run_round(at=OLD),
            after(rng, take, request),
            after(rng, take_back, offer),
        )

        refused = [one for one in told if isinstance(one, Exception)]
        assert all(isinstance(one, PartTooSmall) for one in refused), refused
        assert_whole(request)
        offer.refresh_from_db()
        assert offer.status == OfferStatus.REVOKED
        assert request.status == RequestStatus.LISTED
        mandates_stop()
    assert_all_booked()


def after(rng: Random, act: Callable[..., object], *given: object) -> Callable[[], object]:
    """The act, some hundredths of a second later."""
    seconds = rng.uniform(0, LATEST_SECONDS)

    def late() -> object:
        time.sleep(seconds)
        return act(*given)

    return late


def outcome(request: LoanRequest) -> str:
    """Who came first, as the offers tell."""
    sources = request.offers.filter(status=OfferStatus.OPEN).values_list("source", flat=True)
    has_stakes = OfferSource.MANDATE in sources
    return f"{request.status} {request.funded_cents} {'round' if has_stakes else 'hands'}"


def mandates_stop() -> None:
    """Let what is still open be no part of the next market."""
    LoanRequest.objects.filter(status=RequestStatus.LISTED).update(deadline_on=AT.date())


def assert_all_booked() -> None:
    """Every round that was begun is as it was decided, and the books are in order."""
    assert_ledger()
    assert_money("ledger", "lending")
    for match in MatchRound.objects.filter(status=RoundStatus.BOOKED):
        assert list(differences(match)) == []
        assert_entries(match)
        assert_gave_way_whole(match)
