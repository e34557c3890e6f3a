"""The provider's books against ours, line by line; what differs is told, never mended.

Each line is held against the one row of ours that names it. What agreed once is not looked at
again by the day end; the proofs look at everything.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final, NamedTuple

import structlog
from django.db import connection, transaction
from django.db.models import Sum
from django.db.models.functions import Coalesce

from core.bulk import array_of
from core.clock import day_of
from core.findings import Finding
from ledger.chart import Role
from ledger.selectors import balance_cents
from payments.gateway import gateway
from payments.models import Difference, DifferenceKind, ProviderLine, SuspenseCause
from payments.own_lines import OWN_LINES
from payments.services.books import DAILY, WIDE, read_lines
from payments.services.payouts import in_flight_cents
from payments.states import SUSPENSE_HELD

log = structlog.get_logger(__name__)

KNOWN_TYPES: Final = frozenset(
    {
        "adjustment",
        "charge",
        "payment",
        "payment_failure_refund",
        "payment_refund",
        "payment_reversal",
        "payout",
        "payout_cancel",
        "payout_failure",
        "refund",
        "refund_failure",
        "stripe_fee",
        "topup",
        "topup_reversal",
        "transfer",
        "transfer_cancel",
        "transfer_failure",
        "transfer_refund",
        "transfer_reversal",
    }
)
"""Types of lines that we know; any other is as unexplained as a line of no row, and says so."""
BOOKED_WITHIN: Final = timedelta(days=5)
"""Our entry bears a day this close to the provider's, or that on which it was written."""


class Found(NamedTuple):
    """One difference, before it is written down."""

    kind: DifferenceKind
    subject: str
    transaction_id: str
    expected_cents: int
    found_cents: int
    note: str = ""

    @property
    def finding(self) -> Finding:
        """The same as a finding of a proof."""
        name = f"provider_{self.kind}"
        return Finding(name, self.subject, self.expected_cents, self.found_cents, self.note)


class _Pair(NamedTuple):
    """A row of ours and the provider's line that it names; either may be missing."""

    reference: str | None
    own_cents: int
    own_fee_cents: int
    own_on: date | None
    kinds: list[str] | None
    begun_at: datetime | None
    times: int
    transaction_id: str
    line_id: int | None
    kind: str
    source_id: str
    cents: int
    fee_cents: int
    net_cents: int
    booked_on: date | None
    posted_at: datetime | None
    now_says: str | None
    is_gone: bool
    suspense: str | None
    cause: str | None
    is_repeated: bool


def differences(*, back: timedelta | None = WIDE) -> Iterator[Finding]:
    """Yield whatever the provider's books and ours do not agree on, after reading what is new.

    Args:
        back: how far before the mark the provider's lines are read again; None reads them all.
    """
    read_lines(back=back)
    found, _ = compare()
    yield from (each.finding for each in [*found, *totals()])


def compare(*, is_deep: bool = True) -> tuple[list[Found], list[int]]:
    """What the lines that we have read and our rows do not agree on; and the lines that do agree.

    Args:
        is_deep: also look at what agreed before.
    """
    found: list[Found] = []
    agreed: list[int] = []
    for pair in _pairs(is_deep=is_deep):
        wrong = list(_judge(pair))
        found += wrong
        if not wrong and pair.line_id is not None and pair.reference is not None:
            agreed.append(pair.line_id)
    return found, agreed


def totals(reported_cents: int | None = None) -> list[Found]:
    """Whether the balance that the provider reports is that of its lines, and that of our books.

    Args:
        reported_cents: what it said a moment ago; it is asked when that is not given.
    """
    reported = gateway().balance().total_cents if reported_cents is None else reported_cents
    if _lines_cents() != reported:  # a line may have come between the two questions
        read_lines(back=DAILY)
        reported = gateway().balance().total_cents
    sums = {"provider": own_cents(), "lines": _lines_cents()}
    return [
        Found(DifferenceKind.TOTAL, subject, "", cents, reported)
        for subject, cents in sums.items()
        if cents != reported
    ]


def own_cents() -> int:
    """What the provider must hold by our books: what is there, less what is on its way out."""
    return balance_cents(Role.PROVIDER) - in_flight_cents()


