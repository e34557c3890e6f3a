"""The same round in plain loops and a heap, written from the rule and not from the engine.

Shares with the engine nothing but the tables of the market and the drawing of lots.
"""

from __future__ import annotations

import heapq
from itertools import groupby
from typing import Any

import numpy as np

from matching.engine.draw import lots
from matching.engine.problem import UNIT_CENTS, Market
from tests.matching.oracle_market import Bucket, Lender, Mandate

U = UNIT_CENTS


class Oracle:
    """Runs a round; afterwards `stakes` maps (mandate id, request id) to units."""

    def __init__(self, market: Market, seed: int) -> None:
        self.market = market
        self.stakes: dict[tuple[int, int], int] = {}
        self.price: dict[int, int] = {}
        self.exposure: dict[tuple[int, int], int] = {}
        self.offered: dict[tuple[int, int], int] = {}
        for pairs, table in ((market.exposures, self.exposure), (market.offers, self.offered)):
            for row in zip(pairs.lender_ids, pairs.other_ids, pairs.cents, strict=True):
                lender, other, cents = (int(value) for value in row)
                table[lender, other] = table.get((lender, other), 0) + cents
        self._read_people(seed)
        self._read_buckets()
        self._attain()

    def _read_people(self, seed: int) -> None:
        rows, table = self.market.lenders, self.market.mandates
        drawn = lots(seed, rows.ids).tolist()
        self.lenders = {
            int(rows.ids[at]): Lender(
                int(rows.ids[at]),
                int(rows.idle_days[at]),
                drawn[at],
                int(rows.cash_cents[at]),
                int(rows.owed_cents[at]),
            )
            for at in range(len(rows.ids))
        }
        for at in range(len(table.ids)):
            minimum = -(-int(table.min_stake_cents[at]) // U)
            lender = self.lenders[int(table.lender_ids[at])]
            lender.mandates.append(
                Mandate(
                    int(table.ids[at]),
                    at,
                    lender,
                    table.room_cents[at].tolist(),
                    int(table.budget_cents[at]),
                    minimum,
                    max(minimum, int(table.preferred_stake_cents[at]) // U),
                    int(table.max_per_loan_cents[at]),
                    int(table.max_per_borrower_cents[at]),
                )
            )
        for lender in self.lenders.values():
            lender.mandates.sort(key=lambda one: (int(table.priority[one.at]), one.id))

    def _accepts(self, mandate: Mandate, request: int) -> bool:
        table, asked, at = self.market.mandates, self.market.requests, mandate.at
        grade = int(asked.grade[request])
        least = mandate.minimum * U
        return bool(
            table.grades[at, grade]
            and table.terms[at, self.market.terms.index(int(asked.term_months[request]))]
            and table.purposes[at, int(asked.purpose[request])]
            and table.max_mark[at] >= asked.mark[request]
            and self._lowest(mandate, request) <= asked.rate[request]
            and asked.floor_rate[request] <= table.max_rate[at]
            and not (table.refused[at] & asked.traits[request]).any()
            and least <= mandate.per_loan
            and least <= mandate.per_borrower
            and least <= mandate.budget
            and least <= mandate.room[grade]
            and least <= mandate.lender.cash
        )

    def _lowest(self, mandate: Mandate, request: int) -> int:
        table, loss = self.market.mandates, int(self.market.requests.loss_rate[request])
        return max(int(table.min_rate[mandate.at]), int(table.min_net_rate[mandate.at]) + loss)

    def _target(self, request: int) -> int:
        asked = self.market.requests
        amount, room = int(asked.amount_cents[request]), int(asked.robot_room_cents[request])
        if asked.floor_rate[request] < asked.rate[request] and room < amount:
            return 0
        return min(amount, room) // U

    def _least(self, request: int) -> int:
        least = -(-int(self.market.requests.least_cents[request]) // U)
        return min(max(least, 1), self._target(request))

    def _takers(self, request: int) -> list[Mandate]:
        """The first mandate of each lender that accepts a request."""
        found = (
            next((m for m in lender.mandates if self._accepts(m, request)), None)
            for lender in self.lenders.values()
        )
        return [mandate for mandate in found if mandate]

    def _read_buckets(self) -> None:
        asked, takers = (
            self.market.requests,
            [self._takers(at) for at in range(len(self.market.requests.ids))],
        )
        taking = {mandate.at for found in takers for mandate in found}
        divides = self.market.mandates.refused[sorted(taking)].any(axis=0)

        def key(request: int) -> tuple[Any, ...]:
            names = ("grade", "term_months", "purpose", "mark", "rate")
            more = ("floor_rate", "coverage", "loss_rate")
            urgent = int(asked.deadline_day[request] > 0)
            traits = asked.traits[request] & divides
            told = (int(getattr(asked, name)[request]) for name in names + more)
            return (urgent, *told, tuple(traits.tolist()))

        def order(request: int) -> tuple[Any, ...]:
            return (int(asked.deadline_day[request]), target(request), int(asked.ids[request]))

        target = self._target

        everyone = sorted(range(len(asked.ids)), key=lambda r: (key(r), order(r)))
        self.buckets = []
        for found, group in groupby(everyone, key=key):
            requests = list(group)
            mandates = takers[requests[0]]
            assert all(takers[request] == mandates for request in requests)
            self.buckets.append(Bucket(requests, [target(r) for r in requests], mandates, found[0]))

    def _attain(self) -> None:
        """What every lender could place, and the buckets in which it takes part."""
        grade = self.market.requests.grade
        sums = {m.id: [0] * len(m.room) for one in self.lenders.values() for m in one.mandates}
        for bucket in self.buckets:
            for mandate in bucket.mandates:
                cap = min(mandate.per_loan, mandate.per_borrower) // U
                held = sum(min(cap, units) for units in bucket.targets)
                sums[mandate.id][int(grade[bucket.requests[0]])] += held
                mandate.lender.buckets.append(bucket)
        for lender in self.lenders.values():
            total = 0
            for mandate in lender.mandates:
                rooms = [room // U for room in mandate.room]
                placeable = sum(map(min, sums[mandate.id], rooms))
                total += min(placeable, mandate.budget // U)
            lender.attainable = min(total, lender.cash // U) * U

    def _reach(self) -> None:
        """The weight of every lender's buckets, as they weigh now."""
        for lender in self.lenders.values():
            lender.reach = sum(bucket.weight for bucket in lender.buckets)

    def _plan(self) -> None:
        for _ in range(12):
            for bucket in self.buckets:
                bucket.weight = sum(bucket.targets) * bucket.price
            self._reach()
            for bucket in self.buckets:
                supply = sum(
                    (m.lender.attainable << 26) // max(m.lender.reach, 1) for m in bucket.mandates
                )
                bucket.cover = bucket.price * supply
            mean = sum(bucket.cover for bucket in self.buckets) // len(self.buckets)
            for bucket in self.buckets:
                dearest = bucket.price * 5
                wanted = bucket.price * mean // bucket.cover if bucket.cover else dearest
                bucket.price = max(1, bucket.price // 5, min(wanted, dearest))
        priced = [sum(bucket.targets) * bucket.price for bucket in self.buckets]
        shift = max(0, sum(priced).bit_length() - 26)
        scale = len(self.lenders) * U << 26
        for bucket, value in zip(self.buckets, priced, strict=True):
            bucket.weight = max(1, value >> shift)
            bucket.cover = bucket.cover * 1_000_000 * len(self.lenders) // scale
        self._reach()

    def run(self) -> Oracle:
        self._plan()
        order = sorted(
            range(len(self.buckets)),
            key=lambda b: (self.buckets[b].urgent, self.buckets[b].cover, b),
        )
        for at in order:
            bucket = self.buckets[at]
            for mandate in bucket.mandates:
                mandate.lender.seen += bucket.weight
            for request, target in zip(bucket.requests, bucket.targets, strict=True):
                if target:
                    self._pour(bucket, request, target)
        return self

    def _base(self, lender: Lender) -> int:
        slope = (lender.attainable << 26) // max(lender.reach, 1)
        return max(1, slope * lender.seen >> 22)

    def _level(self, lender: Lender, already: int, size: int) -> int:
        doubled = 2 * (lender.placed - lender.owed + already * U) + size * U
        return (doubled << 23) // self._base(lender)

    def _cap(self, mandate: Mandate, request: int, target: int) -> int:
        asked, lender = self.market.requests, mandate.lender
        grade = int(asked.grade[request])
        lent = self.exposure.get((lender.id, int(asked.borrower_ids[request])), 0)
        offered = self.offered.get((lender.id, int(asked.ids[request])), 0)
        return min(
            target,
            (mandate.per_loan - offered) // U,
            (mandate.per_borrower - lent) // U,
            mandate.room[grade] // U,
            mandate.budget // U,
            lender.cash // U,
        )

    def _pour(self, bucket: Bucket, request: int, target: int) -> None:
        caps = {m.id: self._cap(m, request, target) for m in bucket.mandates}
        able = [m for m in bucket.mandates if caps[m.id] >= m.minimum]
        asked = self.market.requests
        if asked.floor_rate[request] < asked.rate[request]:
            taken = self._auction(request, able, caps, target)
        else:
            taken = None
            for least in range(target, self._least(request) - 1, -1):
                taken = self._shared(able, caps, least)
                if taken is not None:
                    break
        if taken is None:
            return
        for mandate in able:
            if taken.get(mandate.id):
                self._book(mandate, request, taken[mandate.id])

    def _shared(
        self, able: list[Mandate], caps: dict[int, int], target: int
    ) -> dict[int, int] | None:
        """Units that sum to the target, by the queue or the rescue."""
        if sum(caps[m.id] for m in able) < target:
            return None
        first = {m.id: m.preferred if m.preferred <= caps[m.id] else m.minimum for m in able}
        taken = self._queue(able, first, caps, target, {m.id: 0 for m in able})
        if sum(taken.values()) < target:
            return self._rescue(able, caps, target)
        return taken

    def prices(self, request: int) -> list[int]:
        """Every price that an auction may come to."""
        asked = self.market.requests
        top = int(asked.rate[request])
        return [*range(int(asked.floor_rate[request]), top, 50), top]

    def bidders(self, able: list[Mandate], request: int, price: int) -> list[Mandate]:
        """Those who lend at a price."""
        table = self.market.mandates
        return [m for m in able if self._lowest(m, request) <= price <= int(table.max_rate[m.at])]

    def _auction(
        self, request: int, able: list[Mandate], caps: dict[int, int], target: int
    ) -> dict[int, int] | None:
        coverage, prices = int(self.market.requests.coverage[request]), self.prices(request)
        for place, price in enumerate(prices):
            bidders = self.bidders(able, request, price)
            offered = sum(caps[m.id] for m in bidders)
            is_covered = offered * 1_000 >= target * coverage
            if not is_covered and not (price == prices[-1] and offered >= target):
                continue
            cheaper = []
            if coverage == 1_000 and place:
                cheaper = [m for m in bidders if self._lowest(m, request) <= prices[place - 1]]
            taken = self._cleared(bidders, cheaper, caps, target)
            if taken is not None:
                self.price[request] = price
                return taken
        return None

    def _cleared(
        self,
        bidders: list[Mandate],
        cheaper: list[Mandate],
        caps: dict[int, int],
        target: int,
    ) -> dict[int, int] | None:
        sure = {m.id: caps[m.id] for m in cheaper}
        rest = [m for m in bidders if m.id not in sure]
        if 0 < sum(sure.values()) <= target:
            shared = self._shared(rest, caps, target - sum(sure.values()))
            if shared is not None:
                return sure | shared
        return self._shared(bidders, caps, target)

    def _queue(
        self,
        able: list[Mandate],
        first: dict[int, int],
        caps: dict[int, int],
        target: int,
        taken: dict[int, int],
    ) -> dict[int, int]:
        left = target - sum(taken.values())
        queue: list[tuple[int, int, int, int, int, Mandate]] = []

        def push(mandate: Mandate) -> None:
            size = 1 if taken[mandate.id] else first[mandate.id]
            if taken[mandate.id] + size <= caps[mandate.id]:
                lender = mandate.lender
                level = self._level(lender, taken[mandate.id], size)
                tie = (level, -lender.idle, lender.lot, lender.id)
                heapq.heappush(queue, (*tie, size, mandate))

        for mandate in able:
            push(mandate)
        while left and queue:
            *_, size, mandate = heapq.heappop(queue)
            if size <= left:
                taken[mandate.id] += size
                left -= size
                push(mandate)
        return taken

    def _rescue(
        self, able: list[Mandate], caps: dict[int, int], target: int
    ) -> dict[int, int] | None:
        def begins(mandate: Mandate) -> tuple[int, int, int, int]:
            lender = mandate.lender
            return (
                self._level(lender, 0, mandate.minimum),
                -lender.idle,
                lender.lot,
                lender.id,
            )

        ordered = sorted(able, key=begins)
        reach: list[set[int]] = [{0}]
        for mandate in reversed(ordered):
            sizes = range(mandate.minimum, caps[mandate.id] + 1)
            more = {a + b for a in reach[-1] for b in sizes if a + b <= target}
            reach.append(reach[-1] | more)
        reach.reverse()
        if target not in reach[0]:
            return None
        taken, low, high = {m.id: 0 for m in able}, 0, 0
        for place, mandate in enumerate(ordered):
            least, most = low + mandate.minimum, high + caps[mandate.id]
            if any(target - most <= rest <= target - least for rest in reach[place + 1]):
                taken[mandate.id] = mandate.minimum
                low, high = least, most
        members = [m for m in able if taken[m.id]]
        return taken | self._queue(
            members, {m.id: m.minimum for m in members}, caps, target, taken.copy()
        )

    def _book(self, mandate: Mandate, request: int, units: int) -> None:
        asked, lender, cents = self.market.requests, mandate.lender, units * U
        grade, borrower = int(asked.grade[request]), int(asked.borrower_ids[request])
        self.stakes[mandate.id, int(asked.ids[request])] = units
        lender.cash -= cents
        lender.placed += cents
        mandate.room[grade] -= cents
        mandate.budget -= cents
        held = self.exposure.get((lender.id, borrower), 0)
        self.exposure[lender.id, borrower] = held + cents


def oracle_stakes(market: Market, seed: int) -> dict[tuple[int, int], int]:
    """Units by mandate id and request id."""
    return Oracle(market, seed).run().stakes


def engine_stakes(market: Market, stakes: Any) -> dict[tuple[int, int], int]:
    """The engine's stakes in the same form."""
    mandates = market.mandates.ids[stakes.mandates].tolist()
    requests = market.requests.ids[stakes.requests].tolist()
    units = np.asarray(stakes.units).tolist()
    return dict(zip(zip(mandates, requests, strict=True), units, strict=True))
