"""From an empty draft to a request that is handed in, and what comes of it."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.test import Client

from core.clock import set_business_date
from lending.choices import FirstPeriod
from lending.models import Appeal, LoanRequest
from lending.services import requests as services
from lending.services import reviews
from lending.states import RequestStatus
from tests.factories import people, requests
from tests.factories.people import AT
from tests.web.conftest import browser_of, text_of

AMOUNT = {"amount_cents": "5,000", "term_months": "36", "purpose": "car", "due_day": "15"}
WORK = {
    "employment": "fixed",
    "job_title": "Nurse",
    "years_in_job": "12",
    "income_cents": "2,800",
}
BUDGET = {
    "home": "rent",
    "household_size": "2",
    "housing_cents": "700",
    "living_cents": "1,100",
    "instalments_cents": "50",
    "debt_cents": "1,000",
    "assets_cents": "8,000",
    "price_cents": "9,000",
    "had_payment_trouble": "no",
}
STORY = {
    "title": "A used estate car",
    "story": "The old one will not pass its next inspection, and I work night shifts.",
}
STEPS = {"amount": AMOUNT, "work": WORK, "budget": BUDGET, "story": STORY}


@pytest.fixture
def client() -> Client:
    """The browser of a verified borrower."""
    return browser_of(people.borrower())


def _draft(client: Client) -> LoanRequest:
    client.post("/requests/start/")
    return LoanRequest.objects.get(status=RequestStatus.DRAFT)


def _send(client: Client, draft: LoanRequest, step: str, **changes: str) -> Any:
    return client.post(f"/requests/{draft.pk}/{step}/", STEPS[step] | changes)


def test_the_way_leads_from_step_to_step_and_saves_each(client: Client) -> None:
    draft = _draft(client)
    names = list(STEPS)
    for name, following in zip(names, [*names[1:], "review"], strict=True):
        answer = _send(client, draft, name)
        assert answer["Location"] == f"/requests/{draft.pk}/{following}/"
    draft.refresh_from_db()
    assert (draft.amount_cents, draft.due_day, draft.title) == (5_000_00, 15, STORY["title"])
    told = draft.application
    assert (told.income_cents, told.housing_cents, told.years_in_job) == (2_800_00, 700_00, 12)
    assert told.had_payment_trouble is False
    assert told.scoring_consent_at is None


def test_both_ways_to_pay_the_odd_days_are_shown_and_one_is_chosen(client: Client) -> None:
    set_business_date(date(2026, 1, 20), is_virtual=True)
    draft = _draft(client)
    assert "both ways" not in text_of(client.get(f"/requests/{draft.pk}/amount/"))
    chosen = {"first_period": "stub", "due_day": "1", "max_rate": "8", "amount_cents": "10,000"}
    answer = client.post(
        f"/requests/{draft.pk}/chances-of-draft/", AMOUNT | chosen, HTTP_HX_REQUEST="true"
    )
    assert 'hx-swap-oob="true"' in text_of(answer)
    _send(client, draft, "amount", **chosen)
    draft.refresh_from_db()
    assert draft.first_period == FirstPeriod.STUB
    for page in (text_of(answer), text_of(client.get(f"/requests/{draft.pk}/amount/"))):
        for cents in ("€314.13", "€337.81", "€313.37"):
            assert cents in page
        assert (
            '<tr aria-current="true"><th scope="row" class="cell-title">With the first instalment'
            in page
        )
    review = text_of(client.get(f"/requests/{draft.pk}/review/"))
    assert "<dd>With the first instalment</dd>" in review


def test_the_draft_is_taken_up_where_it_was_left(client: Client) -> None:
    draft = _draft(client)
    _send(client, draft, "amount")
    assert client.get("/requests/")["Location"] == f"/requests/{draft.pk}/work/"
    assert client.post("/requests/start/")["Location"] == f"/requests/{draft.pk}/work/"


def test_a_step_shows_again_what_was_told(client: Client) -> None:
    draft = _draft(client)
    for name in STEPS:
        _send(client, draft, name)
    assert 'value="5,000"' in text_of(client.get(f"/requests/{draft.pk}/amount/"))
    budget = text_of(client.get(f"/requests/{draft.pk}/budget/"))
    assert 'value="1,100"' in budget
    assert 'value="no" id="id_had_payment_trouble_0" required checked' in budget or (
        'value="no"' in budget and budget.count("checked") == 1
    )


@pytest.mark.parametrize(
    ("step", "field", "typed", "told"),
    [
        ("amount", "amount_cents", "500", "At least €1,000.00, please."),
        ("amount", "amount_cents", "1,010", "Only in steps of €25.00."),
        ("amount", "max_rate", "99", "At most"),
        ("amount", "term_months", "13", "Select a valid choice"),
        ("work", "income_cents", "", "Please fill this in."),
        ("work", "job_title", "", "Please"),
        ("budget", "household_size", "0", "greater than or equal to 1"),
        ("budget", "had_payment_trouble", "", "Please fill this in."),
        ("story", "title", "Car", "at least 5 characters"),
        ("story", "story", "Write to me at jana@example.org, please do.", "leave out addresses"),
    ],
)
def test_what_cannot_be_right_is_told_next_to_its_field(
    client: Client, step: str, field: str, typed: str, told: str
) -> None:
    draft = _draft(client)
    source = text_of(_send(client, draft, step, **{field: typed}))
    assert f'id="id_{field}_error"' in source
    assert told in source


def test_nothing_is_ticked_and_nothing_sent_without_the_tick(client: Client) -> None:
    draft = requests.complete_draft()
    own = browser_of(draft.borrower)
    page = f"/requests/{draft.pk}/review/"
    assert "checked" not in text_of(own.get(page))
    assert "Please fill this in." in text_of(own.post(page))
    draft.refresh_from_db()
    assert draft.status == RequestStatus.DRAFT


def test_a_complete_request_is_handed_in_and_explained() -> None:
    draft = requests.complete_draft()
    client = browser_of(draft.borrower)
    source = text_of(client.post(f"/requests/{draft.pk}/review/", {"agrees": "on"}, follow=True))
    assert "A person is looking at your request" in source
    assert "8 Jan 2026" in source  # the day by which staff decide
    assert "What cost you most points" in source
    assert "Your affordability mark" in source
    assert "Demo model" in source
    assert "Monthly instalment" in source
    draft.refresh_from_db()
    assert draft.status == RequestStatus.IN_REVIEW


def test_an_incomplete_request_is_not_handed_in(client: Client) -> None:
    draft = _draft(client)
    _send(client, draft, "amount")
    source = text_of(client.post(f"/requests/{draft.pk}/review/", {"agrees": "on"}))
    assert "Something is still missing" in source


def test_who_is_not_verified_is_told_what_is_missing() -> None:
    person = people.person(people.Role.BORROWER)
    client = browser_of(person)
    draft = _draft(client)
    for name in STEPS:
        _send(client, draft, name)
    source = text_of(client.post(f"/requests/{draft.pk}/review/", {"agrees": "on"}))
    assert "Before money can move" in source
    assert "Something is still missing" in source


def test_a_request_handed_in_cannot_be_changed() -> None:
    sent = requests.submitted_request()
    client = browser_of(sent.borrower)
    assert client.get(f"/requests/{sent.pk}/amount/")["Location"] == f"/requests/{sent.pk}/"
    assert client.get(f"/requests/{sent.pk}/review/")["Location"] == f"/requests/{sent.pk}/"
    source = text_of(client.post("/requests/start/", follow=True))
    assert "You already have a request under way" in source


def test_a_question_of_staff_stands_above_the_steps() -> None:
    sent = requests.submitted_request()
    question = "Which car is it, and from which year?"
    reviews.ask_back(reviewer=people.staff(), request_id=sent.pk, question=question, at=AT)
    source = text_of(browser_of(sent.borrower).get(f"/requests/{sent.pk}/story/"))
    assert question in source


def test_a_refusal_gives_reasons_and_a_second_look() -> None:
    refused = requests.submitted_request(work=requests.work_data(income_cents=1_400_00))
    client, page = browser_of(refused.borrower), f"/requests/{refused.pk}/"
    source = text_of(client.get(page))
    assert "We cannot list this request" in source
    assert "too much of your free income" in source
    assert "No credit bureau was asked" in source
    short = text_of(client.post(f"{page}appeal/", {"statement": "No."}))
    assert "at least 20 characters" in short
    said = {"statement": "My income rises to 2,400 euros in March; the letter is here."}
    assert "You asked for a second look" in text_of(
        client.post(f"{page}appeal/", said, follow=True)
    )
    assert Appeal.objects.get().statement == said["statement"]


def test_a_request_is_withdrawn_by_one_button() -> None:
    listed = requests.listed_request()
    client = browser_of(listed.borrower)
    source = text_of(client.post(f"/requests/{listed.pk}/withdraw/", follow=True))
    assert "Your request is withdrawn" in source
    assert "Begin a new request" in source
    listed.refresh_from_db()
    assert listed.status == RequestStatus.WITHDRAWN


def test_an_ended_request_leaves_room_for_a_new_one() -> None:
    listed = requests.listed_request()
    services.withdraw_request(borrower=listed.borrower, request_id=listed.pk, at=AT)
    source = text_of(browser_of(listed.borrower).get("/requests/"))
    assert "Begin a request" in source
    assert listed.title in source


def test_a_listed_request_shows_its_funding() -> None:
    listed = requests.listed_request(amount_cents=1_000_00)
    requests.bid(people.lender(cash_cents=250_00), listed, 250_00)
    source = text_of(browser_of(listed.borrower).get(f"/requests/{listed.pk}/"))
    assert "25% funded" in source
    assert "19 Jan 2026" in source
