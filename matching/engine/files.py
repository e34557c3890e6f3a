"""A market as a folder of CSV files.

    lenders.csv    lender_id,cash_cents,idle_days,portfolio_cents[,owed_cents]
    mandates.csv   mandate_id,lender_id,priority,grades,terms,purposes,min_rate_bps,max_rate_bps,
                   min_stake_cents,max_per_loan_cents,max_per_borrower_cents,room_A,...,room_H
                   [,max_mark,preferred_stake_cents,budget_cents,min_net_rate_bps,refused]
    requests.csv   request_id,borrower_id,amount_cents,grade,term,purpose,rate_bps,deadline_day
                   [,mark,robot_room_cents,least_cents,floor_rate_bps,coverage_per_mille,
                   loss_rate_bps,traits]
    exposures.csv  lender_id,borrower_id,cents
    offers.csv     lender_id,request_id,cents            (the file may be missing)

Columns in brackets may be missing. Grades are written like "ABC"; terms, purposes and traits with
"|" between; an empty list accepts everything (an empty list of refused traits refuses nothing), an
empty limit limits nothing. Rates are basis points with at most one decimal ("725" or "725.5").
`least_cents` is the part of the amount that is enough (empty: only the whole). A `floor_rate_bps`
below `rate_bps` makes the request an auction between the two. A request with one of a mandate's
`refused` traits is refused by it. A bad cell is named by file, line and column.

What is decided is written as

    allocation.csv mandate_id,request_id,amount_cents,level,reason       (a line per stake)
    prices.csv     request_id,rate_bps              (a line per auction that found its price)
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Final

import numpy as np

from matching.engine.problem import (
    ANY_NET_RATE,
    GRADES,
    LARGEST_MARK,
    NO_LIMIT,
    PURE_PRICE,
    Bools,
    Ints,
    Lenders,
    Mandates,
    Market,
    MarketError,
    Pairs,
    Requests,
    market,
    no_pairs,
)
from matching.engine.tables import Table, read_table

SEPARATOR: Final = "|"
ROOMS: Final = tuple(f"room_{grade}" for grade in GRADES)
LENDERS: Final = ("lender_id", "cash_cents", "idle_days", "portfolio_cents")
MANDATES: Final = (
    "mandate_id",
    "lender_id",
    "priority",
    "grades",
    "terms",
    "purposes",
    "min_rate_bps",
    "max_rate_bps",
    "min_stake_cents",
    "max_per_loan_cents",
    "max_per_borrower_cents",
    *ROOMS,
)
MANDATES_MORE: Final = (
    "max_mark",
    "preferred_stake_cents",
    "budget_cents",
    "min_net_rate_bps",
    "refused",
)
REQUESTS: Final = (
    "request_id",
    "borrower_id",
    "amount_cents",
    "grade",
    "term",
    "purpose",
    "rate_bps",
    "deadline_day",
)
REQUESTS_MORE: Final = (
    "mark",
    "robot_room_cents",
    "least_cents",
    "floor_rate_bps",
    "coverage_per_mille",
    "loss_rate_bps",
    "traits",
)
HIGHEST_RATE: Final = 10**6

_RATE: Final = re.compile(r"(-?)([0-9]{1,6})(?:\.([0-9]))?")
_NAMES: Final = {
    "min_rate": "min_rate_bps",
    "max_rate": "max_rate_bps",
    "min_net_rate": "min_net_rate_bps",
    "rate": "rate_bps",
    "floor_rate": "floor_rate_bps",
    "loss_rate": "loss_rate_bps",
    "coverage": "coverage_per_mille",
}


def read_market(folder: Path) -> Market:
    """The market that stands in `folder`; raises FileError."""
    lenders = read_table(folder / "lenders.csv", LENDERS, ["owed_cents"])
    mandates = read_table(folder / "mandates.csv", MANDATES, MANDATES_MORE)
    requests = read_table(folder / "requests.csv", REQUESTS, REQUESTS_MORE)
    exposures = read_table(folder / "exposures.csv", ["lender_id", "borrower_id", "cents"])
    tables = {"lenders": lenders, "mandates": mandates, "requests": requests}
    tables["exposures"] = exposures
    offers = no_pairs()
    if (folder / "offers.csv").exists():
        tables["offers"] = read_table(folder / "offers.csv", ["lender_id", "request_id", "cents"])
        offers = _pairs(tables["offers"], "request_id")
    words = _vocabulary(mandates, requests)
    try:
        return market(
            terms=[int(term) for term in words["terms"]],
            purposes=words["purposes"],
            lenders=_lenders(lenders),
            mandates=_mandates(mandates, words),
            requests=_requests(requests, words),
            exposures=_pairs(exposures, "borrower_id"),
            offers=offers,
            traits=words["traits"],
        )
    except MarketError as error:
        column = _NAMES.get(error.column, error.column)
        raise tables[error.table].error(error.row, column, error.complaint) from error


def _vocabulary(mandates: Table, requests: Table) -> dict[str, list[str]]:
    """Every term and purpose that stands anywhere, in the order of the market."""
    requests.whole("term")
    terms = set(requests.words("term"))
    for row, cell in enumerate(mandates.words("terms")):
        for word in filter(None, cell.split(SEPARATOR)):
            if not word.isascii() or not word.isdigit() or len(word) > 6:
                raise mandates.error(row, "terms", f"{word!r} is no number of months")
            terms.add(word)
    purposes = set(requests.words("purpose"))
    purposes.update(*(cell.split(SEPARATOR) for cell in set(mandates.words("purposes"))))
    months = sorted({int(term) for term in terms})
    traits: set[str] = set()
    for table, column in ((mandates, "refused"), (requests, "traits")):
        if table.has(column):
            traits.update(*(cell.split(SEPARATOR) for cell in set(table.words(column))))
    return {
        "terms": [str(term) for term in months],
        "purposes": sorted(purposes - {""}),
        "traits": sorted(traits - {""}),
    }


def _lenders(table: Table) -> Lenders:
    nothing = np.zeros(len(table), np.int64)
    return Lenders(
        ids=table.whole("lender_id"),
        cash_cents=table.whole("cash_cents"),
        idle_days=table.whole("idle_days"),
        portfolio_cents=table.whole("portfolio_cents"),
        owed_cents=table.whole("owed_cents") if table.has("owed_cents") else nothing,
    )


def _mandates(table: Table, words: dict[str, list[str]]) -> Mandates:
    def limit(column: str, default: int) -> Ints:
        if table.has(column):
            return table.whole(column, empty=default)
        return np.full(len(table), default, np.int64)

    return Mandates(
        ids=table.whole("mandate_id"),
        lender_ids=table.whole("lender_id"),
        priority=table.whole("priority"),
        grades=_flags(table, "grades", list(GRADES), list),
        terms=_flags(table, "terms", words["terms"], _months),
        purposes=_flags(table, "purposes", words["purposes"], _split),
        min_rate=_rates(table, "min_rate_bps", 0),
        max_rate=_rates(table, "max_rate_bps", HIGHEST_RATE),
        max_mark=limit("max_mark", LARGEST_MARK),
        min_stake_cents=table.whole("min_stake_cents"),
        preferred_stake_cents=limit("preferred_stake_cents", 0),
        max_per_loan_cents=limit("max_per_loan_cents", NO_LIMIT),
        max_per_borrower_cents=limit("max_per_borrower_cents", NO_LIMIT),
        budget_cents=limit("budget_cents", NO_LIMIT),
        room_cents=np.stack([limit(room, NO_LIMIT) for room in ROOMS], axis=1),
        min_net_rate=_optional_rates(table, "min_net_rate_bps", ANY_NET_RATE),
        refused=_traits(table, "refused", words["traits"]),
    )


def _requests(table: Table, words: dict[str, list[str]]) -> Requests:
    amount, rate = table.whole("amount_cents"), _rates(table, "rate_bps", None)
    has_room, has_mark = table.has("robot_room_cents"), table.has("mark")
    least, coverage = amount, np.full(len(table), PURE_PRICE)
    if table.has("least_cents"):
        least = table.whole("least_cents", empty=-1)
        least = np.where(least == -1, amount, least)
    if table.has("coverage_per_mille"):
        coverage = table.whole("coverage_per_mille", empty=PURE_PRICE)
    floor_rate = _optional_rates(table, "floor_rate_bps", -1)
    return Requests(
        ids=table.whole("request_id"),
        borrower_ids=table.whole("borrower_id"),
        amount_cents=amount,
        robot_room_cents=table.whole("robot_room_cents") if has_room else amount,
        grade=_places(table, "grade", list(GRADES)),
        term_months=table.whole("term"),
        purpose=_places(table, "purpose", words["purposes"]),
        mark=table.whole("mark") if has_mark else np.ones(len(table), np.int64),
        rate=rate,
        deadline_day=table.whole("deadline_day"),
        least_cents=least,
        floor_rate=np.where(floor_rate == -1, rate, floor_rate),
        coverage=coverage,
        loss_rate=_optional_rates(table, "loss_rate_bps", 0),
        traits=_traits(table, "traits", words["traits"]),
    )


def _pairs(table: Table, other: str) -> Pairs:
    return Pairs(table.whole("lender_id"), table.whole(other), table.whole("cents"))


def _split(cell: str) -> list[str]:
    return cell.split(SEPARATOR)


def _months(cell: str) -> list[str]:
    return [str(int(word)) for word in cell.split(SEPARATOR) if word]


def _flags(
    table: Table, column: str, words: Sequence[str], split: Callable[[str], Iterable[str]]
) -> Bools:
    """A row of flags per cell; an empty cell accepts every word."""
    kinds, kind = np.unique(np.array(table.words(column), np.str_), return_inverse=True)
    flags = np.zeros((len(kinds), len(words)), np.bool_)
    place = {word: at for at, word in enumerate(words)}
    for at, cell in enumerate(kinds.tolist()):
        for word in split(cell) if cell else words:
            if word not in place:
                row = table.words(column).index(cell)
                raise table.error(row, column, f"{word!r} is not known")
            flags[at, place[word]] = True
    chosen: Bools = flags[kind]
    return chosen


def _traits(table: Table, column: str, words: Sequence[str]) -> Bools:
    """A row of flags per cell; an empty cell is none of the words."""
    if not table.has(column):
        return np.zeros((len(table), len(words)), np.bool_)
    is_empty = np.array([not cell for cell in table.words(column)], np.bool_)
    flags = _flags(table, column, words, _split)
    flags[is_empty] = False
    return flags


def _places(table: Table, column: str, words: Sequence[str]) -> Ints:
    place = {word: at for at, word in enumerate(words)}
    cells = table.words(column)
    for row, cell in enumerate(cells):
        if cell not in place:
            raise table.error(row, column, f"{cell!r} is not known")
    return np.array([place[cell] for cell in cells], np.int64)


def _optional_rates(table: Table, column: str, empty: int) -> Ints:
    return _rates(table, column, empty) if table.has(column) else np.full(len(table), empty)


def _rates(table: Table, column: str, empty: int | None) -> Ints:
    """Basis points as hundred-thousandths."""
    known: dict[str, int] = {} if empty is None else {"": empty}
    for row, cell in enumerate(table.words(column)):
        if cell not in known:
            match = _RATE.fullmatch(cell)
            if match is None or (match[1] and column != "min_net_rate_bps"):
                raise table.error(row, column, f"{cell!r} is no rate in basis points")
            known[cell] = int(match[1] + match[2]) * 10 + int(match[1] + (match[3] or "0"))
    return np.array([known[cell] for cell in table.words(column)], np.int64)
