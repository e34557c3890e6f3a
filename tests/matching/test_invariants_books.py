"""Invariants 16 and 17: random rounds on PostgreSQL keep the ledger and give way whole."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from django.db import transaction

from core.errors import DomainError
from ledger.models import Account, Entry, Transfer
from lending.models import LoanRequest, Mandate, Offer
from lending.services.mandates import resume_mandate
from lending.states import MandateStatus
from matching.models import LenderCarry, MatchRound, Receipt
from matching.services import rounds
from matching.services.booking import book_stakes, carry_over, decided_rows
from matching.services.replays import differences, replayed
from matching.services.rounds import run_round
from matching.states import RoundStatus
from tests.factories.people import AT
from tests.flows.money import assert_money
from tests.matching.crowd import Crowd, Touched
from tests.matching.proofs import assert_entries, assert_gave_way_whole, assert_ledger
from tests.matching.race import race
from tests.matching.world import OLD
from tests.seeds import seeds, tried

pytestmark = pytest.mark.soak

ROUNDS = 8
"""Of each crowd, one after another."""


def assert_only_touched_fell(match: MatchRound, crowd: Crowd) -> None:
    """Nothing falls back that no act by hand has touched."""
    decided, touched = decided_rows(replayed(match), slice(None)).lists(), crowd.touched
    for request_id in map(int, match.fallen):
        at = [row for row, request in enumerate(decided["request_ids"]) if request == request_id]
        assert (
            request_id in touched.requests
            or touched.lenders & {decided["lender_ids"][row] for row in at}
            or touched.mandates & {decided["mandate_ids"][row] for row in at}
        )


def everything() -> list[object]:
    """All that a round may change, to see that it does not."""
    kinds = (Offer, Receipt, Transfer, Entry, Account, LoanRequest, LenderCarry)
    rows: list[object] = [list(kind.objects.order_by("pk").values()) for kind in kinds]  # type: ignore[attr-defined]
    return [*rows, list(MatchRound.objects.order_by("pk").values("pk", "status", "chain_sha256"))]


def before_a_round(crowd: Crowd, *, at: datetime) -> None:
    """New requests, some money, some acts by hand, and mandates back from their pause."""
    crowd.list_requests()
    crowd.pay_in()
    crowd.acts(3, at=at)
    for paused in Mandate.objects.filter(status=MandateStatus.PAUSED):
        resume_mandate(lender=paused.lender, mandate_id=paused.pk, at=at)


def crowds(*, few: int, many: int) -> Iterator[Crowd]:
    """Crowds in a world of their own, each undone before the next."""
    for seed in tried(seeds(few=few, many=many)):
        with transaction.atomic():
            yield Crowd(seed)
            transaction.set_rollback(True)


def hours() -> list[datetime]:
    """When the rounds of a crowd are run."""
    return [OLD + timedelta(hours=hour) for hour in range(ROUNDS)]


@pytest.mark.django_db
def test_invariant_16_the_ledger_tells_the_same_and_a_doubled_commit_changes_nothing() -> None:
    placed = 0
    for crowd in crowds(few=5, many=60):
        for at in hours():
            before_a_round(crowd, at=at)
            match = run_round(at=at)
            assert_ledger()
            if match is None:
                continue
            assert_entries(match)
            placed += len(Offer.objects.filter(round_id=match.pk))
            before = everything()
            result = replayed(match)
            fallen = {int(request): reason for request, reason in match.fallen.items()}
            assert book_stakes(round_id=match.pk, result=result, at=at) == fallen
            carry_over(round_id=match.pk, result=result, fallen=fallen)
            assert everything() == before
    assert placed > 80


@pytest.mark.django_db
def test_invariant_17_acts_between_snapshot_and_commit_send_requests_back_whole(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    book, crowd, at = rounds.book_stakes, Crowd(0), AT
    fell: Counter[str] = Counter()
    placed = 0

    def disturbed(**given: object) -> dict[int, str]:
        crowd.acts(4, at=at)
        return book(**given)  # type: ignore[arg-type]

    monkeypatch.setattr(rounds, "book_stakes", disturbed)
    for crowd in crowds(few=8, many=80):
        for at in hours():
            before_a_round(crowd, at=at)
            crowd.touched = Touched()
            match = run_round(at=at)
            assert_ledger()
            if match is None:
                continue
            assert list(differences(match)) == []
            assert_gave_way_whole(match)
            assert_only_touched_fell(match, crowd)
            fell.update(match.fallen.values())
            placed += len(Offer.objects.filter(round_id=match.pk))
        assert_money("ledger", "lending")
    assert placed > 200
    assert fell.keys() >= {"request_full", "insufficient_funds", "mandate_not_active"}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("seed", seeds(few=3, many=60))
def test_invariant_17_acts_of_others_while_the_round_runs_cost_no_cent(seed: int) -> None:
    crowd = Crowd(seed, lenders=5)
    before_a_round(crowd, at=OLD)
    hands = [crowd.at_random(seed * 10 + number) for number in range(4)]

    told = race(lambda: run_round(at=OLD), *(lambda who=who: who.acts(3, at=OLD) for who in hands))

    assert [one for one in told if isinstance(one, Exception) and not is_refusal(one)] == []
    assert_ledger()
    assert_money("ledger", "lending")
    for match in MatchRound.objects.filter(status=RoundStatus.BOOKED):
        assert list(differences(match)) == []
        assert_gave_way_whole(match)


def is_refusal(error: Exception) -> bool:
    """Whether an error is one that people are told of."""
    return isinstance(error, DomainError)
