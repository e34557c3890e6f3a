"""A round over the real tables: who gets what, why, and what the next one knows of it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from core import audit
from ledger.chart import Role
from ledger.selectors import balances_cents
from lending.choices import SHARE_CENTS
from lending.models import Mandate, Offer
from lending.services.offers import revoke_offer
from lending.states import RequestStatus
from matching.engine.check import BrokenRound
from matching.engine.explain import level_of_stake
from matching.models import LenderCarry, MatchRound, Receipt
from matching.services.replays import replay
from matching.services.rounds import run_round
from matching.services.seeds import commitment, committed_seed
from matching.states import RoundStatus
from tests.factories import people
from tests.factories.mandates import mandate
from tests.factories.people import AT
from tests.factories.requests import bid
from tests.flows.money import assert_money
from tests.matching.world import OLD, booked, on_market, stakes_of

pytestmark = pytest.mark.django_db


def test_a_round_fills_a_request_from_mandates_and_reserves_their_money() -> None:
    mandates = [mandate(cash_cents=1_000_00) for _ in range(4)]
    request = on_market(1_000_00)

    match = booked()

    request.refresh_from_db()
    assert request.status == RequestStatus.FILLED
    assert stakes_of(request) == [250_00] * 4
    for given in mandates:
        money = balances_cents([Role.CASH, Role.RESERVED], given.lender_id)
        assert money == {Role.CASH: 750_00, Role.RESERVED: 250_00}
    assert match.figures["funded_requests"] == 1
    assert match.figures["funded_cents"] == 1_000_00
    assert match.figures["jain"] == 1
    assert replay(match)
    assert_money("ledger", "lending")


def test_every_stake_has_a_receipt_whose_level_follows_from_its_numbers() -> None:
    for cents in (300_00, 700_00, 2_000_00):
        mandate(cash_cents=cents)
    request = on_market(1_300_00)

    match = booked()

    receipts = Receipt.objects.filter(round=match).select_related("offer")
    assert receipts.count() == len(stakes_of(request)) == 3
    for row in receipts:
        cents = row.offer.amount_cents
        assert level_of_stake(row.before_cents, cents, row.last_cents, row.base) == row.level
    assert [row.reason for row in receipts.order_by("offer__mandate_id")] == [
        "cash",
        "loan_cap",
        "loan_cap",
    ]


def test_a_young_request_leaves_half_to_bids_by_hand_and_is_completed_when_it_is_older() -> None:
    for _ in range(4):
        mandate(cash_cents=1_000_00)
    request = on_market(1_000_00)

    booked(at=AT)
    assert sum(stakes_of(request)) == 500_00
    bid(people.lender(cash_cents=100_00), request, 100_00)
    assert run_round(at=AT) is None
    booked(at=AT + timedelta(days=2))
    assert sum(stakes_of(request)) == 750_00
    booked(at=OLD)

    request.refresh_from_db()
    assert sum(stakes_of(request)) == 900_00
    assert request.status == RequestStatus.FILLED
    assert_money("ledger", "lending")


def test_a_request_for_which_there_is_too_little_gets_nothing_and_tells_why() -> None:
    mandate(cash_cents=300_00)
    request = on_market(1_000_00)

    match = booked()

    assert stakes_of(request) == []
    (skipped,) = match.skipped
    assert skipped["request_id"] == request.pk
    assert (skipped["short_cents"], skipped["lenders"]) == (700_00, 1)
    assert skipped["blockers"] == [["cash", 1]]


def test_a_market_that_the_last_round_could_not_serve_is_left_alone_until_it_changes() -> None:
    poor = mandate(cash_cents=300_00)
    on_market(1_000_00)
    booked()

    assert run_round(at=OLD) is None
    waiting = MatchRound.objects.get(status=RoundStatus.OPEN)
    mandate(cash_cents=200_00, max_per_loan_cents=200_00)
    people.give_cash(poor.lender, 200_00)
    mandate(cash_cents=300_00)

    assert booked().pk == waiting.pk
    assert Offer.objects.count() == 3


def test_nothing_is_run_where_there_is_no_mandate_or_no_request() -> None:
    assert run_round(at=OLD) is None
    mandate(cash_cents=300_00)
    assert run_round(at=OLD) is None
    assert MatchRound.objects.count() == 1


def test_the_seed_is_committed_to_before_the_market_is_read_and_shown_afterwards() -> None:
    run_round(at=OLD)
    waiting = MatchRound.objects.get()
    assert waiting.seed == "" and waiting.market_sha256 == ""
    promised = waiting.seed_commitment
    mandate(cash_cents=500_00)
    on_market(1_000_00)

    match = booked()

    assert match.pk == waiting.pk
    assert match.seed_commitment == promised == commitment(int(match.seed))
    assert committed_seed(match.key, promised) == int(match.seed)


def test_a_seed_of_an_older_secret_is_still_derived(settings) -> None:
    run_round(at=OLD)
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another secret that is long enough for every check there is here"
    mandate(cash_cents=500_00)
    on_market(1_000_00)

    match = booked()

    assert commitment(int(match.seed)) == match.seed_commitment
    assert MatchRound.objects.count() == 1


def test_a_waiting_round_whose_secret_is_lost_is_abandoned(settings) -> None:
    run_round(at=OLD)
    settings.SECRET_KEY = "another secret that is long enough for every check there is here"
    mandate(cash_cents=500_00)
    on_market(1_000_00)

    booked()

    lost = MatchRound.objects.earliest("pk")
    assert lost.status == RoundStatus.ABANDONED
    assert audit.trail(lost)[-1].reason == "its seed cannot be derived"


def test_an_operator_may_choose_the_seed() -> None:
    run_round(at=OLD)
    mandate(cash_cents=500_00)
    on_market(1_000_00)

    assert booked(seed=42).seed == "42"
    first = MatchRound.objects.earliest("pk")
    assert first.status == RoundStatus.ABANDONED


def test_money_bid_by_hand_is_simply_gone_for_the_round() -> None:
    owner = people.lender(cash_cents=500_00)
    mandate(lender=owner, max_per_loan_cents=500_00)
    mandate(cash_cents=700_00, max_per_loan_cents=800_00)
    request = on_market(1_000_00)
    bid(owner, request, 200_00)

    booked()

    request.refresh_from_db()
    assert request.status == RequestStatus.FILLED
    first, second = stakes_of(request)
    assert first + second == 800_00
    assert first <= 300_00 and second <= 700_00  # what is left of cash and of the caps
    assert_money("ledger", "lending")


def test_the_reserve_and_the_budget_of_a_mandate_hold_over_rounds() -> None:
    mandate(cash_cents=600_00, reserve_cents=100_00)
    limited = mandate(cash_cents=5_000_00, budget_cents=700_00)
    requests = [on_market(1_000_00) for _ in range(2)]

    booked()
    assert run_round(at=OLD) is not None

    assert sum(len(stakes_of(request)) for request in requests) == 2
    placed = Offer.objects.filter(mandate=limited).values_list("amount_cents", flat=True)
    assert sum(placed) == 500_00
    assert_money("ledger", "lending")


def test_what_a_round_did_not_deliver_is_carried_to_the_next() -> None:
    for _ in range(3):
        mandate(cash_cents=1_000_00, max_per_loan_cents=1_000_00, max_per_borrower_cents=1_000_00)
    on_market(1_000_00)

    booked()
    before = dict(LenderCarry.objects.values_list("lender_id", "owed_cents"))
    assert abs(sum(before.values())) <= 3
    assert min(before.values()) < 0 < max(before.values())
    behind = max(before, key=lambda lender: before[lender])
    on_market(1_000_00, at=AT + timedelta(hours=1))
    match = booked(at=OLD + timedelta(hours=1))

    first = Receipt.objects.filter(round=match).order_by("before_cents").first()
    assert first is not None and first.offer.lender_id == behind
    assert first.before_cents == -before[behind]


def test_outcomes_form_a_chain() -> None:
    matches = []
    for number in range(2):
        for _ in range(2):
            mandate(cash_cents=500_00)
        at = AT + timedelta(minutes=number)
        on_market(1_000_00, at=at)
        matches.append(booked(at=at + timedelta(days=4)))

    first, second = matches
    assert len({first.chain_sha256, second.chain_sha256, ""}) == 3
    MatchRound.objects.filter(pk=first.pk).update(chain_sha256="0" * 64)
    assert not replay(MatchRound.objects.get(pk=second.pk))


def test_a_revoked_bid_opens_the_request_for_the_next_round() -> None:
    mandate(cash_cents=500_00)
    request = on_market(1_000_00)
    hand = bid(people.lender(cash_cents=500_00), request, 500_00, at=AT)
    booked(at=AT)
    request.refresh_from_db()
    assert request.status == RequestStatus.FILLED

    revoke_offer(lender=hand.lender, offer_id=hand.pk, at=AT + timedelta(days=1))
    for _ in range(2):
        mandate(cash_cents=500_00)
    booked(at=OLD)

    request.refresh_from_db()
    assert request.status == RequestStatus.FILLED
    assert sum(stakes_of(request)) == 1_000_00
    assert_money("ledger", "lending")


def test_a_round_that_the_checker_refuses_books_nothing(monkeypatch) -> None:
    def strict(*given: object) -> None:
        raise BrokenRound(2, "a lender above its cash")

    monkeypatch.setattr("matching.engine.solve.check", strict)
    mandate(cash_cents=500_00)
    mandate(cash_cents=500_00)
    on_market(1_000_00)

    match = run_round(at=OLD)

    assert match is not None and match.status == RoundStatus.REFUSED
    assert "invariant 2" in audit.trail(match)[-1].reason
    assert not Offer.objects.exists()
    assert run_round(at=OLD) is None
    assert_money("ledger", "lending")


def test_the_smallest_share_of_a_small_lender_is_placed() -> None:
    mandate(cash_cents=SHARE_CENTS)
    for _ in range(2):
        mandate(cash_cents=500_00)
    request = on_market(1_000_00)

    booked()

    assert min(stakes_of(request)) == SHARE_CENTS
    assert Mandate.objects.count() == len(stakes_of(request)) == 3
