"""Acts of borrower, lenders and bank on one loan, each done by the house and by the pencil.

A run is one transaction that is rolled back at its end. After every act the house's figures must be
the oracle's, and at the end of each run the plan is compared row by row and every proof holds.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import Any
from uuid import uuid4

import pytest
from django.db import transaction
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from core.errors import DomainError, IllegalTransition
from lending.errors import AskUs, NoSuchBreak, Overpayment, TooLittleForEarly
from lending.models import Instalment, Repayment
from lending.services.breaks import take_break
from lending.services.contract_withdrawals import give_back, withdraw_from_contract
from lending.services.early_repayment import repay_early
from lending.services.offers import place_bid
from lending.services.receivables import settle_receivables
from lending.services.repayments import repay
from lending.services.reversals import reverse_repayment
from tests.factories import loans, people
from tests.factories.people import AT
from tests.flows.money import assert_money
from tests.lending.model.oracle import Payment
from tests.lending.model.oracle_arrears import LoanInTrouble
from tests.lending.model.reckoning import DAY, LAST_DAY, Row
from tests.lending.model.world import KINDS, Figures, Kind, World, figures, ids

MAY_WITHDRAW_UNTIL = AT.date() + timedelta(days=14)


class LoanMachine(RuleBasedStateMachine):
    """A loan and its borrower, who `pays`, `pays at times` or `falls silent`."""

    world: World
    mood: str

    def __init__(self) -> None:
        super().__init__()
        self.atomic = transaction.atomic()
        self.atomic.__enter__()
        self.references = 0
        self.paid: list[tuple[int, Payment]] = []
        self.did: list[str] = []

    @initialize(
        kind=st.sampled_from(KINDS),
        wait=st.integers(0, 9),
        months=st.integers(0, 4),
        spells=st.integers(0, 4),
        rungs=st.integers(0, 4),
    )
    def begin(self, kind: Kind, wait: int, months: int, spells: int, rungs: int) -> None:
        """Deposit, bid, signature and disbursement; then the borrower's mood shows."""
        self.today = AT.date() + wait * DAY
        self.loan = self.world.loan(kind, self.today)
        self.borrower = self.loan.borrower
        self.lenders = self.world.lenders[: len(kind.stakes)]
        self.people = ids([*self.lenders, self.borrower])
        rows = self.loan.instalments.order_by("number")
        self.book = LoanInTrouble(
            list(kind.stakes),
            Fraction(kind.rate),
            [row.due_on for row in rows],
            self.today,
            sum(kind.stakes) // 40,
        )
        planned = [(row.principal, row.interest) for row in self.book.rows]
        assert planned == [(row.principal_cents, row.interest_cents) for row in rows]
        self.is_new = True
        self._show_mood(months, spells, rungs)

    def _show_mood(self, months: int, spells: int, rungs: int) -> None:
        """Some months that were paid, and perhaps a break."""
        if self.mood == "pays":
            self.months_are_paid(months + 1)
            if rungs:
                self.a_break_is_taken(spells, 1 + rungs // 2, at_end=rungs == 1)

    @property
    def at(self) -> datetime:
        """Noon of today."""
        return loans.noon(self.today)

    @property
    def may_pay(self) -> bool:
        """Whether the borrower is in the mood to."""
        return self.book.is_running and (
            self.mood != "falls silent" or self.book.called_on is not None
        )

    @property
    def may_ease(self) -> bool:
        """Whether a plan runs that could be changed."""
        return self.may_pay and not self.book.pay_back_by and not self.book.called_on

    def _note(self, act: str) -> None:
        """Something happened, so the figures are compared."""
        self.did.append(act)
        self.is_new = True

    def _go_to(self, day: date) -> bool:
        """Whether the pencil's calendar reaches so far; then it is that day."""
        if self.today <= day <= LAST_DAY:
            self.today = day
        return self.today == day

    def _reference(self) -> str:
        self.references += 1
        return f"model-{self.references}"

    def _fund(self, cents: int) -> None:
        """Let the borrower's wallet hold so much at least."""
        if self.book.borrower < cents:
            self.money_arrives(cents - self.book.borrower + 3_000_00)

    @rule(days=st.integers(1, 45))
    def days_pass(self, days: int) -> None:
        """Nothing happens on them."""
        self._go_to(self.today + days * DAY)

    @rule()
    def the_next_due_date_comes(self) -> None:
        """Many acts want one."""
        if coming := self.book.coming(self.today):
            self._go_to(coming[0].due)

    @precondition(lambda self: self.may_pay)
    @rule(cents=st.integers(1, 1_500_00))
    def money_arrives(self, cents: int) -> None:
        """In the borrower's wallet."""
        loans.give_collected(self.borrower, cents, on=self.today)
        self.book.borrower += cents

    @precondition(lambda self: self.may_pay)
    @rule(share=st.integers(1, 130))
    def a_part_of_what_is_due_is_paid(self, share: int) -> None:
        """Or more than that, which is refused."""
        due = self.book.due_cents(self.today)
        self._pay(max(due * share // 100, 1), due)

    @precondition(lambda self: self.may_pay)
    @rule(months=st.integers(1, 2))
    def months_are_paid(self, months: int) -> None:
        """All that is due, on its days."""
        for _month in range(months):
            if not self.book.due(self.today):
                self.the_next_due_date_comes()
            if due := self.book.due_cents(self.today):
                self._pay(due, due)

    def _pay(self, cents: int, due: int) -> None:
        self._fund(cents)
        given: dict[str, Any] = {
            "loan_id": self.loan.pk,
            "amount_cents": cents,
            "reference": self._reference(),
            "received_on": self.today,
            "at": self.at,
        }
        if cents > due:
            with pytest.raises(Overpayment), transaction.atomic():
                repay(**given)
            return
        made = repay(**given)
        if self.references % 4 == 0:
            assert made.pk == repay(**given).pk
        self._booked(made, self.book.pay(cents, self.today))

    def _booked(self, made: Repayment, payment: Payment, *, is_debit: bool = True) -> None:
        """The house's payment has the parts of the pencil's; a debit may be taken back."""
        assert made.default_interest_cents == payment.late
        assert made.costs_cents == payment.costs
        if is_debit:
            self.paid.append((made.pk, payment))
        self._note("paid late" if payment.late else "paid")

    @precondition(lambda self: self.may_ease and self.mood == "pays")
    @rule(days=st.integers(1, 3))
    def a_debit_comes_ahead_of_its_day(self, days: int) -> None:
        """As banks send it where a weekend lies between."""
        coming = self.book.coming(self.today)
        if not coming or not self._go_to(max(coming[0].due - days * DAY, self.today)):
            return
        row, due = coming[0], self.book.due_cents(self.today)
        self._fund(due + row.open)
        sent = self.loan.instalments.current().get(due_on=row.due, kind="regular")
        made = repay(
            loan_id=self.loan.pk,
            amount_cents=due + row.open,
            reference=self._reference(),
            received_on=self.today,
            at=self.at,
            instalment_id=sent.pk,
        )
        self._booked(made, self.book.pay(due + row.open, self.today, ahead=row))

    @precondition(lambda self: any(not payment.is_back for _pk, payment in self.paid))
    @rule(which=st.integers(0, 9))
    def a_debit_comes_back(self, which: int) -> None:
        """Any of those that were booked."""
        held = [pair for pair in self.paid if not pair[1].is_back]
        key, payment = held[which % len(held)]
        reverse_repayment(repayment_id=key, on=self.today, at=self.at, reason="model")
        self.book.take_back(payment, self.today)
        self._note(f"debit back, {self.book.status}")

    @precondition(lambda self: max(self.book.cash) >= 25_00)
    @rule(who=st.integers(0, 2), pieces=st.integers(1, 8))
    def a_lender_spends(self, who: int, pieces: int) -> None:
        """On another request."""
        index, cents = who % len(self.lenders), pieces * 25_00
        if self.book.cash[index] < cents:
            return
        place_bid(
            lender=self.lenders[index],
            request_id=self.world.open.pk,
            amount_cents=cents,
            at=AT,
            request_key=uuid4(),
        )
        self.book.cash[index] -= cents
        self._note("bid")

    @precondition(lambda self: self.book.payments)
    @rule(who=st.integers(0, 2), cents=st.integers(1, 200_00))
    def a_lender_pays_in(self, who: int, cents: int) -> None:
        """What is owed after a late return is settled first."""
        index = who % len(self.lenders)
        lender = self.lenders[index]
        people.give_cash(lender, cents, at=self.at)
        cause = self._reference()
        settle_receivables(person_ids=[lender.pk], cause=cause, on=self.today, at=self.at)
        self.book.receive(index, cents)
        self._note("deposit")

    @precondition(lambda self: self.may_ease)
    @rule(share=st.integers(1, 100), keep=st.sampled_from(["instalment", "term"]))
    def a_part_is_repaid_early(self, share: int, keep: str) -> None:
        """A share of what would end the loan."""
        if self.book.coming(self.today):
            self._repay_early(max(self.book.total(self.today) * share // 100, 1), keep)

    @precondition(lambda self: self.may_ease and len(self.paid) > 3)
    @rule()
    def all_is_repaid_early(self) -> None:
        """The quote of the day."""
        if self.book.coming(self.today):
            self._repay_early(self.book.total(self.today), "term")

    def _repay_early(self, cents: int, keep: str) -> None:
        self._fund(cents)
        least = self.book.due_cents(self.today) + self.book.interest_to(self.today) + 1
        total = self.book.total(self.today)
        given: dict[str, Any] = {
            "borrower": self.borrower,
            "loan_id": self.loan.pk,
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
        repay_early(**given)
        self.book.repay_early(None if cents >= total else cents, keep, self.today)
        self._note("repaid early" if cents >= total else "part repaid early")

    @precondition(lambda self: self.may_ease)
    @rule(first=st.integers(0, 4), months=st.integers(1, 3), at_end=st.booleans())
    def a_break_is_taken(self, first: int, months: int, at_end: bool) -> None:
        """Of coming months; beyond the limits it is refused."""
        choices = self.book.choices(self.today)
        chosen = choices[first : first + months] or choices[:months]
        verdict = self.book.may_break(self.today, chosen)
        given: dict[str, Any] = {
            "borrower": self.borrower,
            "loan_id": self.loan.pk,
            "numbers": self._numbers(chosen),
            "collect": "end" if at_end else "spread",
            "on": self.today,
            "at": self.at,
            "request_key": uuid4(),
        }
        if verdict != "yes" or not chosen:
            refusals = (AskUs,) if verdict == "ask" and chosen else (NoSuchBreak, IllegalTransition)
            with pytest.raises(refusals), transaction.atomic():
                take_break(**given)
            return
        take_break(**given)
        self.book.take_break(self.today, chosen, at_end=at_end)
        self._note("break")

    def _numbers(self, rows: list[Row]) -> list[int]:
        """The house's numbers of the pencil's rows."""
        unpaid = Instalment.objects.unpaid().filter(loan=self.loan)
        found = unpaid.filter(due_on__in=[row.due for row in rows])
        return list(found.values_list("number", flat=True))

    @precondition(lambda self: self.may_ease and not self.book.payments)
    @rule(days=st.integers(0, 20), is_at_once=st.booleans())
    def the_borrower_withdraws(self, days: int, is_at_once: bool) -> None:
        """Within fourteen days of the signature; later it is refused."""
        if not self._go_to(AT.date() + days * DAY):
            return
        whole = self.book.interest_of_all(self.today) + sum(self.book.held) - self.book.fee
        if is_at_once:
            self._fund(whole)
        given: dict[str, Any] = {
            "borrower": self.borrower,
            "loan_id": self.loan.pk,
            "on": self.today,
            "at": self.at,
        }
        if self.today > MAY_WITHDRAW_UNTIL:
            with pytest.raises(DomainError), transaction.atomic():
                withdraw_from_contract(**given)
            return
        withdraw_from_contract(**given)
        self.book.withdraw(self.today)
        if self.book.borrower >= whole:
            self.book.give_back(self.today)
        self._note("withdrawal")

    @precondition(lambda self: self.may_pay and self.book.pay_back_by)
    @rule(days=st.integers(0, 40))
    def all_is_given_back(self, days: int) -> None:
        """After a withdrawal that was declared without the money."""
        self._go_to(self.today + days * DAY)
        if self.book.payments:
            return
        self._fund(self.book.interest_of_all(LAST_DAY) + sum(self.book.held))
        give_back(borrower=self.borrower, loan_id=self.loan.pk, on=self.today, at=self.at)
        if payment := self.book.give_back(self.today):
            made = Repayment.objects.get(loan=self.loan)
            self._booked(made, payment, is_debit=False)
        self._note("given back")

    @invariant()
    def the_house_and_the_pencil_agree(self) -> None:
        """Every balance, every holding, and how the loan stands."""
        if not getattr(self, "is_new", False):
            return
        told, book = figures(self.loan.pk, self.people), self.book
        *keys, borrower = self.people
        assert [told.balances.get(f"cash{key}", 0) for key in keys] == book.cash
        assert [told.balances.get(f"receivable{key}", 0) for key in keys] == book.owed
        assert told.balances.get(f"cash{borrower}", 0) == book.borrower
        assert told.balances["fees0"] - self.world.fees == book.income
        assert (told.held, told.outstanding) == (book.held, sum(book.held))
        assert (told.status, told.called_on) == (book.status, book.called_on)
        if book.status not in ("active", "defaulted"):
            assert set(book.held) == {0}
        self._compare_more(told)
        self.is_new = False

    def _compare_more(self, told: Figures) -> None:
        """Compare what is known of arrears besides."""

    def teardown(self) -> None:
        """Prove everything unless something is wrong already, then take it all back."""
        try:
            if not getattr(self, "is_new", True):
                self._check_all()
        finally:
            transaction.set_rollback(True)
            self.atomic.__exit__(None, None, None)

    def _check_all(self) -> None:
        rows = Instalment.objects.unpaid().filter(loan=self.loan).order_by("due_on", "number")
        assert [
            (
                row.due_on,
                row.principal_cents - row.paid_principal_cents,
                row.interest_cents - row.paid_interest_cents,
                max(row.deferred_cents - row.paid_interest_cents, 0),
            )
            for row in rows
        ] == [(row.due, *row.left(), row.still_waiting) for row in self.book.open_rows()]
        counted = Repayment.objects.filter(loan=self.loan, reversed_on__isnull=True).count()
        assert counted == sum(not payment.is_back for payment in self.book.payments)
        assert_money("ledger", "lending")
