"""The pencil goes on where a loan goes wrong: the ladder, calling due, costs, losses, recoveries.

Written from docs/decisions/0017-a-ladder-with-guards.md and sections 497 and 498 of the Civil Code.
"""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction

from tests.lending.model.oracle import Loan, Payment
from tests.lending.model.reckoning import Row, cents, month_after, payable, period, shared

HOUSE_PART = (date(2026, 9, 1), Fraction(5, 100))
"""From that day the house keeps a part of what is recovered after a write-off."""
WRITTEN = ("late", "reminder_1", "reminder_2", "final_notice")
CALLED = ("terminated", "collection")


class LoanInTrouble(Loan):
    """A loan with what is done about its arrears; `stage` is empty while no case is open."""

    stage = ""
    since = notice_until = cured_on = date.min
    is_contacted = False
    lost: list[int]
    back: list[int]

    def late(self, day: date) -> list[Row]:
        """What could have been paid before a day and is open."""
        return [row for row in self.open_rows() if payable(row.due) < day]

    def days_late(self, day: date) -> int:
        """Days since the oldest of it could have been paid."""
        late = self.late(day)
        return (day - payable(late[0].due)).days if late else 0

    def end_day(self, day: date) -> None:
        """Default after 90 days on a material sum; one step of the ladder; out of default."""
        overdue = sum(row.open for row in self.late(day))
        is_material = overdue >= 100_00 and overdue * 100 >= sum(self.held)
        if self.status == "active" and self.days_late(day) > 90 and is_material:
            self.status = "defaulted"
        self._step(day)
        is_clean = not self.stage and self.cured_on <= month_after(day, -3)
        if self.status == "defaulted" and is_clean and not self.called_on and not self.late(day):
            self.status = "active"

    def _step(self, day: date) -> None:
        late, days = self.late(day), self.days_late(day)
        if not self.stage:
            if late and self.is_running:
                self._go("terminated" if self.called_on else "late", day)
                self.is_contacted = False
        elif self.stage in WRITTEN and not late:
            self.stage, self.cured_on = "", day
        elif self.stage in CALLED:
            if self.status == "repaid":
                self.stage, self.cured_on = "", day
        elif self.stage in WRITTEN and days >= 20 and not self.is_contacted:
            self.is_contacted = True
        elif self.stage == "late" and days >= 5:
            self._go("reminder_1", day)
        elif self.stage == "reminder_1" and days >= 15 and self._waited(day) >= 7:
            self._go("reminder_2", day)

    def _go(self, stage: str, day: date) -> None:
        self.stage, self.since = stage, day

    def _waited(self, day: date) -> int:
        return (day - self.since).days

    def may_notice(self, day: date) -> bool:
        """Section 498: two instalments in a row, and a tenth of the sum that was lent."""
        late, run, longest = self.late(day), 0, 0
        for row in sorted((row for row in self.rows if row.is_regular), key=lambda row: row.due):
            run = run + 1 if row in late else 0
            longest = max(longest, run)
        overdue = sum(row.open for row in late if row.is_regular)
        is_ripe = self.stage == "reminder_2" and self._waited(day) >= 7
        return is_ripe and longest >= 2 and overdue * 10 >= sum(self.stakes)

    def give_notice(self, day: date) -> None:
        """Two weeks from the third day after the letter."""
        self._go("final_notice", day)
        self.notice_until = day + timedelta(days=17)

    def may_call(self, day: date) -> bool:
        """Whether the two weeks are over and something that the notice demanded is open."""
        demanded = [row for row in self.late(day) if row.due < self.since]
        return self.stage == "final_notice" and day > self.notice_until and bool(demanded)

    def call(self, day: date) -> None:
        """All is due: what was due as it was, the rest today with what it bore until today."""
        due, coming = self.due(day), self.coming(day)
        principal, interest = sum(row.left()[0] for row in coming), self.interest_to(day)
        waiting = 0
        if coming:
            since = max([self.paid_out, *(row.due for row in self.rows if row not in coming)])
            borne = period(principal, self.rate, min(since, day), day)
            usual = coming[0].left()[1] - coming[0].still_waiting
            waiting = max(interest - min(borne, usual), 0)
        rest = [row.cut() for row in due]
        if principal or interest:
            rest.append(Row(day, principal, interest, waiting, is_regular=False))
        self.rows = [row for row in self.rows if row not in coming] + rest
        self.called_on, self.status = day, "defaulted"
        self._go("terminated", day)

    def is_owed(self, day: date) -> bool:
        """Whether anything at all is owed."""
        return bool(self.open_rows() or self.due_cents(day))

    def may_collect(self, day: date) -> bool:
        """Two weeks after it was called due."""
        return self.stage == "terminated" and self.is_owed(day) and self._waited(day) >= 14

    def may_write_off(self, day: date) -> bool:
        """After a month of collection."""
        return self.stage == "collection" and self.is_owed(day) and self._waited(day) >= 30

    def collect(self, day: date) -> None:
        """An agency takes over."""
        self._go("collection", day)

    def lose(self, status: str, day: date) -> None:
        """Give all that is outstanding up, off each holding what it is still owed."""
        for row in self.open_rows():
            row.cut()
        self.lost, self.back = list(self.held), [0] * len(self.held)
        self.held = [0] * len(self.held)
        self.status = status
        self._go("written_off" if status == "written_off" else "", day)

    def owe_again(self, index: int, principal: int) -> None:
        """What was given up stays given up: it is lost with the rest."""
        if self.is_running or self.status in ("repaid", "withdrawn"):
            super().owe_again(index, principal)
        else:
            self.lost[index] += principal

    def take_back(self, payment: Payment, day: date) -> None:
        """Rows of a loan that was given up end at once; what came back whole may recover again."""
        super().take_back(payment, day)
        if self.status in ("written_off", "settled"):
            for row in self.open_rows():
                row.cut()
            if self.status == "written_off" and any(self.back) and self.still_lost():
                self.stage = "recovered"

    def settle(self, amount: int, day: date) -> None:
        """An agreed sum is paid and the rest is waived."""
        self.pay(amount, day)
        self.lose("settled", day)

    def still_lost(self) -> int:
        """What was lost and has not come back."""
        return sum(self.lost) - sum(self.back)

    def recover(self, amount: int, day: date) -> None:
        """Costs first, then the lenders by what each has lost and not got back."""
        payment = Payment(day, 0, [], min(amount, self.costs_owed()))
        rest = amount - payment.costs
        parts = shared(rest, [lost - back for lost, back in zip(self.lost, self.back, strict=True)])
        rate = HOUSE_PART[1] if day >= HOUSE_PART[0] else Fraction(0)
        for index, part in enumerate(parts):
            fee = cents(part * rate)
            self.back[index] += part
            self.income += fee
            self.receive(index, part - fee)
        self.borrower -= amount
        self.payments.append(payment)
        if rest and self.stage == "written_off":
            self._go("recovered", day)
        if self.stage == "recovered" and not self.still_lost():
            self.stage = ""
