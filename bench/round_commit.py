"""How fast a decided round is written, beside plain COPY and beside the usual Django way.

Every run starts from the same database, cloned from a template: lenders with cash, mandates, listed
requests and a round that is decided but not yet booked. Then

- ours: the product's own booking, with locks, guards, balances, audit and letters;
- COPY: the very rows that ours wrote, by binary COPY into the same tables, nothing else;
- Django: the same rows by `bulk_create`, and an `F()` update for each lender's two accounts.

All constraints, foreign keys and indexes are on, and each run ends with its commit.
"""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from time import perf_counter
from typing import TYPE_CHECKING, Any, Final

from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    from matching.models import MatchRound

AT: Final = datetime(2026, 3, 2, 9, tzinfo=UTC)
STAKES_PER_REQUEST: Final = 250
UNIT_CENTS: Final = 2_500
REPEATS: Final = 3
_TABLES: Final = ("lending_offer", "matching_receipt", "ledger_entry", "ledger_transfer")

Tell = Callable[[str], None]


@dataclass(frozen=True)
class CommitFigures:
    """Stakes written in a second, the best of several runs each."""

    stakes: int
    ours_per_second: float
    copy_per_second: float
    django_per_second: float

    @property
    def of_copy(self) -> float:
        """P1: ours over COPY."""
        return self.ours_per_second / self.copy_per_second

    @property
    def of_django(self) -> float:
        """P2: ours over the Django way."""
        return self.ours_per_second / self.django_per_second


