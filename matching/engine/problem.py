"""The market as arrays: everything that a round may know, in a form that is the same everywhere.

All amounts are whole cents in int64, rates whole hundred-thousandths per year (7.25 % is 7,250).
A `Market` is always in canonical order (rows by id), so that equal markets are equal bytes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields, replace
from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

UNIT_CENTS: Final = 2_500
"""The unit of the market: request amounts and stakes are multiples of it."""
GRADES: Final = "ABCDEFGH"
NO_LIMIT: Final = 2**36
"""The largest amount that a market may hold, and so the limit that limits nothing."""
LARGEST_MARK: Final = 5
EPOCH_DAYS: Final = 10**6
"""Bound of idle days, deadlines, priorities and rates; anything beyond is a mistake."""
ANY_NET_RATE: Final = -EPOCH_DAYS
"""The lowest net rate of a mandate that asks for none."""
PURE_PRICE: Final = 1_000
LARGEST_COVERAGE: Final = 10_000


class MarketError(ValueError):
    """The data describe no market; the text names the table, the column and the row."""

    def __init__(self, table: str, column: str, row: int, complaint: str) -> None:
        super().__init__(f"{table}, row {row}, {column}: {complaint}")
        self.table = table
        self.column = column
        self.row = row
        self.complaint = complaint


@dataclass(frozen=True, slots=True, eq=False)
class Lenders:
    """Who has money.

    Attributes:
        cash_cents: what may be placed now, already without any reserve that is to stay free.
        idle_days: since when it lies idle; older money wins a tie.
        portfolio_cents: all that the lender owns here; for figures by account size only.
        owed_cents: fair share that earlier rounds did not deliver; negative if it got ahead.
    """

    ids: Ints
    cash_cents: Ints
    idle_days: Ints
    portfolio_cents: Ints
    owed_cents: Ints


@dataclass(frozen=True, slots=True, eq=False)
class Mandates:
    """Standing orders.

    Attributes:
        priority: among the mandates of one lender the lowest comes first, then the lowest id.
        grades, terms, purposes: what is accepted; a column for each grade, and for each word of
            the market's vocabulary of terms and purposes.
        max_mark: the worst affordability mark accepted.
        min_stake_cents: the smallest stake; rounded up to the unit.
        preferred_stake_cents: size of the first portion where it fits (0: the smallest stake).
        budget_cents: what the mandate may still place in all.
        room_cents: what it may still place in each grade.
        min_net_rate: the least rate that must be left once the expected loss is taken off.
        refused: traits that it refuses; a column for each word of the market's traits.
    """

    ids: Ints
    lender_ids: Ints
    priority: Ints
    grades: Bools
    terms: Bools
    purposes: Bools
    min_rate: Ints
    max_rate: Ints
    max_mark: Ints
    min_stake_cents: Ints
    preferred_stake_cents: Ints
    max_per_loan_cents: Ints
    max_per_borrower_cents: Ints
    budget_cents: Ints
    room_cents: Ints
    min_net_rate: Ints
    refused: Bools


@dataclass(frozen=True, slots=True, eq=False)
class Requests:
    """What is asked for.

    Attributes:
        amount_cents: what is still missing; bids by hand have taken the rest.
        robot_room_cents: what mandates together may still place in it (their share grows with
            its age). A round places the whole missing amount or nothing; where mandates may not
            place all of it, "the whole" means this room, down to the unit.
        grade: 0 for A to 7 for H.
        term_months, purpose: the month count, and an index into the market's purposes.
        deadline_day: days from the round to the deadline; 0 or less goes before everything.
        least_cents: what a round must place at least where the whole cannot be placed; the amount
            itself where only the whole will do.
        floor_rate: the lowest price of an auction, whose highest is `rate`; equal to `rate` for a
            fixed rate. An auction is filled in one round or not at all.
        coverage: of an auction: offers wanted at its price per amount, in thousandths; 1,000 finds
            the lowest price, more spreads the loan over more lenders.
        loss_rate: expected loss per year.
        traits: what else is true of it; a column for each word of the market's traits.
    """

    ids: Ints
    borrower_ids: Ints
    amount_cents: Ints
    robot_room_cents: Ints
    grade: Ints
    term_months: Ints
    purpose: Ints
    mark: Ints
    rate: Ints
    deadline_day: Ints
    least_cents: Ints
    floor_rate: Ints
    coverage: Ints
    loss_rate: Ints
    traits: Bools

    def target_units(self) -> Ints:
        """What a round may place in each request at best, in units."""
        room = np.minimum(self.amount_cents, self.robot_room_cents)
        closed = self.is_auction & (room < self.amount_cents)
        return np.where(closed, 0, room) // UNIT_CENTS

    def least_units(self) -> Ints:
        """What a round must place in each request if it places anything, in units."""
        least = np.maximum(-(-self.least_cents // UNIT_CENTS), 1)
        return np.minimum(least, self.target_units())

    @property
    def is_auction(self) -> Bools:
        """Whether the price of each request is to be found."""
        found: Bools = self.floor_rate < self.rate
        return found


@dataclass(frozen=True, slots=True, eq=False)
class Pairs:
    """Money that a lender has already put somewhere: with a borrower, or on a request."""

    lender_ids: Ints
    other_ids: Ints
    cents: Ints


@dataclass(frozen=True, slots=True, eq=False)
class Market:
    """A snapshot. Build it with `market`, which puts it in order and refuses nonsense.

    Attributes:
        terms, purposes, traits: the vocabulary, ascending; columns of the tables.
        exposures: lent or offered per borrower; counts for the limit per borrower.
        offers: offered on a request that is still open; counts for the limit per loan.
    """

    terms: tuple[int, ...]
    purposes: tuple[str, ...]
    lenders: Lenders
    mandates: Mandates
    requests: Requests
    exposures: Pairs
    offers: Pairs
    traits: tuple[str, ...] = ()


def market(
    *,
    terms: Iterable[int],
    purposes: Iterable[str],
    lenders: Lenders,
    mandates: Mandates,
    requests: Requests,
    exposures: Pairs | None = None,
    offers: Pairs | None = None,
    traits: Iterable[str] = (),
) -> Market:
    """Check the tables and put them in canonical order; raises MarketError on the first bad row."""
    given = Market(
        tuple(terms),
        tuple(purposes),
        lenders,
        mandates,
        requests,
        exposures or no_pairs(),
        offers or no_pairs(),
        tuple(traits),
    )
    for table, column, wrong, complaint in _rules(given):
        if wrong.any():
            raise MarketError(table, column, int(np.flatnonzero(wrong)[0]), complaint)
    given = _without_idle_traits(given)
    mandates, requests = given.mandates, given.requests
    return replace(
        given,
        lenders=_ordered(lenders, lenders.ids),
        mandates=_ordered(mandates, mandates.ids),
        requests=_ordered(requests, requests.ids),
        exposures=_summed(given.exposures),
        offers=_summed(given.offers),
    )


def _without_idle_traits(given: Market) -> Market:
    """The market without words for traits that no request has and no mandate refuses."""
    if not given.traits:
        return given
    flags = np.concatenate([given.requests.traits, given.mandates.refused])
    used = np.flatnonzero(flags.any(axis=0))
    return replace(
        given,
        traits=tuple(given.traits[at] for at in used.tolist()),
        mandates=replace(given.mandates, refused=given.mandates.refused[:, used]),
        requests=replace(given.requests, traits=given.requests.traits[:, used]),
    )


def no_pairs() -> Pairs:
    """No money anywhere."""
    none = np.zeros(0, np.int64)
    return Pairs(none, none, none)


def places(ids: Ints, wanted: Ints) -> tuple[Ints, Bools]:
    """Where each of `wanted` stands in the ascending `ids`, and whether it is there at all."""
    at = ids.searchsorted(wanted)
    at[at == len(ids)] = 0
    found = ids[at] == wanted if len(ids) else np.zeros(len(wanted), np.bool_)
    return at, found


Table = TypeVar("Table", Lenders, Mandates, Requests)


def _ordered(table: Table, ids: Ints) -> Table:
    order = np.argsort(ids, kind="stable")
    columns = {field.name: getattr(table, field.name)[order] for field in fields(table)}
    return type(table)(**columns)


def _summed(pairs: Pairs) -> Pairs:
    """One row per pair, by lender and then the other id."""
    order = np.lexsort((pairs.other_ids, pairs.lender_ids))
    lender_ids, other_ids = pairs.lender_ids[order], pairs.other_ids[order]
    if not len(order):
        return Pairs(lender_ids, other_ids, pairs.cents[order])
    starts = np.ones(len(order), np.bool_)
    starts[1:] = (np.diff(lender_ids) != 0) | (np.diff(other_ids) != 0)
    first = np.flatnonzero(starts)
    return Pairs(lender_ids[first], other_ids[first], np.add.reduceat(pairs.cents[order], first))


Rule = tuple[str, str, Bools, str]


def _rules(given: Market) -> Iterator[Rule]:
    """Every rule of a market: table, column, the rows that break it, and what is wrong."""
    for name in ("terms", "purposes", "traits"):
        words = getattr(given, name)
        yield "market", name, np.array([tuple(sorted(set(words))) != words]), "not ascending"
    for table, name in (("requests", "traits"), ("mandates", "refused")):
        width = getattr(getattr(given, table), name).shape[1]
        wrong = np.array([width != len(given.traits)])
        yield table, name, wrong, "has not a column for each word"
    yield from _lender_rules(given.lenders)
    yield from _mandate_rules(given)
    yield from _request_rules(given)
    for name, pairs in (("exposures", given.exposures), ("offers", given.offers)):
        yield name, "cents", _outside(pairs.cents, 0, NO_LIMIT), _NO_CENTS
        yield name, "lender_id", ~np.isin(pairs.lender_ids, given.lenders.ids), "unknown lender"
    unknown = ~np.isin(given.offers.other_ids, given.requests.ids)
    yield "offers", "request_id", unknown, "unknown request"


def _lender_rules(lenders: Lenders) -> Iterator[Rule]:
    yield "lenders", "lender_id", _repeated(lenders.ids), "stands here twice"
    for name in ("cash_cents", "portfolio_cents"):
        yield "lenders", name, _outside(getattr(lenders, name), 0, NO_LIMIT), _NO_CENTS
    yield "lenders", "owed_cents", _outside(lenders.owed_cents, -NO_LIMIT, NO_LIMIT), _NO_CENTS
    yield "lenders", "idle_days", _outside(lenders.idle_days, 0, EPOCH_DAYS), "is no number of days"


def _mandate_rules(given: Market) -> Iterator[Rule]:
    mandates = given.mandates
    yield "mandates", "mandate_id", _repeated(mandates.ids), "stands here twice"
    unknown = ~np.isin(mandates.lender_ids, given.lenders.ids)
    yield "mandates", "lender_id", unknown, "unknown lender"
    yield "mandates", "priority", _outside(mandates.priority, 0, EPOCH_DAYS), "is no priority"
    for name, words in (("grades", GRADES), ("terms", given.terms), ("purposes", given.purposes)):
        nothing = ~getattr(mandates, name).any(axis=1)
        yield "mandates", name, nothing & bool(words), "accepts nothing"
    for name in ("min_rate", "max_rate"):
        yield "mandates", name, _outside(getattr(mandates, name), 0, EPOCH_DAYS), "is no rate"
    yield "mandates", "max_mark", _outside(mandates.max_mark, 1, LARGEST_MARK), "is no mark"
    for name in _MANDATE_CENTS:
        least = 1 if name == "min_stake_cents" else 0
        yield "mandates", name, _outside(getattr(mandates, name), least, NO_LIMIT), _NO_CENTS
    far = _outside(mandates.min_net_rate, -EPOCH_DAYS, EPOCH_DAYS)
    yield "mandates", "min_net_rate", far, "is no rate"
    rooms = _outside(mandates.room_cents, 0, NO_LIMIT)
    for place, grade in enumerate(GRADES):
        yield "mandates", f"room_{grade}", rooms[:, place], _NO_CENTS


def _request_rules(given: Market) -> Iterator[Rule]:
    requests = given.requests
    yield "requests", "request_id", _repeated(requests.ids), "stands here twice"
    for name in ("amount_cents", "robot_room_cents"):
        yield "requests", name, _outside(getattr(requests, name), 0, NO_LIMIT), _NO_CENTS
    broken = requests.amount_cents % UNIT_CENTS != 0
    yield "requests", "amount_cents", broken, f"is no multiple of {UNIT_CENTS}"
    yield "requests", "grade", _outside(requests.grade, 0, len(GRADES) - 1), "is no grade"
    unknown = ~np.isin(requests.term_months, np.array(given.terms, np.int64))
    yield "requests", "term", unknown, "is not in the vocabulary"
    unknown = _outside(requests.purpose, 0, len(given.purposes) - 1)
    yield "requests", "purpose", unknown, "is not in the vocabulary"
    yield "requests", "mark", _outside(requests.mark, 1, LARGEST_MARK), "is no mark"
    for name in ("rate", "loss_rate"):
        yield "requests", name, _outside(getattr(requests, name), 0, EPOCH_DAYS), "is no rate"
    above = _outside(requests.floor_rate, 0, EPOCH_DAYS) | (requests.floor_rate > requests.rate)
    yield "requests", "floor_rate", above, "is no rate up to the highest"
    far = _outside(requests.coverage, PURE_PRICE, LARGEST_COVERAGE)
    yield "requests", "coverage", far, "is no coverage in thousandths"
    least = _outside(requests.least_cents, 0, NO_LIMIT)
    least |= requests.least_cents > requests.amount_cents
    yield "requests", "least_cents", least, "is more than the amount"
    parts = requests.is_auction & (requests.least_cents < requests.amount_cents)
    yield "requests", "least_cents", parts, "an auction is filled whole"
    far = _outside(requests.deadline_day, -EPOCH_DAYS, EPOCH_DAYS)
    yield "requests", "deadline_day", far, "is no day"


_NO_CENTS: Final = f"is no amount of cents up to {NO_LIMIT}"
_MANDATE_CENTS: Final = (
    "min_stake_cents",
    "preferred_stake_cents",
    "max_per_loan_cents",
    "max_per_borrower_cents",
    "budget_cents",
)


def _outside(values: Ints, least: int, most: int) -> Bools:
    return (values < least) | (values > most)


def _repeated(ids: Ints) -> Bools:
    order = np.argsort(ids, kind="stable")
    again = np.zeros(len(ids), np.bool_)
    again[order[1:]] = ids[order[1:]] == ids[order[:-1]]
    return again
