"""A mandate tried on the rounds of the last twelve months, without booking anything."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import Final

from accounts.models import User
from core.clock import day_of
from lending.domain.grades import GRADE_BANDS, GRADES
from lending.domain.pricing import LOSS_GIVEN_DEFAULT, expected_net_return
from lending.selectors.wallet import wallet_of
from lending.services.mandate_data import MandateData
from matching.choices import RATE_SCALE
from matching.engine.backtest import Order, PastRound, Trial, TriedStake, try_order
from matching.engine.changed import without_lender
from matching.engine.explain import Filter
from matching.selectors.forecasts import Forecast, forecast
from matching.selectors.history import WINDOW, history
from matching.selectors.misses import WORDS
from matching.selectors.orders import order_of

USUAL_CENTS: Final = 5_000_00
LEAST_CENTS: Final = 1_000_00
"""A lender with less free cash than this tries the usual amount."""
_WEEK: Final = timedelta(days=7)


@dataclass(frozen=True)
class Week:
    """What would have been placed in the seven days from `begins_on`."""

    begins_on: date
    stakes: int
    placed_cents: int


@dataclass(frozen=True)
class Cost:
    """What one filter costs: the requests that nothing else of the mandate refused.

    Attributes:
        name: a key of misses.WORDS.
        cents: what those requests asked for when they were first seen.
        placed_cents, full_on: of the same trial with this filter lifted; only for the dearest.
    """

    name: str
    requests: int
    cents: int
    placed_cents: int | None = None
    full_on: date | None = None

    @property
    def words(self) -> str:
        """The filter in the active language."""
        return str(WORDS[self.name])


@dataclass(frozen=True)
class Yield:
    """What the stakes would promise, on average by amount; fractions a year.

    Attributes:
        net: expected return after losses and fees at the typical default rates of the grades;
            low and high: at the highest and the lowest default rate of each grade.
        loss: expected loss a year, with the same band.
    """

    low_rate: Decimal
    mean_rate: Decimal
    high_rate: Decimal
    net: Decimal
    net_low: Decimal
    net_high: Decimal
    loss: Decimal
    loss_low: Decimal
    loss_high: Decimal


@dataclass(frozen=True)
class Backtest:
    """How a mandate would have fared.

    Attributes:
        rounds, total_rounds: decided again, and how many there were; coverage: part of the money.
        requests: that came before the rounds; matched: that no filter refused; staked: with money.
        refused: for each filter the requests that it refused, alone or with others.
        costs: filters that alone refused requests, the dearest first.
    """

    since: date
    until: date
    rounds: int
    total_rounds: int
    coverage: float
    cash_cents: int
    requests: int
    matched: int
    staked: int
    stakes: int
    placed_cents: int
    full_on: date | None
    weeks: list[Week]
    expected: Yield | None
    refused: dict[str, int]
    costs: list[Cost]
    forecast: Forecast

    @property
    def left_cents(self) -> int:
        """What would still lie idle."""
        return self.cash_cents - self.placed_cents

    @property
    def days_to_full(self) -> int | None:
        """Days from the first round until everything was placed."""
        return None if self.full_on is None else (self.full_on - self.since).days


def cash_to_try(user: User, data: MandateData) -> int:
    """What this lender could place through the mandate now, else a usual amount, in cents."""
    free = wallet_of(user).cash_cents - data.reserve_cents
    wanted = free if free >= LEAST_CENTS else USUAL_CENTS
    return wanted if data.budget_cents is None else min(wanted, data.budget_cents)


def backtest(user: User, data: MandateData, *, at: datetime, cash_cents: int) -> Backtest:
    """Try a mandate with so much cash on the rounds of the last twelve months.

    The lender's own mandates and money are taken out of those rounds, so that what is tried stands
    alone. Nothing is written. `data` is checked already (`MandateData.checked`).
    """
    past = history(since=at - WINDOW, until=at)
    rounds = [
        PastRound(one.at, one.on, one.seed, without_lender(one.market, user.pk))
        for one in past.rounds
    ]
    order = order_of(data)
    trial = try_order(rounds, order, cash_cents)
    since = rounds[0].on if rounds else day_of(at)
    refused = Counter(name for sight in trial.sights for name in names(sight.refused))
    return Backtest(
        since=since,
        until=day_of(at),
        rounds=len(rounds),
        total_rounds=past.total,
        coverage=past.coverage,
        cash_cents=cash_cents,
        requests=len(trial.sights),
        matched=sum(not sight.refused for sight in trial.sights),
        staked=len({stake.request_id for stake in trial.stakes}),
        stakes=len(trial.stakes),
        placed_cents=trial.placed_cents,
        full_on=trial.full_on,
        weeks=_weeks(trial, since, day_of(at)) if rounds else [],
        expected=_expected(trial.stakes),
        refused=dict(refused.most_common()),
        costs=_costs(trial, rounds, order, cash_cents),
        forecast=forecast(rounds, order, cash_cents, first=trial),
    )


def names(bits: int) -> list[str]:
    """The filters in a set of bits, as keys of misses.WORDS."""
    return [str(name.name).lower() for name in Filter if bits & name]


def _weeks(trial: Trial, since: date, until: date) -> list[Week]:
    stakes: Counter[int] = Counter()
    cents: Counter[int] = Counter()
    for stake in trial.stakes:
        number = (stake.on - since) // _WEEK
        stakes[number] += 1
        cents[number] += stake.amount_cents
    count = (until - since) // _WEEK + 1
    return [Week(since + _WEEK * at, stakes[at], cents[at]) for at in range(count)]


def _costs(trial: Trial, rounds: list[PastRound], order: Order, cash_cents: int) -> list[Cost]:
    """What each filter alone kept out; the dearest is tried once more without it."""
    alone: dict[Filter, list[int]] = {}
    for sight in trial.sights:
        if sight.refused.bit_count() == 1:
            alone.setdefault(Filter(sight.refused), []).append(sight.amount_cents)
    found = sorted(alone.items(), key=lambda item: (-sum(item[1]), item[0]))
    costs = [Cost(names(name)[0], len(cents), sum(cents)) for name, cents in found]
    if not costs:
        return costs
    lifted = try_order(rounds, order.without(found[0][0]), cash_cents, until_full=True)
    first = costs[0]
    dearest = Cost(first.name, first.requests, first.cents, lifted.placed_cents, lifted.full_on)
    return [dearest, *costs[1:]]


def _expected(stakes: tuple[TriedStake, ...]) -> Yield | None:
    """Averages over the stakes by amount; None when there are none."""
    if not stakes:
        return None
    rows = [
        (stake.amount_cents, _promise(stake.rate, stake.term_months, stake.grade))
        for stake in stakes
    ]
    whole = sum(cents for cents, _ in rows)

    def mean(place: int) -> Decimal:
        return sum((cents * promise[place] for cents, promise in rows), Decimal(0)) / whole

    rates = [promise[0] for _, promise in rows]
    return Yield(
        min(rates), mean(0), max(rates), mean(1), mean(2), mean(3), mean(4), mean(5), mean(6)
    )


@cache
def _promise(rate: int, months: int, grade: str) -> tuple[Decimal, ...]:
    """Rate, net return (typical, low, high) and loss (typical, low, high) of one kind of stake."""
    annual, band = Decimal(rate) / RATE_SCALE, GRADE_BANDS[grade]
    place = GRADES.index(grade)
    lowest = GRADE_BANDS[GRADES[place - 1]].highest_pd if place else Decimal(0)
    nets = [
        expected_net_return(annual, months, pd) for pd in (band.typical_pd, band.highest_pd, lowest)
    ]
    losses = [pd * LOSS_GIVEN_DEFAULT for pd in (band.typical_pd, lowest, band.highest_pd)]
    return (annual, *nets, *losses)
