"""Seals: every change to what was sealed is found, and sealing never stands in posting's way."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction

from core import audit
from core.bulk import next_ids
from ledger import chain, chain_check, heads, sealing
from ledger.chain import BEFORE_ALL, BEGINNING, Chain, digest_of
from ledger.errors import ChainBroken
from ledger.models import Account, ChainCheck, Entry, Seal
from ledger.services import Move
from ledger.tasks import check_chains, seal
from tests.flows.money import assert_money
from tests.ledger.accounts import AT, funded, post

pytestmark = pytest.mark.django_db(transaction=True)

LATER = AT + timedelta(hours=1)


@pytest.fixture
def sealed(monkeypatch: pytest.MonkeyPatch) -> dict[Chain, int]:
    """Nine entries and three audit rows, sealed by fours."""
    monkeypatch.setattr(chain, "ROWS_IN_A_SEAL", 4)
    cash, other = funded(1, 900), funded(2, 100)
    for cents in range(1, 8):
        post(Move(cash, other, cents), Move(other, cash, 1), reference=f"sealed:{cents}")
        next_ids("ledger_entry", 1)  # drawn by somebody who took it back
    for action in ("listed", "filled", "signed"):
        audit.record(Account.objects.get(pk=cash), action, at=AT)
    return sealing.seal_all(at=AT)


def found() -> list[str]:
    """Differences in any chain, in words."""
    return [str(finding) for finding in chain_check.differences()]


def as_superuser(*statements: str) -> None:
    """Run statements with every trigger and foreign key asleep."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        for statement in statements:
            cursor.execute(statement)


def seal_anew() -> None:
    """Write every seal again over whatever is there now: each digest and each link is right."""
    seals = list(Seal.objects.filter(chain=Chain.LEDGER).order_by("number"))
    previous, after = BEGINNING, BEFORE_ALL
    for row in seals:
        digest = digest_of(Chain.LEDGER, previous, after=after, last=row.last_id)
        as_superuser(
            f"UPDATE ledger_seal SET digest = '{digest}', previous_digest = '{previous}' "
            f"WHERE id = {row.pk}"
        )
        previous, after = digest, row.last_id


_ENTRY = "(SELECT id FROM ledger_entry WHERE reference = 'sealed:3')"
_NEXT = "(SELECT id FROM ledger_entry WHERE reference = 'sealed:4')"
_MOVE = f"(SELECT min(id) FROM ledger_transfer WHERE entry_id = {_ENTRY})"
_TAIL = "(SELECT max(first_id) FROM ledger_seal WHERE chain = 'ledger')"
_NEW = "(reference, kind, effective_on, posted_at) SELECT 'new', kind, effective_on, posted_at"
TAMPERING: dict[str, list[str]] = {
    "edit an amount": [f"UPDATE ledger_transfer SET cents = cents + 1 WHERE id = {_MOVE}"],
    "edit an account": [
        "UPDATE ledger_transfer SET debit_id = (SELECT id FROM ledger_account "
        f"WHERE role = 'provider') WHERE id = {_MOVE}"
    ],
    "edit whose account it is": ["UPDATE ledger_account SET holder_id = 77 WHERE holder_id = 2"],
    "edit which way an account runs": [
        "UPDATE ledger_account SET may_overdraw = true WHERE holder_id = 2"
    ],
    "delete an account": ["DELETE FROM ledger_account WHERE holder_id = 2"],
    "edit a date": [f"UPDATE ledger_entry SET effective_on = '2025-12-31' WHERE id = {_ENTRY}"],
    "edit an instant": [
        f"UPDATE ledger_entry SET posted_at = posted_at + interval '1 us' WHERE id = {_ENTRY}"
    ],
    "edit a reference": [f"UPDATE ledger_entry SET reference = 'x' WHERE id = {_ENTRY}"],
    "edit a kind": [f"UPDATE ledger_entry SET kind = 'payout' WHERE id = {_ENTRY}"],
    "delete an entry": [f"DELETE FROM ledger_entry WHERE id = {_ENTRY}"],
    "delete an entry with its moves": [
        f"DELETE FROM ledger_transfer WHERE entry_id = {_ENTRY}",
        f"DELETE FROM ledger_entry WHERE id = {_ENTRY}",
    ],
    "delete a move": [f"DELETE FROM ledger_transfer WHERE id = {_MOVE}"],
    "insert a move into the past": [
        "INSERT INTO ledger_transfer (entry_id, debit_id, credit_id, cents) "
        f"SELECT entry_id, credit_id, debit_id, 5 FROM ledger_transfer WHERE id = {_MOVE}"
    ],
    "insert an entry into the past": [
        f"INSERT INTO ledger_entry (id, {_NEW[1:].replace('SELECT', f'SELECT {_NEXT} - 1,')} "
        f"FROM ledger_entry WHERE id = {_ENTRY}"
    ],
    "insert an entry before all": [
        f"INSERT INTO ledger_entry (id, {_NEW[1:].replace('SELECT', 'SELECT -5,')} "
        f"FROM ledger_entry WHERE id = {_ENTRY}"
    ],
    "swap two entries": [
        f"UPDATE ledger_entry SET id = -id WHERE id IN ({_ENTRY}, {_NEXT})",
        "UPDATE ledger_entry SET id = (SELECT -id FROM ledger_entry WHERE reference = 'sealed:4') "
        "WHERE reference = 'sealed:3'",
        "UPDATE ledger_entry SET id = (SELECT id - 2 FROM ledger_entry WHERE "
        "reference = 'sealed:3') WHERE reference = 'sealed:4'",
    ],
    "swap the moves of two entries": [
        f"UPDATE ledger_transfer SET entry_id = CASE entry_id WHEN {_ENTRY} THEN {_NEXT} "
        f"ELSE {_ENTRY} END WHERE entry_id IN ({_ENTRY}, {_NEXT})"
    ],
    "cut the tail of the rows": [
        f"DELETE FROM ledger_transfer WHERE entry_id >= {_TAIL}",
        f"DELETE FROM ledger_entry WHERE id >= {_TAIL}",
    ],
    "cut the tail of the rows and of the seals": [
        f"DELETE FROM ledger_transfer WHERE entry_id >= {_TAIL}",
        f"DELETE FROM ledger_entry WHERE id >= {_TAIL}",
        f"DELETE FROM ledger_seal WHERE chain = 'ledger' AND first_id >= {_TAIL}",
    ],
    "cut every seal": ["DELETE FROM ledger_seal"],
    "delete a seal in the middle": [
        "DELETE FROM ledger_seal WHERE chain = 'ledger' AND number = 2"
    ],
    "edit a digest": ["UPDATE ledger_seal SET digest = repeat('0', 64) WHERE number = 2"],
    "edit a link": ["UPDATE ledger_seal SET previous_digest = repeat('0', 64) WHERE number = 2"],
    "edit an audit row": ["UPDATE core_auditrow SET action = 'declined' WHERE action = 'filled'"],
    "delete an audit row": ["DELETE FROM core_auditrow WHERE action = 'filled'"],
}


