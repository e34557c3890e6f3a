"""Documents of day end: fixed once, set on first sight, equal to the database in both languages."""

from __future__ import annotations

import hashlib
import re
from datetime import date, timedelta
from io import BytesIO

import pytest
from django.conf import settings
from django.utils import translation
from pypdf import PdfReader

from accounts.models import User
from core import clock
from core.dates import month_range
from core.errors import NotFound, StaleState
from core.money import to_cents
from core.wording import day, euro
from lending.documents import pdf
from lending.models import Document, DocumentKind, Loan
from lending.selectors.debts import debt_of
from lending.selectors.documents import contracts_of, documents_of, documents_of_loan
from lending.selectors.statements import Balances, Span, statement_for
from lending.selectors.tax_year import tax_year, year_span
from lending.services.arrears_letters import letter_words
from lending.services.contract_figures import document_words, figures_of
from lending.services.documents import (
    fetch_document,
    issue_documents,
    issue_payoffs,
    issue_statements,
    issue_tax_years,
)
from lending.services.payoff_words import payoff_pdf, payoff_words
from lending.services.schedule_words import schedule_pdf
from lending.services.tax_words import tax_pdf
from lending.verify import issued_statements_hold
from notifications.models import Message
from tests.factories import arrears, loans, people
from tests.factories import requests as make
from tests.factories.loans import noon
from tests.factories.people import AT
from tests.flows.money import assert_money
from tests.lending.reading import text_of_pdf

pytestmark = pytest.mark.django_db
ON = clock.day_of(AT)
FIRST, LAST = month_range(ON)
LETTERS = (
    DocumentKind.REMINDER_1,
    DocumentKind.REMINDER_2,
    DocumentKind.FINAL_NOTICE,
    DocumentKind.TERMINATION,
)
LANGUAGES = pytest.mark.parametrize("language", ["de", "en"])


def _plain(words: str) -> str:
    return words.replace("\u00a0", " ").replace("-", "−")


def _shows(content: bytes, language: str, *cents: int) -> None:
    """Fail unless the document shows each of these amounts as people of `language` write it."""
    text = _plain(text_of_pdf(content))
    with translation.override(language):
        missing = [euro(each) for each in cents if _plain(euro(each)) not in text]
    assert not missing


def _lent() -> tuple[Loan, User]:
    lender = people.lender()
    loan = loans.loan(shares_cents=[600_00, 400_00], lenders=[lender, people.lender()])
    return loan, lender


def test_a_month_is_fixed_once_for_all_who_had_money() -> None:
    _loan, lender = _lent()
    people.lender()
    assert issue_statements(on=LAST, at=noon(LAST)) == 2
    assert issue_statements(on=LAST + timedelta(days=3), at=noon(LAST)) == 0
    document = Document.objects.get(person=lender)
    told = statement_for(lender, Span(FIRST, LAST))
    assert document.data["closing"] == list(told.closing)
    assert document.data["lines"] == told.lines
    assert (document.on, document.pdf, document.sha256) == (LAST, None, "")
    letter = Message.objects.get(person=lender, kind="statement_ready")
    assert letter.facts["invested_cents"] == 600_00
    assert_money("ledger", "lending")


def test_the_step_of_a_day_in_the_middle_makes_up_for_the_month_before() -> None:
    _lent()
    on = LAST + timedelta(days=10)
    assert issue_documents(on=on, at=noon(on)) == {"statements": 2, "tax_years": 0, "payoffs": 0}
    assert set(Document.objects.values_list("on", flat=True)) == {LAST}


def test_the_pages_are_set_once_and_kept() -> None:
    _loan, lender = _lent()
    issue_statements(on=LAST, at=noon(LAST))
    own = documents_of(lender).get()
    first = fetch_document(person=lender, document_id=own.pk)
    assert first.sha256 == hashlib.sha256(bytes(first.pdf or b"")).hexdigest()
    people.give_cash(lender, 50_00, at=AT)
    again = fetch_document(person=lender, document_id=own.pk)
    assert (bytes(again.pdf or b""), again.sha256) == (bytes(first.pdf or b""), first.sha256)
    with pytest.raises(NotFound):
        fetch_document(person=people.lender(), document_id=own.pk)


