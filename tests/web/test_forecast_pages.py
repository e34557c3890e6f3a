"""Forecasts on pages: a mandate tried on the past, a borrower's curve, one's own mandates."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import translation

from core import clock
from core.wording import percent
from lending.domain.pricing import price
from lending.models import LoanRequest, Mandate, Offer
from tests.factories import people
from tests.factories.mandates import mandate
from tests.factories.people import AT
from tests.factories.requests import complete_draft
from tests.matching.world import OLD, booked, on_market
from tests.web.conftest import SCRIPT, browser_of, queries_of, text_of

pytestmark = pytest.mark.django_db

TRY = reverse("web:mandate_backtest")
PLAIN = {
    "name": "",
    "max_mark": "5",
    "min_stake_cents": "25",
    "max_per_loan_cents": "100",
    "max_per_borrower_cents": "100",
    "reserve_cents": "0",
    "priority": "1",
    "try_cents": "1000",
}
"""A mandate that takes everything, as the form sends it; it needs no name to be tried."""


@pytest.fixture
def past() -> LoanRequest:
    """A round in which another lender filled a request, some days ago."""
    mandate(cash_cents=3_000_00, max_per_loan_cents=2_000_00)
    request = on_market(1_000_00)
    booked()
    clock.set_business_date(clock.day_of(OLD + timedelta(days=70)), is_virtual=True)
    return request


def test_the_panel_tells_what_the_mandate_in_the_form_would_have_done(past: LoanRequest) -> None:
    person = people.lender(cash_cents=500_00)
    before = (Mandate.objects.count(), Offer.objects.count())

    piece = browser_of(person).post(TRY, PLAIN, **SCRIPT)

    told = text_of(piece)
    assert piece.status_code == 200
    assert "<html" not in told
    assert "€100.00 of €1,000.00" in told
    assert "1 of 1" in told
    assert "That is too little to rely on." in told
    assert (Mandate.objects.count(), Offer.objects.count()) == before


def test_without_scripts_the_button_shows_the_form_with_the_panel(past: LoanRequest) -> None:
    person = people.lender(cash_cents=500_00)

    page = text_of(browser_of(person).post(TRY, {**PLAIN, "grades": ["A"], "name": "Only A"}))

    assert "<html" in page
    assert 'value="Only A"' in page
    assert "0 of 1" in page
    assert "Its grade" in page
    assert "1 request, €1,000" in page


def test_a_form_that_cannot_be_read_is_told_what_is_missing() -> None:
    browser = browser_of(people.lender())

    unread = text_of(browser.post(TRY, {**PLAIN, "max_per_loan_cents": "much"}, **SCRIPT))
    refused = text_of(browser.post(TRY, {**PLAIN, "max_per_loan_cents": "10"}, **SCRIPT))
    amount = text_of(browser.post(TRY, {**PLAIN, "try_cents": "1"}, **SCRIPT))

    assert "Please look at these first: At most per loan." in unread
    assert "of €" not in refused
    assert "Please enter at least €25.00." in amount


def test_without_rounds_the_panel_says_what_will_come() -> None:
    told = text_of(browser_of(people.lender()).post(TRY, PLAIN, **SCRIPT))
    assert "No round has run so far" in told


def test_the_form_of_a_mandate_asks_for_its_panel() -> None:
    given = mandate(cash_cents=500_00)
    browser = browser_of(given.lender)

    new = text_of(browser.get(reverse("web:mandate_new")))
    edit = text_of(browser.get(reverse("web:mandate_edit", args=[given.pk])))

    assert f'hx-post="{TRY}"' in new
    assert f'formaction="{reverse("web:mandate_backtest_of", args=[given.pk])}"' in edit


def test_the_panel_takes_no_more_queries_when_more_rounds_have_run(past: LoanRequest) -> None:
    browser = browser_of(people.lender(cash_cents=500_00))
    few = queries_of(lambda: browser.post(TRY, PLAIN, **SCRIPT))
    for number in range(2):
        on_market(1_000_00, at=AT + timedelta(days=number + 1))
        booked(at=OLD + timedelta(days=number + 1))
    assert queries_of(lambda: browser.post(TRY, PLAIN, **SCRIPT)) <= few


AMOUNT: dict[str, Any] = {
    "amount_cents": "1000",
    "term_months": "36",
    "purpose": "car",
    "due_day": "1",
    "max_rate": "",
    "curve_grade": "C",
}


def test_a_draft_shows_chances_for_the_amount_in_the_form_and_stores_nothing() -> None:
    mandate(cash_cents=3_000_00, max_per_loan_cents=2_000_00)
    draft = complete_draft()
    url = reverse("web:application_curve", args=[draft.pk])
    browser = browser_of(draft.borrower)
    step = reverse("web:application_step", args=[draft.pk, "amount"])

    assert f'hx-post="{url}"' in text_of(browser.get(step))
    piece = text_of(browser.post(url, AMOUNT, **SCRIPT))
    page = text_of(browser.post(url, AMOUNT))

    for told in (piece, page):
        assert "<strong>1 of 1</strong> trials." in told
        assert "This is no promise." in told
        assert "The mandates that stand today would fill it." in told
    first = {name: value for name, value in AMOUNT.items() if name != "curve_grade"}
    assert "Please fill this in." not in text_of(browser.post(url, first, **SCRIPT))
    assert "<html" not in piece
    assert "<html" in page
    draft.refresh_from_db()
    assert draft.amount_cents == 5_000_00


def test_a_draft_without_amount_shows_what_to_fill_in_and_odd_input_breaks_nothing() -> None:
    draft = complete_draft()
    url = reverse("web:application_curve", args=[draft.pk])
    browser = browser_of(draft.borrower)
    for odd in ({"amount_cents": ""}, {"amount_cents": "1.01"}, {"term_months": "7"}):
        assert "Fill in amount, term and purpose" in text_of(
            browser.post(url, AMOUNT | odd, **SCRIPT)
        )
    told = text_of(browser.post(url, AMOUNT | {"curve_grade": "Z", "max_rate": "99"}, **SCRIPT))
    with translation.override("en"):
        assert f"At {percent(price('C', 36).ceiling)} it was filled" in told


def test_a_listed_request_shows_its_curve_to_its_borrower_alone() -> None:
    mandate(cash_cents=3_000_00, max_per_loan_cents=2_000_00)
    own = on_market(1_000_00)
    url = reverse("web:listed_curve", args=[own.pk])
    browser = browser_of(own.borrower)

    assert f'hx-get="{url}"' in text_of(browser.get(reverse("web:my_request_page", args=[own.pk])))
    assert "<strong>1 of 1</strong> trials." in text_of(browser.get(url, **SCRIPT))
    assert "<strong>1 of 1</strong> trials." in text_of(browser.get(url))
    assert browser_of(people.borrower()).get(url).status_code == 404


def test_a_lender_reads_of_each_mandate_what_became_of_a_request() -> None:
    taking = mandate(cash_cents=3_000_00, max_per_loan_cents=400_00)
    mandate(lender=taking.lender, grades=["A"])
    request = on_market(2_000_00)
    mandate(cash_cents=3_000_00, max_per_loan_cents=600_00)
    booked(at=AT)
    url = reverse("web:request", args=[request.public_id])

    page = text_of(browser_of(taking.lender).get(url))

    assert "Your mandates and this request" in page
    assert "It took part." in page
    assert "What does not fit: its grade." in page
    stake = Offer.objects.get(mandate=taking)
    assert reverse("web:receipt", args=[stake.pk]) in page
    assert "Your mandates and this request" not in text_of(browser_of(people.lender()).get(url))


def test_the_curve_of_an_auction_tells_the_price_and_that_of_a_part_the_sum() -> None:
    band = price("C", 36)
    mandate(cash_cents=800_00, max_per_loan_cents=800_00, min_rate=band.posted)
    auction = on_market(
        1_000_00, price_rule="auction", annual_rate=band.ceiling, floor_rate=band.floor
    )
    part = on_market(1_000_00, least_percent=70, annual_rate=band.ceiling)
    clock.set_business_date(AT.date(), is_virtual=True)

    def told(own: LoanRequest) -> str:
        page = browser_of(own.borrower).get(reverse("web:listed_curve", args=[own.pk]))
        return text_of(page)

    assert (
        f"With {percent(band.ceiling)} as the highest rate it was filled in time in <strong>none"
        in (told(auction))
    )
    assert "In 1 of them a part was all there was at the deadline; half reached €800.00" in (
        told(part)
    )
    mandate(cash_cents=500_00, min_rate=band.posted)
    assert f"Half of these came to <strong>{percent(band.posted)}</strong> or less." in told(
        auction
    )
