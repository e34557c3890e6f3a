"""Mandates on the pages."""

from __future__ import annotations

from decimal import Decimal

import pytest

from accounts.models import User
from lending.models import Mandate
from lending.states import MandateStatus
from tests.factories import mandates, people, requests
from tests.web.conftest import SCRIPT, browser_of, queries_of, text_of

PLAIN = {
    "name": "Short and safe",
    "grades": ["A", "B"],
    "terms": ["12", "24"],
    "min_rate": "4.5",
    "max_mark": "3",
    "min_stake_cents": "25",
    "max_per_loan_cents": "200",
    "max_per_borrower_cents": "400",
    "reserve_cents": "100",
    "priority": "2",
    "end_on": "2026-12-31",
    "cap_B": "500",
}


@pytest.fixture
def lender() -> User:
    """Somebody who lends."""
    return people.lender()


def test_without_a_mandate_the_page_says_what_one_is(lender: User) -> None:
    assert "No mandate yet" in text_of(browser_of(lender).get("/mandates/"))


def test_a_mandate_is_written_as_it_was_typed(lender: User) -> None:
    answer = browser_of(lender).post("/mandates/new/", PLAIN)
    own = Mandate.objects.get(lender=lender)
    assert answer["Location"] == f"/mandates/{own.pk}/"
    assert (own.grades, own.terms, own.purposes) == (["A", "B"], [12, 24], [])
    assert (own.min_rate, own.max_rate) == (Decimal("0.045"), None)
    assert (own.max_per_loan_cents, own.reserve_cents) == (200_00, 100_00)
    assert own.max_per_grade_cents == {"B": 500_00}
    assert (own.priority, own.budget_cents) == (2, None)


def test_its_page_says_in_plain_words_what_it_does(lender: User) -> None:
    client = browser_of(lender)
    source = text_of(client.post("/mandates/new/", PLAIN, follow=True))
    assert "It takes grades A, B, terms of 12, 24 months and every purpose." in source
    assert "The rate is 4.50% or more, the mark 3 or better." in source
    assert "It places €25.00 to €200.00 on one loan, and €400.00 on one borrower." in source
    assert "It uses all cash but €100.00, and lends repayments out again." in source
    assert "One grade is limited: B €500.00." in source
    assert "It ends on 31 Dec 2026." in source


def test_a_mandate_is_changed_and_shows_what_was_stored(lender: User) -> None:
    client = browser_of(lender)
    client.post("/mandates/new/", PLAIN)
    own = Mandate.objects.get(lender=lender)
    form = text_of(client.get(f"/mandates/{own.pk}/edit/"))
    assert 'value="Short and safe"' in form
    assert 'value="4.5"' in form
    assert 'value="2026-12-31"' in form
    client.post(f"/mandates/{own.pk}/edit/", PLAIN | {"max_per_loan_cents": "300", "cap_B": ""})
    own.refresh_from_db()
    assert (own.max_per_loan_cents, own.max_per_grade_cents) == (300_00, {})


@pytest.mark.parametrize(
    ("field", "typed", "told"),
    [
        ("name", "", "Please fill this in."),
        ("min_stake_cents", "10", "At least €25.00, please."),
        ("max_per_loan_cents", "210", "Only in steps of €25.00."),
        ("min_rate", "much", "Please enter a rate in percent"),
        ("max_rate", "1", "could never place an offer"),
        ("end_on", "2025-01-01", "At least"),
    ],
)
def test_what_cannot_work_is_told_next_to_its_field(
    lender: User, field: str, typed: str, told: str
) -> None:
    source = text_of(browser_of(lender).post("/mandates/new/", PLAIN | {field: typed}))
    assert f'id="id_{field}_error"' in source
    assert told in source
    assert not Mandate.objects.exists()


def test_while_writing_the_promise_follows(lender: User) -> None:
    piece = text_of(browser_of(lender).post("/mandates/preview/", PLAIN, **SCRIPT))
    assert "It takes grades A, B" in piece
    assert "<html" not in piece
    assert not Mandate.objects.exists()


def test_the_promise_tells_a_contradiction(lender: User) -> None:
    piece = text_of(browser_of(lender).post("/mandates/preview/", PLAIN | {"max_rate": "1"}))
    assert "could never place an offer" in piece


