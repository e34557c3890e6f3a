"""Every operation of the schema, called with what the schema allows and with what it forbids."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from hypothesis import HealthCheck, settings
from rest_framework.authtoken.models import Token
from schemathesis.specs.openapi.checks import (
    ignored_auth,
    negative_data_rejection,
    positive_data_acceptance,
)

from config.wsgi import application
from core import clock
from core.dates import month_range
from lending.models import Document, Holding, Mandate, Offer
from lending.services.documents import issue_statements
from lending.services.mandate_data import MandateData
from lending.services.mandates import save_mandate
from tests.factories import loans, people
from tests.factories.people import AT
from tests.factories.requests import bid, filled_request, listed_request, wait_in_line
from tests.keeping import Keep
from tests.matching.world import booked

EXAMPLES = 8
EXAMPLES_AT_THE_DOOR = 4
RULES_BEYOND_A_SCHEMA = [positive_data_acceptance]
"""Cursors are signed, a quote takes a rate or a grade, and the market has rules of its own."""
KNOWN_OTHERWISE = [*RULES_BEYOND_A_SCHEMA, ignored_auth]
"""The run without login has shown that every private operation asks for one."""


@pytest.fixture(autouse=True)
def one_connection() -> Iterator[None]:
    """Requests stay in the test's own transaction, as with Django's test client."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.fixture(scope="module")
def one_world(kept: Keep) -> dict[str, Any]:
    return kept(_a_world)


@pytest.fixture
def world(db: None, one_world: dict[str, Any]) -> dict[str, Any]:
    return deepcopy(one_world)


def _a_world() -> dict[str, Any]:
    """Real ids for addresses, and people."""
    clock.set_business_date(clock.day_of(AT), is_virtual=True)
    lender, borrower = people.lender(cash_cents=5_000_00), people.borrower()
    loan = loans.loan(shares_cents=[1_000_00], lenders=[lender], borrower=borrower)
    wanted = listed_request(amount_cents=50_000_00)
    mandate = MandateData(name="One", max_per_loan_cents=25_00, max_per_borrower_cents=25_00)
    save_mandate(lender=lender, data=mandate, at=AT)
    bid(lender, wanted, 25_00)
    spare = wait_in_line(lender, filled_request(shares_cents=[1_000_00]), 100_00)
    issue_statements(on=month_range(clock.day_of(AT))[1], at=AT)
    decided = booked()
    return {
        "lender": lender,
        "borrower": borrower,
        "request": str(wanted.public_id),
        "ids": {
            "public_id": str(wanted.public_id),
            "bid_id": Offer.objects.get(request=wanted).pk,
            "mandate_id": Mandate.objects.get().pk,
            "holding_id": Holding.objects.get().pk,
            "loan_id": loan.pk,
            "spare_id": spare.pk,
            "round_id": decided.pk,
            "document_id": Document.objects.get(person=lender).pk,
        },
    }


schema = schemathesis.openapi.from_wsgi("/api/v1/schema/", application)
at_the_door = schemathesis.openapi.from_wsgi("/api/v1/schema/", application)
at_the_door.config.phases.coverage.enabled = False  # nearly all are turned away, whatever they say
SAME_BODY = {"path_regex": r"/mandates/(backtest|\{mandate_id\})$", "method": ["POST", "PUT"]}
"""A mandate's fields, as in `POST /mandates`: five hundred cases that need not be tried thrice."""
of_the_same_body = schemathesis.openapi.from_wsgi("/api/v1/schema/", application)
of_the_same_body.config.phases.coverage.enabled = False
bounded = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)
seldom = settings(bounded, max_examples=EXAMPLES_AT_THE_DOOR)


@pytest.mark.django_db
@at_the_door.parametrize()
@seldom
def test_without_login_nothing_breaks(case: Any) -> None:
    case.call_and_validate(excluded_checks=RULES_BEYOND_A_SCHEMA)


@schema.exclude(**SAME_BODY).parametrize()
@bounded
def test_with_a_lenders_token_nothing_breaks(case: Any, world: dict[str, Any]) -> None:
    call_as(world["lender"], case, world)


@of_the_same_body.include(**SAME_BODY).parametrize()
@bounded
def test_with_the_fields_of_a_mandate_nothing_breaks(case: Any, world: dict[str, Any]) -> None:
    call_as(world["lender"], case, world)


@schema.include(path_regex="/(loans|wallet|me|funding-curve)").parametrize()
@bounded
def test_with_a_borrowers_token_nothing_breaks(case: Any, world: dict[str, Any]) -> None:
    call_as(world["borrower"], case, world)


def call_as(person: Any, case: Any, world: dict[str, Any]) -> None:
    """Call with the generated ids, then with those of things that are there."""
    token, _ = Token.objects.get_or_create(user=person)
    headers = {"Authorization": f"Bearer {token.key}"}
    case.call_and_validate(headers=headers, excluded_checks=KNOWN_OTHERWISE)
    if with_known_ids(case, world):
        no_longer_negative = [*KNOWN_OTHERWISE, negative_data_rejection]
        case.call_and_validate(headers=headers, excluded_checks=no_longer_negative)


def with_known_ids(case: Any, world: dict[str, Any]) -> bool:
    """Put ids of this world into the address and the body; False where there is no place."""
    known = {name: world["ids"][name] for name in case.path_parameters or {}}
    if known:
        case.path_parameters = known
    has_request = isinstance(case.body, dict) and "request" in case.body
    if has_request:
        case.body = {**case.body, "request": world["request"]}
    return bool(known) or has_request
