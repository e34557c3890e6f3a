"""Posting by several at once, on real connections: money moves once and nobody waits in a ring."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from random import Random
from threading import Barrier, Thread

import pytest
from django.db import connections, transaction

from ledger import verify
from ledger.chart import Role
from ledger.errors import InsufficientFunds
from ledger.models import Account, Entry
from ledger.services import Move, account_id, locked_accounts
from tests.ledger.accounts import balance, funded, post

pytestmark = pytest.mark.django_db(transaction=True)


def _at_once(count: int, act: Callable[[int], object]) -> list[object]:
    """Run `act` on `count` threads that begin together; results or refusals, by thread."""
    together = Barrier(count)
    results: list[object] = [None] * count

    def run(number: int) -> None:
        try:
            together.wait(timeout=20)
            results[number] = act(number)
        except Exception as error:
            results[number] = error
        finally:
            connections.close_all()

    threads = [Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    return results


def test_two_that_spend_one_balance_cannot_both() -> None:
    cash, takers = funded(1, 100), [funded(2, 0), funded(3, 0)]
    results = _at_once(2, lambda number: post(Move(cash, takers[number], 100)))
    assert sum(isinstance(result, Entry) for result in results) == 1
    assert sum(isinstance(result, InsufficientFunds) for result in results) == 1
    assert balance(cash) == 0
    assert sorted(balance(taker) for taker in takers) == [0, 100]


def test_one_reference_used_by_many_at_once_moves_money_once() -> None:
    cash, taker = funded(1, 1_000), funded(2, 0)
    results = _at_once(4, lambda number: post(Move(cash, taker, 100), reference="debit:1"))
    assert {result.pk for result in results} == {Entry.objects.get(reference="debit:1").pk}  # type: ignore[attr-defined]
    assert (balance(cash), balance(taker)) == (900, 100)


def test_transfers_in_all_directions_at_once_neither_deadlock_nor_lose_a_cent() -> None:
    accounts = [funded(person, 1_000) for person in range(1, 7)]

    def many(number: int) -> int:
        chance, done = Random(number), 0
        for _ in range(25):
            chosen = chance.sample(accounts, 4)
            pairs = pairwise(chosen)
            moves = [Move(giver, taker, chance.randint(1, 50)) for giver, taker in pairs]
            try:
                post(*moves, reference=f"random:{number}:{chance.random()}")
            except InsufficientFunds:
                continue
            done += 1
        return done

    results = _at_once(4, many)
    assert all(isinstance(result, int) for result in results), results
    assert sum(results) > 0  # type: ignore[arg-type]
    assert sum(balance(account) for account in accounts) == 6_000
    assert [*verify.balances_recount(), *verify.sides_balance(), *verify.floors_hold()] == []


def test_many_that_open_the_same_accounts_at_once_share_them() -> None:
    @transaction.atomic
    def opened(number: int) -> int:
        holders = [5, 6, 7] if number % 2 else [7, 6, 5]
        accounts = locked_accounts({Role.CASH: holders, Role.RESERVED: holders})
        return sum(accounts[Role.CASH].values())

    results = _at_once(4, opened)
    assert len(set(results)) == 1
    assert Account.objects.filter(holder_id__in=[5, 6, 7]).count() == 6
    assert results[0] == sum(account_id(Role.CASH, holder) for holder in (5, 6, 7))
