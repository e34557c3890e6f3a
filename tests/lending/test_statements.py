"""Statements of lenders: opening and lines are the closing, line by line, month by month."""

from __future__ import annotations

from datetime import date, timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import translation

from accounts.models import User
from core import clock
from core.dates import month_range
from core.errors import NotFound
from core.wording import euro, month, percent
from ledger.chart import EntryKind, Role
from ledger.selectors import balance_cents_on
from ledger.services import Move, account_id, post_entry
from lending.models import Loan
from lending.selectors.cash_forecast import expected_months
from lending.selectors.journal import journal_entry
from lending.selectors.outlook import idle_money, outlook_of
from lending.selectors.reasons_of_moves import Reason, reason_of
from lending.selectors.statements import (
    ROLES,
    Balances,
    Span,
    months_of,
    statement_for,
    statement_lines,
    statements_for,
)
from lending.selectors.valuation import value_on
from lending.services.offers import revoke_offer
from lending.services.statement_words import statement_pdf, statement_words
from lending.verify import statements_balance
from tests.factories import loans, people
from tests.factories.loans import noon
from tests.factories.people import AT
from tests.factories.requests import bid, listed_request
from tests.flows.money import assert_money
from tests.lending.reading import text_of_pdf

pytestmark = pytest.mark.django_db
ON = clock.day_of(AT)


def _book(kind: EntryKind, debit: tuple[Role, int], credit: tuple[Role, int], cents: int) -> None:
    post_entry(
        reference=f"{kind}:{debit}:{credit}:{cents}",
        kind=kind,
        effective_on=ON,
        at=AT,
        moves=[Move(account_id(*debit), account_id(*credit), cents)],
    )


def _months(lender: User, until: date) -> list[Span]:
    return [Span(*month_range(month)) for month in months_of(lender, until)]


def _lived() -> tuple[Loan, User, User]:
    """A loan of two lenders, four of its instalments paid, and a bid that was taken back."""
    first, second = people.lender(), people.lender()
    loan = loans.loan(shares_cents=[600_00, 400_00], lenders=[first, second])
    loans.pay_instalments(loan, 4)
    people.give_cash(first, 50_00, at=AT)
    offer = bid(first, listed_request(), 25_00)
    revoke_offer(lender=first, offer_id=offer.pk, at=AT)
    return loan, first, second


def test_each_month_opens_where_the_one_before_it_closed_and_equals_the_ledger() -> None:
    _loan, first, second = _lived()
    for lender in (first, second):
        spans, before = _months(lender, ON + timedelta(days=150)), Balances()
        assert len(spans) >= 5
        for span in spans:
            told = statement_for(lender, span)
            assert told.opening == before
            lines = statement_lines(lender, span)
            for line in lines:
                before = before.plus(line.change)
            assert told.closing == before
            assert told.lines == len(lines)
            for role, cents in zip(ROLES, told.closing, strict=True):
                assert balance_cents_on(role, lender.pk, on=span.to_on) == cents
    assert_money("ledger", "lending")


def test_the_sums_say_what_each_reason_came_to() -> None:
    loan, first, _second = _lived()
    holding = loan.holdings.get(lender=first)
    told = statement_for(first, Span(ON, ON + timedelta(days=200)))
    assert told.change_cents(Reason.INTEREST_RECEIVED) == holding.interest_cents
    assert told.change_cents(Reason.LENDER_FEE) == -holding.fee_cents
    assert told.change_cents(Reason.PRINCIPAL_RETURNED) == holding.repaid_cents
    assert told.change_cents(Reason.PAY_IN) == 650_00
    assert told.change_cents(Reason.RESERVED, Reason.RELEASED) == 0
    assert told.closing.invested == holding.outstanding_cents


def test_many_lenders_are_added_up_by_one_query(django_assert_num_queries: Any) -> None:
    _loan, first, second = _lived()
    span = Span(ON, ON + timedelta(days=200))
    with django_assert_num_queries(1):
        found = statements_for([first.pk, second.pk], span)
    assert found == {
        pk: statement_for(who, span) for pk, who in ((first.pk, first), (second.pk, second))
    }


