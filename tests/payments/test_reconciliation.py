"""The provider's books against ours: each planted difference is told, none is mended in silence."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, connections, transaction
from django.test.utils import CaptureQueriesContext

from accounts.models import Role
from ledger.chart import Role as Money
from ledger.models import Entry
from ledger.selectors import balance_cents
from lending.errors import FourEyes
from notifications.models import Message
from payments.errors import NotExplained
from payments.gateway import gateway
from payments.models import (
    Difference,
    PayIn,
    ProviderLine,
    ProviderStatement,
    SuspenseCause,
    SuspenseItem,
)
from payments.sandbox import control
from payments.services import books, provider_statements, reconciliation, suspense
from tests.factories import people
from tests.flows.money import assert_money
from tests.payments import world

pytestmark = pytest.mark.django_db


@pytest.fixture
def lived() -> tuple[object, object]:
    """A month with a pay-in, a loan, an instalment, payouts; the last day and the lender."""
    world.begin()
    loan, _, lender, on = world.paid_out_loan()
    world.withdraw(lender, 50_00, on)
    last = world.first_instalment(loan).due_on + timedelta(days=2)
    world.live_until(last, on)
    world.withdraw(lender, 20_00, last)
    close(last)
    assert told() == []
    return last, lender


def close(on) -> dict[str, object]:
    return provider_statements.close_books(on=on, at=world.at(on))


def told(back=books.WIDE) -> list[tuple[str, str]]:
    return [
        (finding.check.removeprefix("provider_"), finding.subject)
        for finding in reconciliation.differences(back=back)
    ]


def ours(sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(sql)
        assert cursor.rowcount > 0
        cursor.execute("SET LOCAL session_replication_role = origin")


def theirs(sql: str) -> None:
    with connections["sandbox"].cursor() as cursor:
        cursor.execute(sql)
        assert cursor.rowcount > 0


def line_of(kind: str, change: str) -> str:
    """SQL that changes the provider's first line of a type."""
    return (
        f"UPDATE payments_sandbox_storedobject SET {change} WHERE id = ("
        "SELECT min(id) FROM payments_sandbox_storedobject WHERE kind = 'balance_transaction'"
        f" AND account = '' AND data ->> 'type' = '{kind}')"
    )


def set_to(field: str, value: object) -> str:
    return f"data = jsonb_set(data, '{{{field}}}', '{value}')"


def twin_of(kind: str, **change: object) -> str:
    """SQL that adds a line like the first one of a type."""
    data = "jsonb_set(data, '{id}', '\"txn_twin\"')"
    for field, value in change.items():
        data = f"jsonb_set({data}, '{{{field}}}', '{value}')"
    return (
        "INSERT INTO payments_sandbox_storedobject"
        " (object_id, kind, account, parent, created_at, version, data, hidden)"
        f" SELECT 'txn_twin', kind, account, parent, created_at, 1, {data}, hidden"
        " FROM payments_sandbox_storedobject WHERE kind = 'balance_transaction'"
        f" AND account = '' AND data ->> 'type' = '{kind}' ORDER BY id LIMIT 1"
    )


A_MONTH = 30 * 86_400
PLANTED = {
    # at the provider
    "a line that vanished": (theirs, line_of("topup", "account = 'x'"), "missing", "capital:"),
    "a transfer that vanished": (
        theirs, line_of("transfer", "account = 'x'"), "missing", "transfer:payments.payout:"),
    "a line of nothing": (theirs, twin_of("charge", source='"py_none"'), "extra", "txn_twin"),
    "a line of no known type": (
        theirs, twin_of("charge", type='"tax"', source='"x"'), "extra", "txn_twin"),
    "a line that came twice": (theirs, twin_of("transfer"), "double", "txn_twin"),
    "a charge for a card that came twice": (theirs, twin_of("charge"), "double", "txn_twin"),
    "an amount a cent higher": (theirs, line_of("charge", set_to("amount", 7)), "amount", "payin:"),
    "an amount of a debit": (
        theirs, line_of("payment", set_to("amount", 7)), "amount", "collection:"),
    "an amount of a transfer": (
        theirs, line_of("transfer", set_to("amount", -7)), "amount", "transfer:"),
    "a charge of another sum": (theirs, line_of("charge", set_to("fee", 7)), "fee", "payin:"),
    "a charge on the operator's money": (
        theirs, line_of("topup", set_to("fee", 1)), "fee", "capital:"),
    "another day": (
        theirs, line_of("charge", set_to("created", 1_700_000_000)), "date", "payin:"),
    "another type": (theirs, line_of("charge", set_to("type", '"payout"')), "type", "payin:"),
    "a balance a cent lower": (
        theirs,
        "UPDATE payments_sandbox_book SET cents = cents - 1 WHERE name = 'available:platform'",
        "total", "provider"),
    # with us
    "a line that we lost": (
        ours, "UPDATE payments_payin SET transaction_id = ''", "extra", "txn_"),
    "a line of ours that is not theirs": (
        ours, "UPDATE payments_collection SET transaction_id = 'txn_none'", "missing",
        "collection:"),
    "an amount of ours": (
        ours, "UPDATE payments_capitalpayment SET amount_cents = amount_cents + 1", "amount",
        "capital:"),
    "a charge of ours": (
        ours, "UPDATE payments_collection SET fee_cents = fee_cents + 1", "fee", "collection:"),
    "an entry of another day": (
        ours,
        f"UPDATE ledger_entry SET effective_on = effective_on + {A_MONTH // 86_400}"
        " WHERE kind = 'pay_in'", "date", "payin:"),
    "two rows for one line": (
        ours,
        "UPDATE payments_capitalpayment SET transaction_id ="
        " (SELECT min(transaction_id) FROM payments_payin)", "double", "payin:"),
    "a transfer of another sum": (
        ours,
        "UPDATE payments_provideroperation SET params = jsonb_set(params, '{amount_cents}', '7')"
        " WHERE kind = 'transfer'", "amount", "transfer:"),
    "a balance of ours a cent higher": (
        ours,
        "UPDATE ledger_account SET balance_cents = balance_cents + 1 WHERE role = 'provider'",
        "total", "provider"),
}  # fmt: skip


