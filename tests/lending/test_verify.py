"""The proofs of lending: silent while all is right, and each finds the cent that was planted."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta

import pytest
from django.conf import settings
from django.db import connection, transaction
from pytest_django import DjangoDbBlocker

from core.findings import Finding
from lending import verify
from lending.models import Holding, Instalment, Loan, LoanRequest, Repayment
from lending.services import arrears
from lending.services.offers import end_request, revoke_offer
from lending.states import RequestStatus
from tests.factories import loans, people
from tests.factories.people import AT
from tests.factories.requests import bid, listed_request
from tests.flows.money import assert_money

pytestmark = pytest.mark.django_db

CHECKS = [getattr(verify, name) for name in verify.__all__]


@dataclass(frozen=True)
class World:
    """Loans that run, are late, are repaid; requests that are open and that ended."""

    running: Loan
    repaid: Loan
    listed: LoanRequest

    @property
    def holding(self) -> Holding:
        return self.running.holdings.order_by("id")[0]

    @property
    def instalment(self) -> Instalment:
        return self.running.instalments.get(number=1)

    @property
    def repayment(self) -> Repayment:
        return self.running.repayments.order_by("id")[0]


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[World]:
    """One world for all tests; each of them runs in a savepoint on top of it."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield _build()
        transaction.set_rollback(True)


def _build() -> World:
    lender, other = people.lender(), people.lender()
    running = loans.loan(shares_cents=[3_000_00, 2_000_00], lenders=[lender, other], due_day=15)
    loans.pay_instalments(running, 2)
    loans.pay(running, 10_00, on=running.first_due_on + timedelta(days=70))
    repaid = loans.loan(shares_cents=[600_00, 400_00], lenders=[other, lender], term_months=12)
    loans.pay_off(repaid, on=repaid.first_due_on)
    late = loans.loan()
    on = late.first_due_on + timedelta(days=100)
    arrears.age_loans(on=on, at=loans.noon(on))
    listed = listed_request()
    for person in (lender, other):
        people.give_cash(person, 500_00)
        bid(person, listed, 100_00)
    revoke_offer(lender=other, offer_id=listed.offers.get(lender=other).pk, at=AT)
    withdrawn = listed_request()
    bid(other, withdrawn, 100_00)
    end_request(request_id=withdrawn.pk, to=RequestStatus.WITHDRAWN, at=AT)
    return World(running, repaid, listed)