def test_what_nobody_touched_is_whole(sealed: dict[Chain, int]) -> None:
    assert sealed == {Chain.LEDGER: 9, Chain.ACCOUNTS: 3, Chain.AUDIT: 3}
    assert [(row.number, row.rows) for row in Seal.objects.filter(chain="ledger")] == [
        (1, 4),
        (2, 4),
        (3, 1),
    ]
    assert found() == []
    assert_money("ledger")


@pytest.mark.parametrize("kind", TAMPERING)
def test_every_kind_of_tampering_is_found(sealed: dict[Chain, int], kind: str) -> None:
    as_superuser(*TAMPERING[kind])
    assert found() != []
    with pytest.raises(CommandError):
        call_command("verify_ledger", stderr=StringIO())
    with pytest.raises(AssertionError, match="chain_is_whole"):
        assert_money("ledger")


@pytest.mark.parametrize("kind", ["edit an amount", "delete a move", "edit a date"])
def test_rewriting_the_whole_chain_is_told_by_the_heads_outside(
    sealed: dict[Chain, int], kind: str
) -> None:
    as_superuser(*TAMPERING[kind])
    seal_anew()
    assert list(chain_check.rows_as_sealed()) == []
    assert any("is not the one known outside" in words for words in found())
    post(Move(funded(1, 5), funded(2, 0), 1))
    with pytest.raises(ChainBroken):
        sealing.seal_all(at=LATER)


def test_a_finding_names_the_seal_that_is_hurt_and_no_other(sealed: dict[Chain, int]) -> None:
    as_superuser(*TAMPERING["delete a move"])
    entry = Entry.objects.get(reference="sealed:3")
    hurt = Seal.objects.get(chain="ledger", first_id__lte=entry.pk, last_id__gte=entry.pk)
    (words,) = found()
    assert words.startswith(f"chain_is_whole: ledger seal {hurt.number}: expected 4, found 4")


def edit(change: Callable[[dict[str, object]], object]) -> Callable[[str], str]:
    """A change to the JSON of a line of the heads."""

    def edited(line: str) -> str:
        told = json.loads(line)
        change(told)
        return json.dumps(told)

    return edited


@pytest.mark.parametrize(
    "change",
    [
        lambda line: "",
        lambda line: "{}",
        lambda line: "[]",
        edit(lambda told: told.update(number=99)),
        edit(lambda told: told.update(digest="0" * 64)),
        edit(lambda told: told.update(signature="0" * 64)),
        edit(lambda told: told.update(signature=None)),
        edit(lambda told: told.update(key="0" * 8)),
        edit(lambda told: told.pop("rows")),
    ],
)
def test_a_head_that_we_did_not_sign_is_found(
    sealed: dict[Chain, int], change: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chain_check, "_PATIENCE", 0.01)
    first, *rest = heads.file().read_text().splitlines()
    heads.file().write_text("\n".join([change(first), *rest, ""]))
    assert any("line 1 of the heads" in words for words in found())


