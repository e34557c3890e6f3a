"""Loans driven through everything that can happen to them, beside a bookkeeper with a pencil."""

from __future__ import annotations

import pytest
from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test

from tests import seeds
from tests.lending.model.arrears_machine import ArrearsMachine
from tests.lending.model.world import World

FEW_RUNS, FEW_STEPS = 100, 40
MANY_RUNS, MANY_STEPS = 700, 60
"""For each mood of a borrower: three hundred runs in all, more than two thousand in a soak."""


@pytest.fixture
def world(db: None, monkeypatch: pytest.MonkeyPatch) -> World:
    """Made once for all runs of a test; letters are written and not set."""
    monkeypatch.setattr("lending.services.arrears_letters.pdf", lambda *_a, **_k: b"%PDF-")
    return World()


@pytest.mark.soak
@pytest.mark.parametrize("mood", ["pays", "pays at times", "falls silent"])
def test_whatever_happens_to_a_loan_the_books_agree_to_the_cent(world: World, mood: str) -> None:
    runs, steps = (MANY_RUNS, MANY_STEPS) if seeds.IS_SOAK else (FEW_RUNS, FEW_STEPS)
    machine = type("LoanMachine", (ArrearsMachine,), {"world": world, "mood": mood})
    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        machine,
        settings=settings(max_examples=runs, stateful_step_count=steps),
    )