def _sql(statement: str, *values: object) -> None:
    """Change what the house itself would never change: triggers and checks look away."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(statement, values)
        assert cursor.rowcount > 0
        cursor.execute("SET LOCAL session_replication_role = DEFAULT")


def _found(check: Callable[[], Iterator[Finding]]) -> list[tuple[str, int, str]]:
    """Whose, by how much, and the note."""
    findings = list(check())
    assert all(finding.check == check.__name__ for finding in findings)
    return [(row.subject, row.found_cents - row.expected_cents, row.note) for row in findings]


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_nothing_is_found_where_all_is_right(
    check: Callable[[], Iterator[Finding]], world: World
) -> None:
    assert list(check()) == []


def test_all_proofs_run_nightly_and_find_nothing(world: World) -> None:
    names = {name for name in settings.MONEY_CHECKS if name.startswith("lending.")}
    assert names == {f"lending.verify.{name}" for name in verify.__all__}
    assert_money("ledger", "lending")


def test_one_cent_planted_makes_the_flow_helper_fail(world: World) -> None:
    _sql(
        "UPDATE lending_loan SET outstanding_cents = outstanding_cents - 1 WHERE id = %s",
        world.running.pk,
    )
    with pytest.raises(AssertionError, match=world.running.number):
        assert_money()


def test_a_cent_in_a_holding_is_found_by_loan_and_by_lender(world: World) -> None:
    holding = world.holding
    _sql(
        "UPDATE lending_holding SET outstanding_cents = outstanding_cents - 1 WHERE id = %s",
        holding.pk,
    )
    loan = f"principal:{world.running.pk} {world.running.number}"
    assert _found(verify.holdings_equal_principal) == [(loan, -1, "holdings")]
    lender = f"invested:{holding.lender_id}"
    assert _found(verify.holdings_equal_invested) == [(lender, -1, "holdings")]
    assert _found(verify.repayments_equal_parts_and_shares) == [
        (f"holding:{holding.pk}", 1, "repaid")
    ]


def test_a_cent_in_a_loan_is_found(world: World) -> None:
    _sql(
        "UPDATE lending_loan SET outstanding_cents = outstanding_cents + 1 WHERE id = %s",
        world.running.pk,
    )
    loan = f"principal:{world.running.pk} {world.running.number}"
    assert _found(verify.holdings_equal_principal) == [(loan, 1, "loan")]
    assert _found(verify.loan_sums) == [
        (world.running.number, 1, "outstanding, repaid and written off")
    ]


def test_an_account_of_no_loan_is_found(world: World) -> None:
    _sql(
        "INSERT INTO ledger_account (role, holder_id, currency, side, may_overdraw, balance_cents)"
        " VALUES ('principal', 999999, 'EUR', 'debit', false, 1)"
    )
    assert {row[0] for row in _found(verify.holdings_equal_principal)} == {"principal:999999 -"}


def test_an_account_of_a_lender_without_holdings_is_found(world: World) -> None:
    _sql(
        "INSERT INTO ledger_account (role, holder_id, currency, side, may_overdraw, balance_cents)"
        " VALUES ('invested', 999999, 'EUR', 'credit', false, 1)"
    )
    assert _found(verify.holdings_equal_invested) == [("invested:999999", -1, "holdings")]


def test_a_loan_that_was_not_lent_or_posted_whole_is_found(world: World) -> None:
    _sql(
        "UPDATE lending_holding SET principal_cents = principal_cents - 1,"
        " outstanding_cents = outstanding_cents - 1 WHERE id = %s",
        world.holding.pk,
    )
    assert _found(verify.loan_sums) == [(world.running.number, -1, "lent by holdings")]
    _sql(
        "UPDATE ledger_transfer SET cents = cents + 1 WHERE id = (SELECT max(transfer.id)"
        " FROM ledger_transfer AS transfer JOIN ledger_entry AS entry ON entry.id = entry_id"
        " WHERE reference = %s)",
        f"disbursement:{world.repaid.number}",
    )
    assert (world.repaid.number, 1, "posted") in _found(verify.loan_sums)


@pytest.mark.parametrize(
    ("column", "note"),
    [
        ("principal_cents", "planned principal"),
        ("paid_principal_cents", "paid principal"),
        ("paid_interest_cents", "paid interest"),
    ],
)
def test_a_cent_in_an_instalment_is_found(world: World, column: str, note: str) -> None:
    drop = "ALTER TABLE lending_instalment DROP CONSTRAINT "
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(drop + "lending_instalment_not_overpaid")
        cursor.execute(drop + "lending_instalment_paid_is_whole")
    _sql(
        f"UPDATE lending_instalment SET {column} = {column} + 1 WHERE id = %s",
        world.instalment.pk,
    )
    assert _found(verify.instalments_sum_to_principal) == [(world.running.number, 1, note)]
    if column.startswith("paid"):
        number = f"{world.running.number}/1"
        assert _found(verify.repayments_equal_parts_and_shares) == [(number, 1, note)]


@pytest.mark.parametrize(
    ("table", "column", "note"),
    [
        ("lending_repaymentpart", "principal_cents", "principal of parts"),
        ("lending_repaymentpart", "interest_cents", "interest of parts"),
        ("lending_repaymentshare", "principal_cents", "principal of shares"),
        ("lending_repaymentshare", "interest_cents", "interest of shares"),
        ("lending_repaymentshare", "fee_cents", "fee of shares"),
    ],
)
def test_a_cent_in_a_line_of_a_repayment_is_found(
    world: World, table: str, column: str, note: str
) -> None:
    _sql(
        f"UPDATE {table} SET {column} = {column} + 1"
        f" WHERE id = (SELECT min(id) FROM {table} WHERE repayment_id = %s)",
        world.repayment.pk,
    )
    found = _found(verify.repayments_equal_parts_and_shares)
    assert (f"repayment:{world.repayment.reference}", 1, note) in found


@pytest.mark.parametrize(
    ("role", "note"), [("principal", "principal posted"), ("interest_passed", "interest posted")]
)
def test_a_cent_posted_beside_the_repayment_is_found(world: World, role: str, note: str) -> None:
    _sql(
        "UPDATE ledger_transfer SET cents = cents + 1 FROM ledger_account AS account"
        " WHERE entry_id = %s AND account.id = credit_id AND account.role = %s",
        world.repayment.entry_id,
        role,
    )
    found = _found(verify.repayments_equal_parts_and_shares)
    assert found == [(f"repayment:{world.repayment.reference}", 1, note)]


def test_a_cent_reserved_for_no_offer_is_found(world: World) -> None:
    lender_id = world.listed.offers.get(status="open").lender_id
    _sql(
        "UPDATE ledger_account SET balance_cents = balance_cents + 1"
        " WHERE role = 'reserved' AND holder_id = %s",
        lender_id,
    )
    assert _found(verify.reserved_equals_open_offers) == [
        (f"reserved:{lender_id}", 1, "open offers")
    ]


def test_an_offer_that_lost_its_reservation_is_found_by_lender_and_request(world: World) -> None:
    offer = world.listed.offers.get(status="open")
    _sql("UPDATE lending_offer SET status = 'released' WHERE id = %s", offer.pk)
    assert _found(verify.reserved_equals_open_offers) == [
        (f"reserved:{offer.lender_id}", 100_00, "open offers"),
        (f"request:{world.listed.pk}", 100_00, "funded"),
    ]


def test_a_request_that_claims_more_than_its_offers_is_found(world: World) -> None:
    _sql(
        "UPDATE lending_loanrequest SET funded_cents = funded_cents + 1 WHERE id = %s",
        world.listed.pk,
    )
    assert _found(verify.reserved_equals_open_offers) == [
        (f"request:{world.listed.pk}", 1, "funded")
    ]


@pytest.mark.parametrize("role", ["cash", "reserved", "invested"])
def test_a_cent_more_on_a_lender_s_account_is_found(world: World, role: str) -> None:
    lender_id = world.holding.lender_id
    _sql(
        "UPDATE ledger_account SET balance_cents = balance_cents + 1"
        " WHERE role = %s AND holder_id = %s",
        role,
        lender_id,
    )
    assert _found(verify.lenders_add_up) == [(f"person:{lender_id}", 1, "in, out and earned")]


def test_money_that_comes_to_a_lender_by_no_known_way_is_found(world: World) -> None:
    lender_id = world.holding.lender_id
    _sql(
        "INSERT INTO ledger_transfer (entry_id, debit_id, credit_id, cents)"
        " SELECT %s, provider.id, cash.id, 700 FROM ledger_account AS provider,"
        " ledger_account AS cash"
        " WHERE provider.role = 'provider' AND cash.role = 'cash' AND cash.holder_id = %s",
        world.repayment.entry_id,
        lender_id,
    )
    _sql(
        "UPDATE ledger_account SET balance_cents = balance_cents + 700"
        " WHERE role = 'cash' AND holder_id = %s",
        lender_id,
    )
    assert _found(verify.lenders_add_up) == [(f"person:{lender_id}", 700, "in, out and earned")]


@pytest.mark.parametrize(
    ("column", "note"), [("interest_cents", "interest"), ("written_off_cents", "written off")]
)
def test_a_holding_that_claims_another_gain_or_loss_is_found(
    world: World, column: str, note: str
) -> None:
    holding = world.holding
    _sql(f"UPDATE lending_holding SET {column} = {column} + 1 WHERE id = %s", holding.pk)
    assert _found(verify.lenders_add_up) == [(f"person:{holding.lender_id}", 1, note)]


def test_a_loan_of_another_size_than_its_request_is_found(world: World) -> None:
    _sql(
        "UPDATE lending_offer SET amount_cents = amount_cents + 2500 WHERE id ="
        " (SELECT min(id) FROM lending_offer WHERE request_id = %s)",
        world.running.request_id,
    )
    found = _found(verify.requests_fully_funded_when_disbursed)
    lender_id = world.holding.lender_id
    assert found == [
        (world.running.number, 25_00, "offers"),
        (f"{world.running.number} person:{lender_id}", -25_00, "holding and offers"),
    ]


def test_a_loan_whose_request_is_not_disbursed_is_found(world: World) -> None:
    _sql(
        "UPDATE lending_loanrequest SET status = 'accepted' WHERE id = %s",
        world.running.request_id,
    )
    assert _found(verify.requests_fully_funded_when_disbursed) == [
        (world.running.number, -5_000_00, "disbursed request")
    ]


def test_a_disbursed_request_without_a_loan_is_found(world: World) -> None:
    request = world.listed
    _sql("UPDATE lending_loanrequest SET status = 'disbursed' WHERE id = %s", request.pk)
    assert (f"request:{request.pk}", -request.amount_cents, "no loan") in _found(
        verify.requests_fully_funded_when_disbursed
    )


def test_a_status_that_was_forged_is_found(world: World) -> None:
    _sql("UPDATE lending_loan SET status = 'defaulted' WHERE id = %s", world.repaid.pk)
    _sql("UPDATE lending_loan SET status = 'written_off' WHERE id = %s", world.running.pk)
    assert {row[::2] for row in _found(verify.states_follow_the_graph)} == {
        (f"lending.loan:{world.repaid.pk}", "last moved to repaid, is defaulted"),
        (f"lending.loan:{world.running.pk}", "never moved, is written_off"),
    }


def test_a_gap_and_a_move_that_the_table_lacks_are_found(world: World) -> None:
    subject = f"lending.loanrequest:{world.running.request_id}"
    _sql("DELETE FROM core_auditrow WHERE subject = %s AND after = 'filled'", subject)
    assert [row[::2] for row in _found(verify.states_follow_the_graph)] == [
        (subject, "was listed, moved from filled")
    ]
    _sql(
        "UPDATE core_auditrow SET before = 'listed' WHERE subject = %s AND after = 'accepted'",
        subject,
    )
    assert [row[::2] for row in _found(verify.states_follow_the_graph)] == [
        (subject, "no such move: listed > accepted")
    ]


def test_a_fee_that_was_not_posted_is_found_by_entry_and_by_lender(world: World) -> None:
    repayment = world.repayment
    _sql("UPDATE lending_repayment SET fee_cents = fee_cents + 1 WHERE id = %s", repayment.pk)
    _sql("UPDATE lending_holding SET fee_cents = fee_cents + 1 WHERE id = %s", world.holding.pk)
    _sql("UPDATE lending_loan SET fee_cents = fee_cents - 1 WHERE id = %s", world.repaid.pk)
    assert _found(verify.fees_equal_postings) == [
        (f"repayment:{repayment.reference}", -1, "posted"),
        (f"disbursement:{world.repaid.number}", 1, "posted"),
        (f"cash:{world.holding.lender_id}", -1, "fees charged"),
    ]


def test_income_that_no_fee_explains_is_found(world: World) -> None:
    _sql(
        "INSERT INTO ledger_transfer (entry_id, debit_id, credit_id, cents)"
        " SELECT entry.id, cash.id, fees.id, 1 FROM ledger_entry AS entry, ledger_account AS cash,"
        " ledger_account AS fees WHERE entry.reference LIKE 'payin:%%' AND fees.role = 'fees'"
        " AND cash.role = 'cash' AND cash.holder_id = %s ORDER BY entry.id LIMIT 1",
        world.holding.lender_id,
    )
    subjects = [row[0].split(":")[0] for row in _found(verify.fees_equal_postings)]
    assert subjects == ["payin", "cash"]
