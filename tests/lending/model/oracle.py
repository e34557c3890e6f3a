"""A loan as a bookkeeper with a pencil would keep it: plain Python, sharing nothing with the house.

Everything is worked out day by day and cent by cent from the rules in docs/money.md, by other means
than the services use: fractions instead of decimals, a calendar written out, one lender at a time.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from fractions import Fraction
from math import ceil, floor

DAY = timedelta(days=1)
BASE = [
    (date(2025, 7, 1), Fraction(127, 10_000)),
    (date(2026, 7, 1), Fraction(202, 10_000)),
    (date(2027, 1, 1), Fraction(152, 10_000)),
]
HOLIDAYS = "2026-04-03 2026-04-06 2026-05-01 2026-12-25 2027-01-01 2027-03-26 2027-03-29".split()


def cents(exact: Fraction) -> int:
    """Half up."""
    return floor(exact + Fraction(1, 2))


def shared(total: int, weights: list[int]) -> list[int]:
    """Largest remainders, ties to the first."""
    whole = sum(weights) or 1
    parts = [total * weight // whole for weight in weights]
    order = sorted(range(len(weights)), key=lambda i: (-(total * weights[i] % whole), i))
    for index in order[: total - sum(parts)]:
        parts[index] += 1
    return parts


def payable(day: date) -> date:
    """The bank day on which something due can be paid."""
    while day.weekday() > 4 or day.isoformat() in HOLIDAYS:
        day += DAY
    return day


def days_360(start: date, end: date) -> int:
    """German 30/360."""
    ends = [
        30 if (day + DAY).month == 3 and day.month == 2 else min(day.day, 30)
        for day in (start, end)
    ]
    months = (end.year - start.year) * 12 + end.month - start.month
    return months * 30 + ends[1] - ends[0]


@dataclass
class Paid:
    """What a payment gave one row, and when it was taken back."""

    on: date
    principal: int
    interest: int
    back_on: date | None = None


@dataclass
class Row:
    """One planned payment."""

    due: date
    principal: int
    interest: int
    paid: list[Paid] = field(default_factory=list)

    def left(self, day: date | None = None) -> tuple[int, int]:
        """Principal and interest open; at the start of a day, or now."""
        counted = [
            one
            for one in self.paid
            if (one.back_on is None if day is None else one.on < day <= (one.back_on or date.max))
        ]
        principal = self.principal - sum(one.principal for one in counted)
        return principal, self.interest - sum(one.interest for one in counted)


@dataclass
class Payment:
    """One booked payment, as it can be taken back."""

    on: date
    late: int
    parts: list[Paid]
    shares: list[tuple[int, int, int, int]]
    is_back: bool = False

    @property
    def amount(self) -> int:
        """All of it."""
        return self.late + sum(part.principal + part.interest for part in self.parts)


class Loan:
    """A loan and the purses of those who have to do with it."""

    def __init__(
        self, stakes: list[int], rate: Fraction, dues: list[date], paid_out: date, fee: int
    ) -> None:
        self.rate, self.paid_out, self.fee, self.stakes = rate, paid_out, fee, stakes
        self.held, self.cash, self.owed = list(stakes), [0] * len(stakes), [0] * len(stakes)
        self.borrower, self.income, self.status = 0, fee, "active"
        self.payments: list[Payment] = []
        self.began = paid_out
        self.first_plan = self.rows = self.level(sum(stakes), dues, paid_out)
        self.refunded, self.withdrawn = 0, False

    def interest(self, balance: int, start: date, end: date) -> int:
        """Contract interest of one period."""
        return cents(balance * self.rate * days_360(start, end) / 360)

    def run(self, balance: int, dues: list[date], start: date, payment: int) -> list[Row]:
        """The plan of a fixed payment; the last row takes the rest."""
        rows = []
        for due in dues:
            interest = self.interest(balance, start, due)
            principal = balance if due == dues[-1] else min(payment - interest, balance)
            rows.append(Row(due, principal, interest))
            balance, start = balance - principal, due
        return rows

    def level(self, balance: int, dues: list[date], start: date) -> list[Row]:
        """The plan of equal payments: the exact one rounded up, and up until the last fits."""
        discount, worth, before = Fraction(1), Fraction(0), start
        for due in dues:
            discount /= 1 + self.rate * days_360(before, due) / 360
            worth, before = worth + discount, due
        payment = ceil(balance / worth)
        while (rows := self.run(balance, dues, start, payment)) and sum(rows[-1].left()) > payment:
            payment += 1
        return rows

    def open_rows(self) -> list[Row]:
        """Rows not fully paid, oldest first."""
        return [row for row in sorted(self.rows, key=lambda row: row.due) if any(row.left())]

    def due(self, day: date) -> list[Row]:
        """What is due."""
        return [row for row in self.open_rows() if row.due <= day]

    def late_interest(self, day: date) -> int:
        """Default interest owed, one day after the other."""
        borne = dict.fromkeys((rate for _first, rate in BASE), 0)
        late = [(payable(row.due) + DAY, row) for row in self.rows if row.due < day]
        today = min((first for first, _row in late), default=day)
        while today <= day:
            base = [rate for first, rate in BASE if first <= today][-1]
            borne[base] += sum(sum(row.left(today)) for first, row in late if first <= today)
            today += DAY
        exact = sum(bearing * (base + Fraction(5, 100)) / 365 for base, bearing in borne.items())
        paid = sum(payment.late for payment in self.payments if not payment.is_back)
        return max(cents(exact) - paid, 0)

    def due_cents(self, day: date) -> int:
        """All that can be paid on a day without repaying early."""
        return sum(sum(row.left()) for row in self.due(day)) + self.late_interest(day)

    def pay(self, amount: int, day: date) -> None:
        """Settle what is due: instalments from the oldest on, default interest last."""
        parts, left = [], amount
        for row in self.due(day):
            principal, interest = row.left()
            part = Paid(day, 0, min(interest, left))
            part.principal = min(principal, left - part.interest)
            left -= part.principal + part.interest
            if part.principal or part.interest:
                row.paid.append(part)
                parts.append(part)
        self.book(Payment(day, left, parts, []), Fraction(1, 100))

    def book(self, payment: Payment, fee_rate: Fraction) -> None:
        """Share a payment out and close the loan when nothing is left."""
        weights = self.held if any(self.held) else self.stakes
        principal = shared(sum(part.principal for part in payment.parts), self.held)
        interest = shared(sum(part.interest for part in payment.parts), weights)
        late = shared(payment.late, weights)
        for index in range(len(self.held)):
            got = principal[index] + interest[index] + late[index]
            fee = cents(got * fee_rate)
            payment.shares.append((principal[index], interest[index], late[index], fee))
            self.held[index] -= principal[index]
            self.cash[index] += got - fee
            self.income += fee
            settled = min(self.cash[index], self.owed[index])
            self.cash[index] -= settled
            self.owed[index] -= settled
        self.borrower -= payment.amount
        self.payments.append(payment)
        if not self.open_rows() and self.late_interest(payment.on) < 100:
            self.status = "withdrawn" if self.withdrawn else "repaid"

    def take_back(self, payment: Payment, day: date) -> None:
        """The bank takes a debit back after it was shared out."""
        payment.is_back = True
        for part in payment.parts:
            part.back_on = day
        for index, (principal, interest, late, fee) in enumerate(payment.shares):
            self.held[index] += principal
            self.cash[index] -= principal + interest + late - fee
            self.income -= fee
            self.owed[index] += max(-self.cash[index], 0)
            self.cash[index] = max(self.cash[index], 0)
        self.borrower += payment.amount
        if self.status == "repaid":
            self.status = "active"

    def interest_to(self, day: date) -> int:
        """Interest of coming rows that was borne by a day."""
        coming = [row for row in self.open_rows() if row.due > day]
        since = max([self.paid_out, *(row.due for row in self.rows if row not in coming)])
        return self.interest(sum(row.left()[0] for row in coming), min(since, day), day)

    def fee_back(self, principal: int, day: date) -> int:
        """The part of the fee that repaid principal frees."""
        planned = sum(row.principal for row in self.first_plan if row.due > day)
        last = self.first_plan[-1].due
        if day >= last or not planned:
            return 0
        left = Fraction((last - day).days, (last - self.began).days)
        freed = cents(self.fee * left * min(Fraction(principal, planned), Fraction(1)))
        return min(freed, self.fee - self.refunded)

    def repay_early(self, amount: int | None, keep: str, day: date) -> None:
        """Repay a part, or all with None, after what is due."""
        due = self.due_cents(day)
        if due:
            self.pay(due, day)
        coming = [row for row in self.open_rows() if row.due > day]
        balance, interest = sum(row.left()[0] for row in coming), self.interest_to(day)
        principal = balance if amount is None else amount - due - interest
        usual = max(row.principal + row.interest for row in coming)
        dues = [row.due for row in coming]
        self.rows = [row for row in self.rows if row not in coming]
        if rest := balance - principal:
            if keep == "term":
                self.rows += self.level(rest, dues, day)
            else:
                shorter = self.run(rest, dues, day, usual)
                self.rows += [row for row in shorter if sum(row.left())]
        part = Paid(day, principal, interest)
        self.rows.append(Row(day, principal, interest, [part]))
        refund = self.fee_back(principal, day)
        self.refunded, self.income = self.refunded + refund, self.income - refund
        self.borrower += refund
        self.book(Payment(day, 0, [part], []), Fraction(1, 100))

    def total(self, day: date) -> int:
        """What ends the loan on a day."""
        balance = sum(row.left()[0] for row in self.open_rows() if row.due > day)
        owed = self.due_cents(day) + balance + self.interest_to(day)
        return owed - self.fee_back(balance, day)

    def withdraw(self, day: date) -> None:
        """Unwind: principal and interest for each day back, no fee on either side."""
        self.withdrawn = True
        part = Paid(day, sum(self.stakes), self.interest(sum(self.stakes), self.paid_out, day))
        self.rows = [Row(day, part.principal, part.interest, [part])]
        self.income, self.borrower = self.income - self.fee, self.borrower + self.fee
        self.book(Payment(day, 0, [part], []), Fraction(0))
