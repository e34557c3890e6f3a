"""All measurements in one run, from the sizes that are wanted."""

from __future__ import annotations

from collections.abc import Callable
from time import process_time

from bench import day_end
from bench.child import alone
from bench.fairness import fairness
from bench.flows import largest_flow
from bench.found import FAIR_RATIO, PLENTY, ROUNDS, Flowed, Found, Sizes
from bench.markets import generated
from bench.matching import quality, solved, speeds
from bench.over_time import turns
from bench.round_commit import measured

Tell = Callable[[str], None]


def run(sizes: Sizes, tell: Tell) -> Found:
    """Measure everything; `tell` hears what is being done."""
    found = Found(sizes)
    _commits(found, tell)
    _days(found, tell)
    _speeds(found, tell)
    _rounds(found, tell)
    _quality(found, tell)
    _turns(found, tell)
    return found


def _quality(found: Found, tell: Tell) -> None:
    lenders, requests = found.sizes.usual
    for ratio in found.sizes.ratios:
        for seed in found.sizes.seeds:
            tell(f"{lenders:,} x {requests:,}, cash per demand {ratio}, seed {seed}: largest flow")
            if ratio == FAIR_RATIO:
                one, fair = fairness(lenders, requests, cash_per_demand=ratio, seed=seed)
                found.fairness.append(fair)
            else:
                market = generated(lenders, requests, cash_per_demand=ratio, seed=seed)
                one, _, _ = quality(market, cash_per_demand=ratio, seed=seed)
            found.quality.append(one)


def _turns(found: Found, tell: Tell) -> None:
    lenders, requests = found.sizes.over_time
    for carries in (True, False):
        tell(f"{ROUNDS} rounds, {'with' if carries else 'without'} carry")
        found.turns[carries] = turns(
            lenders, requests, rounds=ROUNDS, cash_per_demand=PLENTY, seed=1, carries=carries
        )


def _speeds(found: Found, tell: Tell) -> None:
    for size, rows in ((found.sizes.small, found.small_speeds), (found.sizes.usual, found.speeds)):
        tell(f"{size[0]:,} x {size[1]:,}: engine and loops")
        rows.extend(speeds(*size, seed=1, repeats=found.sizes.repeats))


def _rounds(found: Found, tell: Tell) -> None:
    """Memory and time, each market in a process of its own."""
    sizes = found.sizes
    for size in (sizes.usual, sizes.exact, sizes.large, sizes.huge):
        tell(f"{size[0]:,} x {size[1]:,}: engine")
        ratio = PLENTY if size == sizes.huge else 1.0
        repeats = {sizes.usual: sizes.repeats, sizes.large: 2}.get(size, 1)
        found.rounds[size] = alone(solved, *size, ratio, 1, repeats)
    for size in (sizes.exact, sizes.large):
        tell(f"{size[0]:,} x {size[1]:,}: largest flow")
        found.flows[size] = alone(_flowed, *size, size != sizes.exact)
        assert found.rounds[size].value.funded_cents <= found.flows[size].value.cents


def _flowed(lenders: int, requests: int, grouped: bool) -> Flowed:
    market = generated(lenders, requests, cash_per_demand=1, seed=1)
    started = process_time()
    cents = largest_flow(market, grouped=grouped)
    return Flowed(process_time() - started, cents)


def _commits(found: Found, tell: Tell) -> None:
    for stakes, lenders in found.sizes.commits:
        found.commits.append(measured(stakes, lenders, tell))


def _days(found: Found, tell: Tell) -> None:
    found.days = day_end.measured(*found.sizes.days, tell)