def test_lines_come_in_pages_that_make_the_whole() -> None:
    _loan, first, _second = _lived()
    span = Span(ON, ON + timedelta(days=200))
    whole = statement_lines(first, span)
    paged = [
        line
        for start in range(0, len(whole), 4)
        for line in statement_lines(first, span, offset=start, limit=4)
    ]
    assert paged == whole


def test_an_entry_booked_late_is_a_line_of_the_statement_that_follows() -> None:
    lender = people.lender(cash_cents=100_00)
    known = Span(*month_range(ON)).to_on
    last = statement_lines(lender, Span(ON, known))[-1].entry_id
    late = 7_00
    people.give_cash(lender, late, at=AT)
    following = Span(known + timedelta(days=1), known + timedelta(days=28), known_id=last)
    told = statement_for(lender, following)
    assert (told.opening.available, told.closing.available) == (100_00, 107_00)
    assert [line.change.available for line in statement_lines(lender, following)] == [late]
    assert statement_for(lender, Span(ON, known, through_id=last)).closing == told.opening


def test_what_was_laid_out_after_a_late_return_counts_against_the_money() -> None:
    lender = people.lender(cash_cents=10_00)
    _book(EntryKind.REVERSAL, (Role.RECEIVABLE, lender.pk), (Role.CASH, lender.pk), 30_00)
    _book(EntryKind.REVERSAL, (Role.CASH, lender.pk), (Role.SUSPENSE, 0), 40_00)
    told = statement_for(lender, Span(ON, ON))
    assert told.closing == Balances(available=0, owed=30_00)
    assert told.closing.money_cents == -30_00
    assert told.change_cents(Reason.OWED_AFTER_RETURN) == 0
    people.give_cash(lender, 30_00, at=AT)
    _book(EntryKind.RECEIVABLE_SETTLED, (Role.CASH, lender.pk), (Role.RECEIVABLE, lender.pk), 30_00)
    assert statement_for(lender, Span(ON, ON)).closing == Balances()


@pytest.mark.parametrize("language", ["de", "en"])
def test_the_document_shows_every_amount_of_the_ledger(language: str) -> None:
    loan, first, _second = _lived()
    span = Span(*month_range(loan.first_due_on))
    content = statement_pdf(first, span, language, at=noon(span.to_on))
    text, told = text_of_pdf(content), statement_for(first, span)
    with translation.override(language):
        amounts = {
            *told.opening,
            *told.closing,
            told.opening.money_cents,
            told.closing.money_cents,
        } - {0}
        for line in statement_lines(first, span):
            assert str(line.entry_id) in text
            assert str(line.reason.label) in text
            amounts |= {cents for cents in line.change if cents}
        assert told.lines >= 3
        for cents in amounts:
            assert euro(cents).replace("\u00a0", " ").replace("-", "−") in text.replace("-", "−")
    assert ("Kontoauszug" if language == "de" else "Statement") in text


@pytest.mark.parametrize("language", ["de", "en"])
def test_the_document_shows_what_may_come_the_largest_exposure_and_idle_days(language: str) -> None:
    """As it was at the end of the month, though the document is set when more was paid."""
    first, second = people.lender(), people.lender()
    loan = loans.loan(shares_cents=[600_00, 1_200_00], lenders=[first, second])
    small = loans.loan(shares_cents=[250_00, 750_00], lenders=[first, second])
    loans.pay_instalments(loan, 1)
    people.give_cash(first, 70_00, at=AT + timedelta(days=3))
    span = Span(*month_range(loan.first_due_on))
    following = value_on(first, span.to_on)
    (_now, expected) = expected_months(first, following, 2)
    claims = {holding.loan_id: holding for holding in first.holdings.all()}
    owed = claims[loan.pk].outstanding_cents
    balances = [
        sum(
            balance_cents_on(role, first.pk, on=span.from_on + timedelta(days=day))
            for role in (Role.CASH, Role.RESERVED, Role.IN_TRANSIT_OUT)
        )
        for day in range((span.to_on - span.from_on).days + 1)
    ]
    loans.pay_instalments(loan, 2)
    outlook = outlook_of(first, value_on(first, span.to_on))
    assert outlook.next_month == expected
    assert outlook.largest == (owed, [loan.number])
    idle = idle_money(value_on(first, span.to_on), span.from_on)
    assert (idle.days, idle.all_days) == (sum(map(bool, balances)), len(balances))
    assert idle.cent_days == sum(balances) > 0
    told = text_of_pdf(statement_pdf(first, span, language, at=noon(span.to_on)))
    with translation.override(language):
        cents = (expected.expected_cents, expected.least_cents, expected.most_cents)
        for each in (*cents, expected.net_cents, owed, idle.average_cents):
            assert euro(each).replace("\u00a0", " ") in told
        share = percent(owed / (owed + claims[small.pk].outstanding_cents), 1)
        assert share.replace("\u00a0", " ") in told
        assert month(expected.month) in told
    between = "von" if language == "de" else "of"
    assert f"{idle.days} {between} {idle.all_days}" in told