def test_a_lost_file_of_heads_is_found_and_not_written_anew(
    sealed: dict[Chain, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chain_check, "_PATIENCE", 0.01)
    heads.file().unlink()
    assert len(found()) == Seal.objects.count()
    with pytest.raises(ChainBroken):
        sealing.seal_all(at=LATER)
    assert not heads.file().exists()


def test_a_crash_between_a_seal_and_its_head_heals_with_the_next_run(
    sealed: dict[Chain, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chain_check, "_PATIENCE", 0.01)
    whole = heads.file().read_bytes()
    *_, third, _accounts, _trail = whole.splitlines(keepends=True)
    heads.file().write_bytes(whole.replace(third, b"") + third[:40])
    assert [words for words in found() if "ledger seal 3" in words]
    sealing.seal_all(at=LATER)
    assert found() == []
    assert heads.file().read_bytes().count(b"\n") == whole.count(b"\n")


def test_a_new_key_signs_and_the_old_one_still_tells(
    sealed: dict[Chain, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "OLD_LEDGER_KEYS", [(heads.file().parent / "key").read_text()])
    monkeypatch.setattr(settings, "LEDGER_KEY", "another key of thirty-two letters")
    post(Move(funded(1, 5), funded(2, 0), 1))
    sealing.seal_all(at=LATER)
    assert found() == []
    monkeypatch.setattr(settings, "OLD_LEDGER_KEYS", [])
    assert any("is not signed by us" in words for words in found())


def test_nothing_new_makes_no_seal_and_something_new_makes_one(sealed: dict[Chain, int]) -> None:
    assert sealing.seal_all(at=LATER) == dict.fromkeys(Chain, 0)
    entry = post(Move(funded(1, 0), funded(2, 0), 1))
    assert seal() == {"ledger": 1, "accounts": 0, "audit": 0}
    last = Seal.objects.get(chain="ledger", number=4)
    assert (last.first_id, last.last_id) == (entry.pk, entry.pk)
    assert check_chains() == 0


@pytest.mark.parametrize("table", ["ledger_entry", "ledger_transfer", "ledger_seal"])
@pytest.mark.parametrize("change", ["UPDATE {} SET id = id", "DELETE FROM {}"])
def test_the_tables_refuse_to_be_rewritten(
    sealed: dict[Chain, int], table: str, change: str
) -> None:
    with (
        pytest.raises(DatabaseError, match="only grows"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(change.format(table))


@pytest.mark.parametrize(
    "change",
    ["UPDATE {} SET holder_id = 9", "UPDATE {} SET may_overdraw = true", "DELETE FROM {}"],
)
def test_an_account_stays_whose_it_is(sealed: dict[Chain, int], change: str) -> None:
    test_the_tables_refuse_to_be_rewritten(sealed, "ledger_account", change)


def test_inside_a_transaction_nothing_is_sealed() -> None:
    with transaction.atomic():
        funded(1, 100)
        assert sealing.seal_all(at=AT) == dict.fromkeys(Chain, 0)
    assert sealing.seal_day(on=date(2026, 1, 5), at=AT) == {
        "ledger": 1,
        "accounts": 2,
        "audit": 0,
    }


def test_a_broken_chain_is_told_by_day_end_and_does_not_stop_it(sealed: dict[Chain, int]) -> None:
    as_superuser("DELETE FROM ledger_seal")
    assert "not the one known outside" in sealing.seal_day(on=date(2026, 1, 6), at=LATER)["broken"]


def test_a_check_is_written_down_for_staff(sealed: dict[Chain, int]) -> None:
    out = StringIO()
    call_command("verify_ledger", stdout=out)
    assert out.getvalue() == "chain verified: 5 seals, no difference\n"
    as_superuser(*TAMPERING["edit a date"])
    assert check_chains() == 1
    whole, broken = ChainCheck.objects.order_by("id")
    assert (whole.seals, whole.differences, whole.first_difference) == (5, 0, "")
    assert (broken.differences, "are not as they were sealed" in broken.first_difference) == (
        1,
        True,
    )


def test_after_a_restore_the_heads_begin_anew_and_the_old_ones_stay(
    sealed: dict[Chain, int],
) -> None:
    as_superuser(*TAMPERING["cut the tail of the rows and of the seals"])
    with pytest.raises(CommandError, match="known outside"):
        call_command("seal_ledger", stdout=StringIO())
    out = StringIO()
    call_command("seal_ledger", "--after-restore", stdout=out)
    kept = Path(out.getvalue().splitlines()[0].removeprefix("The old heads are kept in ")[:-1])
    assert kept.read_text().count("\n") == 5
    assert found() == []


def test_a_restore_does_not_wash_rows_that_are_not_as_they_were_sealed(
    sealed: dict[Chain, int],
) -> None:
    as_superuser(*TAMPERING["edit an amount"])
    before = heads.file().read_bytes()
    with pytest.raises(CommandError, match="not as they were sealed"):
        call_command("seal_ledger", "--after-restore", stdout=StringIO())
    assert heads.file().read_bytes() == before