@transaction.atomic
def record(found: Iterable[Found], *, agreed: Sequence[int], on: date, at: datetime) -> list[Found]:
    """Write down which differences are open on `on`; returns those that are new.

    One that is no longer there is closed with its day, and stays to be read.
    """
    unique = {(each.kind.value, each.subject[:120]): each for each in found}
    known = {(row.kind, row.subject): row for row in Difference.objects.filter(gone_on=None)}
    gone = [row.pk for key, row in known.items() if key not in unique]
    if gone:
        Difference.objects.filter(pk__in=gone).update(gone_on=on)
    for key in unique.keys() & known.keys():
        each, row = unique[key], known[key]
        row.expected_cents, row.found_cents = each.expected_cents, each.found_cents
        row.note, row.last_seen_at = each.note[:200], at
        row.save(update_fields=["expected_cents", "found_cents", "note", "last_seen_at"])
    new = [each for key, each in unique.items() if key not in known]
    Difference.objects.bulk_create(
        Difference(
            kind=each.kind,
            subject=each.subject[:120],
            transaction_id=each.transaction_id,
            expected_cents=each.expected_cents,
            found_cents=each.found_cents,
            note=each.note[:200],
            seen_on=on,
            last_seen_at=at,
        )
        for each in new
    )
    wrong = [each.transaction_id for each in unique.values() if each.transaction_id]
    with connection.cursor() as cursor:
        if agreed:
            cursor.execute(_AGREE, [on, array_of(agreed)])
        if wrong:
            cursor.execute(_DISAGREE, [wrong])
    for each in new:
        log.error("books_differ", kind=each.kind, subject=each.subject, note=each.note)
    return new


def _judge(pair: _Pair) -> Iterator[Found]:
    if pair.reference is None:
        yield from _unexplained(pair)
    elif pair.line_id is None or pair.is_gone:
        note = "names no line" if not pair.transaction_id else "not at the provider"
        yield _about(pair, DifferenceKind.MISSING, pair.own_cents, 0, note)
    else:
        yield from _compared(pair)
    if pair.line_id is not None and pair.now_says:
        yield from _changed(pair)


def _unexplained(pair: _Pair) -> Iterator[Found]:
    """A line that no row names: open until it is settled, in suspense or not yet."""
    if pair.is_gone and pair.suspense is None:
        return
    if pair.suspense is not None and pair.suspense not in SUSPENSE_HELD:
        return
    kind = DifferenceKind.DOUBLE if pair.is_repeated else DifferenceKind.EXTRA
    known = "" if pair.kind in KNOWN_TYPES else "unknown type "
    held = ", held in suspense" if pair.suspense else ""
    note = f"{known}{pair.kind} of {pair.source_id or 'nothing'} is not in our books{held}"
    yield Found(kind, pair.transaction_id, pair.transaction_id, 0, pair.cents, note)


def _compared(pair: _Pair) -> Iterator[Found]:
    if pair.times > 1:
        note = f"{pair.times} rows of ours name this line"
        yield _about(pair, DifferenceKind.DOUBLE, pair.own_cents * pair.times, pair.cents, note)
    if pair.suspense is not None and pair.cause != SuspenseCause.BOOKED:
        note = "booked by its row, and held in suspense"
        yield _about(pair, DifferenceKind.DOUBLE, pair.own_cents * 2, pair.cents, note)
    if pair.own_cents != pair.cents:
        yield _about(pair, DifferenceKind.AMOUNT, pair.own_cents, pair.cents)
    if pair.own_fee_cents != pair.fee_cents:
        yield _about(pair, DifferenceKind.FEE, pair.own_fee_cents, pair.fee_cents)
    if pair.cents - pair.fee_cents != pair.net_cents:
        note = "net is not amount less charge"
        yield _about(pair, DifferenceKind.TYPE, pair.cents - pair.fee_cents, pair.net_cents, note)
    if pair.kinds and pair.kind not in pair.kinds:
        yield _about(pair, DifferenceKind.TYPE, pair.own_cents, pair.cents, pair.kind)
    if not _is_near(pair):
        note = f"booked on {pair.own_on}, there on {pair.booked_on}"
        yield _about(pair, DifferenceKind.DATE, pair.own_cents, pair.cents, note)


def _is_near(pair: _Pair) -> bool:
    """Whether our day is close to the provider's, or the day on which we heard of it."""
    if pair.own_on is None or pair.booked_on is None:
        return True
    if pair.begun_at is not None and pair.booked_on < pair.begun_at.date() - timedelta(days=1):
        return False
    if pair.posted_at is not None and day_of(pair.posted_at) == pair.own_on:
        return True
    return abs(pair.own_on - pair.booked_on) <= BOOKED_WITHIN


