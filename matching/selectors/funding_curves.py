"""A borrower's curve: at which rate a request would be filled in time, and when.

The request is put into the market as it stood at several times of the past months, and as it stands
now; the rounds that followed decide again, with it among the others. The share of trials in which
mandates alone fill it before its deadline stands for the chance. It is no promise.

For an auction the rates of the curve are the highest that the borrower would accept, and the engine
finds the price below each; a part that is enough counts as filled when the deadline comes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Final
from uuid import UUID

from django.conf import settings

from accounts.models import User
from core.clock import day_of
from core.errors import NotFound
from lending.choices import LISTING_DAYS, SHARE_CENTS, PriceRule
from lending.domain.grades import GRADE_BANDS
from lending.domain.pricing import LOSS_GIVEN_DEFAULT, RATE_STEP, PriceBand, price
from lending.models import LoanRequest
from lending.selectors.requests import request_of_borrower
from lending.states import RequestStatus
from matching.choices import RATE_SCALE, SPREAD_COVERAGE
from matching.engine.backtest import PastRound
from matching.engine.changed import without_borrower
from matching.engine.problem import PURE_PRICE
from matching.engine.wishes import Wish, filling
from matching.selectors.history import history
from matching.selectors.market import mandates_share, market_now

POINTS: Final = 9
TRIALS: Final = 12
_APART: Final = timedelta(days=7)
_LISTED: Final = timedelta(days=LISTING_DAYS)
USUAL_MARK: Final = 3
"""The mark that is assumed before a request is assessed."""


@dataclass(frozen=True)
class Asked:
    """The request that is tried.

    Attributes:
        mark: the affordability mark, known once it is assessed.
        price_rule: a PriceRule.
        floor_rate: the lowest price of an auction; None is that of the price list.
        least_cents: the part that is enough, 0 where there already is; None is all of it.
    """

    amount_cents: int
    term_months: int
    purpose: str
    grade: str
    mark: int = USUAL_MARK
    price_rule: str = PriceRule.FIXED
    floor_rate: Decimal | None = None
    least_cents: int | None = None

    @property
    def is_auction(self) -> bool:
        """Whether lenders find the rate below the highest."""
        return self.price_rule != PriceRule.FIXED

    @property
    def takes_part(self) -> bool:
        """Whether less than all may be enough."""
        return self.least_cents is not None


@dataclass(frozen=True)
class Point:
    """A rate with the trials in which it was enough.

    Attributes:
        filled, trials: in how many of how many trials it was filled in time.
        likely_day, latest_day: days after listing by which half, and all, of those were filled.
        now: whether the market of today would fill it.
        price: the rate that half of those filled came to or stayed below; an auction's may lie
            below `rate`.
        parts: how many of those filled were a part when the deadline came.
        likely_cents: what half of those filled reached at least.
    """

    rate: Decimal
    filled: int
    trials: int
    likely_day: int | None
    latest_day: int | None
    now: bool
    price: Decimal | None = None
    parts: int = 0
    likely_cents: int | None = None

    @property
    def chance(self) -> float:
        """The share of the trials that were filled, 0 to 1."""
        return self.filled / self.trials if self.trials else 0.0


@dataclass(frozen=True)
class FundingCurve:
    """Chances by rate, from the lowest rate of the grade to the highest.

    Attributes:
        trials: past starts and the one of today; past: how many of them lie in the past.
        rate: the one that the borrower has or would get, within the band.
    """

    asked: Asked
    band: PriceBand
    points: list[Point]
    past: int
    rate: Decimal

    @property
    def trials(self) -> int:
        """Past starts and today's."""
        return self.past + 1

    @property
    def is_thin(self) -> bool:
        """Whether there are too few past starts to say much."""
        return self.past < TRIALS // 2

    @property
    def here(self) -> Point:
        """The point nearest to the borrower's own rate."""
        return min(self.points, key=lambda point: abs(point.rate - self.rate))


def funding_curve(
    asked: Asked, *, at: datetime, rate: Decimal | None = None, borrower: User | None = None
) -> FundingCurve:
    """The curve of a request that is not on the market yet.

    Args:
        rate: the borrower's own; else the posted one.
        borrower: whose requests are left out of the market.
    """
    past = history(since=at - _APART * TRIALS - 2 * _LISTED, until=at)
    rounds = [_clean(one, borrower) for one in past.rounds]
    today = PastRound(at, day_of(at), 0, market_now(on=day_of(at), at=at))
    now = [replace(_clean(today, borrower), at=at + age) for age in _next_ages()]
    starts = [*_starts(rounds, at), (at, now)]
    band = price(asked.grade, asked.term_months)
    own = band.posted if rate is None else min(max(rate, band.floor), band.ceiling)
    floor = band.floor if asked.floor_rate is None else asked.floor_rate
    points = [_point(asked, tried, floor, starts) for tried in _grid(band, own)]
    return FundingCurve(asked, band, points, len(starts) - 1, own)


