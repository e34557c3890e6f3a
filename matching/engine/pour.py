"""The pour: bucket after bucket, request after request, each filled whole or left alone."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Final

import numpy as np

from matching.engine.auction import Supply, grid
from matching.engine.book import Book, least_rate
from matching.engine.eligibility import Buckets, Eligibility
from matching.engine.fill import Lots, deal, deal_up_to
from matching.engine.fitting import fitting_members
from matching.engine.levels import bases, levels, slopes
from matching.engine.limits import Purse, Reason, Standing, binding_reasons
from matching.engine.plan import Plan
from matching.engine.problem import UNIT_CENTS, Bools, Ints
from matching.engine.stakes import Register

_ROOMY: Final = 2
"""A pool this many times larger than the demand of its bucket is cut to its nearest lenders."""

_NEVER: Final = 2**62
"""Above every level."""


class Outcome(IntEnum):
    """What became of a request in a round."""

    FUNDED = 0
    FITTED = 1
    """Funded, after the queue had to be set aside to make smallest stakes fit."""
    SHORT = 2
    """All who may lend have less to give than is asked for."""
    UNFIT = 3
    """They have enough, but no choice of stakes fits the amount."""
    CLOSED = 4
    """Mandates may place nothing in it at present."""
    PART = 5
    """Less than the whole, but no less than its borrower said would do."""


@dataclass(frozen=True, slots=True, eq=False)
class Skipped:
    """Why one request was left alone.

    Attributes:
        short_units: what was missing to the whole.
        lenders: how many may lend; limited: how many of them each `Reason` held back most.
        idle_units: what those could still have given.
    """

    request: int
    short_units: int
    lenders: int
    limited: tuple[int, ...]
    idle_units: int


@dataclass(slots=True, eq=False)
class Pool:
    """Lenders who may take part in a bucket, in tie order; `head` and `cap` follow the bookings.

    In a plain pool every smallest stake and first portion is one unit; `start` holds the level of
    each lender's next stake in a new request then.
    """

    mandates: Ints
    owners: Ints
    minimum: Ints
    preferred: Ints
    base: Ints
    head: Ints
    cap: Ints
    is_plain: bool
    start: Ints

    def __len__(self) -> int:
        """The number of lenders."""
        return len(self.mandates)

    def lots(self, chosen: Ints, cap: Ints) -> Lots:
        """The lenders at the places `chosen`, limited to `cap` units each."""
        if self.is_plain:
            first = self.minimum[: len(chosen)]
        else:
            preferred = self.preferred[chosen]
            first = np.where(preferred <= cap, preferred, self.minimum[chosen])
        return Lots(
            head=self.head[chosen],
            base=self.base[chosen],
            cap=cap,
            first=first,
            is_single=self.is_plain,
        )


class Pour:
    """One run over all buckets; holds what is left in the purses and what was dealt."""

    def __init__(
        self,
        book: Book,
        buckets: Buckets,
        plan: Plan,
        eligible: Eligibility,
        *,
        is_explained: bool = True,
    ) -> None:
        """Prepare; `run` pours, and notes reasons if it is to be explained."""
        self._is_explained = is_explained
        self._book, self._buckets, self._plan, self._eligible = book, buckets, plan, eligible
        self._purse, self._standing = Purse(book), Standing(book)
        self._slope = slopes(plan.attainable_cents, plan.reach)
        self._seen = np.zeros(len(book.cash), np.int64)
        self._head = -2 * book.owed_cents
        self.register = Register(int(buckets.units.sum()), book.mandate_at)
        self.skipped: list[Skipped] = []
        self._least = book.market.requests.least_units().tolist()
        self.rate = book.market.requests.rate.copy()
        self.outcome = np.full(len(buckets.requests), Outcome.CLOSED, np.int64)

    def run(self) -> None:
        """Pour every bucket in the order of the plan."""
        for bucket in self._plan.order:
            self._pour_bucket(bucket)

    def _pour_bucket(self, bucket: int) -> None:
        pool = self._pool(bucket)
        is_auction = self._buckets.floor_rate[bucket] < self._buckets.rate[bucket]
        near, bound = self._nearest(pool, int(self._buckets.units[bucket]))
        requests, targets = self._buckets.requests_of(bucket), self._buckets.targets_of(bucket)
        for request, target in zip(requests.tolist(), targets.tolist(), strict=True):
            if not target:
                continue
            if is_auction:
                self._auction(bucket, pool, request, target)
                continue
            dealt = self._from_near(pool, request, target, near, bound)
            if dealt is None:
                self._from_all(bucket, pool, request, target)
            else:
                self._keep(pool, request, target, *dealt, Outcome.FUNDED)

    def _pool(self, bucket: int) -> Pool:
        """Those on the bucket's list who still have something, after their turn moved on."""
        book = self._book
        mandates = self._eligible.of(bucket)
        owners = book.owner[mandates]
        seen = self._seen[owners] + self._plan.weight[bucket]
        self._seen[owners] = seen
        cap = self._purse.caps(int(self._buckets.grade[bucket]), mandates, owners)
        able = (cap >= (1 if book.plain else book.minimum[mandates])).nonzero()[0]
        if len(able) < len(mandates):
            mandates, owners, seen, cap = mandates[able], owners[able], seen[able], cap[able]
        ones = np.ones(len(mandates), np.int64)
        base, head = bases(self._slope[owners], seen), self._head[owners]
        return Pool(
            mandates=mandates,
            owners=owners,
            minimum=ones if book.plain else book.minimum[mandates],
            preferred=ones if book.plain else book.preferred[mandates],
            base=base,
            head=head,
            cap=cap,
            is_plain=book.plain,
            start=levels(head, 0, 1, base) if book.plain else ones,
        )

    def _nearest(self, pool: Pool, demand: int) -> tuple[Ints | None, int]:
        """Places of the lenders that begin lowest, as many as there are units to deal, and how far
        up they reach; None when that would be nearly all. Everyone else begins above."""
        if not 0 < _ROOMY * demand < len(pool):
            return None, 0
        least = pool.start
        if not pool.is_plain:
            least = levels(pool.head, 0, pool.minimum, pool.base)
        bound = int(np.partition(least, demand - 1)[demand - 1])
        return np.flatnonzero(least <= bound), bound

    def _caps(
        self, pool: Pool, request: int, target: int, chosen: Ints | None
    ) -> tuple[Ints, Ints]:
        """Places of those (among `chosen`) who may take a smallest stake, and their caps."""
        if chosen is None:
            chosen = np.arange(len(pool))
        cap = np.minimum(pool.cap[chosen], target)
        if self._standing.concerns(request):
            self._standing.lower(request, pool.mandates[chosen], pool.owners[chosen], cap)
        able = (cap >= (1 if pool.is_plain else pool.minimum[chosen])).nonzero()[0]
        return (chosen, cap) if len(able) == len(chosen) else (chosen[able], cap[able])

    def _from_near(
        self, pool: Pool, request: int, target: int, near: Ints | None, bound: int
    ) -> tuple[Ints, Lots, Ints] | None:
        """Deal among the nearest only; None when somebody farther off might come first."""
        if near is None:
            return None
        if pool.is_plain:
            return self._singles_from_near(pool, request, target, near, bound)
        chosen, cap = self._caps(pool, request, target, near)
        if not len(chosen):
            return None
        lots = pool.lots(chosen, cap)
        units = deal(target, lots, bound)
        return None if units is None else (chosen, lots, units)

    def _singles_from_near(
        self, pool: Pool, request: int, target: int, near: Ints, bound: int
    ) -> tuple[Ints, Lots, Ints] | None:
        """The same with single units, where only the `target` lowest starts can matter."""
        cap = np.minimum(pool.cap[near], target)
        if self._standing.concerns(request):
            self._standing.lower(request, pool.mandates[near], pool.owners[near], cap)
        start = pool.start[near]
        start[cap < 1] = _NEVER
        high = bound
        if len(start) > target:
            high = min(int(np.partition(start, target - 1)[target - 1]), bound)
        picked = (start <= high).nonzero()[0]
        if not len(picked):
            return None
        chosen = near[picked]
        lots = pool.lots(chosen, cap[picked])
        units = deal_up_to(high, target, lots, bound)
        return None if units is None else (chosen, lots, units)

    def _from_all(self, bucket: int, pool: Pool, request: int, target: int) -> None:
        """Deal among all of the pool: the whole, else as much as can be and suffices; or skip."""
        chosen, cap = self._caps(pool, request, target, None)
        within, least = int(cap.sum()), self._least[request]
        if within < least:
            self._skip(bucket, request, target, Outcome.SHORT, target - within, within)
            return
        given = min(within, target)
        lots = pool.lots(chosen, cap)
        units = deal(given, lots)
        outcome = Outcome.FUNDED
        if units is None:
            lots = Lots(lots.head, lots.base, lots.cap, pool.minimum[chosen])
            units, best = fitted(given, lots)
            outcome = Outcome.FITTED
            if units is None and best >= least:
                given = best
                units, _ = fitted(given, lots)
            if units is None:
                self._skip(bucket, request, target, Outcome.UNFIT, target - best, within)
                return
        outcome = outcome if given == target else Outcome.PART
        self._keep(pool, request, target, chosen, lots, units, outcome)

    def _auction(self, bucket: int, pool: Pool, request: int, target: int) -> None:
        """Fill at the lowest price of the grid at which the amount can be shared out; or skip."""
        book, buckets = self._book, self._buckets
        chosen, cap = self._caps(pool, request, target, None)
        mandates = pool.mandates[chosen]
        supply = Supply(
            rates=grid(int(buckets.floor_rate[bucket]), int(buckets.rate[bucket])),
            lowest=least_rate(book, mandates, int(buckets.loss_rate[bucket])),
            highest=book.max_rate[mandates],
            caps=cap,
        )
        for step in supply.steps(target, int(buckets.coverage[bucket])):
            at = chosen[step.eligible]
            lots = pool.lots(at, cap[step.eligible])
            units, outcome = cleared(target, lots, pool.minimum[at], step.cheaper)
            if units is not None:
                self.rate[request] = step.rate
                self._keep(pool, request, target, at, lots, units, outcome)
                return
        within = supply.largest()
        outcome = Outcome.SHORT if within < target else Outcome.UNFIT
        short = target - within if within < target else 1
        self._skip(bucket, request, target, outcome, short, within)

    def _keep(
        self,
        pool: Pool,
        request: int,
        target: int,
        chosen: Ints,
        lots: Lots,
        units: Ints,
        outcome: Outcome,
    ) -> None:
        """Write down the stakes with their reasons, then book them."""
        taken = units.nonzero()[0]
        at, units = chosen[taken], units[taken]
        mandates = pool.mandates[at]
        reason = np.zeros(len(at), np.int8)
        if self._is_explained:
            full = (units == lots.cap[taken]).nonzero()[0]
            reason[full] = self._binding(request, target, mandates[full])
        self.register.write(
            request,
            mandates=mandates,
            units=units,
            first=lots.first[taken],
            head=pool.head[at],
            base=pool.base[at],
            reason=reason,
        )
        self.outcome[request] = outcome
        self._book_stakes(pool, request, at, units)

    def _book_stakes(self, pool: Pool, request: int, at: Ints, units: Ints) -> None:
        mandates, owners = pool.mandates[at], pool.owners[at]
        grade = int(self._book.market.requests.grade[request])
        self._purse.take(grade, mandates, owners, units)
        self._standing.note(request, owners, units * UNIT_CENTS)
        pool.head[at] += 2 * UNIT_CENTS * units
        self._head[owners] = pool.head[at]
        pool.cap[at] = self._purse.caps(grade, mandates, owners)
        if pool.is_plain:
            pool.start[at] = levels(pool.head[at], 0, 1, pool.base[at])

    def _binding(self, request: int, target: int, mandates: Ints) -> Ints:
        return binding_reasons(self._book, self._purse, self._standing, request, target, mandates)

    def _skip(
        self, bucket: int, request: int, target: int, outcome: Outcome, short: int, idle: int
    ) -> None:
        self.outcome[request] = outcome
        if not self._is_explained:
            return
        mandates = self._eligible.of(bucket)
        reason = self._binding(request, target, mandates)
        limited = np.bincount(reason, minlength=len(Reason)).tolist()
        self.skipped.append(Skipped(request, short, len(mandates), tuple(limited), idle))


