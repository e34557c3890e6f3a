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
from ledger.chart import Role
from lending.domain.returns import Claim, ReturnRange, Valuation, lender_return, value_claims
from lending.selectors.lender_books import BookMove, book_moves, late_claims_on

_OUTSIDE: Final = (Role.CLEARING_IN, Role.CLEARING_OUT, Role.SUSPENSE)
"""Accounts on the way to and from a person's bank."""


@dataclass(frozen=True)
class Books:
    """A lender's books at the end of `on`.

    Attributes:
        moves: of uninvested and invested money, up to that day.
        late: claims that were late or in default then.
    """

    on: date
    moves: Sequence[BookMove]
    late: Sequence[Claim]

    @cached_property
    def cash_cents(self) -> int:
        """All that is not invested: available, reserved, on its way out."""
        return sum(move.cents for move in self.moves if not move.is_invested)

    @cached_property
    def invested_cents(self) -> int:
        """Principal outstanding, at par."""
        return sum(move.cents for move in self.moves if move.is_invested)

    @cached_property
    def claims(self) -> Valuation:
        """What is invested: late claims at nothing, at the haircuts, at par."""
        sound = self.invested_cents - sum(claim.principal_cents for claim in self.late)
        return value_claims([Claim("current", sound, sound, 0), *self.late])

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
        return sum(
            move.cents * (self.on - move.on).days for move in self.moves if not move.is_invested
        )

    def booked_cents(self, other: Role) -> int:
        """What came to the uninvested money from accounts of one role; negative if it went."""
        return sum(
            move.cents for move in self.moves if not move.is_invested and move.other == other
        )


def books_on(user: User, days: Sequence[date]) -> list[Books]:
    """The books at the end of each of these days, in their order; two queries for all of them."""
    return books_of(user, days, book_moves(user.pk, max(days))) if days else []


def books_of(user: User, days: Sequence[date], moves: Sequence[BookMove]) -> list[Books]:
    """The same with moves that were read before, up to the last of these days or beyond."""
    late = late_claims_on(user.pk, days)
    return [Books(day, [move for move in moves if move.on <= day], late[day]) for day in days]


def value_on(user: User, on: date) -> Books:
    """The books at the end of one day."""
    return books_on(user, [on])[0]
