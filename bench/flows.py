"""What OR-Tools makes of a market: its largest flow, and the fairest of all largest flows."""

from __future__ import annotations

from typing import Final

import numpy as np
from ortools.graph.python.max_flow import SimpleMaxFlow
from ortools.graph.python.min_cost_flow import SimpleMinCostFlow

from bench.network import SINK, SOURCE, network
from matching.engine.problem import UNIT_CENTS, Ints, Market

STEPS: Final = 20
"""Into so many steps a lender's fill rate is cut; each costs one more than the one before."""


def largest_flow(given: Market, *, grouped: bool) -> int:
    """The same bound as `most_money`, by a solver for large networks; in cents."""
    made, solver = network(given, grouped=grouped), SimpleMaxFlow()
    solver.add_arcs_with_capacity(made.start, made.end, made.most)
    status = solver.solve(SOURCE, SINK)
    assert status == solver.OPTIMAL, status
    return int(solver.optimal_flow()) * UNIT_CENTS


def fairest(given: Market, attainable_cents: Ints) -> Ints:
    """What each lender places in the fairest of all largest flows, in cents.

    The cost is convex in the fill rate and the same for everybody, so the least cost serves the
    least filled first. The n-th unit stands in the middle of its step, as it does in the engine.

    Args:
        attainable_cents: what each lender could place at best; the whole of its fill rate.
    """
    made, solver = network(given, grouped=True), SimpleMinCostFlow()
    people = len(made.person)
    wide = np.minimum(attainable_cents // UNIT_CENTS, made.most[:people])
    edges = np.floor(np.arange(STEPS + 1) * wide[:, None] / STEPS + 0.5).astype(np.int64)
    steps = solver.add_arcs_with_capacity_and_unit_cost(
        np.zeros(people * STEPS, np.int32),
        np.repeat(made.person, STEPS).astype(np.int32),
        np.diff(edges, axis=1).ravel(),
        np.tile(np.arange(1, STEPS + 1), people),
    )
    rest = slice(people, None)
    solver.add_arcs_with_capacity_and_unit_cost(
        made.start[rest], made.end[rest], made.most[rest], np.zeros(len(made.start) - people)
    )
    demand = int(given.requests.target_units().sum())
    solver.set_node_supply(SOURCE, demand)
    solver.set_node_supply(SINK, -demand)
    status = solver.solve_max_flow_with_min_cost()
    assert status == solver.OPTIMAL, status
    placed: Ints = solver.flows(steps).reshape(people, STEPS).sum(axis=1) * UNIT_CENTS
    return placed
