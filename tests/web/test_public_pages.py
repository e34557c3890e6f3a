"""What everyone may read."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from django.test import Client

from core.clock import business_date
from lending.domain.pricing import price
from tests.factories import loans, people
from tests.web.conftest import SCRIPT, browser_of, queries_of, text_of
from web.representative import ENOUGH_LOANS, figures, representative_example
from web.templatetags.pari import euro, percent

PAGES = [
    "/",
    "/how-it-works/",
    "/prices/",
    "/help/",
    "/credit-information/",
    "/lender-risks/",
    "/legal-notice/",
    "/market/",
    "/accounts/login/",
    "/accounts/signup/",
    "/accounts/password/reset/",
]


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("language", ["de", "en"])
def test_everyone_may_read_it_in_both_languages(page: str, language: str) -> None:
    response = Client(HTTP_ACCEPT_LANGUAGE=language).get(page)
    assert response.status_code == 200
    assert f'<html lang="{language}"' in text_of(response)


@pytest.mark.parametrize("page", ["/", "/prices/", "/how-it-works/", "/credit-information/"])
def test_beside_rates_stand_the_warning_and_the_representative_example(
    visitor: Client, page: str
) -> None:
    source = text_of(visitor.get(page))
    assert "Caution! Borrowing money costs money." in source
    assert "Representative example" in source


def test_the_calculator_shows_the_figures_of_the_one_quote(visitor: Client) -> None:
    rate = price("B", 36).posted
    loan = figures(8_000_00, rate, 36, business_date())
    answer = visitor.get("/", {"amount": "8,000", "months": "36", "grade": "B"}, **SCRIPT)
    source = text_of(answer)
    shown = (loan.instalment_cents, loan.fee_cents, loan.payout_cents, loan.total_payable_cents)
    assert all(euro(cents) in source for cents in shown)
    assert percent(rate) in source
    assert percent(loan.apr) in source
    assert "<html" not in source
    assert "HX-Request" in answer["Vary"]


def test_the_calculator_works_without_script(visitor: Client) -> None:
    source = text_of(visitor.get("/", {"amount": "8,000", "months": "36", "grade": "B"}))
    loan = figures(8_000_00, price("B", 36).posted, 36, business_date())
    assert euro(loan.instalment_cents) in source
    assert "<html" in source


@pytest.mark.parametrize(
    ("amount", "told"),
    [
        ("500", "between €1,000.00 and €50,000.00"),
        ("1,010", "steps of €25.00"),
        ("much", "Please enter an amount"),
        ("", "Please fill this in."),
    ],
)
def test_the_calculator_says_what_is_wrong(visitor: Client, amount: str, told: str) -> None:
    asked = {"amount": amount, "months": "36", "grade": "B"}
    assert told in text_of(visitor.get("/", asked, **SCRIPT))


def test_the_example_is_an_expectation_until_there_are_loans_to_count() -> None:
    example = representative_example(business_date())
    assert example.loans == 0
    assert example.quote.annual_rate == price("E", 48).posted


def test_two_thirds_of_the_loans_cost_no_more_than_the_example() -> None:
    rates = [Decimal(number) / 200 for number in range(5, 5 + ENOUGH_LOANS)]
    for rate in rates:
        loans.loan(shares_cents=[1_000_00], annual_rate=rate)
    example = representative_example(business_date())
    assert example.loans == ENOUGH_LOANS
    meeting = [rate for rate in rates if rate <= example.quote.annual_rate]
    assert len(meeting) == ENOUGH_LOANS * 2 // 3


def test_loans_of_long_ago_are_no_example() -> None:
    for _ in range(ENOUGH_LOANS):
        loans.loan(shares_cents=[1_000_00])
    assert representative_example(date(2027, 6, 1)).loans == 0


def test_the_first_page_takes_no_more_queries_with_more_loans(visitor: Client) -> None:
    few = queries_of(lambda: visitor.get("/"))
    for _ in range(3):
        loans.loan(shares_cents=[1_000_00])
    assert queries_of(lambda: visitor.get("/")) <= few


def test_the_price_list_is_the_table_of_fees(visitor: Client) -> None:
    source = text_of(visitor.get("/prices/"))
    assert all(share in source for share in ("2.50%", "1.00%"))
    assert percent(price("H", 84).posted) in source


def test_a_chosen_side_is_marked_at_sign_up_only_when_the_link_said_so(visitor: Client) -> None:
    assert "checked" not in text_of(visitor.get("/accounts/signup/"))
    assert "checked" in text_of(visitor.get("/accounts/signup/?role=lender"))


def test_a_person_who_is_logged_in_sees_the_own_navigation() -> None:
    source = text_of(browser_of(people.lender()).get("/help/"))
    assert all(f'href="{url}"' in source for url in ("/lender/", "/mandates/", "/wallet/"))
