"""The one valuation of a lender's money, for any day: every page, answer and export shows this.

Past days are valued as the books stood then: by what was lent, paid, late and lost up to the end
of that day. Interest that has run but is not due is no part of the value.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Final

from accounts.models import User
from core.dates import ONE_DAY, month_range
from ledger.chart import Role
from lending.domain.returns import (
    Claim,
    ReturnRange,
    Valuation,
    haircut_value,
    lender_return,
    value_claims,
)
from lending.selectors.lender_books import (
    CashMove,
    Facts,
    LateClaim,
    cash_moves,
    facts_of,
    late_claims_on,
)

_OUTSIDE: Final = (Role.CLEARING_IN, Role.CLEARING_OUT, Role.SUSPENSE)
"""Accounts on the way to and from a person's bank."""


@dataclass(frozen=True)
class Books:
    """A lender's books at the end of `on`.

    Attributes:
        facts: what happened; what lies after `on` is not looked at.
        late: claims that were late or in default then.
    """

    on: date
    facts: Facts
    late: Sequence[LateClaim]

    @cached_property
    def moves(self) -> list[CashMove]:
        """What came and went other than by loans."""
        return [move for move in self.facts.moves if move.on <= self.on]

    @cached_property
    def lent_cents(self) -> int:
        """All that was ever lent."""
        return sum(row.cents for row in self.facts.placed if row.on <= self.on)

    @cached_property
    def lost_cents(self) -> int:
        """Principal written off."""
        return sum(row.cents for row in self.facts.lost if row.on <= self.on)

    @cached_property
    def repaid_cents(self) -> int:
        """Principal that came back."""
        return self._received("principal_cents")

    @cached_property
    def interest_cents(self) -> int:
        """Interest received, before fees."""
        return self._received("interest_cents")

    @cached_property
    def fee_cents(self) -> int:
        """Fees paid on what was received."""
        return self._received("fee_cents")

    @cached_property
    def cash_cents(self) -> int:
        """All that is not invested: available, reserved, on its way out."""
        came = sum(move.cents for move in self.moves)
        return came - self.lent_cents + self._received("net_cents")

    @cached_property
    def invested_cents(self) -> int:
        """Principal outstanding, at par."""
        return self.lent_cents - self.repaid_cents - self.lost_cents

    @cached_property
    def claims(self) -> Valuation:
        """What is invested: late claims at nothing, at the haircuts, at par."""
        sound = self.invested_cents - sum(claim.principal_cents for claim in self.late)
        return value_claims([Claim("current", sound, sound, 0), *self.late_claims])

    @cached_property
    def late_claims(self) -> list[Claim]:
        """The late claims, each cut by the haircut of its bucket and rounded by itself."""
        return [
            Claim(
                late.bucket,
                late.principal_cents,
                haircut_value(late.principal_cents, late.bucket),
                1,
            )
            for late in self.late
        ]

    @cached_property
    def value(self) -> Valuation:
        """Cash and claims together."""
        return Valuation(*(self.cash_cents + cents for cents in self.claims))

    @cached_property
    def flows(self) -> list[tuple[date, int]]:
        """Real deposits (negative) and withdrawals (positive), day by day; a return undoes one."""
        return [(move.on, -move.cents) for move in self.moves if move.other in _OUTSIDE]

    @cached_property
    def paid_in_cents(self) -> int:
        """Deposits less withdrawals."""
        return -sum(cents for _, cents in self.flows)

    @cached_property
    def pool_cents(self) -> int:
        """What pools gave, less what they took."""
        return sum(move.cents for move in self.moves if move.other == Role.POOL_PASSED)

    @cached_property
    def since(self) -> date | None:
        """The day of the first deposit."""
        return min((day for day, cents in self.flows if cents < 0), default=None)

    @cached_property
    def returns(self) -> ReturnRange:
        """Per year on what was really paid in and out, idle cash included, at the three values."""
        return lender_return(self.flows, on=self.on, cash_cents=self.cash_cents, claims=self.claims)

    @cached_property
    def idle_cent_days(self) -> int:
        """Uninvested money times the days it lay there, each day counted at its end."""
        came = sum(move.cents * (self.on - move.on).days for move in self.moves)
        lent = sum(
            row.cents * (self.on - row.on).days for row in self.facts.placed if row.on <= self.on
        )
        received = sum(
            row.net_cents * (self.on - row.on).days
            for row in self.facts.by_day
            if row.on <= self.on
        )
        return came - lent + received

    def _received(self, column: str) -> int:
        return sum(getattr(row, column) for row in self.facts.by_day if row.on <= self.on)


def books_on(user: User, days: Sequence[date]) -> list[Books]:
    """The books at the end of each of these days, in their order; five queries for all of them."""
    return _books(user, days, cash_moves(user.pk, max(days))) if days else []


def value_on(user: User, on: date) -> Books:
    """The books at the end of one day."""
    return books_on(user, [on])[0]


def books_by_month(user: User, on: date) -> list[Books]:
    """The books at each month's end since money first came, and at last on `on`."""
    moves = cash_moves(user.pk, on)
    return _books(user, _month_ends(moves[0].on, on) if moves else [on], moves)


def _books(user: User, days: Sequence[date], moves: Sequence[CashMove]) -> list[Books]:
    late, last = late_claims_on(user.pk, days), max(days)
    apart = {claim.loan_id for claim in late[last]}
    facts = facts_of(user.pk, last, moves=moves, apart=apart)
    return [Books(day, facts, late[day]) for day in days]


def _month_ends(first: date, last: date) -> list[date]:
    days, day = [], month_range(first)[1]
    while day < last:
        days.append(day)
        day = month_range(day + ONE_DAY)[1]
    return [*days, last]
