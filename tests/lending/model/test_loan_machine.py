"""Loans driven through everything that can happen to them, beside a bookkeeper with a pencil.

Each run begins from loans that were bid on and disbursed once, and is rolled back at its end. After
every act the house's figures must be the oracle's, and at the end of each run every proof holds.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection, transaction
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from core.errors import DomainError
from lending.errors import Overpayment, TooLittleForEarly
from lending.models import BaseRate, Holding, Instalment, Loan, Repayment
from lending.services.arrears import age_loans
from lending.services.contract_withdrawals import withdraw_from_contract
from lending.services.default_interest import charge_default_interest
from lending.services.early_repayment import repay_early
from lending.services.offers import place_bid
from lending.services.receivables import settle_receivables
from lending.services.repayments import repay
from lending.services.reversals import reverse_repayment
from lending.states import LoanStatus
from tests import seeds
from tests.factories import loans, people
from tests.factories.people import AT
from tests.factories.requests import listed_request
from tests.flows.money import assert_money
from tests.lending.model import oracle

FEW_RUNS, FEW_STEPS = 100, 40
MANY_RUNS, MANY_STEPS = 700, 60
"""For each kind of loan: three hundred runs in all, more than two thousand in a soak."""


@dataclass(frozen=True)
class Kind:
    """What a loan of the model is like."""

    stakes: tuple[int, ...]
    months: int
    rate: str
    due_day: int


KINDS = (
    Kind((600_00, 375_00, 25_00), 12, "0.08", 15),
    Kind((1_000_00, 1_000_00, 1_000_00), 12, "0.1234", 1),
    Kind((25_00, 9_975_00), 13, "0.0399", 15),
)


class World:
    """Loans that were disbursed, and a request that is never full, to spend money on."""

    def __init__(self) -> None:
        for valid_from, rate in oracle.BASE[1:]:
            BaseRate.objects.create(
                valid_from=valid_from,
                rate=Decimal(rate.numerator) / rate.denominator,
                source="model",
                approved_at=AT,
            )
        self.loans = [self._loan(kind) for kind in KINDS]
        self.open = listed_request(amount_cents=50_000_00)

    def _loan(self, kind: Kind) -> Loan:
        return loans.loan(
            shares_cents=list(kind.stakes),
            lenders=[people.lender() for _ in kind.stakes],
            term_months=kind.months,
            annual_rate=Decimal(kind.rate),
            due_day=kind.due_day,
        )


WORLD: list[World] = []


@pytest.fixture
def world(db: None) -> Iterator[None]:
    """Made once for all runs of the test."""
    WORLD[:] = [World()]
    yield
    WORLD.clear()


class LoanMachine(RuleBasedStateMachine):
    """Acts of borrower, lenders, bank and day end on one loan."""

    which = 0

    def __init__(self) -> None:
        super().__init__()
        self.atomic = transaction.atomic()
        self.atomic.__enter__()
        self.references = 0
        self.paid: list[tuple[int, oracle.Payment]] = []

    @initialize()
    def begin(self) -> None:
        kind, self.loan_id = KINDS[self.which], WORLD[0].loans[self.which].pk
        self.loan = Loan.objects.select_related("borrower").get(pk=self.loan_id)
        holdings = Holding.objects.filter(loan=self.loan).select_related("lender").order_by("id")
        self.lenders = [holding.lender for holding in holdings]
        rows = self.loan.instalments.order_by("number")
        self.book = oracle.Loan(
            [holding.principal_cents for holding in holdings],
            Fraction(kind.rate),
            [row.due_on for row in rows],
            self.loan.disbursed_on,
            self.loan.fee_cents,
        )
        planned = [(row.principal, row.interest) for row in self.book.rows]
        assert planned == [(row.principal_cents, row.interest_cents) for row in rows]
        self.today, self.is_new = self.loan.disbursed_on, False
        self.income_before = self._income() - self.book.income

    @property
    def at(self) -> Any:
        return loans.noon(self.today)

    def _income(self) -> int:
        return self._figures("SELECT balance_cents FROM ledger_account WHERE role = 'fees'")[0][0]

    @staticmethod
    def _figures(sql: str, *values: object) -> list[tuple[Any, ...]]:
        with connection.cursor() as cursor:
            cursor.execute(sql, values)
            return list(cursor.fetchall())

    def _reference(self) -> str:
        self.references += 1
        return f"model-{self.references}"

    @contextmanager
    def _act(self) -> Iterator[None]:
        with transaction.atomic():
            yield
        self.is_new = True

    @property
    def is_running(self) -> bool:
        return self.book.status == "active"

    @rule(days=st.integers(1, 45))
    def days_pass(self, days: int) -> None:
        if self.today < date(2027, 9, 1):
            self.today += timedelta(days=days)

    @rule()
    def the_next_due_date_comes(self) -> None:
        coming = [row.due for row in self.book.open_rows() if row.due > self.today]
        if coming:
            self.today = min(coming)

    @rule(cents=st.integers(1, 1_500_00))
    def money_arrives(self, cents: int) -> None:
        loans.give_collected(self.loan.borrower, cents, on=self.today)
        self.book.borrower += cents

    @precondition(lambda self: self.is_running)
    @rule(share=st.integers(1, 130))
    def a_part_of_what_is_due_is_paid(self, share: int) -> None:
        due = self.book.due_cents(self.today)
        self._pay(max(due * share // 100, 1), due)

    @precondition(lambda self: self.is_running)
    @rule()
    def all_that_is_due_is_paid(self) -> None:
        if due := self.book.due_cents(self.today):
            self._pay(due, due)

    def _pay(self, cents: int, due: int) -> None:
        if self.book.borrower < cents:
            self.money_arrives(cents - self.book.borrower)
        given = {"loan_id": self.loan_id, "received_on": self.today, "at": self.at}
        reference = self._reference()
        if cents > due:
            with pytest.raises(Overpayment), transaction.atomic():
                repay(amount_cents=cents, reference=reference, **given)
            return
        with self._act():
            made = repay(amount_cents=cents, reference=reference, **given)
            if self.references % 4 == 0:
                again = repay(amount_cents=cents, reference=reference, **given)
                assert made.pk == again.pk
        self.book.pay(cents, self.today)
        booked = self.book.payments[-1]
        assert made.default_interest_cents == booked.late
        self.paid.append((made.pk, booked))

    @precondition(lambda self: any(not booked.is_back for _pk, booked in self.paid))
    @rule(which=st.integers(0, 9))
    def a_debit_comes_back(self, which: int) -> None:
        held = [pair for pair in self.paid if not pair[1].is_back]
        key, booked = held[which % len(held)]
        with self._act():
            reverse_repayment(repayment_id=key, on=self.today, at=self.at, reason="model")
        self.book.take_back(booked, self.today)

    @rule(who=st.integers(0, 2), pieces=st.integers(1, 8))
    def a_lender_spends(self, who: int, pieces: int) -> None:
        index = who % len(self.lenders)
        cents = pieces * 25_00
        if self.book.cash[index] < cents:
            return
        with self._act():
            place_bid(
                lender=self.lenders[index],
                request_id=WORLD[0].open.pk,
                amount_cents=cents,
                at=AT,
                request_key=uuid4(),
            )
        self.book.cash[index] -= cents

    @rule(who=st.integers(0, 2), cents=st.integers(1, 200_00))
    def a_lender_pays_in(self, who: int, cents: int) -> None:
        index = who % len(self.lenders)
        lender = self.lenders[index]
        with self._act():
            people.give_cash(lender, cents, at=self.at)
            cause = self._reference()
            settle_receivables(person_ids=[lender.pk], cause=cause, on=self.today, at=self.at)
        settled = min(self.book.owed[index], self.book.cash[index] + cents)
        self.book.cash[index] += cents - settled
        self.book.owed[index] -= settled

    @precondition(lambda self: self.is_running and not self.book.withdrawn)
    @rule(share=st.integers(1, 100), keep=st.sampled_from(["instalment", "term"]))
    def a_part_is_repaid_early(self, share: int, keep: str) -> None:
        if not any(row.due > self.today for row in self.book.open_rows()):
            return
        total = self.book.total(self.today)
        self._repay_early(max(total * share // 100, 1), keep)

    @precondition(lambda self: self.is_running and len(self.paid) > 3)
    @rule()
    def all_is_repaid_early(self) -> None:
        if any(row.due > self.today for row in self.book.open_rows()):
            self._repay_early(self.book.total(self.today), "term")

    def _repay_early(self, cents: int, keep: str) -> None:
        if self.book.borrower < cents:
            self.money_arrives(cents - self.book.borrower)
        least = self.book.due_cents(self.today) + self.book.interest_to(self.today) + 1
        total = self.book.total(self.today)
        given: dict[str, Any] = {
            "borrower": self.loan.borrower,
            "loan_id": self.loan_id,
            "amount_cents": cents,
            "keep": keep,
            "on": self.today,
            "at": self.at,
            "request_key": uuid4(),
        }
        if cents < min(least, total):
            with pytest.raises(TooLittleForEarly), transaction.atomic():
                repay_early(**given)
            return
        with self._act():
            repay_early(**given)
        self.book.repay_early(None if cents >= total else cents, keep, self.today)

    @precondition(lambda self: self.is_running and not self.book.payments)
    @rule(days=st.integers(0, 20))
    def the_borrower_withdraws(self, days: int) -> None:
        on = self.loan.disbursed_on + timedelta(days=days)
        if on < self.today or self.book.withdrawn:
            return
        self.today = on
        total = sum(self.book.stakes) - self.book.fee
        total += self.book.interest(sum(self.book.stakes), self.loan.disbursed_on, on)
        if self.book.borrower < total:
            self.money_arrives(total - self.book.borrower)
        given = {"borrower": self.loan.borrower, "loan_id": self.loan_id, "on": on, "at": self.at}
        if days > 14:
            with pytest.raises(DomainError), transaction.atomic():
                withdraw_from_contract(**given)
            return
        with self._act():
            withdraw_from_contract(**given)
        self.book.withdraw(on)

    @precondition(lambda self: self.is_running)
    @rule()
    def the_day_ends(self) -> None:
        with self._act():
            charge_default_interest(loan_id=self.loan_id, on=self.today)
            age_loans(loan_ids=[self.loan_id], on=self.today, at=self.at)

    @invariant()
    def the_house_and_the_pencil_agree(self) -> None:
        if not self.is_new:
            return
        self.is_new = False
        ids = [lender.pk for lender in self.lenders]
        balances = dict(
            self._figures(
                "SELECT role || holder_id, balance_cents FROM ledger_account"
                " WHERE role IN ('cash', 'receivable') AND holder_id = ANY(%s)",
                [*ids, self.loan.borrower_id],
            )
        )
        assert [balances.get(f"cash{key}", 0) for key in ids] == self.book.cash
        assert [balances.get(f"receivable{key}", 0) for key in ids] == self.book.owed
        assert balances.get(f"cash{self.loan.borrower_id}", 0) == self.book.borrower
        held = Holding.objects.filter(loan=self.loan_id).order_by("id")
        assert list(held.values_list("outstanding_cents", flat=True)) == self.book.held
        loan = Loan.objects.get(pk=self.loan_id)
        running = (LoanStatus.ACTIVE, LoanStatus.DEFAULTED)
        assert ("active" if loan.status in running else loan.status) == self.book.status
        assert loan.outstanding_cents == sum(self.book.held)
        if self.book.status in ("repaid", "withdrawn"):
            assert set(self.book.held) == {0}

    def teardown(self) -> None:
        try:
            if hasattr(self, "book"):
                self._check_all()
        finally:
            transaction.set_rollback(True)
            self.atomic.__exit__(None, None, None)

    def _check_all(self) -> None:
        """The plan row by row, the platform's income, and every proof."""
        rows = Instalment.objects.unpaid().filter(loan=self.loan_id).order_by("due_on", "number")
        assert [
            (
                row.due_on,
                row.principal_cents - row.paid_principal_cents,
                row.interest_cents - row.paid_interest_cents,
            )
            for row in rows
        ] == [(row.due, *row.left()) for row in self.book.open_rows()]
        assert self._income() - self.income_before == self.book.income
        counted = Repayment.objects.filter(loan=self.loan_id, reversed_on__isnull=True).count()
        assert counted == sum(not payment.is_back for payment in self.book.payments)
        assert_money("ledger", "lending")


@pytest.mark.soak
@pytest.mark.usefixtures("world")
@pytest.mark.parametrize("which", range(len(KINDS)))
def test_whatever_happens_to_a_loan_the_books_agree_to_the_cent(which: int) -> None:
    runs, steps = (MANY_RUNS, MANY_STEPS) if seeds.IS_SOAK else (FEW_RUNS, FEW_STEPS)
    machine = type(f"LoanMachine{which}", (LoanMachine,), {"which": which})
    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        machine,
        settings=settings(max_examples=runs, stateful_step_count=steps),
    )
