"""Posting: nothing is created or lost, nothing is overdrawn, nothing is ever rewritten."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.db.utils import DatabaseError, IntegrityError
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ledger import verify
from ledger.chart import PLATFORM_ID, RULES, EntryKind, Role, Side
from ledger.errors import EmptyEntry, InsufficientFunds, ReferenceReused
from ledger.models import Account, Entry, Transfer
from ledger.selectors import balance_cents, balance_cents_on, balances_cents, moves_of_person
from ledger.services import (
    Move,
    account_id,
    account_ids,
    locked_accounts,
    moves_of,
    post_entry,
    reverse_moves,
)
from tests.ledger.accounts import AT, ON, balance, funded, post

pytestmark = pytest.mark.django_db

PEOPLE = range(1, 6)


def _findings() -> list[str]:
    checks = [
        verify.balances_recount,
        verify.sides_balance,
        verify.entries_have_moves,
        verify.floors_hold,
    ]
    return [str(finding) for check in checks for finding in check()]


def test_an_account_grows_on_its_own_side() -> None:
    provider, cash = account_id(Role.PROVIDER), account_id(Role.CASH, 1)
    post(Move(provider, cash, 100))
    assert (balance(provider), balance(cash)) == (100, 100)
    costs = account_id(Role.PROVIDER_COSTS)
    post(Move(costs, provider, 30))
    assert (balance(provider), balance(costs)) == (70, 30)


def test_an_entry_keeps_its_moves_in_order_with_day_kind_and_instant() -> None:
    cash, other = funded(1, 500), account_id(Role.RESERVED, 1)
    given_moves = [Move(cash, other, 300), Move(other, cash, 100), Move(cash, other, 1)]
    entry = post(*given_moves, kind=EntryKind.RESERVATION)
    assert moves_of(entry) == given_moves
    stored = Entry.objects.get(pk=entry.pk)
    assert (stored.kind, stored.effective_on, stored.posted_at) == ("reservation", ON, AT)
    assert (balance(cash), balance(other)) == (299, 201)


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    acts=st.lists(
        st.lists(
            st.tuples(st.sampled_from(PEOPLE), st.sampled_from(PEOPLE), st.integers(1, 400)),
            min_size=1,
            max_size=5,
        ),
        max_size=8,
    )
)
def test_any_row_of_entries_keeps_the_sum_and_no_account_falls_under_its_floor(
    acts: list[list[tuple[int, int, int]]],
) -> None:
    with transaction.atomic():
        cash = {person: funded(person, 500) for person in PEOPLE}
        expected = dict.fromkeys(PEOPLE, 500)
        for act in acts:
            moves = [Move(cash[a], cash[b], cents) for a, b, cents in act if a != b]
            after = dict(expected)
            for giver, taker, cents in act:
                after[giver] -= cents
                after[taker] += cents
            try:
                post(*moves)
            except EmptyEntry:
                assert not moves
            except InsufficientFunds:
                assert min(after.values()) < 0
            else:
                expected = after
                assert min(after.values()) >= 0
        assert {person: balance(cash[person]) for person in PEOPLE} == expected
        assert sum(expected.values()) == 500 * len(PEOPLE)
        assert _findings() == []
        transaction.set_rollback(True)


def test_an_overdraft_is_refused_and_nothing_of_the_entry_stays() -> None:
    cash, other = funded(1, 100), funded(2, 0)
    with pytest.raises(InsufficientFunds):
        post(Move(cash, other, 60), Move(cash, other, 41), reference="too-much")
    assert (balance(cash), balance(other)) == (100, 0)
    assert not Entry.objects.filter(reference="too-much").exists()


def test_money_that_comes_and_goes_within_one_entry_is_no_overdraft() -> None:
    passing, cash, other = funded(9, 0), funded(1, 100), funded(2, 0)
    post(Move(passing, other, 100), Move(cash, passing, 100))
    assert (balance(cash), balance(passing), balance(other)) == (0, 0, 100)


def test_the_database_itself_refuses_an_overdraft() -> None:
    cash = funded(1, 100)
    with (
        pytest.raises(IntegrityError, match="ledger_account_not_overdrawn"),
        transaction.atomic(),
    ):
        Account.objects.filter(pk=cash).update(balance_cents=-1)


@pytest.mark.parametrize("role", [role for role in Role if RULES[role].may_overdraw])
def test_clearing_and_suspense_may_stand_below_zero(role: Role) -> None:
    account, provider = account_id(role), account_id(Role.PROVIDER)
    post(Move(provider, funded(1, 0), 50))
    post(Move(account, provider, 50))
    assert balance(account) == -50


def test_the_same_reference_again_moves_nothing() -> None:
    cash, other = funded(1, 100), funded(2, 0)
    moves = [Move(cash, other, 30), Move(cash, other, 20)]
    first = post(*moves, reference="once")
    again = post(*reversed(moves), reference="once")
    assert again.pk == first.pk
    assert (balance(cash), balance(other)) == (50, 50)


def test_a_reference_with_other_moves_is_refused() -> None:
    cash, other = funded(1, 100), funded(2, 0)
    post(Move(cash, other, 30), reference="once")
    for moves in ([Move(cash, other, 31)], [Move(cash, other, 30), Move(cash, other, 1)]):
        with pytest.raises(ReferenceReused):
            post(*moves, reference="once")
    assert (balance(cash), balance(other)) == (70, 30)


@pytest.mark.parametrize("cents", [[], [0], [5, 0], [-5]])
def test_an_entry_of_nothing_is_refused(cents: list[int]) -> None:
    cash, other = funded(1, 100), funded(2, 0)
    with pytest.raises(EmptyEntry):
        post(*(Move(cash, other, amount) for amount in cents), reference="empty")
    assert not Entry.objects.filter(reference="empty").exists()


def test_a_move_from_an_account_to_itself_cannot_be_written() -> None:
    cash = funded(1, 100)
    with (
        pytest.raises(IntegrityError, match="ledger_transfer_between_two"),
        transaction.atomic(),
    ):
        post(Move(cash, cash, 10))


@pytest.mark.parametrize("model", [Entry, Transfer])
@pytest.mark.parametrize("change", ["update", "delete"])
def test_what_is_posted_is_never_rewritten(model: type[Entry | Transfer], change: str) -> None:
    funded(1, 100)
    rows = model._default_manager.all()
    before = rows.count()
    with pytest.raises(DatabaseError, match="only grows"), transaction.atomic():
        rows.update(id=0) if change == "update" else rows._raw_delete(using="default")
    assert rows.count() == before


def test_a_correction_is_the_reverse_entry() -> None:
    cash, other = funded(1, 100), funded(2, 0)
    wrong = post(Move(cash, other, 70))
    post(*reverse_moves(moves_of(wrong)), kind=EntryKind.CORRECTION)
    assert (balance(cash), balance(other)) == (100, 0)
    assert _findings() == []


def test_accounts_are_opened_once_with_the_rule_of_their_role() -> None:
    first = account_ids(Role.CASH, [3, 1, 2])
    assert account_ids(Role.CASH, [1, 2, 3, 4]) == first | {4: account_id(Role.CASH, 4)}
    assert sorted(first, key=lambda holder: first[holder]) == [1, 2, 3]
    for role, rule in RULES.items():
        account = Account.objects.get(pk=account_id(role, 7))
        assert (account.side, account.may_overdraw) == (rule.side, rule.may_overdraw)
        assert account.balance_cents == 0


def test_accounts_of_several_roles_are_found_opened_and_locked_together() -> None:
    known = account_id(Role.CASH, 1)
    found = locked_accounts({Role.CASH: [1, 2], Role.FEES: [PLATFORM_ID], Role.INVESTED: []})
    assert found[Role.CASH] == {1: known, 2: account_id(Role.CASH, 2)}
    assert found[Role.FEES] == {PLATFORM_ID: account_id(Role.FEES)}
    assert found[Role.INVESTED] == {}


def test_the_number_of_statements_does_not_grow_with_the_moves() -> None:
    counts = []
    for size in (2, 60):
        takers = account_ids(Role.CASH, range(100, 100 + size))
        giver = funded(1, 10_000)
        with CaptureQueriesContext(connection) as queries:
            post(*(Move(giver, taker, 10) for taker in takers.values()))
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_balances_are_read_by_holder_and_rebuilt_for_any_day() -> None:
    cash, reserved = funded(1, 500), account_id(Role.RESERVED, 1)
    later = ON + timedelta(days=3)
    post_entry(
        reference="later",
        kind=EntryKind.RESERVATION,
        effective_on=later,
        at=AT,
        moves=[Move(cash, reserved, 200)],
    )
    wanted = [Role.CASH, Role.RESERVED, Role.INVESTED]
    assert balances_cents(wanted, 1) == {Role.CASH: 300, Role.RESERVED: 200, Role.INVESTED: 0}
    assert balance_cents(Role.CASH, 404) == 0
    assert balance_cents_on(Role.CASH, 1, on=ON) == 500
    assert balance_cents_on(Role.CASH, 1, on=later) == 300
    assert balance_cents_on(Role.PROVIDER, PLATFORM_ID, on=later) == 500
    assert RULES[Role.PROVIDER].side == Side.DEBIT


def test_the_moves_of_a_person_are_only_theirs() -> None:
    funded(1, 500)
    funded(2, 70)
    moves = moves_of_person(1, [Role.CASH, Role.FEES])
    assert [(row.cents, row.credit.holder_id) for row in moves] == [(500, 1)]
