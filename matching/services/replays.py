"""A stored round computed again and compared: bytes, hashes, and what stands in the tables."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from lending.models import Offer
from matching.engine.export import write_allocation, write_market
from matching.engine.result import Result
from matching.engine.snapshot import market_sha256
from matching.engine.solve import solve
from matching.errors import NothingToReplay
from matching.models import MatchRound
from matching.services.booking import decided_rows
from matching.services.rounds import chain_of, market_of
from matching.services.seeds import commitment
from matching.states import RoundStatus

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
    result = replayed(match)
    if market_sha256(result.market) != match.market_sha256:
        yield "the stored market has another hash"
    if commitment(result.seed) != match.seed_commitment:
        yield "the seed is not the one that was committed to"
    if result.sha256 != match.output_sha256:
        yield f"the outcome has the hash {result.sha256}, stored was {match.output_sha256}"
    if match.status == RoundStatus.BOOKED:
        if chain_of(match) != match.chain_sha256:
            yield "the chain of outcomes is broken here"
        yield from _changed_offers(match, result)


def replayed(match: MatchRound) -> Result:
    """The round solved once more from what it stored; raises NothingToReplay."""
    if match.status not in (RoundStatus.SOLVED, RoundStatus.BOOKED):
        raise NothingToReplay
    return solve(market_of(match), int(match.seed))


def _changed_offers(match: MatchRound, result: Result) -> Iterator[str]:
    """Offers of the round that differ from its stakes; fallen requests have none."""
    decided = decided_rows(result, slice(None)).lists().values()
    fallen = {int(request_id) for request_id in match.fallen}
    expected = {row for row in zip(*decided, strict=True) if row[2] not in fallen}
    found = set(Offer.objects.filter(round_id=match.pk).values_list(*_COLUMNS))
    for word, rows in (("is missing or changed", expected - found), ("is new", found - expected)):
        for row in sorted(rows, key=str):
            yield f"the stake of mandate {row[0]} in request {row[2]} {word}"


def export_round(match: MatchRound, folder: Path) -> Result:
    """Write the market of a round, and once more what it decided, as CSV files."""
    result = replayed(match)
    write_market(result.market, folder)
    write_allocation(result, folder / "allocation.csv")
    return result