def measured(stakes: int, lenders: int, tell: Tell = lambda line: None) -> CommitFigures:
    """Measure one size; `stakes` is rounded down to whole requests."""
    _django()
    requests = max(1, stakes // STAKES_PER_REQUEST)
    each = min(STAKES_PER_REQUEST, lenders)
    count = requests * each
    with _base() as base:
        tell(f"{lenders:,} lenders, {requests:,} requests")
        _fill(lenders, requests, each)
        ours, copied, rows = [], [], None
        for number in range(REPEATS):
            tell(f"booking {count:,} stakes, run {number + 1} of {REPEATS}")
            with _clone(base):
                ours.append(_timed(_book_ours))
                rows = rows or {table: _rows_of(table) for table in _TABLES}
            tell(f"COPY of the same rows, run {number + 1} of {REPEATS}")
            with _clone(base):
                copied.append(_timed(lambda rows=rows: _copy(rows)))
        part = max(1, requests // 10)
        tell(f"the Django way, {part * each:,} stakes")
        with _clone(base):
            took = _timed(lambda: _django_way(part))
    return CommitFigures(count, count / min(ours), count / min(copied), part * each / took)


def _django() -> None:
    """Servers and settings; harmless where they are up."""
    import os

    import django
    from django.apps import apps

    from config import embedded

    if apps.ready:
        return
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    os.environ.setdefault("PARI_ENV", "demo")
    embedded.ensure(profile="bench")
    django.setup()


@contextmanager
def _base() -> Iterator[str]:
    """A fresh database with all tables, dropped at the end."""
    from django.core.management import call_command
    from django.db import connection

    usual, name = connection.settings_dict["NAME"], "bench_round_commit"
    _admin(f"DROP DATABASE IF EXISTS {name}", f"CREATE DATABASE {name}")
    try:
        _use(name)
        call_command("migrate", verbosity=0)
        yield name
    finally:
        _use(usual)
        _admin(f"DROP DATABASE IF EXISTS {name}")


@contextmanager
def _clone(base: str) -> Iterator[None]:
    """A copy of the base, used inside and dropped afterwards."""
    name = f"{base}_run"
    _use("postgres")
    _admin(f"DROP DATABASE IF EXISTS {name}", f"CREATE DATABASE {name} TEMPLATE {base}")
    try:
        _use(name)
        yield
    finally:
        _use("postgres")
        _admin(f"DROP DATABASE IF EXISTS {name}")


def _use(name: str) -> None:
    from django.db import connection

    connection.close()
    connection.settings_dict["NAME"] = name


def _admin(*statements: str) -> None:
    """Statements about whole databases, from outside of them."""
    from django.db import connection

    before = connection.settings_dict["NAME"]
    _use("postgres")
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
    _use(before)


def _fill(lenders: int, requests: int, each: int) -> None:
    """People, money, mandates, requests, and a round decided over them."""
    from lending.models import Mandate
    from matching.services import rounds
    from matching.services.locks import only_round

    people = _people("lender", lenders)
    _pay_in(people, cents=(requests * each // lenders + 2) * UNIT_CENTS)
    Mandate.objects.bulk_create(
        Mandate(
            lender_id=person,
            name="All",
            max_per_loan_cents=UNIT_CENTS,
            max_per_borrower_cents=UNIT_CENTS,
            created_at=AT,
        )
        for person in people
    )
    _list(_people("borrower", requests), each * UNIT_CENTS)
    with only_round():
        match = rounds._unfinished(AT, 1)
        rounds._take(match, at=AT)
        _results[match.pk] = rounds._decide(match, at=AT)


def _people(role: str, count: int) -> list[int]:
    from accounts.models import User

    made = User.objects.bulk_create(
        User(email=f"{role}{number}@pari.example", role=role, date_joined=AT)
        for number in range(count)
    )
    return [user.pk for user in made]


def _pay_in(people: list[int], *, cents: int) -> None:
    from ledger.chart import EntryKind, Role
    from ledger.services import Move, account_id, account_ids, post_entry

    provider, cash = account_id(Role.PROVIDER), account_ids(Role.CASH, people)
    account_ids(Role.RESERVED, people)
    post_entry(
        reference="payin:bench",
        kind=EntryKind.PAY_IN,
        effective_on=AT.date(),
        at=AT,
        moves=[Move(provider, account, cents) for account in cash.values()],
    )


def _list(borrowers: list[int], amount_cents: int) -> None:
    from decimal import Decimal

    from lending.models import LoanRequest
    from lending.states import RequestStatus

    listed_at = AT - timedelta(days=5)
    LoanRequest.objects.bulk_create(
        LoanRequest(
            borrower_id=borrower,
            status=RequestStatus.LISTED,
            amount_cents=amount_cents,
            term_months=36,
            annual_rate=Decimal("0.08"),
            grade="C",
            affordability_mark=2,
            purpose="car",
            title="A car",
            borrower_fee_rate=Decimal("0.025"),
            created_at=listed_at,
            listed_at=listed_at,
            deadline_on=AT.date() + timedelta(days=9),
        )
        for borrower in borrowers
    )


def _timed(act: Callable[[], object]) -> float:
    """Seconds by the clock on the wall, since most of the work is the server's."""
    started = perf_counter()
    act()
    return perf_counter() - started


_results: dict[int, Any] = {}


def _book_ours() -> None:
    from matching.services import rounds

    match, result = _decided_once()
    rounds._book(match, result, at=AT)


def _decided_once() -> tuple[MatchRound, Any]:
    """The round with its result; deciding is no part of writing, so it is done beforehand."""
    from matching.models import MatchRound

    match = MatchRound.objects.get()
    return match, _results[match.pk]


def _rows_of(table: str) -> tuple[list[str], list[str], list[tuple[Any, ...]]]:
    """Columns, types and the rows that the booking added to a table."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT attname, format_type(atttypid, NULL) FROM pg_attribute"
            " WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum",
            [table],
        )
        names, kinds = (list(column) for column in zip(*cursor.fetchall(), strict=True))
        since = {"ledger_entry": "id > 1", "ledger_transfer": "entry_id > 1"}.get(table, "true")
        cursor.execute(f"SELECT {', '.join(names)} FROM {table} WHERE {since} ORDER BY id")
        return names, kinds, cursor.fetchall()


def _copy(rows: dict[str, tuple[list[str], list[str], list[tuple[Any, ...]]]]) -> None:
    from django.db import transaction

    from core.bulk import copy_in

    with transaction.atomic():
        for table, (names, kinds, values) in rows.items():
            columns = dict(zip(names, (_TYPES.get(kind, kind) for kind in kinds), strict=True))
            copy_in(table, columns, values)


_TYPES: Final = {
    "bigint": "int8",
    "integer": "int4",
    "character varying": "varchar",
    "timestamp with time zone": "timestamptz",
}


def _django_way(requests: int) -> None:
    """The first requests of the round as a typical project would write them."""
    from django.db import transaction
    from django.db.models import F

    from ledger.chart import EntryKind, Role
    from ledger.models import Account, Entry, Transfer
    from ledger.services import account_ids
    from lending.models import LoanRequest, Offer
    from matching.models import Receipt
    from matching.services.booking import decided_rows

    match, result = _decided_once()
    end = requests * STAKES_PER_REQUEST
    rows = decided_rows(result, slice(0, end)).lists()
    with transaction.atomic():
        stakes = list(
            zip(
                rows["mandate_ids"],
                rows["lender_ids"],
                rows["request_ids"],
                rows["amount_cents"],
                strict=True,
            )
        )
        cash = account_ids(Role.CASH, rows["lender_ids"])
        reserved = account_ids(Role.RESERVED, rows["lender_ids"])
        offers = Offer.objects.bulk_create(
            (
                Offer(
                    request_id=request,
                    lender_id=lender,
                    mandate_id=mandate,
                    round_id=match.pk,
                    source="mandate",
                    amount_cents=cents,
                    placed_at=AT,
                    firm_on=AT.date(),
                )
                for mandate, lender, request, cents in stakes
            ),
            batch_size=1_000,
        )
        facts = ("bucket", "level", "base", "before_cents", "last_cents", "reason")
        Receipt.objects.bulk_create(
            (
                Receipt(offer=offer, round=match, **dict(zip(facts, values, strict=True)))
                for offer, values in zip(
                    offers, zip(*(rows[name] for name in facts), strict=True), strict=True
                )
            ),
            batch_size=1_000,
        )
        wanted = sorted(set(rows["request_ids"]))
        entries = Entry.objects.bulk_create(
            Entry(
                reference=f"round:{match.pk}:{request}",
                kind=EntryKind.RESERVATION,
                effective_on=AT.date(),
                posted_at=AT,
            )
            for request in wanted
        )
        entry_of = dict(zip(wanted, entries, strict=True))
        Transfer.objects.bulk_create(
            (
                Transfer(
                    entry=entry_of[request],
                    debit_id=cash[lender],
                    credit_id=reserved[lender],
                    cents=cents,
                )
                for _, lender, request, cents in stakes
            ),
            batch_size=1_000,
        )
        for _, lender, request, cents in stakes:
            Account.objects.filter(pk=cash[lender]).update(balance_cents=F("balance_cents") - cents)
            Account.objects.filter(pk=reserved[lender]).update(
                balance_cents=F("balance_cents") + cents
            )
        for request in wanted:
            LoanRequest.objects.filter(pk=request).update(funded_cents=F("amount_cents"))


def table_of(figures: list[CommitFigures]) -> Table:
    """The figures as a table."""
    table = Table(
        "stakes",
        "ours /s",
        "COPY /s",
        "Django /s",
        "P1 ours/COPY",
        "P2 ours/Django",
        title="Writing a decided round",
    )
    for one in figures:
        table.add_row(
            f"{one.stakes:,}",
            f"{one.ours_per_second:,.0f}",
            f"{one.copy_per_second:,.0f}",
            f"{one.django_per_second:,.0f}",
            f"{one.of_copy:.2f}",
            f"{one.of_django:.1f}",
        )
    return table


def main() -> None:
    """Measure two sizes, ten times apart."""
    parser = ArgumentParser(prog="python -m bench.round_commit", description=__doc__)
    parser.add_argument("--stakes", type=int, default=100_000)
    parser.add_argument("--lenders", type=int, default=10_000)
    given = parser.parse_args()
    console = Console()
    with console.status("starting") as status:
        figures = [
            measured(stakes, given.lenders, tell=lambda line: status.update(line))
            for stakes in (given.stakes // 10, given.stakes)
        ]
    console.print(table_of(figures))


if __name__ == "__main__":
    main()
