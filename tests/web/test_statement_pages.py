"""The statement on the page and as a file, and the journal entry behind a line."""

from __future__ import annotations

import csv
from datetime import timedelta
from io import StringIO

from django.test import Client

from accounts.models import User
from core.dates import month_range
from lending.models import Loan, LoanRequest
from lending.selectors.statements import Span, statement_for, statement_lines
from tests.factories import loans, people
from tests.factories.people import AT
from tests.lending.reading import text_of_pdf
from tests.web.conftest import browser_of, queries_of, text_of


def _lender_with_loan() -> tuple[User, Loan]:
    lender = people.lender()
    loan = loans.loan(shares_cents=[600_00, 400_00], lenders=[lender, people.lender()])
    loans.pay_instalments(loan, 2)
    return lender, loan


def _table(client: Client, address: str) -> list[list[str]]:
    answer = client.get(address)
    source = b"".join(answer.streaming_content).decode()  # type: ignore[attr-defined]
    return list(csv.reader(StringIO(source)))


def test_the_page_shows_opening_sums_lines_and_closing() -> None:
    lender, loan = _lender_with_loan()
    month = f"{loan.first_due_on:%Y-%m}"
    source = text_of(browser_of(lender).get(f"/wallet/statement/?month={month}"))
    span = Span(*month_range(loan.first_due_on))
    line = statement_lines(lender, span)[0]
    assert "Opening balance" in source
    assert "Principal repaid to you" in source
    assert f"/wallet/journal/{line.entry_id}/" in source
    assert f"{loan.number}</a> · {loan.request.title}" in source


def test_any_days_can_be_asked_for_and_wrong_ones_are_told() -> None:
    lender, _loan = _lender_with_loan()
    first, last = AT.date(), AT.date() + timedelta(days=3)
    client = browser_of(lender)
    source = text_of(client.get(f"/wallet/statement/?from={first}&to={last}"))
    assert "Reserved for a bid" in source
    assert "Interest received" not in source
    told = text_of(client.get(f"/wallet/statement/?from={last}&to={first}"))
    assert "The last day lies before the first." in told


def test_a_month_without_bookings_says_what_to_do() -> None:
    source = text_of(browser_of(people.lender()).get("/wallet/statement/?month=2024-02"))
    assert "Nothing was booked on these days" in source


def test_the_file_opens_adds_up_and_closes_and_runs_no_formula() -> None:
    lender = people.lender()
    title = "=HYPERLINK(1)"
    loan = loans.loan(shares_cents=[1_000_00], lenders=[lender])
    LoanRequest.objects.filter(pk=loan.request_id).update(title=title)
    span = Span(AT.date(), loan.first_due_on)
    told = statement_for(lender, span)
    rows = _table(browser_of(lender), f"/wallet/statement.csv?from={span.from_on}&to={span.to_on}")
    assert len(rows) == told.lines + 3
    amounts = [[round(float(cell) * 100) for cell in row[3:8]] for row in rows[1:]]
    opening, *lines, closing = amounts
    assert [sum(column) for column in zip(opening, *lines, strict=True)] == closing
    assert closing == list(told.closing)
    assert f"'{title}" in {row[2] for row in rows}
    assert title not in {row[2] for row in rows}


def test_the_document_is_made_in_the_language_of_the_page() -> None:
    lender, loan = _lender_with_loan()
    address = f"/wallet/statement.pdf?month={loan.first_due_on:%Y-%m}"
    german = browser_of(lender, language="de").get(address)
    assert german["Content-Type"] == "application/pdf"
    assert "Kontoauszug" in text_of_pdf(german.content)
    assert "Opening balance" in text_of_pdf(browser_of(lender).get(address).content)


def test_a_journal_entry_shows_the_reader_s_part_alone() -> None:
    lender, loan = _lender_with_loan()
    entry_id = statement_lines(lender, Span(*month_range(loan.first_due_on)))[0].entry_id
    source = text_of(browser_of(lender).get(f"/wallet/journal/{entry_id}/"))
    assert "interest passed through" in source
    assert source.count("Service fee") == 1
    stranger = browser_of(people.lender()).get(f"/wallet/journal/{entry_id}/")
    assert stranger.status_code == 404


def test_the_number_of_queries_does_not_grow_with_the_lines() -> None:
    lender, loan = _lender_with_loan()
    client = browser_of(lender)
    days = f"from={AT.date()}&to={loan.first_due_on + timedelta(days=200)}"
    counts = []
    for _ in range(2):
        client.get(f"/wallet/statement/?{days}")
        counts.append(queries_of(lambda: client.get(f"/wallet/statement/?{days}")))
        loans.pay_instalments(loan, 2)
    assert counts[0] == counts[1]
