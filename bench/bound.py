"""The most money that could be placed were requests divisible: a largest flow.

Smallest stakes and all-or-nothing are left out, so that no round can exceed it.
"""

from __future__ import annotations

from scipy.sparse import coo_array
from scipy.sparse.csgraph import maximum_flow

from bench.network import SINK, SOURCE, network
from matching.engine.problem import UNIT_CENTS, Market


def most_money(given: Market, *, grouped: bool = False) -> int:
    """An upper bound of what a round may place, in cents; see `network` for `grouped`."""
    made = network(given, grouped=grouped)
    graph = coo_array((made.most, (made.start, made.end)), (made.nodes, made.nodes))
    return int(maximum_flow(graph.tocsr(), SOURCE, SINK).flow_value) * UNIT_CENTS