_OF_FIELD: Final = {
    "amount_cents": DifferenceKind.AMOUNT,
    "fee_cents": DifferenceKind.FEE,
    "net_cents": DifferenceKind.AMOUNT,
    "created_at": DifferenceKind.DATE,
}


def _changed(pair: _Pair) -> Iterator[Found]:
    """A line that the provider changed after we had read it."""
    says: dict[str, Any] = json.loads(pair.now_says or "{}")
    for kind in sorted({_OF_FIELD.get(name, DifferenceKind.TYPE) for name in says}):
        names = [name for name in says if _OF_FIELD.get(name, DifferenceKind.TYPE) == kind]
        was, now = pair.cents, says.get("amount_cents", pair.cents)
        if kind == DifferenceKind.FEE:
            was, now = pair.fee_cents, says["fee_cents"]
        said = ", ".join(f"{name} {says[name]}" for name in names)
        yield Found(kind, f"line:{pair.transaction_id}", pair.transaction_id, was, now,
                    f"changed there after we read it: {said}")  # fmt: skip


def _about(
    pair: _Pair, kind: DifferenceKind, expected_cents: int, found_cents: int, note: str = ""
) -> Found:
    subject = pair.reference or pair.transaction_id
    return Found(kind, subject, pair.transaction_id, expected_cents, found_cents, note)


def _lines_cents() -> int:
    """What the lines that are still there come to."""
    rows = ProviderLine.objects.filter(is_gone=False)
    total: int = rows.aggregate(all=Coalesce(Sum("net_cents"), 0))["all"]
    return total


def _pairs(*, is_deep: bool) -> list[_Pair]:
    with connection.cursor() as cursor:
        cursor.execute(_PAIRS, {"deep": is_deep})
        return [_Pair(*row) for row in cursor.fetchall()]


_PAIRS: Final = f"""
WITH own AS MATERIALIZED (
    SELECT reference, transaction_id, amount_cents, fee_cents, own_on, kinds,
           begun_at, count(*) OVER (PARTITION BY transaction_id) AS times
    FROM ({OWN_LINES}) AS own
), pair AS MATERIALIZED (
    SELECT own.reference, own.amount_cents AS own_cents, own.fee_cents AS own_fee_cents,
           own.own_on, own.kinds, own.begun_at, own.times, own.transaction_id AS named, line.*
    FROM own FULL JOIN payments_providerline AS line ON line.transaction_id = own.transaction_id
    WHERE %(deep)s OR line.agreed_on IS NULL OR own.reference IS NULL OR own.times > 1
       OR line.now_says IS NOT NULL OR line.is_gone
)
SELECT pair.reference, coalesce(pair.own_cents, 0), coalesce(pair.own_fee_cents, 0),
       coalesce(pair.own_on,
                (SELECT effective_on FROM ledger_entry WHERE reference = pair.reference)),
       pair.kinds, pair.begun_at, coalesce(pair.times, 0),
       coalesce(pair.transaction_id, pair.named), pair.id,
       coalesce(pair.kind, ''), coalesce(pair.source_id, ''),
       coalesce(pair.amount_cents, 0), coalesce(pair.fee_cents, 0), coalesce(pair.net_cents, 0),
       pair.booked_on,
       (SELECT posted_at FROM ledger_entry WHERE reference = pair.reference),
       pair.now_says::text, coalesce(pair.is_gone, false),
       item.status, item.cause,
       pair.reference IS NULL AND pair.source_id <> '' AND EXISTS (
           SELECT FROM payments_providerline AS earlier
           WHERE earlier.source_id = pair.source_id AND earlier.kind = pair.kind
             AND earlier.amount_cents = pair.amount_cents AND earlier.id < pair.id)
FROM pair LEFT JOIN payments_suspenseitem AS item ON item.line_id = pair.id
ORDER BY pair.created_at, pair.id, pair.reference
"""  # noqa: S608 - our own words

_AGREE: Final = """
UPDATE payments_providerline SET agreed_on = %s
WHERE id = ANY(%s::bigint[]) AND agreed_on IS NULL
"""

_DISAGREE: Final = """
UPDATE payments_providerline SET agreed_on = NULL
WHERE transaction_id = ANY(%s::text[]) AND agreed_on IS NOT NULL
"""
