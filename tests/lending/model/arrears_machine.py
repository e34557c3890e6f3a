"""What is done about a loan that goes wrong: day ends, staff, the agency, and what comes back."""

from __future__ import annotations

from uuid import uuid4

import pytest
from django.conf import settings
from django.db import transaction
from django.utils.module_loading import import_string
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from lending.errors import GuardHolds, NothingWaived, Overpayment
from lending.models import ArrearsCase
from lending.services import arrears_cases, arrears_contacts, collection_costs, recoveries
from lending.services.terminations import hand_to_collection
from tests.factories.arrears import decide
from tests.lending.model.machine import LoanMachine
from tests.lending.model.oracle_arrears import CALLED, WRITTEN
from tests.lending.model.reckoning import DAY
from tests.lending.model.world import Figures

WAITS = {"reminder_2": 7, "final_notice": 18, "terminated": 14, "collection": 30}
NOT_PURSUED_CENTS = 1_00
STEPS = [import_string(name) for name in settings.LOAN_STEPS]


class ArrearsMachine(LoanMachine):
    """A loan and all that can become of it."""

    def _compare_more(self, told: Figures) -> None:
        assert told.stage == self.book.stage
        if self.book.status in ("written_off", "settled"):
            assert (told.lost, told.back) == (self.book.lost, self.book.back)
        else:
            assert not any(told.lost)

    def _show_mood(self, months: int, spells: int, rungs: int) -> None:
        """Or silence for two months and more, and what staff make of it."""
        super()._show_mood(months, spells, rungs)
        if self.mood == "falls silent":
            self.the_next_due_date_comes()
            self.time_passes_in_silence(5 + spells // 2)
            self.staff_take_the_next_steps(rungs, 0)

    def _case(self) -> ArrearsCase:
        return ArrearsCase.objects.select_related("loan").filter(loan=self.loan).latest("id")

    @rule()
    def the_day_ends(self) -> None:
        """The acts of the loan's day, as day end does them."""
        before = self.book.status, self.book.stage
        for step in STEPS:
            step(loan_ids=[self.loan.pk], on=self.today, at=self.at)
        self.book.end_day(self.today)
        self._note("day end")
        if self.book.status == "defaulted" and before[0] == "active":
            self.did.append("default")
        if before == ("defaulted", "") and self.book.status == "active":
            self.did.append("out of default")

    @precondition(lambda self: self.mood != "pays" and self.book.stage not in tuple(WAITS)[1:])
    @rule(spells=st.integers(1, 2))
    def time_passes_in_silence(self, spells: int) -> None:
        """Half a month, and a day end; so many times."""
        if not self.book.is_running:
            return
        for _spell in range(spells):
            if self._go_to(self.today + 15 * DAY):
                self.the_day_ends()

    @precondition(lambda self: self.book.stage in WAITS)
    @rule(steps=st.integers(1, 3), days=st.integers(0, 3))
    def staff_take_the_next_steps(self, steps: int, days: int) -> None:
        """As soon as they may, or some days later; where a guard holds it is refused."""
        book = self.book
        for _step in range(steps):
            ready = book.since + (WAITS.get(book.stage, 0) + days) * DAY
            if book.stage in WAITS and self._go_to(max(ready, self.today)):
                getattr(self, f"_go_on_from_{book.stage}")()

    def _go_on_from_reminder_2(self) -> None:
        staff, case = self.world.staff[0], self._case()
        arrears_contacts.record_offer(
            staff=staff, case_id=case.pk, offer="A longer term.", answer="declined", at=self.at
        )
        if not self.book.may_notice(self.today):
            with pytest.raises(GuardHolds), transaction.atomic():
                arrears_cases.give_final_notice(staff=staff, case_id=case.pk, at=self.at)
            return
        arrears_cases.give_final_notice(staff=staff, case_id=case.pk, at=self.at)
        self.book.give_notice(self.today)
        self._note("notice")

    def _go_on_from_final_notice(self) -> None:
        if not self.book.may_call(self.today):
            self._refused("terminate")
            return
        decide(self._case(), "terminate", self.world.staff, at=self.at)
        self.book.call(self.today)
        self._note("called due")

    def _go_on_from_terminated(self) -> None:
        given = {"staff": self.world.staff[0], "case_id": self._case().pk, "agency": "Agency"}
        if not self.book.may_collect(self.today):
            with pytest.raises(GuardHolds), transaction.atomic():
                hand_to_collection(**given, at=self.at)  # type: ignore[arg-type]
            return
        hand_to_collection(**given, at=self.at)  # type: ignore[arg-type]
        self.book.collect(self.today)
        self._note("collection")

    def _go_on_from_collection(self) -> None:
        if not self.book.may_write_off(self.today):
            self._refused("write_off")
            return
        decide(self._case(), "write_off", self.world.staff, at=self.at)
        self.book.lose("written_off", self.today)
        self._note("written off")

    def _refused(self, act: str) -> None:
        with pytest.raises(GuardHolds), transaction.atomic():
            decide(self._case(), act, self.world.staff, at=self.at)

    @precondition(lambda self: self.book.stage in CALLED and self.book.is_running)
    @rule(share=st.integers(1, 99), is_outside=st.booleans(), seldom=st.integers(0, 2))
    def a_sum_is_agreed(self, share: int, is_outside: bool, seldom: int) -> None:
        """The borrower or somebody else pays a part, and the rest is waived."""
        due = self.book.due_cents(self.today)
        cents, source = due * share // 100, "outside" if is_outside else "borrower"
        if seldom or not cents:
            return
        if not is_outside:
            self._fund(cents)
        if due - cents < NOT_PURSUED_CENTS:
            with pytest.raises(NothingWaived), transaction.atomic():
                decide(
                    self._case(), "settle", self.world.staff, at=self.at, cents=cents, source=source
                )
            return
        if is_outside:
            self.book.borrower += cents
        decide(self._case(), "settle", self.world.staff, at=self.at, cents=cents, source=source)
        self.book.settle(cents, self.today)
        self._note("settled")

    @precondition(lambda self: self.book.stage in (*CALLED, "written_off", "recovered"))
    @rule(cents=st.integers(1, 300_00))
    def a_cost_is_laid_out(self, cents: int) -> None:
        """For a court or an agency."""
        if self.book.status == "repaid":
            return
        collection_costs.lay_out_cost(
            staff=self.world.staff[0],
            case_id=self._case().pk,
            cents=cents,
            paid_on=self.today,
            note="Court fee",
            key=uuid4(),
            at=self.at,
        )
        self.book.costs += cents
        self._note("cost")

    @precondition(lambda self: self.book.stage not in ("", *WRITTEN))
    @rule(share=st.integers(1, 110), is_outside=st.booleans())
    def something_is_recovered(self, share: int, is_outside: bool) -> None:
        """From the borrower or from outside, before a write-off or after it."""
        book, is_lost = self.book, self.book.status == "written_off"
        if book.status not in ("active", "defaulted", "written_off"):
            return
        most = book.costs_owed() + book.still_lost() if is_lost else book.due_cents(self.today)
        cents = max(most * share // 100, 1)
        if not is_outside:
            self._fund(cents)
        given = {
            "staff": self.world.staff[0],
            "case_id": self._case().pk,
            "amount_cents": cents,
            "source": "outside" if is_outside else "borrower",
            "key": uuid4(),
            "at": self.at,
        }
        if cents > most:
            with pytest.raises(Overpayment), transaction.atomic():
                recoveries.recover(**given)  # type: ignore[arg-type]
            return
        made = recoveries.recover(**given)  # type: ignore[arg-type]
        if is_outside:
            book.borrower += cents
        if is_lost:
            book.recover(cents, self.today)
            self._note("recovered what was lost")
        else:
            self._booked(made, book.pay(cents, self.today), is_debit=False)
            self.did.append("recovered before")
