"""Each planted difference of a cent is found and named; none is mended in silence."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, connections, transaction

from payments import verify
from payments.models import Collection, PayIn, Payout, ProviderOperation
from payments.sandbox import control
from payments.states import CollectionStatus
from tests.payments import world

pytestmark = pytest.mark.django_db

CHECKS = {
    check.__name__: check
    for check in (
        verify.pay_ins_are_booked,
        verify.collections_are_booked,
        verify.payouts_are_booked,
        verify.charges_are_booked,
        verify.returns_are_booked,
        verify.disputes_are_known,
        verify.operations_are_finished,
        verify.provider_agrees,
    )
}


@pytest.fixture(autouse=True)
def _a_lived_world(db: None) -> None:
    world.begin()
    loan, _, lender, on = world.paid_out_loan()
    world.withdraw(lender, 50_00, on)
    world.live_until(world.first_instalment(loan).due_on + world.timedelta(days=2), on)
    world.withdraw(lender, 20_00, world.later(30))
    assert found() == set()


def found() -> set[str]:
    """The names of the proofs that fail."""
    return {name for name, check in CHECKS.items() if list(check())}


def ours(sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        assert cursor.rowcount > 0


def theirs(sql: str) -> None:
    with connections["sandbox"].cursor() as cursor:
        cursor.execute(sql)
        assert cursor.rowcount > 0


TXN = "UPDATE payments_sandbox_storedobject SET data = jsonb_set(data, '{%s}', to_jsonb(%s))"
ONE = " WHERE id = (SELECT min(id) FROM payments_sandbox_storedobject WHERE kind ="
ONE += " 'balance_transaction' AND account = '' AND data ->> 'type' = '%s')"
PLANTED = {
    "a pay-in of another amount": (
        ours, "UPDATE payments_payin SET amount_cents = amount_cents + 1", "pay_ins_are_booked"),
    "a pay-in of another person": (
        ours,
        "UPDATE payments_payin SET lender_id = (SELECT max(id) FROM accounts_user)",
        "pay_ins_are_booked"),
    "a pay-in that came back without leaving the books": (
        ours,
        "UPDATE payments_payin SET status = 'taken_back', returned_on = '2026-01-09'",
        "returns_are_booked"),
    "a pay-in that nobody confirmed": (
        ours, "UPDATE payments_payin SET status = 'pending'", "pay_ins_are_booked"),
    "a collection of another amount": (
        ours,
        "UPDATE payments_collection SET amount_cents = amount_cents - 1",
        "collections_are_booked"),
    "a collection that was not passed on": (
        ours, "UPDATE payments_collection SET is_passed_on = false", "collections_are_booked"),
    "a collection whose repayment is gone": (
        ours,
        "UPDATE payments_collection SET status = 'failed', repayment_id = NULL",
        "collections_are_booked"),
    "a payout of another amount": (
        ours, "UPDATE payments_payout SET amount_cents = amount_cents + 1", "payouts_are_booked"),
    "a payout that never arrived": (
        ours,
        "UPDATE payments_payout SET status = 'sent' WHERE status = 'paid'",
        "payouts_are_booked"),
    "a payout that arrived unbooked": (
        ours,
        "UPDATE payments_payout SET status = 'paid' WHERE status = 'sent'",
        "payouts_are_booked"),
    "a charge of another amount": (
        ours, "UPDATE payments_payin SET fee_cents = fee_cents + 1", "charges_are_booked"),
    "an unfinished request": (
        ours,
        "UPDATE payments_provideroperation SET status = 'unknown', created_at = '2020-01-01'"
        " WHERE id = (SELECT min(id) FROM payments_provideroperation)",
        "operations_are_finished"),
    "a line of ours that the provider does not have": (
        ours,
        "UPDATE payments_capitalpayment SET transaction_id = 'txn_none'",
        "provider_agrees"),
    "a transfer of another amount": (
        ours,
        "UPDATE payments_provideroperation SET params = jsonb_set(params, '{amount_cents}', '7')"
        " WHERE kind = 'transfer'",
        "provider_agrees"),
    "a line of theirs with another amount": (
        theirs, TXN % ("amount", 7) + ONE % "charge", "provider_agrees"),
    "a line of theirs with another charge": (
        theirs, TXN % ("fee", 7) + ONE % "charge", "provider_agrees"),
    "a line of theirs with another net": (
        theirs, TXN % ("amount", 7) + ONE % "payment", "provider_agrees"),
    "a line of theirs that vanished": (
        theirs,
        "UPDATE payments_sandbox_storedobject SET account = 'x'" + ONE % "topup",
        "provider_agrees"),
    "a line of theirs that came twice": (
        theirs,
        "INSERT INTO payments_sandbox_storedobject"
        " (object_id, kind, account, parent, created_at, version, data, hidden)"
        " SELECT 'txn_twice', kind, account, parent, created_at, 1,"
        " jsonb_set(data, '{id}', '\"txn_twice\"'), hidden FROM payments_sandbox_storedobject"
        + ONE % "transfer",
        "provider_agrees"),
    "a balance of theirs that is a cent off": (
        theirs,
        "UPDATE payments_sandbox_book SET cents = cents - 1 WHERE name = 'available:platform'",
        "provider_agrees"),
    "a balance of ours that is a cent off": (
        ours,
        "UPDATE ledger_account SET balance_cents = balance_cents + 1 WHERE role = 'provider'",
        "provider_agrees"),
}  # fmt: skip


def test_each_planted_difference_is_found():
    missed = []
    for name, (plant, sql, check) in PLANTED.items():
        with transaction.atomic(), transaction.atomic(using="sandbox"):
            plant(sql)
            if check not in found():
                missed.append(name)
            transaction.set_rollback(True)
            transaction.set_rollback(True, using="sandbox")
    assert missed == []
    assert found() == set()


def test_the_command_says_so_and_fails():
    out = StringIO()
    call_command("reconcile", stdout=out)
    assert "agree" in out.getvalue()
    PayIn.objects.update(transaction_id="txn_none")
    with pytest.raises(CommandError):
        call_command("reconcile", stdout=out)
    assert "not at the provider" in out.getvalue()


def test_the_sandbox_finds_its_own_faults():
    assert control.book_faults() == []
    theirs("UPDATE payments_sandbox_book SET cents = cents + 1 WHERE name = 'outside'")
    assert control.book_faults() != []


def test_the_world_of_these_tests_has_all_kinds_of_rows():
    assert Collection.objects.filter(status=CollectionStatus.SUCCEEDED).count() == 1
    assert set(Payout.objects.values_list("status", flat=True)) == {"paid", "sent"}
    assert ProviderOperation.objects.filter(kind="transfer").count() == 3
