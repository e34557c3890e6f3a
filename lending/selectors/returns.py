"""What a lender's money does: earned, late, worth; never better than it is."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final, get_args

from accounts.models import User
from lending.domain.return_bridge import BridgeStep, Earnings, return_bridge
from lending.domain.returns import HAIRCUTS, Bucket, ReturnRange, Valuation
from lending.selectors.positions import Position, earnings, positions
from lending.selectors.valuation import Books, books_by_month, value_on

NEW_DAYS: Final = 90
"""A return says little before money has worked so long."""


@dataclass(frozen=True)
class BucketLine:
    """Holdings of one bucket of arrears; `haircut` of their principal is not counted as value."""

    bucket: Bucket
    holdings: int
    principal_cents: int
    haircut: Decimal
    value_cents: int


@dataclass(frozen=True)
class Slice:
    """A part of what is invested."""

    name: str
    principal_cents: int
    holdings: int


@dataclass(frozen=True)
class LenderOverview:
    """A lender's figures at the end of `on`, all as the books said then.

    Attributes:
        is_new: too early for a return to mean much.
        average_rate: contract rate weighted by outstanding principal; None without holdings.
        grades, terms: what is invested by grade and by term in months.
        earned: what the money did since the first pay-in, for the bridge.
        bridge: from contract rate to net return; empty while there is no return to speak of.
    """

    books: Books
    is_new: bool
    deposited_cents: int
    withdrawn_cents: int
    lent_cents: int
    repaid_cents: int
    interest_cents: int
    fee_cents: int
    written_off_cents: int
    recovered_cents: int
    default_interest_cents: int
    open_holdings: int
    average_rate: Decimal | None
    buckets: list[BucketLine]
    grades: list[Slice]
    terms: list[Slice]
    earned: Earnings
    bridge: list[BridgeStep]

    @property
    def on(self) -> date:
        """The day of the figures."""
        return self.books.on

    @property
    def since(self) -> date | None:
        """The day of the first deposit."""
        return self.books.since

    @property
    def cash_cents(self) -> int:
        """All that is not invested: available, reserved, on its way out."""
        return self.books.cash_cents

    @property
    def invested_cents(self) -> int:
        """Principal outstanding, at par."""
        return self.books.invested_cents

    @property
    def value(self) -> Valuation:
        """Cash and holdings together: late ones at nothing, at the haircuts, at par."""
        return self.books.value

    @property
    def returns(self) -> ReturnRange:
        """Per year on what was really paid in and out, idle cash included, at those values."""
        return self.books.returns


@dataclass(frozen=True)
class ValuePoint:
    """A lender's books at the end of one day; `value_cents` counts holdings at the haircuts."""

    on: date
    paid_in_cents: int
    cash_cents: int
    invested_cents: int
    value_cents: int
    interest_cents: int
    fee_cents: int


def lender_overview(user: User, on: date) -> LenderOverview:
    """All figures of one lender, by five queries whatever the number of holdings."""
    return overview_of(value_on(user, on))


def lender_record(user: User, on: date) -> tuple[LenderOverview, list[ValuePoint]]:
    """The overview, and the books at each month's end since the first pay-in and on `on`."""
    books = books_by_month(user, on)
    return overview_of(books[-1]), _points(books)


def value_history(user: User, on: date) -> list[ValuePoint]:
    """The books at each month's end since the first pay-in, and on `on`."""
    return _points(books_by_month(user, on))


def overview_of(books: Books) -> LenderOverview:
    """The figures of the books that were read last."""
    held = positions(books)
    flows, since = books.flows, books.since
    is_new = since is None or (books.on - since).days < NEW_DAYS
    rated = sum((row.rated_cents for row in held), Decimal(0))
    earned = earnings(books, held)
    return LenderOverview(
        books=books,
        is_new=is_new,
        deposited_cents=-sum(cents for _, cents in flows if cents < 0),
        withdrawn_cents=sum(cents for _, cents in flows if cents > 0),
        lent_cents=books.lent_cents,
        repaid_cents=books.repaid_cents,
        interest_cents=earned.interest_cents,
        fee_cents=earned.fee_cents,
        written_off_cents=books.lost_cents,
        recovered_cents=earned.recovered_cents,
        default_interest_cents=earned.default_interest_cents,
        open_holdings=sum(row.holdings for row in held),
        average_rate=rated / books.invested_cents if books.invested_cents else None,
        buckets=_buckets(books, held),
        grades=_slices((row.grade, row) for row in held),
        terms=_slices((f"{row.term_months:3d}", row) for row in held),
        earned=earned,
        bridge=[]
        if is_new
        else return_bridge(flows, on=books.on, value_cents=books.value.fair_cents, earned=earned),
    )


def _buckets(books: Books, held: Iterable[Position]) -> list[BucketLine]:
    holdings: dict[Bucket, int] = defaultdict(int)
    principal: dict[Bucket, int] = defaultdict(int)
    for row in held:
        holdings[row.bucket] += row.holdings
        principal[row.bucket] += row.outstanding_cents
    values: dict[Bucket, int] = defaultdict(int, current=principal["current"])
    for claim in books.late_claims:
        values[claim.bucket] += claim.value_cents
    return [
        BucketLine(
            bucket=bucket,
            holdings=holdings[bucket],
            principal_cents=principal[bucket],
            haircut=HAIRCUTS[bucket],
            value_cents=values[bucket],
        )
        for bucket in get_args(Bucket)
    ]


def _slices(rows: Iterable[tuple[str, Position]]) -> list[Slice]:
    """Outstanding principal by name, in the order of the names."""
    sums: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for name, row in rows:
        sums[name][0] += row.outstanding_cents
        sums[name][1] += row.holdings
    return [
        Slice(name.strip(), cents, holdings)
        for name, (cents, holdings) in sorted(sums.items())
        if cents
    ]


def _points(books: Sequence[Books]) -> list[ValuePoint]:
    return [_point(each) for each in books] if books[-1].moves else []


def _point(books: Books) -> ValuePoint:
    return ValuePoint(
        on=books.on,
        paid_in_cents=books.paid_in_cents,
        cash_cents=books.cash_cents,
        invested_cents=books.invested_cents,
        value_cents=books.value.fair_cents,
        interest_cents=books.interest_cents,
        fee_cents=books.fee_cents,
    )
