"""The ladder as a matrix: every pair of stages, every guard, every refusal by its code."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from lending.domain.arrears_ladder import (
    BUCKETS,
    EDGES,
    Missing,
    Standing,
    bucket_of,
    missing,
    next_stage,
)
from lending.states import ARREARS_ENDED, ARREARS_TRANSITIONS, ArrearsStage

TODAY = date(2026, 6, 1)
YESTERDAY = TODAY - timedelta(days=1)
READY = Standing(
    on=TODAY,
    days_past_due=60,
    overdue_cents=900_00,
    owed_cents=5_000_00,
    days_in_stage=60,
    has_run=True,
    has_sum=True,
    was_offered=True,
    notice_until=YESTERDAY,
    demanded_cents=900_00,
    is_seconded=True,
    recovered_cents=1,
    is_called=True,
)
"""Nothing is missing for any step upwards."""
PAID = replace(READY, overdue_cents=0, owed_cents=0, days_past_due=0, demanded_cents=0)
"""Everything was paid: nothing is missing for the way back."""
PAIRS = [(str(stage), str(to)) for stage in ArrearsStage for to in ArrearsStage]


def _ready_for(to: str) -> Standing:
    return PAID if to == "cured" else READY


@pytest.mark.parametrize(("stage", "to"), PAIRS)
def test_a_step_is_allowed_just_where_the_table_has_an_edge_and_its_guard_holds(
    stage: str, to: str
) -> None:
    has_edge = to in ARREARS_TRANSITIONS.get(stage, frozenset())
    assert ((stage, to) in EDGES) is has_edge
    assert missing(stage, to, _ready_for(to)) == ([] if has_edge else [Missing.NO_EDGE])


UNTIL_TODAY = {"promised_on": TODAY}
REFUSALS: list[tuple[str, str, dict[str, Any], Missing]] = [
    ("late", "reminder_1", {"days_past_due": 4}, Missing.DAYS),
    ("late", "reminder_1", UNTIL_TODAY, Missing.PROMISE),
    ("reminder_1", "reminder_2", {"days_past_due": 14}, Missing.DAYS),
    ("reminder_1", "reminder_2", {"days_in_stage": 6}, Missing.WAIT),
    ("reminder_1", "reminder_2", UNTIL_TODAY, Missing.PROMISE),
    ("reminder_2", "final_notice", {"days_in_stage": 6}, Missing.WAIT),
    ("reminder_2", "final_notice", {"has_run": False}, Missing.RUN),
    ("reminder_2", "final_notice", {"has_sum": False}, Missing.SUM),
    ("reminder_2", "final_notice", {"was_offered": False}, Missing.OFFER),
    ("reminder_2", "final_notice", UNTIL_TODAY, Missing.PROMISE),
    ("final_notice", "terminated", {"notice_until": TODAY}, Missing.NOTICE_RUNS),
    ("final_notice", "terminated", {"notice_until": None}, Missing.NOTICE_RUNS),
    ("final_notice", "terminated", {"demanded_cents": 0}, Missing.NOTICE_PAID),
    ("final_notice", "terminated", {"was_offered": False}, Missing.OFFER),
    ("final_notice", "terminated", UNTIL_TODAY, Missing.PROMISE),
    ("final_notice", "terminated", {"is_seconded": False}, Missing.SECOND_PERSON),
    ("terminated", "collection", {"owed_cents": 0}, Missing.NOTHING_OWED),
    ("terminated", "collection", {"days_in_stage": 13}, Missing.WAIT),
    ("terminated", "collection", UNTIL_TODAY, Missing.PROMISE),
    ("terminated", "sold", {"owed_cents": 0}, Missing.NOTHING_OWED),
    ("terminated", "sold", {"days_in_stage": 13}, Missing.WAIT),
    ("terminated", "sold", {"is_seconded": False}, Missing.SECOND_PERSON),
    ("terminated", "settled", {"owed_cents": 0}, Missing.NOTHING_OWED),
    ("terminated", "settled", {"is_seconded": False}, Missing.SECOND_PERSON),
    ("collection", "sold", {"owed_cents": 0}, Missing.NOTHING_OWED),
    ("collection", "sold", {"is_seconded": False}, Missing.SECOND_PERSON),
    ("collection", "settled", {"owed_cents": 0}, Missing.NOTHING_OWED),
    ("collection", "settled", {"is_seconded": False}, Missing.SECOND_PERSON),
    ("collection", "written_off", {"owed_cents": 0}, Missing.NOTHING_OWED),
    ("collection", "written_off", {"days_in_stage": 29}, Missing.WAIT),
    ("collection", "written_off", {"is_seconded": False}, Missing.SECOND_PERSON),
    ("written_off", "recovered", {"recovered_cents": 0}, Missing.NOTHING_RECOVERED),
    ("late", "terminated", {"is_called": False}, Missing.NOT_CALLED),
    ("late", "cured", {"overdue_cents": 1}, Missing.STILL_LATE),
    ("reminder_1", "cured", {"overdue_cents": 1}, Missing.STILL_LATE),
    ("reminder_2", "cured", {"overdue_cents": 1}, Missing.STILL_LATE),
    ("final_notice", "cured", {"overdue_cents": 1}, Missing.STILL_LATE),
    ("terminated", "cured", {"owed_cents": 1}, Missing.STILL_OWED),
    ("collection", "cured", {"owed_cents": 1}, Missing.STILL_OWED),
]


@pytest.mark.parametrize(("stage", "to", "changed", "code"), REFUSALS)
def test_each_guard_refuses_by_its_code_alone(
    stage: str, to: str, changed: dict[str, Any], code: Missing
) -> None:
    assert missing(stage, to, replace(_ready_for(to), **changed)) == [code]


def test_every_need_of_every_edge_has_a_refusal_here() -> None:
    named = {(edge, code) for edge, needs in EDGES.items() for code, _ in needs}
    assert {((stage, to), code) for stage, to, _, code in REFUSALS} == named


def test_a_promise_that_ran_out_holds_nothing_up() -> None:
    assert missing("late", "reminder_1", replace(READY, promised_on=YESTERDAY)) == []


def test_what_is_missing_is_said_all_at_once() -> None:
    bare = Standing(on=TODAY)
    assert missing("reminder_2", "final_notice", bare) == [
        Missing.WAIT,
        Missing.RUN,
        Missing.SUM,
        Missing.OFFER,
    ]


def test_every_stage_that_has_ended_leads_nowhere() -> None:
    assert not ARREARS_ENDED & ARREARS_TRANSITIONS.keys()


def test_every_stage_is_reached_from_the_first() -> None:
    reached, waiting = set(), ["late"]
    while waiting:
        stage = waiting.pop()
        reached.add(stage)
        waiting += sorted(ARREARS_TRANSITIONS.get(stage, frozenset()) - reached)
    assert reached == {str(stage) for stage in ArrearsStage}


def test_the_next_rung_is_an_edge_of_the_table() -> None:
    for stage in ArrearsStage:
        to = next_stage(stage)
        assert to is None or (str(stage), to) in EDGES


@pytest.mark.parametrize(
    ("days", "bucket"), [(0, 0), (1, 1), (30, 1), (31, 2), (60, 2), (61, 3), (90, 3), (91, 4)]
)
def test_days_past_due_fall_into_five_buckets(days: int, bucket: int) -> None:
    first, last = BUCKETS[bucket]
    assert bucket_of(days) == bucket
    assert first <= days and (last is None or days <= last)
