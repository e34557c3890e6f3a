"""The statistics page and the loan book as a file."""

from __future__ import annotations

import csv
from datetime import date
from io import StringIO

from django.test import Client

from core import clock
from lending.selectors.public_book import COLUMNS
from lending.selectors.statistics import market_record
from lending.services.arrears import age_loans
from tests.factories import loans
from tests.factories.requests import listed_request
from tests.web.conftest import queries_of, text_of
from web.templatetags.pari import percent, whole_euro


def _a_year_later() -> None:
    for grade, paid in (("B", 12), ("C", 1), ("C", 12)):
        made = loans.loan(shares_cents=[1_000_00, 500_00], grade=grade, term_months=12, due_day=1)
        loans.pay_instalments(made, paid)
    for on in (date(2026, 7, 15), date(2027, 2, 1)):
        age_loans(on=on, at=loans.noon(on))
    clock.set_business_date(date(2027, 3, 1), is_virtual=True)


def test_an_empty_market_says_when_the_page_will_begin(visitor: Client) -> None:
    source = text_of(visitor.get("/statistics/"))
    assert "No loan was paid out yet" in source
    listed_request()
    clock.set_business_date(date(2026, 2, 1), is_virtual=True)
    source = text_of(visitor.get("/statistics/"))
    assert "What became of requests" in source
    assert "2026-Q1" in source


def test_a_young_market_tells_no_default_rate(visitor: Client) -> None:
    loans.pay_instalments(loans.loan(), 1)
    clock.set_business_date(date(2026, 4, 10), is_virtual=True)
    source = text_of(visitor.get("/statistics/"))
    assert "no whole twelve months behind it yet" in source
    assert "Seen a year" not in source
    assert "Defaults by age of the loans" in source


def test_the_page_shows_the_figures_of_its_selector(visitor: Client) -> None:
    _a_year_later()
    record = market_record(date(2027, 2, 28))
    source = text_of(visitor.get("/statistics/"))
    assert "As of the end of 28 Feb 2027" in source
    assert whole_euro(record.totals.lent_cents) in source
    assert percent(record.rate.mean, 1) in source
    for rate in record.rate.windows:
        assert f"{rate.defaulted} / {rate.at_start}" in source
    for row in record.grades:
        if row.totals.loans:
            assert f"{row.least} – {row.most}" in source
            assert percent(row.expected, 1) in source
    assert source.count('class="chart-plot"') == 1
    assert source.count('class="gauge"') == 2
    assert "−" in source  # the loan in default pulls the cohort's lower end below nothing


def test_the_file_holds_every_loan_and_every_request(visitor: Client) -> None:
    _a_year_later()
    answer = visitor.get("/statistics/loan-book.csv")
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert answer["Content-Disposition"] == ('attachment; filename="pari-loan-book-2027-02-28.csv"')
    text = b"".join(answer.streaming_content).decode()  # type: ignore[attr-defined]
    rows = list(csv.DictReader(StringIO(text)))
    assert tuple(rows[0]) == COLUMNS
    assert [row["state"] for row in rows] == ["repaid", "default", "repaid"]
    assert {row["month"] for row in rows} == {"2026-01"}
    assert [row["default_month"] for row in rows] == ["", "2026-07", ""]
    assert "=" not in text


def test_the_page_is_within_two_clicks_of_everyone(visitor: Client) -> None:
    assert text_of(visitor.get("/")).count('href="/statistics/"') >= 2
    assert 'href="/statistics/loan-book.csv"' in text_of(visitor.get("/statistics/"))


def test_more_loans_take_no_more_queries(visitor: Client) -> None:
    loans.pay_instalments(loans.loan(grade="A"), 2)
    clock.set_business_date(date(2026, 6, 1), is_virtual=True)
    before = queries_of(lambda: visitor.get("/statistics/"))
    for grade in "BCD":
        loans.pay_instalments(loans.loan(grade=grade), 2)
    clock.set_business_date(date(2026, 6, 2), is_virtual=True)
    assert queries_of(lambda: visitor.get("/statistics/")) <= before
