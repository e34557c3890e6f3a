"""A round from its committed seed to its last receipt; it takes up where a dead worker left it.

Each step is a transaction of its own and leaves a status behind: the seed is committed to (open),
the market read and stored (taken), the outcome computed from what was stored and nothing else
(solved), offers placed shard by shard and the carry moved (booked). Every step can be done again.
"""

from __future__ import annotations

import json
import zlib
from datetime import datetime
from hashlib import sha256
from typing import Any

import structlog
from django.db import transaction

from core.clock import day_of
from core.transitions import advance
from matching.engine.check import BrokenRound
from matching.engine.explain import blockers
from matching.engine.figures import figures
from matching.engine.limits import Reason
from matching.engine.problem import UNIT_CENTS, Market
from matching.engine.result import Result
from matching.engine.rules import RULE_VERSION
from matching.engine.snapshot import market_bytes, market_from_bytes, market_sha256
from matching.engine.solve import solve
from matching.errors import RoundUnderWay
from matching.models import MatchRound
from matching.selectors.market import market_now
from matching.services.booking import book_stakes, carry_over
from matching.services.locks import only_round
from matching.services.seeds import commitment, committed_seed, derived_seed
from matching.states import ROUND_TRANSITIONS, UNFINISHED, RoundStatus

log = structlog.get_logger(__name__)


def run_round(*, at: datetime, seed: int | None = None) -> MatchRound | None:
    """Run a round to its end, or finish the one that was begun; None when nothing could change.

    Nothing could change while the market is as the last round left it without placing anything.
    The open round then goes on waiting with its committed seed.

    Args:
        seed: chosen by the operator instead of derived; a waiting round makes room for it.
    Raises:
        RoundUnderWay: another worker is at it, or a round with another seed has begun.
    """
    with only_round():
        match = _unfinished(at, seed)
        if match.status == RoundStatus.OPEN and not _take(match, at=at):
            return None
        result = _decide(match, at=at)
        if result is not None:
            _book(match, result, at=at)
        return match


@transaction.atomic
def _unfinished(at: datetime, seed: int | None) -> MatchRound:
    """The round that has begun or waits, else a new one with its seed committed to."""
    found = MatchRound.objects.filter(status__in=UNFINISHED).first()
    if found is not None:
        has_other_seed = seed is not None and commitment(seed) != found.seed_commitment
        has_begun = found.status != RoundStatus.OPEN
        if has_begun and has_other_seed:
            raise RoundUnderWay
        if has_begun or (not has_other_seed and _seed_of(found) is not None):
            return found
        reason = "another seed was chosen" if has_other_seed else "its seed cannot be derived"
        _advance(found, RoundStatus.ABANDONED, at=at, reason=reason)
    made = MatchRound(rule_version=RULE_VERSION, opened_at=at)
    made.seed = "" if seed is None else str(seed)
    made.seed_commitment = commitment(derived_seed(made.key) if seed is None else seed)
    made.save()
    return made


def _seed_of(match: MatchRound) -> int | None:
    if match.seed:
        return int(match.seed)
    return committed_seed(match.key, match.seed_commitment)


def _take(match: MatchRound, *, at: datetime) -> bool:
    """Read and store the market, unless a round over it would do nothing."""
    market = market_now(on=day_of(at), at=at)
    name = market_sha256(market)
    if not market.requests.target_units().any() or not len(market.mandates.ids):
        return False
    if _is_settled(name):
        return False
    _advance(
        match,
        RoundStatus.TAKEN,
        at=at,
        taken_at=at,
        rule_version=RULE_VERSION,
        snapshot=zlib.compress(market_bytes(market)),
        market_sha256=name,
    )
    return True


def _is_settled(market_name: str) -> bool:
    """Whether the last round saw this very market and placed nothing in it."""
    last = (
        MatchRound.objects.filter(status__in=[RoundStatus.BOOKED, RoundStatus.REFUSED])
        .order_by("-pk")
        .values("market_sha256", "figures")
        .first()
    )
    if last is None or last["market_sha256"] != market_name:
        return False
    return not last["figures"].get("funded_cents")


def market_of(match: MatchRound) -> Market:
    """The market as the round saw it."""
    return market_from_bytes(zlib.decompress(bytes(match.snapshot or b"")))


def _decide(match: MatchRound, *, at: datetime) -> Result | None:
    """Solve from what was stored; None when the round had to be refused."""
    market, seed = market_of(match), _seed_of(match)
    if seed is None:
        _refuse(match, "its seed cannot be derived", at=at)
        return None
    try:
        result = solve(market, seed, match.rule_version)
    except BrokenRound as broken:
        _refuse(match, str(broken), at=at)
        return None
    if match.status == RoundStatus.SOLVED:
        if match.output_sha256 != result.sha256_by(match.rule_version):
            _refuse(match, "solved again, it came out otherwise", at=at)
            return None
        return result
    _advance(
        match,
        RoundStatus.SOLVED,
        at=at,
        solved_at=at,
        seed=str(seed),
        output_sha256=result.sha256_by(match.rule_version),
        figures=dict(figures(result)),
        skipped=_skipped(result),
    )
    return result


def _refuse(match: MatchRound, reason: str, *, at: datetime) -> None:
    log.error("round_refused", round=match.pk, reason=reason)
    _advance(match, RoundStatus.REFUSED, at=at, reason=reason)


def _skipped(result: Result) -> list[dict[str, Any]]:
    """For every request left alone: what was missing and what held it back most."""
    requests = result.market.requests
    return [
        {
            "request_id": int(requests.ids[skipped.request]),
            "short_cents": skipped.short_units * UNIT_CENTS,
            "idle_cents": skipped.idle_units * UNIT_CENTS,
            "lenders": skipped.lenders,
            "limited": {
                reason.name.lower(): skipped.limited[reason]
                for reason in Reason
                if skipped.limited[reason]
            },
            "blockers": [[one.name, one.mandates] for one in blockers(result.market, skipped)],
        }
        for skipped in result.skipped
    ]


def _book(match: MatchRound, result: Result, *, at: datetime) -> None:
    """Place what was decided, then close the round in one last transaction."""
    fallen = book_stakes(round_id=match.pk, result=result, at=at)
    with transaction.atomic():
        carry_over(round_id=match.pk, result=result, fallen=fallen)
        match.fallen = {str(request_id): reason for request_id, reason in fallen.items()}
        _advance(
            match,
            RoundStatus.BOOKED,
            at=at,
            booked_at=at,
            fallen=match.fallen,
            chain_sha256=chain_of(match),
        )


def chain_of(match: MatchRound) -> str:
    """The hash over this round's market, seed and outcome and the chain of the one before."""
    before = MatchRound.objects.filter(status=RoundStatus.BOOKED, pk__lt=match.pk)
    last = before.order_by("-pk").values_list("chain_sha256", flat=True).first()
    links = [
        last or "",
        match.market_sha256,
        match.seed,
        match.output_sha256,
        json.dumps(match.fallen, sort_keys=True),
    ]
    return sha256("\n".join(links).encode()).hexdigest()


def _advance(match: MatchRound, to: RoundStatus, *, at: datetime, **fields: Any) -> None:
    advance(match, to, table=ROUND_TRANSITIONS, at=at, **fields)
