"""The market's record for everyone: all loans since the start, in fixed cohorts, none left out.

Everything is told as of the end of a day whose books are closed. Cohorts are the quarters in which
loans were paid out, and a loan stays in its cohort for good. Loans from which the borrower
withdrew within the first fortnight are counted apart: they never ran.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final, NamedTuple, get_args

from django.core.cache import cache
from django.db import connection

from lending.domain.default_rates import (
    DefaultRate,
    Window,
    default_rate,
    likely_defaults,
    vintage_curve,
    windows_until,
)
from lending.domain.grades import GRADE_BANDS
from lending.domain.returns import Bucket, ReturnRange, lender_return, value_claims
from lending.selectors.loan_book import BookedLoan, loan_book
from lending.selectors.returns import NEW_DAYS
from lending.states import OfferSource

_AN_HOUR: Final = 60 * 60


class Totals(NamedTuple):
    """Loans added up."""

    loans: int
    lent_cents: int
    outstanding_cents: int
    repaid_cents: int
    interest_cents: int
    default_interest_cents: int
    fee_cents: int
    defaulted: int
    written_off_cents: int
    recovered_cents: int


@dataclass(frozen=True)
class GradeRecord:
    """Defaults of one grade, seen and expected.

    Attributes:
        expected: probability of a default within a year at which the grade is priced.
        rate: over 12-month windows; `least` to `most` is what chance alone explains of the
            defaults of all windows together.
    """

    grade: str
    totals: Totals
    expected: Decimal
    rate: DefaultRate
    least: int
    most: int

    @property
    def is_as_expected(self) -> bool | None:
        """Whether chance explains what was seen; None before there is a whole window."""
        if not self.rate.at_start:
            return None
        return self.least <= self.rate.defaulted <= self.most


@dataclass(frozen=True)
class Funding:
    """Who funded, by principal."""

    hand_cents: int
    mandate_cents: int
    api_cents: int

    @property
    def whole_cents(self) -> int:
        """All together."""
        return self.hand_cents + self.mandate_cents + self.api_cents


@dataclass(frozen=True)
class Cohort:
    """The loans paid out in one quarter.

    Attributes:
        curve: share of loans ever in default, by months on book.
        returns: realised so far by all lenders together, after fees and pool bookings, without
            idle cash; None while the quarter's last day is not 90 days past.
        pool_cents: what grade pools gave to these claims, less what they took; a pool shares
            among loans of several quarters.
    """

    first_on: date
    totals: Totals
    curve: list[Decimal]
    returns: ReturnRange | None
    pool_cents: int
    funding: Funding

    @property
    def name(self) -> str:
        """`2026-Q1`."""
        return quarter_name(self.first_on)

    @property
    def default_share(self) -> Decimal:
        """Share of the loans that were ever in default."""
        return Decimal(self.totals.defaulted) / self.totals.loans


class Asked(NamedTuple):
    """What became of the requests first listed in one quarter."""

    first_on: date
    listed: int
    asked_cents: int
    funded: int
    unfunded: int
    still_open: int

    @property
    def name(self) -> str:
        """`2026-Q1`."""
        return quarter_name(self.first_on)


@dataclass(frozen=True)
class MarketRecord:
    """All figures of the statistics page."""

    on: date
    since: date | None
    totals: Totals
    withdrawn: int
    buckets: dict[Bucket, tuple[int, int]]
    windows: list[Window]
    rate: DefaultRate
    grades: list[GradeRecord]
    cohorts: list[Cohort]
    funding: Funding
    requests: list[Asked]


def market_record(on: date) -> MarketRecord:
    """The record as of the end of `on`; worked out once an hour, whoever asks."""
    key = f"statistics:1:{on.isoformat()}"
    record: MarketRecord | None = cache.get(key)
    if record is None:
        record = _record(on)
        cache.set(key, record, _AN_HOUR)
    return record


def _record(on: date) -> MarketRecord:
    book = loan_book(on)
    loans = [loan for loan in book if not loan.is_withdrawn]
    since = min((loan.disbursed_on for loan in loans), default=None)
    windows = windows_until(on, since) if since else []
    funding = _funding(on)
    cohorts = _cohorts(loans, on, funding)
    return MarketRecord(
        on=on,
        since=since,
        totals=_totals(loans),
        withdrawn=len(book) - len(loans),
        buckets=_buckets(loans),
        windows=windows,
        rate=default_rate([loan.life for loan in loans], windows),
        grades=[_grade(grade, loans, windows) for grade in GRADE_BANDS],
        cohorts=cohorts,
        funding=_all_funding(funding.values()),
        requests=_requests(on),
    )


def _totals(loans: Sequence[BookedLoan]) -> Totals:
    return Totals(
        loans=len(loans),
        lent_cents=sum(loan.principal_cents for loan in loans),
        outstanding_cents=sum(loan.outstanding_cents for loan in loans),
        repaid_cents=sum(loan.repaid_cents for loan in loans),
        interest_cents=sum(loan.interest_cents for loan in loans),
        default_interest_cents=sum(loan.default_interest_cents for loan in loans),
        fee_cents=sum(loan.fee_cents for loan in loans),
        defaulted=sum(loan.defaulted_on is not None for loan in loans),
        written_off_cents=sum(loan.written_off_cents for loan in loans),
        recovered_cents=sum(loan.recovered_cents for loan in loans),
    )


def _buckets(loans: Iterable[BookedLoan]) -> dict[Bucket, tuple[int, int]]:
    """Running loans and what they owe, by bucket of arrears."""
    found: dict[Bucket, tuple[int, int]] = dict.fromkeys(get_args(Bucket), (0, 0))
    for loan in loans:
        if loan.outstanding_cents:
            count, cents = found[loan.bucket]
            found[loan.bucket] = count + 1, cents + loan.outstanding_cents
    return found


def _grade(grade: str, loans: Iterable[BookedLoan], windows: Sequence[Window]) -> GradeRecord:
    of_grade = [loan for loan in loans if loan.grade == grade]
    rate = default_rate([loan.life for loan in of_grade], windows)
    expected = GRADE_BANDS[grade].typical_pd
    least, most = likely_defaults(rate.at_start, expected)
    return GradeRecord(grade, _totals(of_grade), expected, rate, least, most)


def _cohorts(loans: Iterable[BookedLoan], on: date, funding: dict[date, Funding]) -> list[Cohort]:
    by_quarter: dict[date, list[BookedLoan]] = defaultdict(list)
    for loan in loans:
        by_quarter[quarter_of(loan.disbursed_on)].append(loan)
    flows = _flows(on, [loan.loan_id for of_quarter in by_quarter.values() for loan in of_quarter])
    return [
        Cohort(
            first_on=first_on,
            totals=_totals(of_quarter),
            curve=vintage_curve([loan.life for loan in of_quarter], on),
            returns=_returns(of_quarter, flows[first_on], on),
            pool_cents=sum(flow.pool_cents for flow in flows[first_on]),
            funding=funding.get(first_on, Funding(0, 0, 0)),
        )
        for first_on, of_quarter in sorted(by_quarter.items())
    ]


def quarter_name(first_on: date) -> str:
    """`2026-Q1` for a quarter by its first day."""
    return f"{first_on.year}-Q{(first_on.month + 2) // 3}"


def quarter_of(day: date) -> date:
    """The first day of the quarter that holds `day`."""
    return date(day.year, (day.month - 1) // 3 * 3 + 1, 1)


def _returns(loans: Sequence[BookedLoan], flows: Sequence[_Flow], on: date) -> ReturnRange | None:
    youngest = max(loan.disbursed_on for loan in loans)
    if (on - youngest).days < NEW_DAYS:
        return None
    worth = value_claims(loan.claim for loan in loans)
    received = [(flow.on, flow.cents) for flow in flows]
    return lender_return(received, on=on, cash_cents=0, claims=worth)


class _Flow(NamedTuple):
    """What lenders received of a cohort on a day (negative: gave); `pool_cents` is part of it."""

    on: date
    cents: int
    pool_cents: int


def _flows(on: date, loan_ids: list[int]) -> dict[date, list[_Flow]]:
    """What lenders gave (negative) and received of each cohort, day by day."""
    found: dict[date, list[_Flow]] = defaultdict(list)
    with connection.cursor() as cursor:
        cursor.execute(_COHORT_FLOWS, {"on": on, "loans": loan_ids})
        for quarter, day, cents, pool_cents in cursor.fetchall():
            found[quarter].append(_Flow(day, int(cents), int(pool_cents)))
    return found


def _funding(on: date) -> dict[date, Funding]:
    """What became loans of each quarter, by who placed it."""
    sums: dict[date, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    with connection.cursor() as cursor:
        cursor.execute(_FUNDING, {"on": on})
        for quarter, source, cents in cursor.fetchall():
            sums[quarter][source] = int(cents)
    return {
        quarter: Funding(by[OfferSource.HAND], by[OfferSource.MANDATE], by[OfferSource.API])
        for quarter, by in sums.items()
    }


def _all_funding(parts: Iterable[Funding]) -> Funding:
    listed = list(parts)
    return Funding(
        sum(part.hand_cents for part in listed),
        sum(part.mandate_cents for part in listed),
        sum(part.api_cents for part in listed),
    )


def _requests(on: date) -> list[Asked]:
    with connection.cursor() as cursor:
        cursor.execute(_REQUESTS, {"on": on})
        return [
            Asked(quarter, listed, int(cents), funded, listed - funded - still, still)
            for quarter, listed, cents, funded, still in cursor.fetchall()
        ]


_COHORT_FLOWS: Final = """
WITH run AS (
    SELECT id, date_trunc('quarter', disbursed_on)::date AS quarter, disbursed_on, principal_cents
    FROM lending_loan
    WHERE id = ANY(%(loans)s)
), received AS (
    SELECT run.quarter, repayment.received_on, repayment.reversed_on,
           repayment.principal_cents + repayment.interest_cents + repayment.default_interest_cents
               + repayment.recovered_cents - repayment.fee_cents AS cents
    FROM run JOIN lending_repayment AS repayment ON repayment.loan_id = run.id
), flow AS (
    SELECT quarter, disbursed_on AS day, -principal_cents AS cents, 0 AS pool_cents FROM run
    UNION ALL
    SELECT quarter, received_on, cents, 0 FROM received
    UNION ALL
    SELECT quarter, reversed_on, -cents, 0 FROM received WHERE reversed_on IS NOT NULL
    UNION ALL
    SELECT run.quarter, pool.run_on, booking.delta_cents, booking.delta_cents
    FROM run
    JOIN lending_holding AS holding ON holding.loan_id = run.id
    JOIN lending_poolbooking AS booking ON booking.holding_id = holding.id
    JOIN lending_poolrun AS pool ON pool.id = booking.run_id
    WHERE booking.delta_cents <> 0
)
SELECT quarter, day, sum(cents), sum(pool_cents)
FROM flow
WHERE day <= %(on)s
GROUP BY 1, 2
ORDER BY 1, 2
"""

_FUNDING: Final = """
SELECT date_trunc('quarter', loan.disbursed_on)::date, offer.source, sum(offer.amount_cents)
FROM lending_loan AS loan
JOIN lending_offer AS offer ON offer.request_id = loan.request_id AND offer.status = 'converted'
WHERE loan.disbursed_on <= %(on)s
GROUP BY 1, 2
ORDER BY 1, 2
"""

_REQUESTS: Final = """
SELECT date_trunc('quarter', request.listed_at)::date, count(*), sum(request.amount_cents),
       count(loan.id),
       count(*) FILTER (WHERE loan.id IS NULL
                        AND request.status IN ('listed', 'filled', 'accepted', 'disbursed'))
FROM lending_loanrequest AS request
LEFT JOIN lending_loan AS loan ON loan.request_id = request.id AND loan.disbursed_on <= %(on)s
WHERE request.listed_at < %(on)s::date + 1
GROUP BY 1
ORDER BY 1
"""
