"""The same page in two languages: each writes euros, rates and days its own way, and all of it."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Final

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from core import clock
from lending.choices import MAX_AMOUNT_CENTS, TERMS
from lending.domain.pricing import price
from lending.domain.quote import first_due_date, quote
from lending.models import FeeKind
from lending.selectors.fees import fee_rate
from tests.factories import loans, people
from tests.factories import requests as make
from tests.factories.people import AT
from tests.web.conftest import SCRIPT, browser_of, text_of
from tests.web.reading import words_of
from tests.web.test_access import READ, TABLE
from tests.web.world import things

GERMAN_FIGURE: Final = re.compile(r"\d(?:,\d\d)? €|\d,\d+ %|\d\d\.\d\d\.20\d\d")
ENGLISH_FIGURE: Final = re.compile(r"€\d|\d%|\d{1,2} [A-Z][a-z]{2} 20\d\d")
_DOCUMENTS: Final = {
    "contract",
    "pre_contract",
    "document",
    "schedule_pdf",
    "tax_pdf",
    "statement_file",
    "statement_pdf",
    "loan_book_file",
}


def _pages() -> dict[str, tuple[User, str]]:
    """Owner and address of every page that can be read."""
    world = things()
    return {
        name: (
            world[row.about].owner,
            reverse(f"web:{name}", kwargs={**world[row.about].named, **row.more}),
        )
        for name, row in TABLE.items()
        if row.methods >= READ and row.owner == 200 and name not in _DOCUMENTS
    }


def test_no_page_writes_a_figure_in_the_other_languages_way() -> None:
    mixed, written = [], 0
    browsers: dict[int, list[Client]] = {}
    for name, (owner, address) in _pages().items():
        if owner.pk not in browsers:
            browsers[owner.pk] = [browser_of(owner, language=code) for code in ("de", "en")]
        german, english = (words_of(browser.get(address)) for browser in browsers[owner.pk])
        wrong = [*ENGLISH_FIGURE.findall(german), *GERMAN_FIGURE.findall(english)]
        written += len(GERMAN_FIGURE.findall(german))
        mixed += [(name, figure) for figure in wrong]
        assert (name, german == english) == (name, False)
    assert mixed == []
    assert written > 100


@pytest.mark.parametrize(
    ("language", "figures"),
    [
        ("de", ("1.234,56 €", "05.01.2026")),
        ("en", ("€1,234.56", "5 Jan 2026")),
    ],
)
def test_the_wallet_writes_euros_and_days(language: str, figures: tuple[str, ...]) -> None:
    lender = people.lender(cash_cents=1_234_56)
    words = words_of(browser_of(lender, language=language).get("/wallet/"))
    assert [figure for figure in figures if figure not in words] == []


@pytest.mark.parametrize(
    ("language", "figures"),
    [
        ("de", ("12.500 €", "8,00 %", "36 Monate", "19.01.2026", "2.525,00 €", "1 Tag")),
        ("en", ("€12,500", "8.00%", "36 months", "19 Jan 2026", "€2,525.00", "1 day")),
    ],
)
def test_a_request_writes_euros_rates_and_days(language: str, figures: tuple[str, ...]) -> None:
    wanted = make.listed_request(amount_cents=12_500_00)
    make.bid(people.lender(cash_cents=2_525_00), wanted, 2_525_00)
    clock.set_business_date(clock.day_of(AT) + timedelta(days=13), is_virtual=True)
    visitor = Client(HTTP_ACCEPT_LANGUAGE=language)
    shown = words_of(visitor.get(f"/market/{wanted.public_id}/")) + words_of(
        visitor.get("/market/")
    )
    assert [figure for figure in figures if figure not in shown] == []


@pytest.mark.parametrize(
    ("language", "figures"),
    [("de", ("5.000,00 €", "8,00 %", "01.03.2026")), ("en", ("€5,000.00", "8.00%", "1 Mar 2026"))],
)
def test_a_loan_writes_euros_rates_and_days(language: str, figures: tuple[str, ...]) -> None:
    loan = loans.loan(shares_cents=[5_000_00])
    words = words_of(browser_of(loan.borrower, language=language).get(f"/loans/{loan.pk}/"))
    assert [figure for figure in figures if figure not in words] == []


def test_what_is_typed_in_a_form_is_kept_when_the_language_changes_in_between() -> None:
    draft = make.complete_draft(amount=make.amount_data(amount_cents=12_500_00))
    address = f"/requests/{draft.pk}/amount/"
    for language, value in (("de", "12.500"), ("en", "12,500")):
        client = browser_of(draft.borrower, language=language)
        assert f'value="{value}"' in text_of(client.get(address))


@pytest.mark.parametrize("months", [TERMS[0], TERMS[-1]])
@pytest.mark.parametrize("grade", ["A", "H"])
@pytest.mark.parametrize("typed", ["1.000", "12.525,00", "50.000"])
def test_the_calculator_gives_the_figures_of_the_domain(
    months: int, grade: str, typed: str
) -> None:
    on, cents = clock.business_date(), int(typed.split(",")[0].replace(".", "")) * 100
    wanted = quote(
        cents,
        price(grade, months).posted,
        months,
        on,
        first_due_date(on, 1),
        fee_rate(FeeKind.BORROWER, on),
    )
    asked = {"amount": typed, "months": str(months), "grade": grade}
    answer = Client(HTTP_ACCEPT_LANGUAGE="de").get("/", asked, **SCRIPT)
    assert answer.context["quote"] == wanted
    assert cents <= MAX_AMOUNT_CENTS


def test_a_stored_language_comes_back_in_a_new_browser_after_login() -> None:
    person = people.lender(language="en")
    first = browser_of(person)
    first.post("/language/", {"language": "de", "next": "/wallet/"})
    assert '<html lang="de"' in text_of(first.get("/wallet/"))
    second = browser_of(person, language="en")
    second.get("/home/")
    assert '<html lang="de"' in text_of(second.get("/wallet/"))
