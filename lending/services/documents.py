"""Documents of day end: figures fixed when a month, a year or a loan ends, pages when fetched."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any, Final

from django.db import transaction

from accounts.models import Role, User
from core.dates import month_range
from core.errors import NotFound, StaleState
from ledger.settled import settled_through
from lending.models import Document, DocumentKind, Loan
from lending.selectors.statements import Balances, Span, Statement, digests, statements_for
from lending.selectors.tax_year import year_span
from lending.services.payoff_words import payoff_pdf, payoff_words
from lending.services.statement_words import statement_number, statement_pdf
from lending.services.tax_words import tax_pdf
from lending.states import LoanStatus
from notifications.services import Notice, notify_all

_BATCH: Final = 500


def issue_documents(*, on: date, at: datetime) -> dict[str, Any]:
    """The step of day end: statements of the month, overviews of the year, payoff letters."""
    return {
        "statements": issue_statements(on=on, at=at),
        "tax_years": issue_tax_years(on=on, at=at),
        "payoffs": issue_payoffs(on=on, at=at),
    }


def issue_statements(*, on: date, at: datetime) -> int:
    """Fix the statements of the last whole month for all who had money or lines in it; once.

    They know the entries up to one below which nothing can be booked any more; what is booked
    later for a day of that month is a line of the next statement. While other transactions keep
    running the next day end tries again.
    """
    month = _last_whole_month(on)
    if Document.objects.filter(kind=DocumentKind.STATEMENT, on=month[1]).exists():
        return 0
    through_id = settled_through("ledger_entry")
    if through_id is None:
        return 0
    span = Span(*month, known_id=_known_id(month[0], through_id), through_id=through_id)
    return _issue(DocumentKind.STATEMENT, span, at=at)


def issue_tax_years(*, on: date, at: datetime) -> int:
    """Fix the overviews of the last whole year in the same way."""
    year = on.year if (on.month, on.day) == (12, 31) else on.year - 1
    span = year_span(year)
    if Document.objects.filter(kind=DocumentKind.TAX_YEAR, on=span.to_on).exists():
        return 0
    through_id = settled_through("ledger_entry")
    if through_id is None:
        return 0
    return _issue(DocumentKind.TAX_YEAR, span._replace(through_id=through_id), at=at)


@transaction.atomic
def issue_payoffs(*, on: date, at: datetime) -> int:
    """Confirm each repaid loan to its borrower, once for each time that it was repaid."""
    closed = Loan.objects.filter(status=LoanStatus.REPAID, closed_on__lte=on)
    known = set(
        Document.objects.filter(kind=DocumentKind.PAYOFF, loan__in=closed).values_list(
            "key", flat=True
        )
    )
    due = [
        loan
        for loan in closed.select_related("borrower", "request").order_by("pk")
        if _payoff_key(loan) not in known
    ]
    for loan in due:
        _issue_payoff(loan, at=at)
    return len(due)


def _payoff_key(loan: Loan) -> str:
    return f"payoff:{loan.pk}:{loan.closed_on}"


def _issue_payoff(loan: Loan, *, at: datetime) -> None:
    words = payoff_words(loan, loan.borrower.language, at=at)
    content = payoff_pdf(words, at=at)
    Document.objects.create(
        person=loan.borrower,
        loan=loan,
        kind=DocumentKind.PAYOFF,
        language=loan.borrower.language,
        on=loan.closed_on,
        data=words,
        pdf=content,
        sha256=hashlib.sha256(content).hexdigest(),
        key=_payoff_key(loan),
    )


def _last_whole_month(on: date) -> tuple[date, date]:
    first, last = month_range(on)
    return (first, last) if on == last else month_range(first - timedelta(days=1))


def _known_id(first: date, through_id: int) -> int:
    """The last entry that the statements of the month before knew; all of them without those."""
    before = Document.objects.filter(
        kind=DocumentKind.STATEMENT, on=first - timedelta(days=1)
    ).first()
    return int(before.data["through_id"]) if before else through_id


@transaction.atomic
def _issue(kind: DocumentKind, span: Span, *, at: datetime) -> int:
    """All of a span or none, so that one of them tells that the span is done."""
    lenders = list(User.objects.filter(role=Role.LENDER).order_by("pk").only("pk", "language"))
    statements = statements_for([lender.pk for lender in lenders], span)
    lines = digests([lender.pk for lender in lenders], span)
    made = [
        _document(kind, lender, statements[lender.pk], lines.get(lender.pk, ""), at=at)
        for lender in lenders
        if statements[lender.pk].lines
        or (kind == DocumentKind.STATEMENT and any(statements[lender.pk].opening))
    ]
    Document.objects.bulk_create(made, ignore_conflicts=True, batch_size=_BATCH)
    notify_all(kind=f"{kind}_ready", notices=_notices(kind, span, made), at=at)
    return len(made)


def _document(
    kind: DocumentKind, lender: User, statement: Statement, digest: str, *, at: datetime
) -> Document:
    span = statement.span
    return Document(
        person=lender,
        kind=kind,
        language=lender.language,
        on=span.to_on,
        data={
            "number": statement_number(lender.pk, span),
            "from_on": span.from_on.isoformat(),
            "to_on": span.to_on.isoformat(),
            "known_id": span.known_id,
            "through_id": span.through_id,
            "opening": list(statement.opening),
            "closing": list(statement.closing),
            "lines": statement.lines,
            "digest": digest,
            "at": at.isoformat(),
        },
        pdf=None,
        key=f"{kind}:{lender.pk}:{span.to_on}",
    )


def _notices(kind: DocumentKind, span: Span, made: Iterable[Document]) -> Iterable[Notice]:
    for document in made:
        facts: dict[str, object] = {"from_on": span.from_on, "to_on": span.to_on}
        if kind == DocumentKind.STATEMENT:
            facts["closing_cents"] = Balances(*document.data["closing"]).money_cents
            facts["invested_cents"] = Balances(*document.data["closing"]).invested
        else:
            facts["year"] = str(span.to_on.year)
        yield Notice(document.person_id, document.key, facts)


@transaction.atomic
def fetch_document(*, person: User, document_id: int) -> Document:
    """The document with its pages; they are set on first sight and kept from then on.

    Raises NotFound for a stranger's, StaleState where the ledger no longer leads to the figures
    that were fixed.
    """
    own = Document.objects.select_for_update(of=("self",)).select_related("person")
    document = own.filter(pk=document_id, person=person).first()
    if document is None:
        raise NotFound(f"document {document_id}")
    if document.pdf is None:
        document.pdf = _set(document)
        document.sha256 = hashlib.sha256(document.pdf).hexdigest()
        document.save(update_fields=["pdf", "sha256"])
    return document


def span_of(document: Document) -> Span:
    """The days and entries that a statement or an overview knows."""
    given = document.data
    return Span(
        date.fromisoformat(given["from_on"]),
        date.fromisoformat(given["to_on"]),
        given["known_id"],
        given["through_id"],
    )


def _set(document: Document) -> bytes:
    lender, span = document.person, span_of(document)
    at = datetime.fromisoformat(document.data["at"])
    _check(document, lender, span)
    if document.kind == DocumentKind.STATEMENT:
        return statement_pdf(lender, span, document.language, at=at)
    return tax_pdf(lender, span, document.language, at=at)


def _check(document: Document, lender: User, span: Span) -> None:
    """Refuse to set pages that would show other figures than were fixed."""
    statement = statements_for([lender.pk], span)[lender.pk]
    found = (list(statement.opening), list(statement.closing), statement.lines)
    fixed = tuple(document.data[name] for name in ("opening", "closing", "lines"))
    if found != fixed or digests([lender.pk], span).get(lender.pk, "") != document.data["digest"]:
        raise StaleState(f"the ledger no longer leads to document {document.pk}")
