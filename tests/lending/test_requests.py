"""A request from its draft to staff's desk: each step, each refusal, the same act twice."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from accounts.models import Role
from core import audit
from core.errors import IllegalTransition, InvalidInput, NotFound
from ledger.chart import Role as AccountRole
from ledger.selectors import balance_cents
from lending.choices import Employment
from lending.errors import AlreadyOpen, NotABorrower, NotReady, RateOutOfBand
from lending.models import Assessment, LoanRequest
from lending.selectors import requests as selectors
from lending.services import requests as services
from lending.services.application_data import AmountData, BudgetData, StoryData, WorkData
from lending.states import RequestStatus
from notifications.models import Message
from tests.factories import people
from tests.factories import requests as make
from tests.factories.people import AT

pytestmark = pytest.mark.django_db


def test_a_borrower_has_one_draft() -> None:
    borrower = people.borrower()
    draft = services.start_request(borrower=borrower, at=AT)
    assert services.start_request(borrower=borrower, at=AT) == draft
    assert draft.status == RequestStatus.DRAFT
    assert services.missing_steps(draft) == ["amount", "work", "budget", "story", "consent"]


def test_only_borrowers_ask() -> None:
    for person in (people.lender(), people.staff()):
        with pytest.raises(NotABorrower):
            services.start_request(borrower=person, at=AT)


def test_a_second_request_waits_for_the_first() -> None:
    request = make.submitted_request()
    with pytest.raises(AlreadyOpen):
        services.start_request(borrower=request.borrower, at=AT)
    services.withdraw_request(borrower=request.borrower, request_id=request.pk, at=AT)
    assert services.start_request(borrower=request.borrower, at=AT) != request


def test_steps_are_saved_one_by_one_and_may_be_changed() -> None:
    borrower = people.borrower()
    draft = services.start_request(borrower=borrower, at=AT)
    own: dict[str, Any] = {"borrower": borrower, "request_id": draft.pk}
    services.save_story(**own, data=make.story_data())
    services.save_amount(**own, data=make.amount_data())
    services.save_amount(**own, data=make.amount_data(amount_cents=7_500_00))
    stored = selectors.request_of_borrower(borrower, draft.pk)
    assert (stored.amount_cents, stored.title, stored.due_day) == (
        7_500_00,
        "A used estate car",
        15,
    )
    assert services.missing_steps(stored) == ["work", "budget", "consent"]


def test_what_was_told_is_what_is_stored() -> None:
    application = make.complete_draft().application
    application.refresh_from_db()
    assert (application.job_title, application.income_cents) == ("Nurse", 2_800_00)
    assert (application.home, application.household_size) == ("rent", 2)
    assert (application.price_cents, application.had_payment_trouble) == (9_000_00, False)
    assert application.scoring_consent_at == AT


TROUBLE_UNSAID: dict[str, object] = {"had_payment_trouble": None}
WITH_ADDRESS = "Write to me: jana@example.org, I answer each and every letter."
WITH_ACCOUNT = "My account is DE89 3704 0044 0532 0130 00, thank you very much."
WRONG: list[tuple[str, Callable[..., Any], dict[str, object], str, str]] = [
    ("save_amount", make.amount_data, {"amount_cents": 999_00}, "amount_cents", "too_small"),
    ("save_amount", make.amount_data, {"amount_cents": 50_025_00}, "amount_cents", "too_large"),
    ("save_amount", make.amount_data, {"amount_cents": 1_010_00}, "amount_cents", "off_step"),
    ("save_amount", make.amount_data, {"amount_cents": None}, "amount_cents", "missing"),
    ("save_amount", make.amount_data, {"term_months": 13}, "term_months", "not_a_choice"),
    ("save_amount", make.amount_data, {"purpose": "weapons"}, "purpose", "not_a_choice"),
    ("save_amount", make.amount_data, {"first_period": "later"}, "first_period", "not_a_choice"),
    ("save_amount", make.amount_data, {"due_day": 2}, "due_day", "not_a_choice"),
    ("save_amount", make.amount_data, {"max_rate": Decimal("0.9")}, "max_rate", "too_large"),
    ("save_work", make.work_data, {"employment": ""}, "employment", "missing"),
    ("save_work", make.work_data, {"job_title": ""}, "job_title", "missing"),
    ("save_work", make.work_data, {"years_in_job": 71}, "years_in_job", "too_large"),
    ("save_work", make.work_data, {"income_cents": -1}, "income_cents", "too_small"),
    ("save_budget", make.budget_data, {"home": "castle"}, "home", "not_a_choice"),
    ("save_budget", make.budget_data, {"household_size": 0}, "household_size", "too_small"),
    ("save_budget", make.budget_data, {"living_cents": None}, "living_cents", "missing"),
    ("save_budget", make.budget_data, TROUBLE_UNSAID, "had_payment_trouble", "missing"),
    ("save_story", make.story_data, {"title": "Car"}, "title", "too_short"),
    ("save_story", make.story_data, {"story": "x" * 4001}, "story", "too_long"),
    ("save_story", make.story_data, {"story": WITH_ADDRESS}, "story", "contact_in_text"),
    ("save_story", make.story_data, {"story": WITH_ACCOUNT}, "story", "contact_in_text"),
    ("save_story", make.story_data, {"title": "See www.example.org"}, "title", "contact_in_text"),
]  # fmt: skip


@pytest.mark.parametrize(("service", "data", "changes", "field", "code"), WRONG)
def test_a_step_names_the_field_and_the_fault(
    service: str, data: Callable[..., Any], changes: dict[str, object], field: str, code: str
) -> None:
    borrower = people.borrower()
    draft = services.start_request(borrower=borrower, at=AT)
    with pytest.raises(InvalidInput) as refusal:
        getattr(services, service)(borrower=borrower, request_id=draft.pk, data=data(**changes))
    assert (refusal.value.field, refusal.value.code) == (field, code)
    assert str(refusal.value.message)


def test_a_pensioner_needs_no_job_title() -> None:
    borrower = people.borrower()
    draft = services.start_request(borrower=borrower, at=AT)
    data = make.work_data(employment=Employment.OTHERS, job_title="")
    services.save_work(borrower=borrower, request_id=draft.pk, data=data)
    assert "work" not in services.missing_steps(LoanRequest.objects.get(pk=draft.pk))


def test_an_application_holds_nothing_but_the_fields_on_the_list() -> None:
    asked = {
        field.name
        for data in (AmountData, WorkData, BudgetData, StoryData)
        for field in fields(data)
    }
    assert asked == {
        "amount_cents", "term_months", "purpose", "due_day", "max_rate",
        "price_rule", "least_percent", "first_period",
        "employment", "job_title", "years_in_job", "income_cents",
        "home", "household_size", "housing_cents", "living_cents", "instalments_cents",
        "debt_cents", "assets_cents", "price_cents", "had_payment_trouble",
        "title", "story",
    }  # fmt: skip


def test_strangers_and_the_handed_in_are_out_of_reach() -> None:
    stranger, request = people.borrower(), make.submitted_request()
    with pytest.raises(NotFound):
        services.save_story(borrower=stranger, request_id=request.pk, data=make.story_data())
    with pytest.raises(NotFound):
        services.submit(borrower=stranger, request_id=request.pk, at=AT)
    with pytest.raises(NotFound):
        services.withdraw_request(borrower=stranger, request_id=request.pk, at=AT)
    with pytest.raises(NotFound):
        selectors.request_of_borrower(stranger, request.pk)
    assert list(selectors.requests_of(stranger)) == []
    with pytest.raises(IllegalTransition):
        services.save_story(
            borrower=request.borrower, request_id=request.pk, data=make.story_data()
        )


def test_a_complete_request_is_assessed_and_put_before_staff() -> None:
    request = make.submitted_request()
    request.refresh_from_db()
    assert (request.status, request.submitted_at) == (RequestStatus.IN_REVIEW, AT)
    assert Assessment.objects.get().is_acceptable
    moves = [(row.before, row.after) for row in audit.trail(request)]
    assert moves == [("draft", "submitted"), ("submitted", "in_review")]
    assert Message.objects.get(person=request.borrower).kind == "request_submitted"


def test_handing_in_twice_assesses_once() -> None:
    request = make.submitted_request()
    again = services.submit(borrower=request.borrower, request_id=request.pk, at=AT)
    assert again.status == RequestStatus.IN_REVIEW
    assert Assessment.objects.count() == 1


def test_what_is_missing_is_named_in_its_order() -> None:
    newcomer = people.person(Role.BORROWER)
    draft = services.start_request(borrower=newcomer, at=AT)
    fields_missing = []
    for do in (people.identify, people.give_bank_account):
        with pytest.raises(NotReady) as refusal:
            services.submit(borrower=newcomer, request_id=draft.pk, at=AT)
        fields_missing.append(refusal.value.field)
        do(newcomer)
    with pytest.raises(NotReady) as refusal:
        services.submit(borrower=newcomer, request_id=draft.pk, at=AT)
    assert [*fields_missing, refusal.value.field] == ["profile", "bank_account", "amount"]


def test_nothing_is_scored_without_consent() -> None:
    draft = make.complete_draft()
    draft.application.scoring_consent_at = None
    draft.application.save()
    with pytest.raises(NotReady) as refusal:
        services.submit(borrower=draft.borrower, request_id=draft.pk, at=AT)
    assert refusal.value.field == "consent"
    assert not Assessment.objects.exists()


def test_a_broken_limit_declines_at_once_with_reasons() -> None:
    request = make.submitted_request(work=make.work_data(income_cents=1_900_00))
    request.refresh_from_db()
    assert request.status == RequestStatus.DECLINED
    refusal = selectors.refusal_of(request)
    assert refusal is not None
    assert (refusal.is_automatic, "affordability" in refusal.reasons) == (True, True)
    letter = Message.objects.get(person=request.borrower)
    assert (letter.kind, letter.facts["is_automatic"]) == ("request_declined", True)
    assert letter.facts["reasons"] == refusal.reasons


def test_a_rate_below_the_floor_is_sent_back_with_the_band() -> None:
    draft = make.complete_draft(amount=make.amount_data(max_rate=Decimal("0.006")))
    with pytest.raises(RateOutOfBand) as refusal:
        services.submit(borrower=draft.borrower, request_id=draft.pk, at=AT)
    assert refusal.value.field == "max_rate"
    assert "%" in refusal.value.message
    draft.refresh_from_db()
    assert draft.status == RequestStatus.DRAFT
    assert not Assessment.objects.exists()


@pytest.mark.parametrize("stage", ["complete_draft", "submitted_request", "approved_request"])
def test_a_request_may_be_withdrawn_at_any_stage(stage: str) -> None:
    request: LoanRequest = getattr(make, stage)()
    for _ in range(2):
        services.withdraw_request(borrower=request.borrower, request_id=request.pk, at=AT)
    request.refresh_from_db()
    assert request.status == RequestStatus.WITHDRAWN
    assert [row.after for row in audit.trail(request)].count("withdrawn") == 1


def test_withdrawing_gives_the_lenders_their_money_back() -> None:
    request = make.filled_request(shares_cents=[1_000_00])
    (offer,) = request.offers.all()
    assert balance_cents(AccountRole.CASH, offer.lender_id) == 0
    services.withdraw_request(borrower=request.borrower, request_id=request.pk, at=AT)
    assert balance_cents(AccountRole.CASH, offer.lender_id) == 1_000_00
    assert balance_cents(AccountRole.RESERVED, offer.lender_id) == 0
    assert Message.objects.filter(person=offer.lender, kind="offer_released").count() == 1


def test_a_declined_request_cannot_be_withdrawn() -> None:
    request = make.submitted_request(work=make.work_data(income_cents=1_900_00))
    with pytest.raises(IllegalTransition):
        services.withdraw_request(borrower=request.borrower, request_id=request.pk, at=AT)


def test_requests_are_listed_newest_first_in_one_query(
    django_assert_num_queries: Any,
) -> None:
    borrower, made = people.borrower(), []
    for days in range(3):
        draft = services.start_request(borrower=borrower, at=AT + timedelta(days=days))
        services.withdraw_request(borrower=borrower, request_id=draft.pk, at=AT)
        made.append(draft)
        with django_assert_num_queries(1):
            own = list(selectors.requests_of(borrower))
            assert [request.application.pk for request in own]
    assert own == made[::-1]
