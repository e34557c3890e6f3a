"""Sealing while others post: no late commit slips under a sealed id, and nobody is kept waiting."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from threading import Event, Thread

import pytest
from django.db import connection, connections, transaction

from core.models import AuditRow
from ledger import chain_check, sealing, settled
from ledger.chain import Chain
from ledger.chart import Role
from ledger.models import Entry, Seal
from ledger.services import Move, account_id
from tests.ledger.accounts import AT, funded, post

pytestmark = pytest.mark.django_db(transaction=True)

LATER = AT + timedelta(hours=1)


def found() -> list[str]:
    """Differences in any chain, in words."""
    return [str(finding) for finding in chain_check.differences()]


def test_a_late_commit_under_a_sealed_id_cannot_be(monkeypatch: pytest.MonkeyPatch) -> None:
    """One draws a low id and lingers; another commits a higher one; sealing waits for the first."""
    cash, other, third = funded(1, 100), funded(2, 100), funded(3, 100)
    sealing.seal_all(at=AT)
    drawn, may_end = Event(), Event()

    def linger() -> None:
        with transaction.atomic():
            post(Move(cash, third, 1), reference="low")
            drawn.set()
            may_end.wait(timeout=20)
        connections.close_all()

    thread = Thread(target=linger)
    thread.start()
    assert drawn.wait(timeout=20)
    high = post(Move(other, account_id(Role.RESERVED, 2), 1), reference="high").pk
    assert settled.settled_through("ledger_entry", patience=0.2) is None
    monkeypatch.setattr(sealing, "settled_through", _impatient)
    assert sealing.seal_all(at=LATER)[Chain.LEDGER] == 0  # posting went on, sealing waits
    may_end.set()
    thread.join(timeout=20)
    assert sealing.seal_all(at=LATER)[Chain.LEDGER] == 2
    assert Entry.objects.get(reference="low").pk < high
    assert found() == []


def _impatient(table: str) -> int | None:
    return settled.settled_through(table, patience=0.2)


def test_an_id_that_was_drawn_without_a_row_yet_is_waited_for() -> None:
    funded(1, 100)
    drawn, may_end = Event(), Event()

    def draw() -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT nextval(pg_get_serial_sequence('ledger_entry', 'id'))")
            drawn.set()
            may_end.wait(timeout=20)
        connections.close_all()

    thread = Thread(target=draw)
    thread.start()
    assert drawn.wait(timeout=20)
    assert settled.settled_through("ledger_entry", patience=0.2) is None
    may_end.set()
    thread.join(timeout=20)
    assert settled.settled_through("ledger_entry", patience=5) is not None


def test_many_that_post_while_others_seal_leave_a_whole_chain() -> None:
    accounts = [funded(person, 10_000) for person in range(1, 9)]
    done: list[int] = []
    errors: list[Exception] = []

    def posting(number: int) -> None:
        try:
            for step in range(15):
                pair = accounts[2 * number], accounts[2 * number + 1]
                post(Move(*pair, 1 + step), reference=f"busy:{number}:{step}")
                done.append(step)
        except Exception as error:
            errors.append(error)
        finally:
            connections.close_all()

    def sealer() -> None:
        try:
            while len(done) < 60 and not errors:
                sealing.seal_all(at=datetime.now(UTC))
        except Exception as error:
            errors.append(error)
        finally:
            connections.close_all()

    threads = [Thread(target=posting, args=(number,)) for number in range(4)]
    threads += [Thread(target=sealer), Thread(target=sealer)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=120)
    assert errors == []
    sealing.seal_all(at=LATER)
    assert sum(row.rows for row in Seal.objects.filter(chain="ledger")) == Entry.objects.count()
    assert AuditRow.objects.count() == 0
    assert found() == []
