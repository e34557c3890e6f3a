"""Balances as they stood on any day, or once an entry was posted."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core import clock
from ledger import verify
from ledger.as_of import balances_as_of, statement
from ledger.chart import EntryKind, Role
from ledger.models import Account, Entry
from ledger.services import Move, account_id, account_ids, post_entry
from tests.factories import people
from tests.flows.money import assert_money
from tests.ledger.accounts import AT, ON, funded

pytestmark = pytest.mark.django_db


def move(debit: int, credit: int, cents: int, days: int, reference: str) -> Entry:
    """Book a move that takes effect so many days after the first."""
    return post_entry(
        reference=reference,
        kind=EntryKind.RESERVATION,
        effective_on=ON + timedelta(days=days),
        at=AT,
        moves=[Move(debit, credit, cents)],
    )


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    moves=st.lists(
        st.tuples(st.integers(0, 3), st.integers(1, 3), st.integers(1, 50), st.integers(-3, 9)),
        max_size=12,
    ),
    day=st.integers(-4, 10),
)
def test_what_stood_then_is_what_had_been_moved_till_then(moves, day: int) -> None:
    """Against a count in plain Python, by day and by entry, for debit and credit accounts."""
    ids = [account_id(Role.SUSPENSE), account_id(Role.CLEARING_IN), account_id(Role.CLEARING_OUT)]
    ids.append(account_id(Role.PROVIDER))
    start = Entry.objects.count()
    first = move(ids[3], ids[0], 10_000, -9, f"start:{start}")
    booked = [(first.pk, ids[3], ids[0], 10_000, -9)]
    for number, (giver, step, cents, days) in enumerate(moves):
        pair = ids[giver], ids[(giver + step) % 4]
        entry = move(*pair, cents, days, f"any:{start}:{number}")
        booked.append((entry.pk, *pair, cents, days))
    _expect(booked, ids, lambda row: row[4] <= day, on=ON + timedelta(days=day))
    middle = booked[len(booked) // 2][0]
    _expect(booked, ids, lambda row: row[0] <= middle, through_entry=middle)
    _expect(booked, ids, lambda row: True)
    assert balances_as_of() == dict(Account.objects.values_list("id", "balance_cents"))
    assert list(verify.as_of_balances_rebuild()) == []
    for row in reversed(booked):
        move(row[2], row[1], row[3], row[4], f"back:{start}:{row[0]}")


def _expect(booked, ids, counts, **when) -> None:
    net = dict.fromkeys(ids, 0)
    for row in filter(counts, booked):
        net[row[1]] -= row[3]
        net[row[2]] += row[3]
    net[ids[3]] = -net[ids[3]]  # the provider's account grows when it is debited
    assert balances_as_of(ids, **when) == net


def test_an_entry_that_was_posted_late_is_left_out_of_what_was_told_before() -> None:
    cash, reserved = funded(1, 100), account_id(Role.RESERVED, 1)
    told = Entry.objects.latest("id").pk
    move(cash, reserved, 30, 0, "late")
    assert balances_as_of([cash], on=ON) == {cash: 70}
    assert balances_as_of([cash], on=ON, through_entry=told) == {cash: 100}


def test_an_account_without_moves_held_nothing() -> None:
    cash = account_id(Role.CASH, 5)
    assert balances_as_of([cash], on=ON) == {cash: 0}
    assert statement(cash, on=ON, most=5) == (0, [])


def test_many_accounts_are_one_statement() -> None:
    accounts = list(account_ids(Role.CASH, range(1, 40)).values())
    with CaptureQueriesContext(connection) as queries:
        assert len(balances_as_of(accounts, on=ON)) == 39
    assert len(queries) == 1


def test_a_statement_runs_back_from_its_closing_balance() -> None:
    cash, reserved = funded(1, 100), account_id(Role.RESERVED, 1)
    move(cash, reserved, 30, 2, "second")
    move(reserved, cash, 5, 4, "third")
    closing, lines = statement(cash, on=ON + timedelta(days=3), most=9)
    assert closing == 70
    assert [line.reference for line in lines[:1]] == ["second"]
    assert [(line.cents, line.balance_cents) for line in lines] == [(-30, 70), (100, 100)]
    assert (lines[0].other_role, lines[0].other_holder_id) == ("reserved", 1)
    _, newest = statement(cash, on=ON + timedelta(days=9), most=1)
    assert [line.reference for line in newest] == ["third"]
    provider = account_id(Role.PROVIDER)
    assert [line.cents for line in statement(provider, on=ON, most=9)[1]] == [100]
    assert_money("ledger")


def test_the_proof_finds_a_balance_that_moves_do_not_explain() -> None:
    cash, reserved = funded(1, 100), account_id(Role.RESERVED, 1)
    move(cash, reserved, 30, 2, "second")
    assert list(verify.as_of_balances_rebuild()) == []
    Account.objects.filter(pk=cash).update(balance_cents=71)
    (found,) = verify.as_of_balances_rebuild()
    assert (found.subject, found.expected_cents, found.found_cents) == ("cash:1", 70, 71)


# --- Staff's page --------------------------------------------------------------------------------


@pytest.fixture
def desk() -> Client:
    clock.set_business_date(ON + timedelta(days=5), is_virtual=True)
    client = Client()
    client.force_login(people.staff(), backend="django.contrib.auth.backends.ModelBackend")
    return client


def page(desk: Client, account: int, **query: object) -> str:
    answer = desk.get(f"/staff/ledger/account/{account}/change/", query)
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def test_staff_see_the_balance_of_any_day_with_its_moves(desk: Client) -> None:
    cash, reserved = funded(1, 100_00), account_id(Role.RESERVED, 1)
    move(cash, reserved, 30_00, 2, "second")
    now = page(desk, cash)
    assert "€70.00" in now and "second" in now and "€100.00" in now
    then = page(desk, cash, on=ON.isoformat())
    assert "5 Jan 2026: €100.00" in then and "second" not in then
    before = page(desk, cash, on=date(2025, 12, 31).isoformat())
    assert "31 Dec 2025: €0.00" in before and "Nothing had moved" in before


def test_a_day_that_is_none_is_said_to_be_none(desk: Client) -> None:
    assert "Enter a valid date" in page(desk, funded(1, 100), on="2026-02-31")


def test_an_account_that_is_not_there_is_not_found(desk: Client) -> None:
    assert desk.get("/staff/ledger/account/404/change/").status_code == 404


def test_people_of_the_market_do_not_see_accounts() -> None:
    client = Client()
    client.force_login(people.lender(), backend="django.contrib.auth.backends.ModelBackend")
    answer = client.get(f"/staff/ledger/account/{funded(1, 100)}/change/")
    assert answer.status_code in (302, 403)
