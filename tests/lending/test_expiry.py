"""Requests run out of time: money goes back, people are told, and twice is as good as once."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from core.errors import StaleState
from ledger.chart import Role as AccountRole
from ledger.selectors import balance_cents
from lending.models import LoanRequest
from lending.services import expiry
from lending.services.expiry import expire_requests
from lending.services.offers import end_request
from lending.states import RequestStatus
from notifications.models import Message
from tests.factories import people
from tests.factories import requests as make
from tests.factories.people import AT

pytestmark = pytest.mark.django_db

DEADLINE = date(2026, 1, 19)


def _closing(on: date) -> dict[str, list[int]]:
    return expire_requests(on=on, at=AT + (on - date(2026, 1, 5)))


def test_a_request_lives_through_its_last_day() -> None:
    request = make.listed_request()
    assert _closing(DEADLINE - timedelta(days=1)) == {"parts": [], "unfilled": [], "unsigned": []}
    assert _closing(DEADLINE) == {"parts": [], "unfilled": [request.pk], "unsigned": []}
    request.refresh_from_db()
    assert request.status == RequestStatus.EXPIRED


def test_lenders_get_their_money_back_to_the_cent() -> None:
    request, lender = make.listed_request(), people.lender(cash_cents=1_000_00)
    make.bid(lender, request, 750_00)
    _closing(DEADLINE)
    request.refresh_from_db()
    assert request.funded_cents == 0
    assert balance_cents(AccountRole.CASH, lender.pk) == 1_000_00
    assert balance_cents(AccountRole.RESERVED, lender.pk) == 0
    kinds = Message.objects.filter(person=lender).values_list("kind", flat=True)
    assert list(kinds) == ["offer_released"]
    told = Message.objects.get(person=request.borrower)
    assert (told.kind, told.facts["was_filled"]) == ("request_expired", False)


def test_closing_a_day_twice_changes_nothing_more() -> None:
    make.listed_request()
    _closing(DEADLINE)
    assert _closing(DEADLINE) == {"parts": [], "unfilled": [], "unsigned": []}
    assert Message.objects.count() == 1


def test_a_day_that_was_missed_is_caught_up() -> None:
    request = make.listed_request()
    assert _closing(DEADLINE + timedelta(days=3))["unfilled"] == [request.pk]


def test_a_filled_request_waits_two_weeks_for_a_signature() -> None:
    request = make.filled_request()
    filled_on = date(2026, 1, 5)
    assert _closing(filled_on + timedelta(days=13))["unsigned"] == []
    assert _closing(filled_on + timedelta(days=14))["unsigned"] == [request.pk]
    request.refresh_from_db()
    assert request.status == RequestStatus.EXPIRED
    assert Message.objects.get(person=request.borrower, kind="request_expired").facts["was_filled"]


def test_a_signed_request_does_not_expire() -> None:
    request = make.filled_request()
    LoanRequest.objects.filter(pk=request.pk).update(status=RequestStatus.ACCEPTED)
    assert _closing(DEADLINE + timedelta(days=60)) == {"parts": [], "unfilled": [], "unsigned": []}


def test_a_request_that_fills_at_the_last_moment_is_kept() -> None:
    request = make.listed_request(amount_cents=1_000_00)
    seen = LoanRequest.objects.get(pk=request.pk)
    make.bid(people.lender(cash_cents=1_000_00), request, 1_000_00)
    assert expiry._expire([seen], "not filled by its deadline", at=AT) == []
    request.refresh_from_db()
    assert request.status == RequestStatus.FILLED
    with pytest.raises(StaleState):
        end_request(
            request_id=request.pk,
            to=RequestStatus.EXPIRED,
            at=AT,
            only_from=RequestStatus.LISTED,
        )