def test_what_is_booked_late_stands_on_the_next_statement() -> None:
    _loan, lender = _lent()
    issue_statements(on=LAST, at=noon(LAST))
    people.give_cash(lender, 7_00, at=AT)
    following = month_range(LAST + timedelta(days=1))[1]
    issue_statements(on=following, at=noon(following))
    january, february = Document.objects.filter(person=lender).order_by("on")
    said = lender.language
    assert february.data["opening"] == january.data["closing"]
    assert Balances(*february.data["closing"]).available == 7_00
    _shows(bytes(fetch_document(person=lender, document_id=january.pk).pdf or b""), said, 600_00)
    _shows(bytes(fetch_document(person=lender, document_id=february.pk).pdf or b""), said, 7_00)
    assert_money("ledger", "lending")


def test_a_statement_that_shows_another_cent_is_found_and_not_set() -> None:
    _loan, lender = _lent()
    issue_statements(on=LAST, at=noon(LAST))
    document = Document.objects.get(person=lender)
    document.data["closing"][4] += 1
    document.save(update_fields=["data"])
    [finding] = issued_statements_hold()
    assert finding.found_cents - finding.expected_cents == 1
    with pytest.raises(StaleState):
        fetch_document(person=lender, document_id=document.pk)


def test_a_market_that_lived_before_its_first_statement_opens_with_what_there_was() -> None:
    loan, lender = _lent()
    loans.pay_instalments(loan, 3)
    third = month_range(loan.first_due_on + timedelta(days=62))[1]
    assert issue_statements(on=third, at=noon(third)) == 2
    [document] = Document.objects.filter(person=lender)
    assert any(document.data["opening"])
    assert document.data["lines"]
    assert list(issued_statements_hold()) == []
    fourth = month_range(third + timedelta(days=1))[1]
    after_a_gap = month_range(fourth + timedelta(days=1))[1]
    loans.pay_instalments(loan, 2)
    assert issue_statements(on=after_a_gap, at=noon(after_a_gap)) == 2
    assert_money("ledger", "lending")


def test_a_lender_without_the_statement_due_is_found() -> None:
    _loan, lender = _lent()
    issue_statements(on=LAST, at=noon(LAST))
    Document.objects.filter(person=lender).delete()
    assert {finding.note for finding in issued_statements_hold()} == {f"no statement of {LAST}"}


def _year_with_a_loss() -> tuple[Loan, User]:
    loan, lender = _lent()
    loans.pay_instalments(loan, 1)
    staff = arrears.two_staff()
    case, on = arrears.in_collection(loan, staff)
    arrears.decide(case, "write_off", staff, at=noon(on))
    return loan, lender


def test_the_year_is_what_the_shares_of_payments_add_up_to() -> None:
    loan, lender = _year_with_a_loss()
    told, holding = tax_year(lender, 2026), loan.holdings.get(lender=lender)
    assert told.interest_cents == holding.interest_cents
    assert told.fee_cents == holding.fee_cents
    assert told.principal_cents == holding.repaid_cents
    assert told.lost_cents == holding.written_off_cents > 0
    [row], [loss] = told.loans, told.losses
    assert row.interest_cents == told.interest_cents
    assert (row.number, loss.number) == (loan.number, loan.number)
    assert told.income_cents == told.interest_cents + told.default_interest_cents
    assert tax_year(lender, 2025).loans == []
    assert tax_year(people.lender(), 2026).income_cents == 0


@LANGUAGES
def test_the_year_s_document_shows_each_sum_and_each_loss(language: str) -> None:
    _loan, lender = _year_with_a_loss()
    told = tax_year(lender, 2026)
    content = tax_pdf(lender, year_span(2026), language, at=noon(date(2027, 1, 1)))
    sums = (told.interest_cents, told.fee_cents, told.principal_cents, told.lost_cents)
    _shows(content, language, *sums, told.income_cents, *(loss.cents for loss in told.losses))
    text = text_of_pdf(content)
    assert ("keine Steuerbescheinigung" if language == "de" else "no certificate") in text
    assert told.losses[0].reference in text


def test_a_year_is_fixed_for_each_lender_who_had_lines_in_it() -> None:
    _loan, lender = _year_with_a_loss()
    last = date(2026, 12, 31)
    assert issue_tax_years(on=last, at=noon(last)) == 2
    assert issue_tax_years(on=last + timedelta(days=5), at=noon(last)) == 0
    own = documents_of(lender).get(kind=DocumentKind.TAX_YEAR)
    content = bytes(fetch_document(person=lender, document_id=own.pk).pdf or b"")
    _shows(content, lender.language, tax_year(lender, 2026).interest_cents)


def _repaid() -> Loan:
    loan, _lender = _lent()
    loans.pay_instalments(loan, 36)
    loan.refresh_from_db()
    return loan


