"""The words of a lender's statement as a document; every figure is written out here."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any, Final

from django.utils import translation
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.selectors import profile_of
from core.clock import day_of
from core.dates import month_range
from core.wording import day, euro, month, number, percent
from lending.documents import pdf
from lending.selectors.outlook import idle_money, outlook_of
from lending.selectors.returns import BucketLine, LenderOverview, lender_overview
from lending.selectors.statements import (
    Balances,
    Span,
    Statement,
    digests,
    line_target,
    statement_for,
    statement_lines,
)
from lending.selectors.valuation import Books, value_on

_NOTHING: Final = "–"


def statement_number(lender_id: int, span: Span) -> str:
    """Names a statement: the lender and the month, the year, or the first and the last day."""
    first, last = span.from_on, span.to_on
    if (first, last) == month_range(first):
        return f"A-{lender_id:06d}/{first:%Y-%m}"
    if (first, last) == (date(first.year, 1, 1), date(first.year, 12, 31)):
        return f"A-{lender_id:06d}/{first.year}"
    return f"A-{lender_id:06d}/{first}/{last}"


def statement_pdf(lender: User, span: Span, language: str, *, at: datetime) -> bytes:
    """The statement of these days as a document."""
    return pdf("statement", statement_words(lender, span, language, at=at), at=at)


def statement_words(lender: User, span: Span, language: str, *, at: datetime) -> dict[str, Any]:
    """All that the document shows, in `language`."""
    with translation.override(language):
        whole, overview = statement_for(lender, span), lender_overview(lender, span.to_on)
        return {
            "language": language,
            "number": statement_number(lender.pk, span),
            "made_on": day(day_of(at)),
            "address": address_of(lender),
            "from": day(span.from_on),
            "to": day(span.to_on),
            "digest": digests([lender.pk], span).get(lender.pk, _NOTHING),
            "rows": [
                [
                    day(line.on),
                    str(line.reason.label),
                    line_target(line),
                    *_amounts(line.change),
                    str(line.entry_id),
                ]
                for line in statement_lines(lender, span)
            ],
            **_sums(whole),
            **_invested(overview),
            **_outlook(lender, overview.books, span, day_of(at)),
        }


def address_of(person: User) -> list[str]:
    """Name and address in lines; the e-mail address while no more is known."""
    profile = profile_of(person)
    if profile is None:
        return [person.email]
    return [profile.full_name, profile.street, f"{profile.postcode} {profile.city}"]


def _sums(whole: Statement) -> dict[str, Any]:
    opening, closing = whole.opening, whole.closing
    return {
        "opening_money": euro(opening.money_cents),
        "closing_money": euro(closing.money_cents),
        "opening": _all_amounts(opening),
        "closing": _all_amounts(closing),
        "owed": euro(closing.owed) if closing.owed else "",
        "line_count": number(whole.lines),
        "sums": [
            [str(each.reason.label), number(each.lines), *_amounts(each.change)]
            for each in whole.sums
        ],
    }


def _amounts(change: Balances) -> list[str]:
    """The four columns; an account that did not move has a dash."""
    return [euro(cents) if cents else _NOTHING for cents in _columns(change)]


def _all_amounts(there: Balances) -> list[str]:
    return [euro(cents) for cents in _columns(there)]


def _columns(cents: Balances) -> tuple[int, int, int, int]:
    return cents.available, cents.reserved, cents.outgoing, cents.invested


def _invested(overview: LenderOverview) -> dict[str, Any]:
    """Holdings by grade and bucket, and the return; as the books said at the end of the span."""
    returns = overview.returns
    told = ("", "", "") if overview.is_new else tuple(_rate(each) for each in returns)
    return {
        "grades": [
            [row.name, number(row.holdings), euro(row.principal_cents)] for row in overview.grades
        ],
        "buckets": _buckets(overview.buckets) if overview.invested_cents else [],
        "since": day(overview.since) if overview.since else "",
        "is_new": "yes" if overview.is_new and overview.since else "",
        **dict(zip(("low", "fair", "high"), told, strict=True)),
    }


def _outlook(lender: User, books: Books, span: Span, made_on: date) -> dict[str, Any]:
    """The month to come, the largest exposure to one borrower, and idle money in the span.

    As it was at the end of the span, or on the day on which the statement is made before that;
    nothing where no money ever came.
    """
    if span.to_on > made_on:
        books = value_on(lender, made_on)
    if not books.moves or span.from_on > books.on:
        return {"next_month": ""}
    outlook, idle = outlook_of(lender, books), idle_money(books, span.from_on)
    following, largest = outlook.next_month, outlook.largest
    invested = books.invested_cents
    return {
        "next_month": month(following.month),
        "expected": euro(following.expected_cents),
        "least": euro(following.least_cents),
        "most": euro(following.most_cents),
        "planned": euro(following.net_cents),
        "largest": euro(largest.cents if largest else 0),
        "largest_share": percent(largest.cents / invested, 1) if largest else "",
        "largest_loans": ", ".join(largest.numbers) if largest else "",
        "idle_days": number(idle.days),
        "all_days": number(idle.all_days),
        "idle_average": euro(idle.average_cents),
        "idle_share": percent(idle.share, 1) if idle.share is not None else "",
    }


def _rate(rate: float | None) -> str:
    return "" if rate is None else percent(rate)


def _buckets(lines: Iterable[BucketLine]) -> list[list[str]]:
    return [
        [
            bucket_words(line.bucket),
            number(line.holdings),
            euro(line.principal_cents),
            percent(line.haircut, 0),
            euro(line.value_cents),
        ]
        for line in lines
        if line.holdings
    ]


def bucket_words(bucket: str) -> str:
    """A bucket of arrears in words."""
    return {"current": _("on time"), "over-90": _("over 90")}.get(bucket, bucket)