def test_the_same_statement_is_the_same_bytes() -> None:
    _loan, first, _second = _lived()
    span = Span(ON, ON + timedelta(days=200))
    once, again = (statement_pdf(first, span, "de", at=AT) for _ in range(2))
    assert once == again
    words = statement_words(first, span, "en", at=AT)
    assert len(words["digest"]) == 64
    assert words["number"].startswith(f"A-{first.pk:06d}/")


def test_a_line_leads_to_its_entry_with_the_reader_s_moves_alone() -> None:
    loan, first, second = _lived()
    line = statement_lines(first, Span(*month_range(loan.first_due_on)))[-1]
    entry = journal_entry(first, line.entry_id)
    assert entry.reference == line.reference
    own = loan.holdings.get(lender=first).shares.order_by("id").first()
    assert own is not None
    assert [(move.reason, move.cents) for move in entry.moves] == [
        (Reason.PRINCIPAL_RETURNED, own.principal_cents),
        (Reason.INTEREST_RECEIVED, own.interest_cents),
        (Reason.LENDER_FEE, own.fee_cents),
    ]
    with pytest.raises(NotFound):
        journal_entry(people.lender(), line.entry_id)
    assert journal_entry(second, line.entry_id).moves != entry.moves


def test_the_command_counts_what_it_proved() -> None:
    loan, first, second = _lived()
    clock.set_business_date(loan.first_due_on + timedelta(days=100), is_virtual=True)
    said = StringIO()
    call_command("verify_statements", stdout=said)
    months = len(_months(first, clock.business_date()))
    assert f"{2 * months} statements of 2 lenders" in said.getvalue()
    assert first.pk != second.pk


def test_the_command_fails_on_one_cent() -> None:
    _loan, first, _second = _lived()
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE ledger_account SET balance_cents = balance_cents + 1"
            " WHERE role = 'cash' AND holder_id = %s",
            [first.pk],
        )
    clock.set_business_date(ON, is_virtual=True)
    with pytest.raises(CommandError):
        call_command("verify_statements", stderr=StringIO())


def test_a_payment_of_another_month_than_its_entry_is_found() -> None:
    loan, _first, _second = _lived()
    payment = loan.repayments.order_by("id").first()
    assert payment is not None
    payment.received_on += timedelta(days=40)
    payment.save(update_fields=["received_on"])
    assert {finding.check for finding in statements_balance()} == {"statements_balance"}


@pytest.mark.parametrize(
    ("kind", "debit", "credit", "reason"),
    [
        (EntryKind.REPAYMENT, Role.DEFAULT_INTEREST, Role.CASH, Reason.LATE_INTEREST_RECEIVED),
        (EntryKind.RECOVERY, Role.RECOVERIES_PASSED, Role.CASH, Reason.RECOVERED),
        (EntryKind.REVERSAL, Role.CASH, Role.INVESTED, Reason.PRINCIPAL_TAKEN_BACK),
        (EntryKind.REVERSAL, Role.CASH, Role.INTEREST_PASSED, Reason.INTEREST_TAKEN_BACK),
        (EntryKind.REVERSAL, Role.FEES, Role.CASH, Reason.FEE_RETURNED),
        (EntryKind.REPAYMENT, Role.CASH, Role.INTEREST_PASSED, Reason.INTEREST_PAID),
        (EntryKind.WRITE_OFF, Role.INVESTED, Role.PRINCIPAL, Reason.WRITTEN_OFF),
    ],
)
def test_each_move_has_its_reason(
    kind: EntryKind, debit: Role, credit: Role, reason: Reason
) -> None:
    assert reason_of(kind, debit, credit) == reason
