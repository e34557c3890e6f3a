"""A small market whose rounds are disturbed, and the proof that nothing came of it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from lending.models import LoanRequest, Mandate, Offer
from lending.states import OfferSource
from matching.models import MatchRound, Receipt
from matching.services import rounds
from matching.services.replays import differences
from matching.states import RoundStatus
from tests.factories.mandates import mandate
from tests.flows.money import assert_money
from tests.matching.world import on_market


def assert_whole() -> None:
    """Every cent is where it must be, every request whole, every round as it was decided."""
    assert_money("ledger", "lending")
    for match in MatchRound.objects.filter(status=RoundStatus.BOOKED):
        assert list(differences(match)) == []
    by_mandates = Offer.objects.filter(source=OfferSource.MANDATE)
    assert Receipt.objects.count() == by_mandates.count()
    for request in LoanRequest.objects.all():
        offers = request.offers.values_list("amount_cents", flat=True)
        assert request.funded_cents == sum(offers)


def small_world(*, lenders: int = 6, requests: int = 3) -> tuple[list[Mandate], list[LoanRequest]]:
    """Lenders with EUR 500 each and requests over EUR 1,000 each."""
    given = [mandate(cash_cents=500_00) for _ in range(lenders)]
    return given, [on_market() for _ in range(requests)]


def during_booking(monkeypatch: pytest.MonkeyPatch, act: Callable[[], object]) -> None:
    """Do something between the snapshot and the commit of the next round."""
    book = rounds.book_stakes

    def disturbed(**given: object) -> dict[int, str]:
        act()
        return book(**given)  # type: ignore[arg-type]

    monkeypatch.setattr(rounds, "book_stakes", disturbed)
