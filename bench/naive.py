"""Two loops as typical projects write them: first come, first served, and pro rata per loan.

Plain objects and plain loops, whole requests or none, the same filters and limits as the engine's;
only the sharing rule is simple. Both return the cents placed per lender id, whole requests only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from matching.engine.problem import UNIT_CENTS, Market


@dataclass(slots=True)
class Lender:
    """Money left and placed."""

    id: int
    cash: int
    placed: int = 0


@dataclass(slots=True)
class Order:
    """A mandate with its filters and what it may still place."""

    lender: Lender
    priority: tuple[int, int]
    grades: frozenset[int]
    terms: frozenset[int]
    purposes: frozenset[int]
    rates: tuple[int, int]
    max_mark: int
    minimum: int
    per_loan: int
    per_borrower: int
    room: list[int]


@dataclass(slots=True)
class Asked:
    """A request."""

    borrower: int
    amount: int
    grade: int
    term: int
    purpose: int
    mark: int
    rate: int


Caps = list[tuple[Order, int]]


class World:
    """The market as objects."""

    def __init__(self, market: Market) -> None:
        lenders = market.lenders
        self.lenders = {
            int(id_): Lender(int(id_), int(cash))
            for id_, cash in zip(lenders.ids, lenders.cash_cents, strict=True)
        }
        self.orders = sorted(_orders(market, self.lenders), key=lambda order: order.priority)
        requests = market.requests
        columns = (
            requests.borrower_ids,
            requests.target_units() * UNIT_CENTS,
            requests.grade,
            requests.term_months,
            requests.purpose,
            requests.mark,
            requests.rate,
        )
        rows = zip(*(column.tolist() for column in columns), strict=True)
        self.asked = [Asked(*row) for row in rows]
        pairs = market.exposures
        self.exposure = {
            (lender, borrower): cents
            for lender, borrower, cents in zip(
                pairs.lender_ids.tolist(),
                pairs.other_ids.tolist(),
                pairs.cents.tolist(),
                strict=True,
            )
        }

    def placed(self) -> dict[int, int]:
        """Cents per lender."""
        return {lender.id: lender.placed for lender in self.lenders.values()}

    def caps(self, asked: Asked) -> Iterator[tuple[Order, int]]:
        """Who may lend, each lender by its first mandate, and how much at most."""
        seen: set[int] = set()
        for order in self.orders:
            lender = order.lender
            if lender.id in seen or not _accepts(order, asked):
                continue
            seen.add(lender.id)
            lent = self.exposure.get((lender.id, asked.borrower), 0)
            cap = min(
                order.per_loan,
                order.per_borrower - lent,
                order.room[asked.grade],
                lender.cash,
                asked.amount,
            )
            cap -= cap % UNIT_CENTS
            if cap >= order.minimum:
                yield order, cap

    def book(self, asked: Asked, stakes: Caps) -> None:
        """Take the money."""
        for order, cents in stakes:
            lender = order.lender
            lender.cash -= cents
            lender.placed += cents
            order.room[asked.grade] -= cents
            key = (lender.id, asked.borrower)
            self.exposure[key] = self.exposure.get(key, 0) + cents


def _orders(market: Market, lenders: dict[int, Lender]) -> Iterator[Order]:
    table = market.mandates
    for at in range(len(table.ids)):
        yield Order(
            lender=lenders[int(table.lender_ids[at])],
            priority=(int(table.priority[at]), int(table.ids[at])),
            grades=frozenset(table.grades[at].nonzero()[0].tolist()),
            terms=frozenset(market.terms[place] for place in table.terms[at].nonzero()[0]),
            purposes=frozenset(table.purposes[at].nonzero()[0].tolist()),
            rates=(int(table.min_rate[at]), int(table.max_rate[at])),
            max_mark=int(table.max_mark[at]),
            minimum=int(table.min_stake_cents[at]),
            per_loan=int(table.max_per_loan_cents[at]),
            per_borrower=int(table.max_per_borrower_cents[at]),
            room=table.room_cents[at].tolist(),
        )


def _accepts(order: Order, asked: Asked) -> bool:
    return (
        asked.grade in order.grades
        and asked.term in order.terms
        and asked.purpose in order.purposes
        and asked.mark <= order.max_mark
        and order.rates[0] <= asked.rate <= order.rates[1]
    )


def first_come(market: Market) -> dict[int, int]:
    """Fill each request from the first mandates that fit, as much as each may."""
    world = World(market)
    for asked in world.asked:
        left, stakes = asked.amount, []
        for order, cap in world.caps(asked):
            stakes.append((order, min(cap, left)))
            left -= stakes[-1][1]
            if not left:
                world.book(asked, stakes)
                break
    return world.placed()


def pro_rata(market: Market) -> dict[int, int]:
    """Share each request out by what each may give; odd units go round."""
    world = World(market)
    for asked in world.asked:
        caps = list(world.caps(asked))
        total = sum(cap for _, cap in caps)
        if total < asked.amount:
            continue
        shares = [asked.amount * cap // total // UNIT_CENTS * UNIT_CENTS for _, cap in caps]
        left = asked.amount - sum(shares)
        while left:
            for place, (_, cap) in enumerate(caps):
                if left and shares[place] + UNIT_CENTS <= cap:
                    shares[place] += UNIT_CENTS
                    left -= UNIT_CENTS
        stakes = [(order, cents) for (order, _), cents in zip(caps, shares, strict=True) if cents]
        world.book(asked, stakes)
    return world.placed()


LOOPS: dict[str, Callable[[Market], dict[int, int]]] = {
    "first come, first served": first_come,
    "pro rata": pro_rata,
}
