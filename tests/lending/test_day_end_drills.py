"""Day end killed at named points and at random, doubled, and late: the books end up the same.

Every run works on databases of its own, ours and the provider's, cloned from one world: debits that
have arrived, a debit that the provider is asked for, a loan that is paid out, loans that fall due
and loans that are late. Two runs are the same when every row of money
and loans is, but for keys, instants and random names.
"""

from __future__ import annotations

import json
import os
import pickle
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from random import Random

import psycopg
import pytest
from django.db import connection, connections

from accounts.models import BankAccount, Role
from core import clock
from lending.models import Loan
from payments.models import Collection
from payments.sandbox import control
from payments.states import CollectionStatus
from tests.factories import loans, people
from tests.flows.digest import differences
from tests.payments import world as provider
from tests.processes import environment_of_test
from tests.seeds import seeds, tried

ROOT = Path(__file__).resolve().parents[2]
OPEN = date(2026, 2, 16)
"""A Monday, on which what fell due on Sunday can still be paid."""
SOON = OPEN + timedelta(days=2)
LATER = OPEN + timedelta(days=10)
POINTS = [
    line.split('"')[1]
    for line in (ROOT / "tests/lending/day_end_nursery.py").read_text().splitlines()
    if ": lambda: dies(" in line
]

Told = tuple[date, dict[str, Counter[str]]]