@pytest.mark.parametrize("was_read", [True, False], ids=["read before", "read after"])
def test_every_planted_difference_is_told_and_none_is_mended(lived, was_read) -> None:
    if not was_read:
        ProviderLine.objects.update(statement=None)
        ProviderLine.objects.all().delete()
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM payments_booksmark")
    missed = []
    for name, (plant, sql, kind, subject) in PLANTED.items():
        with transaction.atomic(), transaction.atomic(using="sandbox"):
            plant(sql)
            before = Entry.objects.count()
            found = told(back=None)
            again = told(back=None)
            if not any(
                each == kind and about.startswith((subject, "line:")) for each, about in found
            ):
                missed.append((name, found))
            assert again == found, name
            assert Entry.objects.count() == before, name
            if found:
                with pytest.raises(CommandError):
                    call_command("reconcile", "--all", stdout=StringIO())
            transaction.set_rollback(True)
            transaction.set_rollback(True, using="sandbox")
    assert missed == [], missed
    assert told(back=None) == []


def plant_unexplained(cents: int = 12_34) -> None:
    """A line that nobody asked for, in the provider's books to the last posting."""
    theirs(twin_of("charge", source='"py_none"', amount=cents, fee=0, net=cents))
    theirs(
        f"UPDATE payments_sandbox_book SET cents = cents + {cents}"
        " WHERE name = 'available:platform'"
    )
    theirs(f"UPDATE payments_sandbox_book SET cents = cents - {cents} WHERE name = 'outside'")


def test_a_line_that_nobody_explains_rests_in_suspense_until_two_people_agree(lived) -> None:
    last, lender = lived
    first, second = people.staff(), people.staff()
    cash = balance_cents(Money.CASH, lender.pk)
    plant_unexplained()
    books.read_lines(back=None)
    ProviderLine.objects.filter(transaction_id="txn_twin").update(booked_on=last)
    on = last + timedelta(days=1)
    done = close(on)
    assert done["held"] == 1
    assert balance_cents(Money.SUSPENSE) == 12_34
    assert reconciliation.totals() == []
    item = SuspenseItem.objects.get()
    assert told() == [("extra", "txn_twin")]
    difference = Difference.objects.get(gone_on=None)
    assert (difference.seen_on, "suspense" in difference.note) == (on, True)
    assert set(Message.objects.filter(kind="books_differ").values_list("person_id", flat=True)) == {
        first.pk,
        second.pk,
    }
    given = {"item_id": item.pk, "at": world.at(on)}
    with pytest.raises(NotExplained):
        suspense.propose(staff=first, cause=SuspenseCause.BOOKED, note="It is ours.", **given)
    suspense.propose(
        staff=first,
        cause=SuspenseCause.PERSON,
        email=lender.email,
        note="A bank transfer.",
        **given,
    )
    with pytest.raises(FourEyes):
        suspense.settle(staff=first, on=on, **given)
    suspense.settle(staff=second, on=on, **given)
    suspense.settle(staff=second, on=on, **given)
    assert balance_cents(Money.SUSPENSE) == 0
    assert balance_cents(Money.CASH, lender.pk) == cash + 12_34
    assert told() == []
    close(on + timedelta(days=1))
    difference.refresh_from_db()
    assert difference.gone_on == on + timedelta(days=1)
    assert_money("ledger", "payments")


