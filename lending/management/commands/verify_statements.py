"""`manage.py verify_statements`: proves every lender's statement of every month."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.models import Role, User
from core import clock
from core.dates import ONE_DAY, month_range
from core.findings import Finding
from lending.selectors.statements import (
    Balances,
    Span,
    Statement,
    months_of,
    statement_lines,
    statements_for,
)
from lending.verify.statements import closings_from_balances, statements_balance


def all_statements(until: date) -> Iterator[tuple[Span, dict[int, Statement]]]:
    """The statements of all lenders, month by month, from the first booking on."""
    lenders = list(User.objects.filter(role=Role.LENDER).order_by("pk"))
    firsts = [next(months_of(lender, until), None) for lender in lenders]
    month = min((first for first in firsts if first), default=None)
    while month is not None and month <= until:
        span = Span(*month_range(month))
        yield span, statements_for([lender.pk for lender in lenders], span)
        month = span.to_on + ONE_DAY


def differences(span: Span, statements: dict[int, Statement]) -> Iterator[Finding]:
    """Statements of one month whose closing is not what the stored balances lead back to."""
    there = closings_from_balances(span.to_on)
    for lender_id, statement in statements.items():
        yield from _unequal(
            f"person:{lender_id}",
            f"closing of {span.to_on:%Y-%m}",
            there.get(lender_id, Balances()),
            statement.closing,
        )


def line_differences(lender: User, months: list[tuple[Span, Statement]]) -> Iterator[Finding]:
    """Months of one lender whose single lines do not lead from the opening to the closing."""
    changes: dict[date, Balances] = defaultdict(Balances)
    counts: dict[date, int] = defaultdict(int)
    for line in statement_lines(lender, Span(months[0][0].from_on, months[-1][0].to_on)):
        month = line.on.replace(day=1)
        changes[month], counts[month] = changes[month].plus(line.change), counts[month] + 1
    opening = Balances()
    for span, statement in months:
        who, month = f"person:{lender.pk}", span.from_on
        yield from _unequal(who, f"opening of {month:%Y-%m}", opening, statement.opening)
        opening = opening.plus(changes[month])
        yield from _unequal(who, f"lines of {month:%Y-%m}", opening, statement.closing)
        if counts[month] != statement.lines:
            name = f"number of lines in {month:%Y-%m}"
            yield Finding("statements", who, counts[month], statement.lines, name)


def _unequal(who: str, name: str, expected: Balances, found: Balances) -> Iterator[Finding]:
    for place, account in enumerate(Balances._fields):
        if expected[place] != found[place]:
            note = f"{name}, {account}"
            yield Finding("statements", who, expected[place], found[place], note)


class Command(BaseCommand):
    """Makes each statement and compares it with the ledger from two sides."""

    help = "Prove each lender's statement of each month; exit status 1 on one cent of difference."

    def handle(self, *args: Any, **options: Any) -> None:
        """Say how many statements and lines were proven; CommandError where one is wrong."""
        wrong = list(statements_balance())
        by_lender: dict[int, list[tuple[Span, Statement]]] = defaultdict(list)
        for span, statements in all_statements(clock.business_date()):
            wrong += differences(span, statements)
            for lender_id, statement in statements.items():
                by_lender[lender_id].append((span, statement))
        for lender in User.objects.filter(pk__in=by_lender).order_by("pk"):
            wrong += line_differences(lender, by_lender[lender.pk])
        for finding in wrong:
            self.stderr.write(str(finding))
        if wrong:
            raise CommandError(f"{len(wrong)} differences", returncode=1)
        made = [statement for months in by_lender.values() for _span, statement in months]
        self.stdout.write(
            f"{len(made)} statements of {len(by_lender)} lenders verified: "
            f"{sum(each.lines for each in made)} lines, opening and lines equal closing"
        )
