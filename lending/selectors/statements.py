"""A lender's money over some days: what there was, every line, what there is.

A line is one move of the ledger on the lender's own accounts, with what it changed of each of
them. The figures at the opening are all moves before the span, those at the closing are the
opening and the lines; `lending.verify.statements` comes to the closing from the other end, from
the balances that are stored.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final, NamedTuple

from django.db import connection

from accounts.models import User
from ledger.chart import Role
from ledger.models import Entry
from lending.selectors.booked_for import Target, targets_of
from lending.selectors.reasons_of_moves import Reason, reason_of

LAST: Final = 2**63 - 1
"""No entry has a higher id."""


class Balances(NamedTuple):
    """Cents on each account of a lender, or what a line changed of them.

    `owed` is what was laid out for the lender after a late return; it counts against the money.
    """

    available: int = 0
    reserved: int = 0
    outgoing: int = 0
    owed: int = 0
    invested: int = 0

    @property
    def money_cents(self) -> int:
        """All that is not invested: available, reserved and on its way out, less what is owed."""
        return self.available + self.reserved + self.outgoing - self.owed

    @property
    def total_cents(self) -> int:
        """Money and principal outstanding, at par."""
        return self.money_cents + self.invested

    def plus(self, other: Balances) -> Balances:
        """Account by account."""
        return Balances(*(ours + more for ours, more in zip(self, other, strict=True)))


ROLES: Final = (Role.CASH, Role.RESERVED, Role.IN_TRANSIT_OUT, Role.RECEIVABLE, Role.INVESTED)
"""The accounts behind `Balances`, in its order."""


class Span(NamedTuple):
    """The days of a statement, and the entries that it may know.

    Attributes:
        known_id: entries of earlier days up to this id stand in earlier statements; later ones,
            booked after those were written, are lines of this one.
        through_id: the last entry that counts at all.
    """

    from_on: date
    to_on: date
    known_id: int = LAST
    through_id: int = LAST


class Sum(NamedTuple):
    """All lines of one reason."""

    reason: Reason
    lines: int
    change: Balances


@dataclass(frozen=True)
class Statement:
    """What the lines of a span add up to; `sums` is in the order of the reasons."""

    span: Span
    opening: Balances
    sums: Sequence[Sum]

    @property
    def closing(self) -> Balances:
        """The opening and all lines."""
        there = self.opening
        for each in self.sums:
            there = there.plus(each.change)
        return there

    @property
    def lines(self) -> int:
        """How many lines there are."""
        return sum(each.lines for each in self.sums)

    def change_cents(self, *reasons: Reason) -> int:
        """What lines of these reasons changed of the money that is not invested."""
        return sum(each.change.money_cents for each in self.sums if each.reason in reasons)


@dataclass(frozen=True)
class Line:
    """One move; `entry_id` and `reference` name its journal entry."""

    id: int
    entry_id: int
    on: date
    reason: Reason
    change: Balances
    reference: str
    target: Target | None


def line_target(line: Line) -> str:
    """What a line was for, in a few words: the loan's number, or what a request is called."""
    if line.target is None:
        return ""
    return line.target.loan_number or line.target.title


@dataclass
class _Found:
    """What one lender's rows add up to, while they are read."""

    opening: Balances = field(default_factory=Balances)
    lines: dict[Reason, int] = field(default_factory=lambda: defaultdict(int))
    changes: dict[Reason, Balances] = field(default_factory=lambda: defaultdict(Balances))


def statement_for(lender: User, span: Span) -> Statement:
    """The sums of one lender's statement, by one query."""
    return statements_for([lender.pk], span)[lender.pk]


def statements_for(lender_ids: Collection[int], span: Span) -> dict[int, Statement]:
    """The sums of many lenders' statements, by one query for all of them."""
    found: dict[int, _Found] = {lender_id: _Found() for lender_id in lender_ids}
    with connection.cursor() as cursor:
        cursor.execute(_SUMS, _values(lender_ids, span))
        for lender_id, is_line, kind, debit, credit, lines, *cents in cursor.fetchall():
            mine, change = found[lender_id], Balances(*(int(each) for each in cents))
            if not is_line:
                mine.opening = mine.opening.plus(change)
                continue
            reason = reason_of(kind, debit, credit)
            mine.lines[reason] += lines
            mine.changes[reason] = mine.changes[reason].plus(change)
    return {lender_id: _statement(span, each) for lender_id, each in found.items()}


def _statement(span: Span, found: _Found) -> Statement:
    sums = [
        Sum(reason, found.lines[reason], found.changes[reason])
        for reason in Reason
        if found.lines[reason]
    ]
    return Statement(span, found.opening, sums)


def statement_lines(
    lender: User, span: Span, *, offset: int = 0, limit: int | None = None
) -> list[Line]:
    """Lines in the order of their days and ids, all or a page; a fixed number of queries."""
    with connection.cursor() as cursor:
        cursor.execute(_LINES, _values([lender.pk], span) | {"limit": limit, "offset": offset})
        rows = cursor.fetchall()
    entries = {row[1]: Entry(pk=row[1], reference=row[6]) for row in rows}
    targets = targets_of(lender, entries.values())
    return [_line(row, targets.get(row[1])) for row in rows]


