"""Origination by several people or clicks at once, on real connections: every act counts once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from threading import Barrier, Thread
from uuid import uuid4

import pytest
from django.db import connections

from lending.errors import FourEyes
from lending.models import Assessment, Contract, LoanRequest, Mandate, Review
from lending.services import contracts, expiry, mandates, requests, reviews
from lending.services.mandate_data import MandateData
from lending.services.offers import place_bid
from lending.states import RequestStatus
from notifications.models import Message
from tests.factories import people
from tests.factories import requests as make
from tests.factories.people import AT
from tests.flows.money import assert_money

pytestmark = pytest.mark.django_db(transaction=True)


def _at_once(*acts: Callable[[], object]) -> list[object]:
    """Begin all acts together, each on a connection of its own; results or refusals in order."""
    together = Barrier(len(acts))
    results: list[object] = [None] * len(acts)

    def run(number: int) -> None:
        try:
            together.wait(timeout=20)
            results[number] = acts[number]()
        except Exception as error:
            results[number] = error
        finally:
            connections.close_all()

    threads = [Thread(target=run, args=(number,)) for number in range(len(acts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    return results


def _status(request: LoanRequest) -> str:
    return LoanRequest.objects.values_list("status", flat=True).get(pk=request.pk)


def test_two_clicks_start_one_request() -> None:
    borrower = people.borrower()
    started = _at_once(*[lambda: requests.start_request(borrower=borrower, at=AT)] * 2)
    assert started[0] == started[1] == LoanRequest.objects.get()


def test_two_clicks_hand_in_once() -> None:
    draft = make.complete_draft()
    own = {"borrower": draft.borrower, "request_id": draft.pk}
    _at_once(*[lambda: requests.submit(**own, at=AT)] * 2)  # type: ignore[arg-type]
    assert _status(draft) == RequestStatus.IN_REVIEW
    assert Assessment.objects.count() == 1
    assert Message.objects.filter(kind="request_submitted").count() == 1


def test_two_colleagues_approve_a_large_request_together() -> None:
    request, first, second = make.large_request(), people.staff(), people.staff()
    done = _at_once(
        lambda: reviews.approve(reviewer=first, request_id=request.pk, at=AT),
        lambda: reviews.approve(reviewer=second, request_id=request.pk, at=AT),
    )
    assert [result for result in done if isinstance(result, Exception)] == []
    assert _status(request) == RequestStatus.LISTED
    assert Review.objects.count() == 2
    assert Message.objects.filter(kind="request_listed").count() == 1


def test_one_colleague_who_clicks_twice_is_still_one_pair_of_eyes() -> None:
    request, reviewer = make.large_request(), people.staff()
    done = _at_once(*[lambda: reviews.approve(reviewer=reviewer, request_id=request.pk, at=AT)] * 2)
    assert [type(result) for result in done if isinstance(result, Exception)] == [FourEyes]
    assert _status(request) == RequestStatus.IN_REVIEW
    assert Review.objects.count() == 1


def test_two_clicks_sign_one_contract() -> None:
    request = make.filled_request()
    at = AT + timedelta(days=4)
    own = {"borrower": request.borrower, "request_id": request.pk, "at": at}
    signed = _at_once(*[lambda: contracts.sign(**own)] * 2)  # type: ignore[arg-type]
    assert signed[0] == signed[1] == Contract.objects.get()
    assert _status(request) == RequestStatus.ACCEPTED


def test_two_clicks_write_one_mandate() -> None:
    lender = people.lender()
    data = MandateData(name="All", max_per_loan_cents=100_00, max_per_borrower_cents=100_00)
    _at_once(*[lambda: mandates.save_mandate(lender=lender, data=data, at=AT)] * 2)
    assert Mandate.objects.count() == 1


def test_a_withdrawal_and_a_bid_at_once_leave_no_cent_behind() -> None:
    request, lender = make.listed_request(amount_cents=1_000_00), people.lender(cash_cents=1_000_00)
    key = uuid4()
    _at_once(
        lambda: requests.withdraw_request(borrower=request.borrower, request_id=request.pk, at=AT),
        lambda: place_bid(
            lender=lender, request_id=request.pk, amount_cents=1_000_00, at=AT, request_key=key
        ),
    )
    assert _status(request) == RequestStatus.WITHDRAWN
    assert_money("ledger", "lending")


def test_two_day_ends_expire_a_request_once() -> None:
    request, lender = make.listed_request(), people.lender(cash_cents=500_00)
    make.bid(lender, request, 500_00)
    assert request.deadline_on is not None
    on = request.deadline_on
    closed = _at_once(*[lambda: expiry.expire_requests(on=on, at=AT)] * 2)
    expired = [pk for result in closed for pk in result["unfilled"]]  # type: ignore[index]
    assert expired == [request.pk]
    assert Message.objects.filter(kind="request_expired").count() == 1
    assert_money("ledger", "lending")
