"""A market written as the CSV files of `files`, and an allocation as one file."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path

from matching.engine.files import (
    HIGHEST_RATE,
    LENDERS,
    MANDATES,
    MANDATES_MORE,
    REQUESTS,
    REQUESTS_MORE,
    SEPARATOR,
)
from matching.engine.limits import Reason
from matching.engine.problem import (
    ANY_NET_RATE,
    GRADES,
    NO_LIMIT,
    Bools,
    Mandates,
    Market,
    Pairs,
    Requests,
)
from matching.engine.result import Result

ALLOCATION = ("mandate_id", "request_id", "amount_cents", "level", "reason")
PRICES = ("request_id", "rate_bps")


def write_market(given: Market, folder: Path) -> None:
    """Write the files so that reading them gives the same market; the folder may exist."""
    folder.mkdir(parents=True, exist_ok=True)
    lenders = given.lenders
    columns = (
        lenders.ids,
        lenders.cash_cents,
        lenders.idle_days,
        lenders.portfolio_cents,
        lenders.owed_cents,
    )
    rows = zip(*(column.tolist() for column in columns), strict=True)
    _write(folder / "lenders.csv", (*LENDERS, "owed_cents"), rows)
    _write(folder / "mandates.csv", (*MANDATES, *MANDATES_MORE), _mandate_rows(given))
    _write(folder / "requests.csv", (*REQUESTS, *REQUESTS_MORE), _request_rows(given))
    for name, other, pairs in (
        ("exposures.csv", "borrower_id", given.exposures),
        ("offers.csv", "request_id", given.offers),
    ):
        _write(folder / name, ("lender_id", other, "cents"), _pair_rows(pairs))


def write_allocation(result: Result, path: Path) -> None:
    """Write one line per stake, by request and mandate."""
    stakes, market = result.stakes, result.market
    names = [reason.name.lower() for reason in Reason]
    rows = zip(
        market.mandates.ids[stakes.mandates].tolist(),
        market.requests.ids[stakes.requests].tolist(),
        stakes.amount_cents.tolist(),
        stakes.level.tolist(),
        [names[reason] for reason in stakes.reason.tolist()],
        strict=True,
    )
    _write(path, ALLOCATION, rows)


def write_prices(result: Result, path: Path) -> None:
    """Write one line per auction that was filled, by request: the rate that all lend at."""
    rows = ((request_id, _bps(rate)) for request_id, rate in result.prices.items())
    _write(path, PRICES, rows)


def _write(path: Path, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


def _mandate_rows(given: Market) -> Iterable[Sequence[object]]:
    table: Mandates = given.mandates
    for at in range(len(table.ids)):
        yield (
            int(table.ids[at]),
            int(table.lender_ids[at]),
            int(table.priority[at]),
            _listed(table.grades[at], GRADES, ""),
            _listed(table.terms[at], [str(term) for term in given.terms], SEPARATOR),
            _listed(table.purposes[at], given.purposes, SEPARATOR),
            _bps(int(table.min_rate[at])),
            _bps(int(table.max_rate[at])),
            int(table.min_stake_cents[at]),
            _limit(int(table.max_per_loan_cents[at])),
            _limit(int(table.max_per_borrower_cents[at])),
            *(_limit(int(room)) for room in table.room_cents[at]),
            int(table.max_mark[at]),
            int(table.preferred_stake_cents[at]),
            _limit(int(table.budget_cents[at])),
            "" if table.min_net_rate[at] == ANY_NET_RATE else _bps(int(table.min_net_rate[at])),
            _listed(table.refused[at], given.traits, SEPARATOR),
        )


def _request_rows(given: Market) -> Iterable[Sequence[object]]:
    table: Requests = given.requests
    for at in range(len(table.ids)):
        yield (
            int(table.ids[at]),
            int(table.borrower_ids[at]),
            int(table.amount_cents[at]),
            GRADES[int(table.grade[at])],
            int(table.term_months[at]),
            given.purposes[int(table.purpose[at])],
            _bps(int(table.rate[at])),
            int(table.deadline_day[at]),
            int(table.mark[at]),
            int(table.robot_room_cents[at]),
            int(table.least_cents[at]),
            _bps(int(table.floor_rate[at])),
            int(table.coverage[at]),
            _bps(int(table.loss_rate[at])),
            _listed(table.traits[at], given.traits, SEPARATOR),
        )


def _pair_rows(pairs: Pairs) -> Iterable[Sequence[object]]:
    return zip(
        pairs.lender_ids.tolist(), pairs.other_ids.tolist(), pairs.cents.tolist(), strict=True
    )


def _listed(flags: Bools, words: Sequence[str], separator: str) -> str:
    return separator.join(word for word, flag in zip(words, flags, strict=True) if flag)


def _limit(cents: int) -> int | str:
    return "" if cents == NO_LIMIT else cents


def _bps(rate: int) -> str:
    if rate == HIGHEST_RATE:
        return ""
    whole, tenth = divmod(abs(rate), 10)
    sign = "-" if rate < 0 else ""
    return f"{sign}{whole}.{tenth}" if tenth else f"{sign}{whole}"