@pytest.mark.parametrize("page", ["preview", "backtest"])
def test_what_is_told_away_from_its_field_names_it(lender: User, page: str) -> None:
    given = PLAIN | {"preferred_stake_cents": "225"}
    piece = text_of(browser_of(lender).post(f"/mandates/{page}/", given, **SCRIPT))
    assert "Usual stake: At most €200.00, please." in piece


def test_a_mandate_is_paused_resumed_and_ended(lender: User) -> None:
    own, client = mandates.mandate(lender=lender), browser_of(lender)
    for act, status in (
        ("pause", MandateStatus.PAUSED),
        ("resume", MandateStatus.ACTIVE),
        ("end", MandateStatus.ENDED),
    ):
        source = text_of(client.post(f"/mandates/{own.pk}/{act}/", follow=True))
        own.refresh_from_db()
        assert own.status == status
        assert f"{own.name}: {own.get_status_display()}." in source
    refused = text_of(client.post(f"/mandates/{own.pk}/resume/", follow=True))
    assert "not possible at this stage" in refused
    assert client.get(f"/mandates/{own.pk}/edit/")["Location"] == f"/mandates/{own.pk}/"


def test_nearest_misses_say_what_refused_them(lender: User) -> None:
    own = mandates.mandate(lender=lender, cash_cents=1_000_00, grades=("A",))
    requests.listed_request(grade="C")
    source = text_of(browser_of(lender).get(f"/mandates/{own.pk}/"))
    assert "Nearest misses" in source
    assert "its grade" in source


def test_more_mandates_take_no_more_queries(lender: User) -> None:
    mandates.mandate(lender=lender)
    client = browser_of(lender)
    client.get("/mandates/")
    few = queries_of(lambda: client.get("/mandates/"))
    for _ in range(3):
        mandates.mandate(lender=lender)
    assert queries_of(lambda: client.get("/mandates/")) == few


def test_every_further_filter_is_stored_shown_and_told() -> None:
    lender = people.lender()
    client = browser_of(lender)
    told = PLAIN | {
        "preferred_stake_cents": "50",
        "budget_cents": "1,000",
        "reinvest": "principal",
        "min_net_rate": "2",
        "min_amount_cents": "250000",
        "max_amount_cents": "1500000",
        "max_age_days": "3",
        "min_funded_percent": "25",
        "employments": ["fixed"],
        "regions": ["1", "8"],
        "no_late_payers": "on",
    }
    assert client.post("/mandates/new/", told).status_code == 302

    own = Mandate.objects.get(lender=lender)
    assert (own.preferred_stake_cents, own.reinvest) == (50_00, "principal")
    assert (own.min_amount_cents, own.max_amount_cents) == (2_500_00, 15_000_00)
    assert (own.max_age_days, own.min_funded_percent) == (3, 25)
    assert (own.employments, own.regions, own.no_late_payers) == (["fixed"], ["1", "8"], True)
    page = client.get(f"/mandates/{own.pk}/").content.decode()
    for words in ("€2,500.00 to €15,000.00", "3 days at most", "25%", "begins with 1, 8", "2.00%"):
        assert words in page
    form = client.get(f"/mandates/{own.pk}/edit/").content.decode()
    assert 'value="250000" selected' in form
    assert 'value="8" checked' in form or 'value="8" ' in form


@pytest.mark.parametrize(
    ("name", "value", "field"),
    [
        ("preferred_stake_cents", "5000", "preferred_stake_cents"),
        ("min_net_rate", "17", "min_net_rate"),
        ("min_amount_cents", "5000000", "max_amount_cents"),
        ("max_age_days", "2", "max_age_days"),
    ],
)
def test_a_further_filter_that_cannot_be_is_told_at_its_field(
    name: str, value: str, field: str
) -> None:
    client = browser_of(people.lender())
    answer = client.post("/mandates/new/", PLAIN | {"max_amount_cents": "100000", name: value})
    assert answer.status_code == 200
    assert list(answer.context["form"].errors) == [field]


def test_a_cap_on_a_grade_that_is_not_taken_is_told_beside_it() -> None:
    client = browser_of(people.lender())
    answer = client.post("/mandates/new/", PLAIN | {"grades": ["A"], "cap_B": "500"})
    assert list(answer.context["form"].errors) == ["cap_B"]
