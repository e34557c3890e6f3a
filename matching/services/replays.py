"""A stored round computed again and compared: bytes, hashes, and what stands in the tables."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from lending.models import LoanRequest, Offer
from matching.choices import RATE_SCALE
from matching.engine.check import BrokenRound
from matching.engine.export import write_allocation, write_market, write_prices
from matching.engine.result import Result
from matching.engine.solve import solve
from matching.errors import NothingToReplay
from matching.models import MatchRound
from matching.services.booking import decided_rows
from matching.services.rounds import chain_of, market_of
from matching.services.seeds import commitment
from matching.states import RoundStatus

REPLAYABLE: Final = (RoundStatus.SOLVED, RoundStatus.BOOKED)
_RECEIPT: Final = "receipt__"
_COLUMNS = (
    "mandate_id",
    "lender_id",
    "request_id",
    "amount_cents",
    "receipt__bucket",
    "receipt__level",
    "receipt__base",
    "receipt__before_cents",
    "receipt__last_cents",
    "receipt__reason",
)


def replay(match: MatchRound) -> bool:
    """Whether the round comes out the same again, byte for byte, and its offers are as decided."""
    return not list(differences(match))


def differences(match: MatchRound) -> Iterator[str]:
    """A line for everything that is not as the round decided it; raises NothingToReplay."""
    if match.status not in REPLAYABLE:
        raise NothingToReplay
    try:
        if sha256(zlib.decompress(bytes(match.snapshot or b""))).hexdigest() != match.market_sha256:
            yield "the stored market has another hash"
        result = replayed(match)
        name = result.sha256_by(match.rule_version)
    except (zlib.error, ValueError, BrokenRound) as error:
        yield f"it cannot be decided again: {error}"
        return
    if commitment(result.seed) != match.seed_commitment:
        yield "the seed is not the one that was committed to"
    if name != match.output_sha256:
        yield f"the outcome has the hash {name}, stored was {match.output_sha256}"
    if match.status == RoundStatus.BOOKED:
        if chain_of(match) != match.chain_sha256:
            yield "the chain of outcomes is broken here"
        yield from _changed_offers(match, result)
        yield from _changed_prices(match, result)


def replayed(match: MatchRound) -> Result:
    """The round solved once more by its own rules from what it stored; raises NothingToReplay."""
    if match.status not in REPLAYABLE:
        raise NothingToReplay
    return solve(market_of(match), int(match.seed), match.rule_version)


def _changed_offers(match: MatchRound, result: Result) -> Iterator[str]:
    """Offers of the round that differ from its stakes; fallen requests have none."""
    decided = decided_rows(result, slice(None)).lists().values()
    fallen = {int(request_id) for request_id in match.fallen}
    expected = {row[:3]: row for row in zip(*decided, strict=True) if row[2] not in fallen}
    rows = Offer.objects.filter(round_id=match.pk).values_list(*_COLUMNS)
    found: dict[tuple[Any, ...], tuple[Any, ...]] = {row[:3]: row for row in rows}
    for key in sorted(expected.keys() | found.keys()):
        stake = f"the stake of mandate {key[0]}, lender {key[1]}, in request {key[2]}"
        if key not in found:
            yield f"{stake} is missing"
        elif key not in expected:
            yield f"{stake} is new"
        else:
            yield from (f"{stake} {said}" for said in _changes(expected[key], found[key]))


def _changed_prices(match: MatchRound, result: Result) -> Iterator[str]:
    """Auctions that are lent at another rate than the round found."""
    prices = {
        request_id: Decimal(rate) / RATE_SCALE
        for request_id, rate in result.prices.items()
        if str(request_id) not in match.fallen
    }
    stored = LoanRequest.objects.filter(pk__in=prices).order_by("pk")
    for request_id, rate in stored.values_list("pk", "annual_rate"):
        if rate != prices[request_id]:
            yield f"the price of request {request_id} is {rate}, decided was {prices[request_id]}"


def _changes(expected: tuple[Any, ...], found: tuple[Any, ...]) -> Iterator[str]:
    """What is otherwise in one offer or its receipt, with both values."""
    has_receipt = found[-1] is not None
    for name, wanted, there in zip(_COLUMNS, expected, found, strict=True):
        is_told = has_receipt or not name.startswith(_RECEIPT)
        if wanted != there and is_told:
            word = name.removeprefix(_RECEIPT)
            yield f"was changed: {word} is {there}, decided was {wanted}"
    if not has_receipt:
        yield "has lost its receipt"


def export_round(match: MatchRound, folder: Path) -> Result:
    """Write the market of a round, and once more what it decided, as CSV files."""
    result = replayed(match)
    write_market(result.market, folder)
    write_allocation(result, folder / "allocation.csv")
    write_prices(result, folder / "prices.csv")
    return result
