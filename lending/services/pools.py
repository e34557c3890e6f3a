"""Runs of the grade pools: on the first bank day of a month the months before it are worked out.

The last month is run for the first time; the ones before it are run again, and where late money
or a returned debit changed them, a new version books the difference. What a lender owes the pool
comes out of his cash, which that month's principal reached; where it does not suffice he owes the
rest, and the next money that reaches him settles it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

import numpy as np
from django.db import connection, transaction
from django.db.models import Max

from core.bulk import copy_numbers, next_ids
from core.dates import add_months, target_day_on_or_after
from ledger.chart import PLATFORM_ID, EntryKind, Role
from ledger.models import Entry
from ledger.services import Move, lock_accounts, locked_accounts, post_entry
from lending.domain.pools import PoolLine, corrected, share_month
from lending.models import Holding, PoolBooking, PoolRun
from lending.selectors.pool_facts import Pool, latest_lines, pool_facts, pool_lenders, pools
from lending.services.receivables import settle_receivables

MONTHS_BACK: Final = 24
"""So many months are looked at again; what changes later than that stays as it was."""

Change = tuple[PoolLine, int]
"""A line of a run, and what is still to be booked of it."""


@dataclass
class _Accounts:
    """Locked accounts of a pool's lenders; `cash_cents` is kept up to date run by run."""

    cash: Mapping[int, int]
    owing: Mapping[int, int]
    passed: int
    cash_cents: dict[int, int]


def run_pools(*, on: date, at: datetime) -> dict[str, object]:
    """Day end: on the first bank day of a month share what the months before it brought.

    Running it again changes nothing unless something else became known.
    """
    first = on.replace(day=1)
    if on != target_day_on_or_after(first):
        return {}
    made = [run for pool in pools() for run in run_pool(pool=pool, before=first, on=on, at=at)]
    return {"runs": len(made), "corrections": sum(run.version > 1 for run in made)}


@transaction.atomic
def run_pool(*, pool: Pool, before: date, on: date, at: datetime) -> list[PoolRun]:
    """Work out all months of one pool that ended by `before` and have changed; what was written."""
    lenders = pool_lenders(pool)
    accounts = _locked(lenders)
    claims, earlier = pool_facts(pool).months(), latest_lines(pool)
    since = add_months(before, -MONTHS_BACK)
    made = []
    for month in sorted(claims.keys() | earlier.keys()):
        if since <= month < before:
            _, lines = earlier.get(month, (0, {}))
            changes = corrected(share_month(claims.get(month, [])), lines)
            if changes:
                made.append(_write(pool, month, changes, accounts, on=on, at=at))
    _settle(made, lenders, on=on, at=at)
    return made


def _locked(lenders: set[int]) -> _Accounts:
    held = locked_accounts(
        {Role.CASH: lenders, Role.RECEIVABLE: lenders, Role.POOL_PASSED: [PLATFORM_ID]}
    )
    cash = held[Role.CASH]
    balances = lock_accounts(cash.values())
    free = {lender: balances[account] for lender, account in cash.items()}
    return _Accounts(cash, held[Role.RECEIVABLE], held[Role.POOL_PASSED][PLATFORM_ID], free)


def _write(
    pool: Pool,
    month: date,
    changes: Sequence[Change],
    accounts: _Accounts,
    *,
    on: date,
    at: datetime,
) -> PoolRun:
    """One version of one month: its entry, its row, its lines, and the sums of the holdings."""
    runs = PoolRun.objects.filter(**pool._asdict(), month=month)
    version = (runs.aggregate(latest=Max("version"))["latest"] or 0) + 1
    reference = f"pool:{pool.grade}-{pool.term_months}:{month:%Y-%m}:{version}"
    run = PoolRun.objects.create(
        **pool._asdict(),
        month=month,
        version=version,
        due_cents=sum(line.due_cents for line, _ in changes),
        received_cents=sum(line.received_cents for line, _ in changes),
        run_on=on,
        run_at=at,
        entry=_post(reference, changes, accounts, on=on, at=at),
    )
    _store(run, changes)
    return run


def _post(
    reference: str, changes: Sequence[Change], accounts: _Accounts, *, on: date, at: datetime
) -> Entry | None:
    """Move what each lender pays through the pool to those who receive; None when nothing moves."""
    moves = _moves(_by_lender(changes), accounts)
    if not moves:
        return None
    return post_entry(reference=reference, kind=EntryKind.POOL, effective_on=on, at=at, moves=moves)


def _by_lender(changes: Sequence[Change]) -> dict[int, int]:
    """What each lender receives of it all together, negative where he pays."""
    ids = [line.holding_id for line, _ in changes]
    lender_of = dict(Holding.objects.filter(pk__in=ids).values_list("pk", "lender_id"))
    net: dict[int, int] = defaultdict(int)
    for line, cents in changes:
        net[lender_of[line.holding_id]] += cents
    return net


def _moves(net: Mapping[int, int], accounts: _Accounts) -> list[Move]:
    paid, owed, received = [], [], []
    for lender, cents in sorted(net.items()):
        cash = accounts.cash[lender]
        lacking = max(-cents - accounts.cash_cents[lender], 0)
        if lacking:
            owed.append(Move(accounts.owing[lender], cash, lacking))
        if cents < 0:
            paid.append(Move(cash, accounts.passed, -cents))
        elif cents > 0:
            received.append(Move(accounts.passed, cash, cents))
        accounts.cash_cents[lender] += cents + lacking
    return [*owed, *paid, *received]


def _store(run: PoolRun, changes: Sequence[Change]) -> None:
    """Write the lines of a run, and add what it books to the holdings."""
    rows = np.array([(*line, delta) for line, delta in changes], np.int64)
    columns = ("holding_id", "owed_cents", "received_cents", "target_cents", "booking_cents")
    copy_numbers(
        PoolBooking._meta.db_table,
        {
            "id": np.array(next_ids(PoolBooking._meta.db_table, len(changes)), np.int64),
            "run_id": np.full(len(changes), run.pk, np.int64),
            **{name: rows[:, place] for place, name in enumerate(columns)},
            "delta_cents": rows[:, len(columns)],
        },
    )
    with connection.cursor() as cursor:
        cursor.execute(_ADD_TO_HOLDINGS, [run.pk])


_ADD_TO_HOLDINGS: Final = """
UPDATE lending_holding AS holding SET pool_cents = pool_cents + booking.delta_cents
FROM lending_poolbooking AS booking
WHERE booking.run_id = %s AND booking.holding_id = holding.id AND booking.delta_cents <> 0
"""


def _settle(made: Iterable[PoolRun], lenders: set[int], *, on: date, at: datetime) -> None:
    """Let what was received settle what its receivers owe."""
    entries = [run.entry for run in made if run.entry is not None]
    if entries:
        settle_receivables(person_ids=lenders, cause=entries[-1].reference, on=on, at=at)
