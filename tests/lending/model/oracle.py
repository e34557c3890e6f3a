"""A loan as a bookkeeper with a pencil would keep it: cent by cent, one lender at a time.

Written from docs/money.md and docs/figures.md, by other means than the services use: late days are
counted one after the other, and nothing is stored that can be worked out again.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from tests.lending.model.reckoning import (
    BASE,
    DAY,
    Paid,
    Row,
    bank_days_before,
    cents,
    level,
    month_after,
    payable,
    period,
    run,
    shared,
    with_break,
)

LENDER_FEE = Fraction(1, 100)
RUNNING = ("active", "defaulted")


@dataclass
class Payment:
    """One booked payment, as it can be taken back."""

    on: date
    late: int
    parts: list[Paid]
    costs: int = 0
    is_back: bool = False

    def __post_init__(self) -> None:
        self.shares: list[tuple[int, int, int]] = []

    @property
    def amount(self) -> int:
        """All of it."""
        owed = sum(part.principal + part.interest for part in self.parts)
        return owed + self.late + self.costs


class Loan:
    """A loan and the purses of those who have to do with it."""

    def __init__(
        self, stakes: list[int], rate: Fraction, dues: list[date], paid_out: date, fee: int
    ) -> None:
        self.rate, self.paid_out, self.fee, self.stakes = rate, paid_out, fee, stakes
        self.held, self.cash, self.owed = list(stakes), [0] * len(stakes), [0] * len(stakes)
        self.borrower, self.income, self.costs = 0, fee, 0
        self.status, self.before = "active", "active"
        self.rows = level(sum(stakes), rate, dues, paid_out)
        self.first_plan = [(row.due, row.principal) for row in self.rows]
        self.payments: list[Payment] = []
        self.refunded = 0
        self.counted, self.borne = paid_out, Fraction(0)
        self.pay_back_by: date | None = None
        self.called_on: date | None = None
        self.breaks: list[list[date]] = []

    @property
    def is_running(self) -> bool:
        """Whether anything can be owed on it."""
        return self.status in RUNNING

    def open_rows(self) -> list[Row]:
        """Rows not fully paid, oldest first."""
        return sorted((row for row in self.rows if row.open), key=lambda row: row.due)

    def due(self, day: date) -> list[Row]:
        """What is due."""
        return [row for row in self.open_rows() if row.due <= day]

    def coming(self, day: date) -> list[Row]:
        """What is not yet due."""
        return [row for row in self.open_rows() if row.due > day]

    def late_interest(self, day: date) -> int:
        """Default interest owed: one day after the other, none of which can change once over."""
        while self.counted < day:
            self.counted += DAY
            base = [rate for first, rate in BASE if first <= self.counted][-1]
            late = sum(
                row.bearing(self.counted) for row in self.rows if payable(row.due) < self.counted
            )
            self.borne += late * (base + Fraction(5, 100)) / 365
        paid = sum(payment.late for payment in self.payments if not payment.is_back)
        return max(cents(self.borne) - paid, 0)

    def costs_owed(self) -> int:
        """Costs of legal pursuit that were laid out and did not come back."""
        return self.costs - sum(one.costs for one in self.payments if not one.is_back)

    def due_cents(self, day: date) -> int:
        """All that can be paid on a day without repaying early."""
        if not self.is_running:
            return 0
        dues = sum(row.open for row in self.due(day))
        return self.costs_owed() + dues + self.late_interest(day)

    def pay(self, amount: int, day: date, ahead: Row | None = None) -> Payment:
        """Settle what is due: costs, instalments from the oldest on, default interest last.

        `ahead` is a row whose debit came in before its day.
        """
        costs = min(amount, self.costs_owed())
        parts, left = [], amount - costs
        for row in [*self.due(day), *([ahead] if ahead else [])]:
            principal, interest = row.left()
            part = Paid(day, 0, min(interest, left))
            part.principal = min(principal, left - part.interest)
            left -= part.principal + part.interest
            if part.principal or part.interest:
                row.paid.append(part)
                parts.append(part)
        payment = Payment(day, left, parts, costs)
        self.book(payment, LENDER_FEE)
        return payment

    def book(self, payment: Payment, fee_rate: Fraction) -> None:
        """Share a payment out and close the loan when nothing is left."""
        if self.pay_back_by:
            fee_rate = Fraction(0)
        weights = self.held if any(self.held) else self.stakes
        principal = shared(sum(part.principal for part in payment.parts), self.held)
        interest = shared(sum(part.interest for part in payment.parts), weights)
        late = shared(payment.late, weights)
        for index in range(len(self.held)):
            got = principal[index] + interest[index] + late[index]
            fee = cents(got * fee_rate)
            payment.shares.append((principal[index], got, fee))
            self.held[index] -= principal[index]
            self.receive(index, got - fee)
            self.income += fee
        self.borrower -= payment.amount
        self.payments.append(payment)
        if not self.open_rows() and not self.costs_owed() and self.late_interest(payment.on) < 100:
            self.before, self.status = self.status, "withdrawn" if self.pay_back_by else "repaid"
            if self.pay_back_by:
                self.give_fee_back()

    def receive(self, index: int, amount: int) -> None:
        """Money reaches a lender, who settles debts with it first."""
        self.cash[index] += amount
        settled = min(self.cash[index], self.owed[index])
        self.cash[index] -= settled
        self.owed[index] -= settled

    def take_back(self, payment: Payment, day: date) -> None:
        """The bank takes a debit back after it was shared out."""
        payment.is_back = True
        for part in payment.parts:
            part.back_on = day
        for index, (principal, got, fee) in enumerate(payment.shares):
            self.owe_again(index, principal)
            self.cash[index] -= got - fee
            self.income -= fee
            self.owed[index] += max(-self.cash[index], 0)
            self.cash[index] = max(self.cash[index], 0)
        self.borrower += payment.amount
        if self.status in ("repaid", "withdrawn"):
            self.status = self.before

    def owe_again(self, index: int, principal: int) -> None:
        """Principal that came back to be owed."""
        self.held[index] += principal

    def interest_to(self, day: date) -> int:
        """Interest of coming rows that was borne by a day: theirs, less what later time bears."""
        coming = self.coming(day)
        planned, later = sum(row.left()[1] for row in coming), 0
        since = max([self.paid_out, *(row.due for row in self.rows if row not in coming)])
        since = start = min(since, day)
        balance = whole = sum(row.left()[0] for row in coming)
        for row in coming:
            later += period(balance, self.rate, start, row.due)
            balance, start = balance - row.left()[0], row.due
        saved = later - period(whole, self.rate, since, day)
        return planned - min(max(saved, 0), planned)

    def fee_back(self, principal: int, day: date) -> int:
        """The part of the fee that repaid principal frees."""
        planned = sum(part for due, part in self.first_plan if due > day)
        last = self.first_plan[-1][0]
        if day >= last or not planned:
            return 0
        left = Fraction((last - day).days, (last - self.paid_out).days)
        freed = cents(self.fee * left * min(Fraction(principal, planned), Fraction(1)))
        return min(freed, self.fee - self.refunded)

    def repay_early(self, amount: int | None, keep: str, day: date) -> None:
        """Repay a part, or all with None, after what is due."""
        if due := self.due_cents(day):
            self.pay(due, day)
        coming = self.coming(day)
        balance, interest = sum(row.left()[0] for row in coming), self.interest_to(day)
        principal = balance if amount is None else amount - due - interest
        usual = max(row.open for row in coming)
        dues = [row.due for row in coming]
        self.rows = [row for row in self.rows if row not in coming]
        part = Paid(day, principal, interest)
        self.rows.append(Row(day, principal, interest, paid=[part], is_regular=False))
        if rest := balance - principal:
            if keep == "term":
                self.rows += level(rest, self.rate, dues, day)
            else:
                shorter = run(rest, self.rate, dues, day, usual)
                self.rows += [row for row in shorter if row.open]
        refund = self.fee_back(principal, day)
        self.refunded, self.income = self.refunded + refund, self.income - refund
        self.borrower += refund
        self.book(Payment(day, 0, [part]), LENDER_FEE)

    def total(self, day: date) -> int:
        """What ends the loan on a day."""
        balance = sum(row.left()[0] for row in self.coming(day))
        owed = self.due_cents(day) + balance + self.interest_to(day)
        return owed - self.fee_back(balance, day)

    def choices(self, day: date) -> list[Row]:
        """The rows that a break could skip: a year of them, in time before their debits."""
        year = [row for row in self.coming(day) if not _is_begun(row)][:12]
        return [row for row in year if day < bank_days_before(payable(row.due), 7)]

    def may_break(self, day: date, chosen: list[Row]) -> str:
        """`no`, `ask` (somebody has to agree), or `yes`."""
        if self.status != "active" or self.called_on or self.due(day):
            return "no"
        taken = [month for months in self.breaks for month in months]
        months = sorted(taken + [row.due for row in chosen])
        is_full = any(
            sum(first <= month < month_after(first, 12) for month in months) > 2 for first in months
        )
        paid = sum(not row.open for row in self.rows)
        return "ask" if is_full or paid < 3 or len(self.breaks) >= 2 else "yes"

    def take_break(self, day: date, chosen: list[Row], *, at_end: bool) -> None:
        """Skip the months of chosen rows."""
        coming = self.coming(day)
        self.breaks.append([row.due for row in chosen])
        with_break(coming, [coming.index(row) for row in chosen], self.rate, at_end)

    def interest_of_all(self, day: date) -> int:
        """Interest for each day since payout, of a loan that is given back whole."""
        return period(sum(self.held), self.rate, self.paid_out, day)

    def withdraw(self, day: date) -> None:
        """Declare the withdrawal: everything is to be given back within thirty days."""
        self.pay_back_by = day + 30 * DAY
        whole, interest = sum(self.held), self.interest_of_all(self.pay_back_by)
        self.rows = [Row(self.pay_back_by, whole, interest, is_regular=False)]

    def give_fee_back(self) -> None:
        """All of the loan's fee, once."""
        self.income, self.borrower = self.income - self.fee, self.borrower + self.fee
        self.fee = 0

    def give_back(self, day: date) -> Payment | None:
        """Unwind: principal and interest for each day back, no fee on either side.

        From the last day on it is paid like anything that is due; that payment is returned.
        """
        self.give_fee_back()
        if self.pay_back_by and day >= self.pay_back_by:
            return self.pay(self.due_cents(day), day)
        part = Paid(day, sum(self.held), self.interest_of_all(day))
        self.rows = [Row(day, part.principal, part.interest, paid=[part], is_regular=False)]
        self.book(Payment(day, 0, [part]), Fraction(0))
        return None


def _is_begun(row: Row) -> bool:
    return row.left() != (row.principal, row.interest)
