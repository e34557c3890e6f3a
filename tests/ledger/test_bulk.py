"""Entries posted in one stroke are the same as entries posted one by one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime

import numpy as np
import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.bulk import copy_numbers
from ledger.bulk import NewEntry, post_columns, post_new_entries
from ledger.chart import EntryKind, Role
from ledger.errors import EmptyEntry, InsufficientFunds
from ledger.models import Account, Entry, Transfer
from ledger.services import Move, account_ids, moves_of, post_entry
from tests.flows.money import assert_money

pytestmark = pytest.mark.django_db

ON, AT = date(2026, 3, 2), datetime(2026, 3, 2, 9, tzinfo=UTC)


@pytest.fixture
def accounts() -> tuple[dict[int, int], dict[int, int]]:
    """Cash and reserved accounts of three people who own EUR 100 each."""
    cash = account_ids(Role.CASH, [1, 2, 3])
    reserved = account_ids(Role.RESERVED, [1, 2, 3])
    provider = account_ids(Role.PROVIDER, [0])[0]
    post_entry(
        reference="paid-in",
        kind=EntryKind.PAY_IN,
        effective_on=ON,
        at=AT,
        moves=[Move(provider, account, 100_00) for account in cash.values()],
    )
    return cash, reserved


def post(*entries: NewEntry) -> None:
    post_new_entries(entries, kind=EntryKind.RESERVATION, effective_on=ON, at=AT)


def test_entries_keep_their_moves_in_order_and_balances_follow(accounts) -> None:
    cash, reserved = accounts
    first = [Move(cash[1], reserved[1], 30_00), Move(cash[2], reserved[2], 10_00)]
    second = [Move(cash[1], reserved[1], 5_00)]
    post(NewEntry("one", first), NewEntry("two", second))

    entries = Entry.objects.order_by("id").exclude(reference="paid-in")
    assert [(entry.reference, moves_of(entry)) for entry in entries] == [
        ("one", first),
        ("two", second),
    ]
    balances = dict(Account.objects.values_list("id", "balance_cents"))
    assert (balances[cash[1]], balances[reserved[1]]) == (65_00, 35_00)
    assert (balances[cash[2]], balances[reserved[2]]) == (90_00, 10_00)
    assert_money("ledger")


def test_an_overdraft_refuses_all_of_them(accounts) -> None:
    cash, reserved = accounts
    entries = [
        NewEntry("one", [Move(cash[1], reserved[1], 60_00)]),
        NewEntry("two", [Move(cash[1], reserved[1], 60_00)]),
    ]
    with pytest.raises(InsufficientFunds), transaction.atomic():
        post(*entries)
    assert Entry.objects.count() == 1
    assert_money("ledger")


def test_a_reference_that_was_used_refuses_all_of_them(accounts) -> None:
    cash, reserved = accounts
    move = [Move(cash[1], reserved[1], 1_00)]
    with pytest.raises(IntegrityError), transaction.atomic():
        post(NewEntry("new", move), NewEntry("paid-in", move))
    assert Entry.objects.count() == 1


@pytest.mark.parametrize("moves", [[], [Move(1, 2, 0)], [Move(1, 2, -5)]])
def test_an_entry_without_money_is_refused(moves: list[Move]) -> None:
    with pytest.raises(EmptyEntry):
        post(NewEntry("nothing", moves))


def test_nothing_to_post_is_nothing_done() -> None:
    post()
    assert not Entry.objects.exists()


def columns_of(*moves: tuple[int, int, int, int]) -> dict[str, np.ndarray]:
    """Moves as columns: place of the entry, debit, credit, cents."""
    names = ("entry_of", "debit_ids", "credit_ids", "cents")
    return dict(zip(names, np.array(moves, np.int64).reshape(-1, 4).T, strict=True))


def post_as_columns(references: list[str], *moves: tuple[int, int, int, int]) -> list[int]:
    return post_columns(
        references=references,
        kind=EntryKind.REPAYMENT,
        effective_on=ON,
        at=AT,
        **columns_of(*moves),
    )


def test_columns_become_the_entries_that_they_name_in_whatever_order_the_moves_come(
    accounts,
) -> None:
    cash, reserved = accounts
    ids = post_as_columns(
        ["one", "two"],
        (1, cash[1], reserved[1], 5_00),
        (0, cash[2], reserved[2], 10_00),
        (1, reserved[1], cash[2], 2_00),
    )
    one, two = Entry.objects.filter(pk__in=ids).order_by("pk")
    assert ids == [one.pk, two.pk]
    assert (one.reference, one.kind, one.effective_on, one.posted_at) == (
        "one",
        "repayment",
        ON,
        AT,
    )
    assert moves_of(one) == [Move(cash[2], reserved[2], 10_00)]
    assert moves_of(two) == [Move(cash[1], reserved[1], 5_00), Move(reserved[1], cash[2], 2_00)]
    balances = dict(Account.objects.values_list("id", "balance_cents"))
    assert (balances[cash[1]], balances[reserved[1]], balances[cash[2]]) == (95_00, 3_00, 92_00)
    assert_money("ledger")


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    moves=st.lists(
        st.tuples(st.integers(0, 3), st.integers(0, 5), st.integers(1, 5), st.integers(1, 40_00)),
        max_size=12,
    )
)
def test_columns_book_what_the_same_entries_book_one_by_one(accounts, moves) -> None:
    cash, reserved = accounts
    known = [*cash.values(), *reserved.values()]
    rows = [(entry, known[a], known[(a + step) % 6], c) for entry, a, step, c in moves]
    places = sorted({entry for entry, *_ in rows})
    rows = [(places.index(entry), *rest) for entry, *rest in rows]
    references = [f"entry:{place}" for place in places]
    one_by_one = balances_after(lambda: _post_one_by_one(references, *rows))
    at_once = balances_after(lambda: post_as_columns(references, *rows))
    assert one_by_one is None or one_by_one == at_once  # on the way an account may run dry
    if at_once is None:
        assert one_by_one is None


def balances_after(act: Callable[[], object]) -> dict[int, int] | None:
    """Every balance once that was done, None where it was refused; then it is undone."""
    with transaction.atomic():
        try:
            act()
        except InsufficientFunds:
            return None
        else:
            assert_money("ledger")
            return dict(Account.objects.values_list("id", "balance_cents"))
        finally:
            transaction.set_rollback(True)


def _post_one_by_one(references: list[str], *rows: tuple[int, int, int, int]) -> None:
    for place, reference in enumerate(references):
        post_entry(
            reference=reference,
            kind=EntryKind.REPAYMENT,
            effective_on=ON,
            at=AT,
            moves=[Move(*row[1:]) for row in rows if row[0] == place],
        )


@pytest.mark.parametrize("moves", [[(0, 1, 2, 5)], [(0, 1, 2, 5), (1, 1, 2, 0)]])
def test_columns_without_money_name_the_entry_that_has_none(moves) -> None:
    with pytest.raises(EmptyEntry, match=r"^two$"):
        post_as_columns(["one", "two"], *moves)
    assert not Entry.objects.exists()


@pytest.mark.parametrize("place", [-1, 1])
def test_a_move_of_no_entry_is_refused(accounts, place: int) -> None:
    cash, reserved = accounts
    with pytest.raises(IndexError):
        post_as_columns(["one"], (0, cash[1], reserved[1], 5), (place, cash[1], reserved[1], 5))


def test_columns_that_overdraw_leave_nothing(accounts) -> None:
    cash, reserved = accounts
    with pytest.raises(InsufficientFunds), transaction.atomic():
        post_as_columns(["one"], (0, cash[1], reserved[1], 100_01))
    assert Entry.objects.count() == 1
    assert_money("ledger")


def test_columns_keep_every_rule_of_the_tables(accounts) -> None:
    cash, _ = accounts
    with pytest.raises(IntegrityError, match="between_two"), transaction.atomic():
        post_as_columns(["one"], (0, cash[1], cash[1], 5))
    with pytest.raises(IntegrityError, match="ledger_entry_reference"), transaction.atomic():
        post_as_columns(["paid-in"], (0, cash[1], cash[2], 5))


def test_numbers_arrive_as_they_were_whatever_their_size(accounts) -> None:
    cash, reserved = accounts
    entry = Entry.objects.get()
    cents = np.array([1, 255, 2**31, 2**62 - 1], np.int64)
    same = np.ones(4, np.int64)
    copy_numbers(
        "ledger_transfer",
        {
            "cents": cents,
            "entry_id": same * entry.pk,
            "debit_id": same * cash[1],
            "credit_id": same * reserved[1],
        },
    )
    stored = Transfer.objects.filter(debit=cash[1]).order_by("id").values_list("cents", flat=True)
    assert list(stored) == cents.tolist()


def test_more_rows_than_are_laid_out_at_once_arrive_in_order(accounts, monkeypatch) -> None:
    monkeypatch.setattr("core.bulk._ROWS_AT_ONCE", 3)
    cash, reserved = accounts
    moves = [(0, cash[1], reserved[1], cents) for cents in range(1, 9)]
    (entry_id,) = post_as_columns(["one"], *moves)
    assert [move.cents for move in moves_of(Entry.objects.get(pk=entry_id))] == list(range(1, 9))


def test_the_number_of_statements_does_not_grow_with_the_rows(accounts) -> None:
    cash, reserved = accounts
    counts = []
    for name, size in (("few", 2), ("many", 60)):
        with CaptureQueriesContext(connection) as queries:
            post_as_columns(
                [f"{name}:{place}" for place in range(size)],
                *((place, cash[1], reserved[1], 1) for place in range(size)),
            )
        counts.append(len(queries))
    assert counts[0] == counts[1]
