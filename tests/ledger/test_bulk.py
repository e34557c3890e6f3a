"""Entries posted in one stroke are the same as entries posted one by one."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from django.db import IntegrityError, transaction

from ledger.bulk import NewEntry, post_new_entries
from ledger.chart import EntryKind, Role
from ledger.errors import EmptyEntry, InsufficientFunds
from ledger.models import Account, Entry
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
