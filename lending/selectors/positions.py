"""A lender's holdings added up by grade, term and standing, as the books said on a day."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from lending.domain.return_bridge import Earnings, contract_interest
from lending.domain.returns import Bucket
from lending.selectors.valuation import Books


@dataclass
class Position:
    """Holdings that are alike, open and closed ones.

    Attributes:
        bucket: of arrears; "over-90" for everything in default.
        is_lost: something was written off.
        holdings: those that still owed something.
        rated_cents: outstanding principal times yearly rate.
        cent_days, rated_cent_days: outstanding principal times days, and times yearly rate.
    """

    grade: str
    term_months: int
    bucket: Bucket
    is_lost: bool
    holdings: int = 0
    lent_cents: int = 0
    outstanding_cents: int = 0
    interest_cents: int = 0
    default_interest_cents: int = 0
    recovered_cents: int = 0
    fee_cents: int = 0
    written_off_cents: int = 0
    rated_cents: Decimal = Decimal(0)
    cent_days: int = 0
    rated_cent_days: Decimal = Decimal(0)

    @property
    def is_missing(self) -> bool:
        """Whether interest that ran on it did not come as agreed."""
        return self.bucket != "current" or self.is_lost

    def stand(self, cents: int, rated_cents: Decimal, days: int, *, is_open: bool = True) -> None:
        """Count principal that stood for `days`, and stands still where `is_open`."""
        self.cent_days += cents * days
        self.rated_cent_days += rated_cents * days
        if is_open:
            self.outstanding_cents += cents
            self.rated_cents += rated_cents


class _Sorter:
    """Finds the position that a row of facts belongs to."""

    def __init__(self, books: Books) -> None:
        self._buckets = {claim.loan_id: claim.bucket for claim in books.late}
        self._lost = {row.loan_id for row in books.facts.lost if row.on <= books.on}
        self.found: dict[tuple[Any, ...], Position] = {}

    def of(self, row: Any) -> Position:
        bucket = self._buckets.get(row.loan_id, "current")
        key = (row.grade, row.term_months, bucket, row.loan_id in self._lost)
        if key not in self.found:
            self.found[key] = Position(*key)
        return self.found[key]


def positions(books: Books) -> list[Position]:
    """All holdings at the end of the day of the books.

    The books must be the latest of those that were read together: only their late loans are told
    one by one.
    """
    on, facts, sorter = books.on, books.facts, _Sorter(books)
    owed: dict[int | None, int] = defaultdict(int)
    for placed in facts.placed:
        position = sorter.of(placed)
        position.lent_cents += placed.cents
        position.stand(placed.cents, placed.rated_cents, (on - placed.on).days)
        owed[placed.loan_id] += placed.cents
        position.holdings += placed.open_holdings if placed.loan_id is None else 0
    for row in facts.received:
        position, is_kept = sorter.of(row), row.is_kept(on)
        days = (on - row.on).days
        position.stand(-row.principal_cents, -row.rated_cents, days, is_open=is_kept)
        if is_kept:
            position.interest_cents += row.interest_cents
            position.default_interest_cents += row.default_interest_cents
            position.recovered_cents += row.recovered_cents
            position.fee_cents += row.fee_cents
            owed[row.loan_id] -= row.principal_cents
        elif row.reversed_on is not None:
            position.stand(
                row.principal_cents, row.rated_cents, (on - row.reversed_on).days, is_open=False
            )
    for loss in facts.lost:
        position = sorter.of(loss)
        position.written_off_cents += loss.cents
        position.stand(-loss.cents, -loss.rated_cents, (on - loss.on).days)
        owed[loss.loan_id] -= loss.cents
    for placed in facts.placed:
        if placed.loan_id is not None and owed[placed.loan_id]:
            sorter.of(placed).holdings += 1
    return [sorter.found[key] for key in sorted(sorter.found)]


def earnings(books: Books, held: Iterable[Position]) -> Earnings:
    """What the money did since the first pay-in, for the bridge."""
    rows = list(held)
    missing = [row for row in rows if row.is_missing]
    return Earnings(
        lent_cent_days=sum(row.cent_days for row in rows),
        idle_cent_days=books.idle_cent_days,
        contract_cents=_run(rows),
        missing_contract_cents=_run(missing),
        interest_cents=sum(row.interest_cents for row in rows),
        missing_interest_cents=sum(row.interest_cents for row in missing),
        fee_cents=sum(row.fee_cents for row in rows),
        written_off_cents=sum(row.written_off_cents for row in rows),
        haircut_cents=books.claims.high_cents - books.claims.fair_cents,
        recovered_cents=sum(row.recovered_cents for row in rows),
        default_interest_cents=sum(row.default_interest_cents for row in rows),
        pool_cents=books.pool_cents,
    )


def _run(rows: Iterable[Position]) -> int:
    """Contract interest that ran on these, in cents."""
    return contract_interest(sum((row.rated_cent_days for row in rows), Decimal(0)))