def test_a_repaid_loan_is_confirmed_once() -> None:
    loan = _repaid()
    assert loan.closed_on is not None
    for _ in range(2):
        issue_payoffs(on=loan.closed_on, at=noon(loan.closed_on))
    letter = documents_of_loan(loan.borrower, loan.pk).get()
    assert letter.kind == DocumentKind.PAYOFF
    content = bytes(fetch_document(person=loan.borrower, document_id=letter.pk).pdf or b"")
    paid = sum(row.amount_cents for row in loan.repayments.all())
    _shows(content, loan.borrower.language, paid, loan.principal_cents)
    assert not documents_of_loan(people.borrower(), loan.pk).exists()


@LANGUAGES
def test_the_confirmation_shows_what_was_lent_and_paid(language: str) -> None:
    loan = _repaid()
    at = noon(loan.closed_on or ON)
    content = payoff_pdf(payoff_words(loan, language, at=at), at=at)
    rows = loan.repayments.all()
    interest = sum(row.interest_cents for row in rows)
    principal = sum(row.principal_cents for row in rows)
    _shows(content, language, principal, interest, principal + interest, 0)
    with translation.override(language):
        assert day(loan.closed_on or ON) in text_of_pdf(content)


@LANGUAGES
def test_the_schedule_shows_every_instalment_in_force(language: str) -> None:
    loan, lender = _lent()
    loans.pay_instalments(loan, 2)
    content = schedule_pdf(loan.borrower, loan.pk, language, at=noon(loan.first_due_on))
    rows = list(loan.instalments.current())
    parts = [(row.total_cents, row.principal_cents, row.interest_cents) for row in rows]
    _shows(content, language, *(cents for row in parts for cents in row))
    _shows(content, language, sum(row.total_cents for row in rows))
    with pytest.raises(NotFound):
        schedule_pdf(lender, loan.pk, language, at=AT)


@LANGUAGES
def test_each_letter_of_the_ladder_shows_what_is_owed_and_where_help_is(language: str) -> None:
    loan, _lender = _lent()
    on = loan.first_due_on + timedelta(days=70)
    debt, until = debt_of(loan, on), on + timedelta(days=14)
    parts = (debt.principal_cents, debt.interest_cents, debt.overdue_cents)
    rows = [row.open_cents for row in debt.instalments]
    assert len(rows) == 3
    assert debt.default_interest_cents
    for kind in LETTERS:
        with translation.override(language):
            words = letter_words(loan, kind, debt, language=language, on=on, until=until)
            content = pdf("arrears", words, at=noon(on))
            text = text_of_pdf(content)
            assert {day(on), day(until), day(loan.disbursed_on)} <= set(_days_in(text, language))
        _shows(content, language, *parts, *rows, debt.default_interest_cents, debt.total_cents)
        assert "www.meine-schulden.de" in text
        assert settings.DEFAULT_FROM_EMAIL in text
        assert ("Guten Tag" in text) == (language == "de")
        assert len(PdfReader(BytesIO(content)).pages) == 1


def _days_in(text: str, language: str) -> list[str]:
    pattern = r"\d\d\.\d\d\.\d{4}" if language == "de" else r"\d{1,2} [A-Z][a-z]{2,3} \d{4}"
    return re.findall(pattern, text)


@LANGUAGES
def test_contract_and_information_before_it_show_every_figure(language: str) -> None:
    request = make.filled_request()
    figures = figures_of(request, at=AT)
    names = ("amount", "payout", "fee", "instalment", "last_instalment", "interest", "cost")
    sums = [figures[f"{name}_cents"] for name in names] + [figures["total_payable_cents"]]
    plan = [cents for row in figures["schedule"] for cents in row[2:]]
    a_day = to_cents(figures["amount_cents"] * request.annual_rate / 360)
    for signed_at in (None, AT):
        words = document_words(figures, language, signed_at=signed_at)
        content = pdf("contract", words, at=AT)
        _shows(content, language, *sums, *plan, a_day)
        text = text_of_pdf(content)
        assert settings.DEFAULT_FROM_EMAIL in text
        assert ("Widerruf" in text, "withdraw" in text) == (language == "de", language == "en")
        until = "also bis zum 19.01.2026" if language == "de" else "of signing, until 19 Jan 2026"
        assert (until in text) == bool(signed_at)


def test_contracts_are_listed_for_their_borrower_alone() -> None:
    assert not contracts_of(people.borrower()).exists()