def digests(lender_ids: Collection[int], span: Span) -> dict[int, str]:
    """For each lender with lines: SHA-256 over them, as `id>entry:debit:credit:cents` each."""
    with connection.cursor() as cursor:
        cursor.execute(_DIGESTS, _values(lender_ids, span))
        return dict(cursor.fetchall())


def _values(lender_ids: Collection[int], span: Span) -> dict[str, Any]:
    return {"people": list(lender_ids), **span._asdict()}


def _line(row: tuple[Any, ...], target: Target | None) -> Line:
    transfer_id, entry_id, on, kind, debit, credit, reference, *cents = row
    change = Balances(*(int(each) for each in cents))
    return Line(
        transfer_id, entry_id, on, reason_of(kind, debit, credit), change, reference, target
    )


def months_of(lender: User, until: date) -> Iterator[date]:
    """The first days of the months from the first booking to the one that holds `until`."""
    with connection.cursor() as cursor:
        cursor.execute(_FIRST_DAY, {"person": lender.pk})
        first: date | None = cursor.fetchone()[0]
    while first is not None and first <= until:
        month = first.replace(day=1)
        yield month
        first = month.replace(year=month.year + month.month // 12, month=month.month % 12 + 1)


_OWN: Final = """
WITH own AS (
    SELECT id, holder_id, role FROM ledger_account
    WHERE holder_id = ANY(%(people)s::bigint[])
      AND role IN ('cash', 'reserved', 'in_transit_out', 'receivable', 'invested')
), leg AS (
    SELECT own.holder_id, own.role, transfer.id, transfer.entry_id, debit_id, credit_id,
           CASE own.role WHEN 'receivable' THEN -cents ELSE cents END AS cents
    FROM own JOIN ledger_transfer AS transfer ON transfer.credit_id = own.id
    UNION ALL
    SELECT own.holder_id, own.role, transfer.id, transfer.entry_id, debit_id, credit_id,
           CASE own.role WHEN 'receivable' THEN cents ELSE -cents END
    FROM own JOIN ledger_transfer AS transfer ON transfer.debit_id = own.id
), told AS (
    SELECT leg.*, entry.kind, entry.effective_on, entry.reference,
           (entry.effective_on >= %(from_on)s OR entry.id > %(known_id)s) AS is_line
    FROM leg
    JOIN ledger_entry AS entry ON entry.id = leg.entry_id
        AND entry.effective_on <= %(to_on)s AND entry.id <= %(through_id)s
)
"""

_CENTS: Final = """
       coalesce(sum(told.cents) FILTER (WHERE told.role = 'cash'), 0),
       coalesce(sum(told.cents) FILTER (WHERE told.role = 'reserved'), 0),
       coalesce(sum(told.cents) FILTER (WHERE told.role = 'in_transit_out'), 0),
       coalesce(sum(told.cents) FILTER (WHERE told.role = 'receivable'), 0),
       coalesce(sum(told.cents) FILTER (WHERE told.role = 'invested'), 0)
"""

_SUMS: Final = f"""
{_OWN}
SELECT told.holder_id, told.is_line, kind, debit.role, credit.role, count(DISTINCT told.id),
       {_CENTS}
FROM told
JOIN ledger_account AS debit ON debit.id = told.debit_id
JOIN ledger_account AS credit ON credit.id = told.credit_id
GROUP BY 1, 2, 3, 4, 5
ORDER BY 1, 2, 3, 4, 5
"""  # noqa: S608 - our own words

_LINES: Final = f"""
{_OWN}
SELECT told.id, told.entry_id, effective_on, kind, debit.role, credit.role, reference,
       {_CENTS}
FROM told
JOIN ledger_account AS debit ON debit.id = told.debit_id
JOIN ledger_account AS credit ON credit.id = told.credit_id
WHERE told.is_line
GROUP BY 1, 2, 3, 4, 5, 6, 7
ORDER BY effective_on, told.id
LIMIT %(limit)s OFFSET %(offset)s
"""  # noqa: S608 - our own words

_DIGESTS: Final = f"""
{_OWN}
SELECT holder_id, encode(sha256(string_agg(
           id || '>' || entry_id || ':' || debit_id || ':' || credit_id || ':' || cents, E'\\n'
           ORDER BY id)::bytea), 'hex')
FROM (SELECT DISTINCT holder_id, id, entry_id, debit_id, credit_id, abs(cents) AS cents
      FROM told WHERE is_line) AS line
GROUP BY 1
"""  # noqa: S608 - our own words

_FIRST_DAY: Final = """
SELECT min(entry.effective_on)
FROM ledger_account AS own
JOIN ledger_transfer AS transfer ON own.id IN (transfer.credit_id, transfer.debit_id)
JOIN ledger_entry AS entry ON entry.id = transfer.entry_id
WHERE own.holder_id = %(person)s
  AND own.role IN ('cash', 'reserved', 'in_transit_out', 'receivable', 'invested')
"""