def test_a_line_that_its_row_books_later_is_told_as_double_until_suspense_is_undone(lived) -> None:
    last, _ = lived
    pay_in = PayIn.objects.get()
    line_id = pay_in.transaction_id
    PayIn.objects.update(transaction_id="txn_other")
    line = ProviderLine.objects.get(transaction_id=line_id)
    ProviderLine.objects.filter(pk=line.pk).update(agreed_on=None)
    held = suspense.hold(line_id=line.pk, on=last, at=world.at(last))
    assert held is not None
    assert suspense.hold(line_id=line.pk, on=last, at=world.at(last)) == held
    PayIn.objects.update(transaction_id=line_id)
    assert ("double", pay_in.reference) in told()
    given = {"item_id": held.pk, "at": world.at(last)}
    suspense.propose(
        staff=people.staff(), cause=SuspenseCause.BOOKED, note="Its own pay-in came.", **given
    )
    suspense.settle(staff=people.staff(), on=last, **given)
    assert told() == []
    assert_money("ledger", "payments")


def test_days_are_stated_one_after_the_other_from_what_was_read_once(lived, monkeypatch) -> None:
    last, _ = lived
    asked: list[object] = []
    real = gateway().balance_transactions

    def spy(**given):
        found = real(**given)
        asked.append(len(found))
        return found

    monkeypatch.setattr(gateway(), "balance_transactions", spy)
    for days in (1, 2, 9):
        on = last + timedelta(days=days)
        world.play(on)
        close(on)
    assert asked[-1] <= 1
    close(last + timedelta(days=9))
    statements = list(ProviderStatement.objects.order_by("business_on"))
    assert [row.business_on for row in statements[1:]] == [
        last + timedelta(days=days) for days in (1, 2, 9)
    ]
    assert statements[0].opening_cents == 0
    assert statements[-1].closing_cents == statements[-1].reported_cents
    assert statements[-1].own_cents == statements[-1].reported_cents
    assert statements[0].rows.count() == 4
    for row in statements[0].rows.all():
        assert (row.lines_count, row.amount_cents, row.fee_cents) == (
            row.own_count,
            row.own_amount_cents,
            row.own_fee_cents,
        )
    assert Difference.objects.count() == 0
    assert control.book_faults() == []
    assert_money("ledger", "payments")


def test_staff_see_statements_differences_and_what_is_held(lived, client) -> None:
    last, lender = lived
    boss, second = people.staff(), people.staff()
    plant_unexplained()
    books.read_lines(back=None)
    ProviderLine.objects.filter(transaction_id="txn_twin").update(booked_on=last)
    on = last + timedelta(days=1)
    close(on)
    client.force_login(boss)
    statement = ProviderStatement.objects.get(business_on=on)
    shown = client.get(f"/staff/payments/providerstatement/{statement.pk}/change/").content.decode()
    assert "txn_twin" in shown
    assert "statement__id__exact" in shown
    listing = client.get("/staff/payments/providerline/", {"statement__id__exact": statement.pk})
    assert "txn_twin" in listing.content.decode()
    assert "txn_twin" in client.get("/staff/payments/difference/").content.decode()
    assert client.get("/staff/").status_code == 200
    item = SuspenseItem.objects.get()
    page = f"/staff/payments/suspenseitem/{item.pk}/change/"
    asked = {"act": "propose", "cause": "person", "note": "Their transfer."}
    assert "id_email" in client.post(page, asked).content.decode()
    assert client.post(page, asked | {"email": lender.email}).status_code == 302
    assert client.post(page, {"act": "settle"}).status_code == 200
    client.force_login(second)
    assert client.post(page, {"act": "settle"}).status_code == 302
    item.refresh_from_db()
    assert item.status == "settled"
    assert client.get(page).status_code == 200
    client.force_login(people.person(Role.LENDER))
    assert client.get(page).status_code == 302


def test_thirty_differences_take_as_many_queries_as_one(lived, client) -> None:
    last, _ = lived
    client.force_login(people.staff())
    statement = ProviderStatement.objects.get(business_on=last)
    pages = (
        f"/staff/payments/providerstatement/{statement.pk}/change/",
        "/staff/payments/difference/",
    )

    def asked(page: str) -> int:
        with CaptureQueriesContext(connection) as queries:
            assert client.get(page).status_code == 200
        return len(queries)

    def plant(numbers: range) -> None:
        Difference.objects.bulk_create(
            Difference(
                kind="extra",
                subject=f"txn_{number}",
                transaction_id=f"txn_{number}",
                expected_cents=0,
                found_cents=number,
                seen_on=last,
                last_seen_at=world.at(last),
            )
            for number in numbers
        )

    plant(range(1, 2))
    _first, one = ([asked(page) for page in pages] for _ in range(2))
    plant(range(2, 31))
    assert [asked(page) for page in pages] == one
