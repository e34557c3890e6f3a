"""Lenders who take their money home or end their mandate while a round is decided."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest

from ledger.chart import Role
from ledger.selectors import balances_cents
from lending.models import LoanRequest, Mandate, Offer
from lending.services.mandates import end_mandate
from lending.states import OfferSource
from matching.services.rounds import run_round
from payments.services.withdrawals import request_withdrawal
from tests.factories.mandates import mandate
from tests.matching.disturbed import assert_whole, during_booking, small_world
from tests.matching.race import race
from tests.matching.world import OLD, booked, on_market, stakes_of


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("act", ["withdrawal", "end of the mandate"])
def test_money_or_mandate_gone_meanwhile_costs_only_the_requests_it_was_meant_for(
    act: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    leaving = mandate(cash_cents=500_00, grades=["A"])
    others = [mandate(cash_cents=500_00) for _ in range(4)]
    meant, other = on_market(grade="A"), on_market(grade="C")
    during_booking(monkeypatch, lambda: leave(leaving, act))

    match = booked()

    reason = "insufficient_funds" if act == "withdrawal" else "mandate_not_active"
    assert match.fallen == {str(meant.pk): reason}
    assert (stakes_of(meant), sum(stakes_of(other))) == ([], 1_000_00)
    for given in (leaving, *others):
        assert_no_more_than(500_00, given)
    assert_whole()
    monkeypatch.undo()
    booked(at=OLD + timedelta(minutes=1))
    assert leaving.lender.pk not in lenders_in(meant)
    assert sum(stakes_of(meant)) == 1_000_00
    assert_whole()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("attempt", range(2))
def test_withdrawals_and_ends_of_mandates_at_once_with_a_round_keep_every_cent(
    attempt: int,
) -> None:
    given, requests = small_world()

    results = race(
        lambda: run_round(at=OLD),
        *(lambda who=who: leave(who, "withdrawal") for who in given[:3]),
        *(lambda who=who: leave(who, "end of the mandate") for who in given[2:4]),
    )

    unexpected = [
        result
        for result in results
        if isinstance(result, Exception) and not hasattr(result, "code")
    ]
    assert unexpected == []
    for one in given:
        assert_no_more_than(500_00, one)
    for request in requests:
        request.refresh_from_db()
        assert len(lenders_in(request)) == len(set(lenders_in(request)))
        assert request.funded_cents in (0, 1_000_00)
    assert_whole()


def leave(of: Mandate, act: str) -> object:
    """The lender takes all the money home, or ends the mandate."""
    if act == "withdrawal":
        return request_withdrawal(
            lender=of.lender, amount_cents=500_00, request_key=uuid4(), at=OLD
        )
    return end_mandate(lender=of.lender, mandate_id=of.pk, at=OLD)


def lenders_in(request: LoanRequest) -> list[int]:
    """The lender of each stake."""
    offers = Offer.objects.filter(request=request, source=OfferSource.MANDATE)
    return list(offers.values_list("lender_id", flat=True))


def assert_no_more_than(cents: int, of: Mandate) -> None:
    """All money of the lender is somewhere, and nowhere below zero."""
    roles = [Role.CASH, Role.RESERVED, Role.IN_TRANSIT_OUT]
    money = balances_cents(roles, of.lender_id)
    assert min(money.values()) >= 0
    assert sum(money.values()) == cents