def cleared(target: int, lots: Lots, minimum: Ints, cheaper: Bools) -> tuple[Ints | None, Outcome]:
    """Units at one price of an auction: the cheaper up to their caps, the others by level.

    Where smallest stakes forbid it, or nobody is cheaper, all share by level; None when no choice
    of stakes fits.
    """
    sure = int(lots.cap[cheaper].sum())
    if 0 < sure <= target:
        rest = (~cheaper).nonzero()[0]
        units = np.where(cheaper, lots.cap, 0)
        shared = _shared(target - sure, lots.only(rest), minimum[rest])
        if shared is not None:
            units[rest] = shared
            return units, Outcome.FUNDED
    units_of_all = deal(target, lots)
    if units_of_all is not None:
        return units_of_all, Outcome.FUNDED
    units_of_all, _ = fitted(target, Lots(lots.head, lots.base, lots.cap, minimum))
    return units_of_all, Outcome.FITTED


def _shared(target: int, lots: Lots, minimum: Ints) -> Ints | None:
    if not target:
        return np.zeros(len(lots.cap), np.int64)
    if int(lots.cap.sum()) < target:
        return None
    units = deal(target, lots)
    if units is None:
        units, _ = fitted(target, Lots(lots.head, lots.base, lots.cap, minimum))
    return units


def fitted(target: int, lots: Lots) -> tuple[Ints | None, int]:
    """Deal by the rescue: whom it takes gets a smallest stake, the rest goes by level.

    Returns None and the largest sum that fits, when none fits `target`.
    """
    start = levels(lots.head, np.zeros_like(lots.first), lots.first, lots.base)
    order = np.argsort(start, kind="stable")
    chosen, best = fitting_members(target, lots.first[order].tolist(), lots.cap[order].tolist())
    if not chosen:
        return None, best
    members = np.sort(order[chosen])
    units = np.zeros_like(lots.cap)
    units[members] = lots.first[members]
    rest = target - int(units.sum())
    more = members[lots.cap[members] > units[members]]
    if rest:
        begun = Lots(
            head=lots.head[more] + 2 * UNIT_CENTS * units[more],
            base=lots.base[more],
            cap=lots.cap[more] - units[more],
            first=np.ones(len(more), np.int64),
        )
        added = deal(rest, begun)
        if added is None:
            return None, best
        units[more] += added
    return units, best