class Drill:
    """Clones of one world, and the process whose children work on them."""

    def __init__(self, nursery: subprocess.Popen[str], folder: Path) -> None:
        self.nursery, self.folder = nursery, folder
        self.world = str(connection.settings_dict["NAME"])
        self.provider = str(connections["sandbox"].settings_dict["NAME"])
        self.made: list[str] = []
        self.clones = 0

    def clone(self) -> str:
        """A database like the world."""
        name = f"{self.world}_drill{self.clones}"
        self.clones += 1
        connections.close_all()
        for made, of in ((name, self.world), (f"{name}_sandbox", self.provider)):
            self._admin(f'DROP DATABASE IF EXISTS "{made}" WITH (FORCE)')
            self._admin(f'CREATE DATABASE "{made}" TEMPLATE "{of}"')
            self.made.append(made)
        return name

    def drop(self) -> None:
        """Leave no clone behind."""
        for name in self.made:
            self._admin(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def order(self, *orders: dict[str, object]) -> list[int]:
        """Have orders carried out at once; their exit codes."""
        assert self.nursery.stdin is not None and self.nursery.stdout is not None
        heads = {"heads": str(self.folder / "heads")}
        self.nursery.stdin.write(json.dumps([order | heads for order in orders]) + "\n")
        self.nursery.stdin.flush()
        codes: list[int] = json.loads(self.nursery.stdout.readline())
        return codes

    def close(self, database: str, until: date = SOON, **more: object) -> int:
        """Close the days of one database; the exit code."""
        order = {"act": "close", "database": database, "until": until.isoformat()}
        return self.order(order | more)[0]

    def told(self, database: str) -> Told:
        """What a database says, with its money proven."""
        file = self.folder / database
        assert self.order({"act": "tell", "database": database, "file": str(file)}) == [0]
        told: Told = pickle.loads(file.read_bytes())
        return told

    def _admin(self, statement: str) -> None:
        given = connection.get_connection_params() | {"dbname": "postgres"}
        kept = {name: given[name] for name in given if name in _PARAMETERS}
        with psycopg.connect(**kept, autocommit=True) as admin:
            admin.execute(statement.encode())


_PARAMETERS = ("dbname", "user", "password", "host", "port")


@pytest.fixture(scope="module")
def nursery(django_db_setup: None) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-m", "tests.lending.day_end_nursery"],
        cwd=ROOT,
        env={**os.environ, **environment_of_test()},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        yield process


@pytest.fixture
def drill(
    transactional_db: None, nursery: subprocess.Popen[str], tmp_path: Path
) -> Iterator[Drill]:
    _world()
    drill = Drill(nursery, tmp_path)
    yield drill
    drill.drop()


def _world() -> None:
    """Debits that have arrived, one of them too much; loans of which something is late or due.

    One borrower can be debited, and one request is signed and to be paid out.
    """
    provider.begin()
    debited = provider.ready(Role.BORROWER)
    control.advance_to(OPEN)
    clock.set_business_date(OPEN, is_virtual=True)
    random, lenders = Random(1), [people.lender() for _ in range(3)]
    some = [
        loans.loan(
            shares_cents=[1_000_00, random.randint(1, 20) * 25_00],
            lenders=random.sample(lenders, 2),
            term_months=12,
            due_day=15,
            borrower=debited if number == 8 else None,
        )
        for number in range(9)
    ]
    Loan.objects.update(serviced_through=OPEN - timedelta(days=1))
    others = BankAccount.objects.exclude(user=debited)
    others.update(provider_mandate="")  # no new debit of them is sent
    loans.signed_request(shares_cents=[500_00, 500_00], lenders=lenders[:2], at=loans.noon(OPEN))
    for loan in some[:5]:
        _collected(loan)
    loans.pay(some[4], 20_00, on=OPEN)


def _collected(of: Loan) -> None:
    """A debit that arrived and was booked, not yet passed on."""
    first = of.instalments.get(number=1)
    loans.give_collected(of.borrower, first.total_cents, on=OPEN)
    Collection.objects.create(
        instalment=first,
        number=1,
        bank_account=BankAccount.objects.filter(user=of.borrower).latest("id"),
        amount_cents=first.total_cents,
        target_on=OPEN,
        settled_on=OPEN,
        status=CollectionStatus.SUCCEEDED,
        created_at=loans.noon(OPEN),
    )


def _assert_like(expected: Told, found: Told, struck: str = "") -> None:
    assert found[0] == expected[0], struck
    different = differences(expected[1], found[1])
    assert not different, "\n".join([struck, *different])


def test_killed_anywhere_it_goes_on_where_it_stopped_and_comes_to_the_same(drill: Drill) -> None:
    calm = drill.clone()
    assert drill.close(calm) == 0
    expected = drill.told(calm)
    assert expected[0] == SOON
    assert drill.close(calm) == 0
    _assert_like(expected, drill.told(calm))  # run again, nothing changes
    for point in POINTS:
        struck = drill.clone()
        assert drill.close(struck, point=point) == -signal.SIGKILL, point
        assert drill.close(struck) == 0
        _assert_like(expected, drill.told(struck), point)
    assert len(POINTS) >= 10


@pytest.mark.soak
def test_killed_at_random_instants_it_comes_to_the_same(drill: Drill) -> None:
    calm = drill.clone()
    assert drill.close(calm, LATER) == 0
    expected = drill.told(calm)
    for seed in tried(seeds(few=2, many=100)):
        random, struck = Random(seed), drill.clone()
        for _ in range(3):
            code = drill.close(struck, LATER, kill_after=random.uniform(0.02, 1.5))
            assert code in (0, -signal.SIGKILL)
        assert drill.close(struck, LATER) == 0
        _assert_like(expected, drill.told(struck))


def test_two_schedulers_and_two_workers_at_once_do_it_once(drill: Drill) -> None:
    calm, crowded = drill.clone(), drill.clone()
    assert drill.close(calm, LATER) == 0
    order = {"database": crowded, "until": LATER.isoformat()}
    codes = drill.order(*[order | {"act": act} for act in ("close", "close", "help", "help")])
    assert codes == [0, 0, 0, 0]
    _assert_like(drill.told(calm), drill.told(crowded))


def test_ten_missed_days_come_to_the_same_as_day_by_day(drill: Drill) -> None:
    daily, missed = drill.clone(), drill.clone()
    assert drill.close(daily, LATER, one_by_one=True) == 0
    assert drill.close(missed, LATER) == 0
    expected = drill.told(daily)
    _assert_like(expected, drill.told(missed))
    late = [row for row in expected[1]["lending_loanevent"] if '"kind": "late"' in row]
    assert sum(expected[1]["lending_loanevent"][row] for row in late) == 4