def curve_of_request(user: User, request_id: int, *, at: datetime) -> FundingCurve | None:
    """The curve of what is still missing of this borrower's listed request.

    None unless it is listed and not filled yet; NotFound for anyone else's.
    """
    own = request_of_borrower(user, request_id)
    if own.status != RequestStatus.LISTED or own.missing_cents < SHARE_CENTS:
        return None
    return funding_curve(asked_of(own), at=at, rate=own.annual_rate, borrower=user)


def curve_of_public_request(user: User, public_id: UUID, *, at: datetime) -> FundingCurve:
    """The same by the public name; NotFound too where there is no curve."""
    own = LoanRequest.objects.filter(borrower=user, public_id=public_id).first()
    found = curve_of_request(user, own.pk, at=at) if own else None
    if found is None:
        raise NotFound(f"no curve of request {public_id}")
    return found


def asked_of(own: LoanRequest) -> Asked:
    """What a request asks for that is on the market, or is not stored yet."""
    takes_part = own.least_percent < 100 and not own.is_auction
    return Asked(
        amount_cents=own.missing_cents,
        term_months=own.term_months or 0,
        purpose=own.purpose,
        grade=own.grade,
        mark=own.affordability_mark or USUAL_MARK,
        price_rule=own.price_rule,
        floor_rate=own.floor_rate,
        least_cents=max(own.least_cents - own.funded_cents, 0) if takes_part else None,
    )


def _clean(past: PastRound, borrower: User | None) -> PastRound:
    if borrower is None:
        return past
    return replace(past, market=without_borrower(past.market, borrower.pk))


def _starts(
    rounds: Sequence[PastRound], at: datetime
) -> list[tuple[datetime, Sequence[PastRound]]]:
    """A start a week, each with the rounds of the days that it would have been listed."""
    found: list[tuple[datetime, Sequence[PastRound]]] = []
    for number in range(TRIALS):
        begin = at - _LISTED - _APART * number
        during = [one for one in rounds if begin <= one.at <= begin + _LISTED]
        if during and rounds[0].at <= begin + _APART:
            found.append((begin, during))
    return found


def _point(
    asked: Asked,
    rate: Decimal,
    floor: Decimal,
    starts: Sequence[tuple[datetime, Sequence[PastRound]]],
) -> Point:
    wish = _wish(asked, rate, floor)
    trials = [
        (filling(during, wish, listed_at=begin, days=LISTING_DAYS, share=_share), begin)
        for begin, during in starts
    ]
    filled = [(found, begin) for found, begin in trials if found is not None]
    days = sorted(_day(found.at, begin) for found, begin in filled)
    prices = sorted(found.rate for found, _ in filled)
    cents = sorted((found.cents for found, _ in filled), reverse=True)
    found_rate = _middle(prices)
    return Point(
        rate=rate,
        filled=len(filled),
        trials=len(trials),
        likely_day=_middle(days),
        latest_day=days[-1] if days else None,
        now=trials[-1][0] is not None,
        price=None if found_rate is None else Decimal(found_rate) / RATE_SCALE,
        parts=sum(found.cents < asked.amount_cents for found, _ in filled),
        likely_cents=_middle(cents),
    )


def _wish(asked: Asked, rate: Decimal, floor: Decimal) -> Wish:
    """The request at a rate; `floor` is the lowest price if it is an auction."""
    loss = GRADE_BANDS[asked.grade].typical_pd * LOSS_GIVEN_DEFAULT
    lowest = min(floor, rate) if asked.is_auction else rate
    is_spread = asked.price_rule == PriceRule.AUCTION_SPREAD
    return Wish(
        amount_cents=asked.amount_cents,
        grade=asked.grade,
        term_months=asked.term_months,
        purpose=asked.purpose,
        mark=asked.mark,
        rate=int(rate * RATE_SCALE),
        loss_rate=int(loss * RATE_SCALE),
        floor_rate=int(lowest * RATE_SCALE),
        coverage=SPREAD_COVERAGE if is_spread else PURE_PRICE,
        least_cents=asked.least_cents,
    )


def _middle(ordered: Sequence[int]) -> int | None:
    return ordered[(len(ordered) - 1) // 2] if ordered else None


def _day(filled_at: datetime, begin: datetime) -> int:
    return -((begin - filled_at) // timedelta(days=1))


def _next_ages() -> list[timedelta]:
    """The ages at which mandates may hold more of a request: when today's market is asked."""
    return [timedelta(0), *(timedelta(hours=hours) for hours, _ in settings.MANDATES_SHARE)]


def _share(at: datetime, listed_at: datetime) -> int:
    return mandates_share(at, listed_at=listed_at)


def _grid(band: PriceBand, own: Decimal) -> list[Decimal]:
    """Rates from the floor to the ceiling in even steps, the posted and the own one among them."""
    width = (band.ceiling - band.floor) / (POINTS - 1)
    even = {
        ((band.floor + width * at) / RATE_STEP).to_integral_value(ROUND_HALF_UP) * RATE_STEP
        for at in range(POINTS)
    }
    return sorted(even | {band.posted, own})
