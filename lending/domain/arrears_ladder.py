"""The ladder of arrears: which step may follow which, and what each step needs.

Stages are named as `lending.states.ArrearsStage` names them. Every edge has a guard: what is
missing for it today is a list of codes, and an empty list is leave to go.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

REMINDER_1_FROM_DAYS: Final = 5
REMINDER_2_FROM_DAYS: Final = 15
EARLY_CONTACT_FROM_DAYS: Final = 20
"""Before day 30 the borrower is written to with ways to ease the loan and with debt advice."""
BETWEEN_LETTERS_DAYS: Final = 7
PAY_CALLED_DAYS: Final = 14
"""A loan that was called due is handed to collection no sooner than this."""
COLLECT_AT_LEAST_DAYS: Final = 30
"""A claim is written off only after it was in collection for so long."""
BUCKETS: Final = ((0, 0), (1, 30), (31, 60), (61, 90), (91, None))
"""Days past due, both ends included; None has no end."""


class Missing(StrEnum):
    """What keeps a case from taking a step."""

    NO_EDGE = "no_edge"
    DAYS = "days"
    WAIT = "wait"
    PROMISE = "promise"
    RUN = "run"
    SUM = "sum"
    OFFER = "offer"
    NOTICE_RUNS = "notice_runs"
    NOTICE_PAID = "notice_paid"
    STILL_LATE = "still_late"
    STILL_OWED = "still_owed"
    NOTHING_OWED = "nothing_owed"
    SECOND_PERSON = "second_person"
    NOTHING_RECOVERED = "nothing_recovered"
    NOT_CALLED = "not_called"


@dataclass(frozen=True)
class Standing:
    """A case as it stands on one day; what the guards look at.

    Attributes:
        overdue_cents: what is open of late instalments.
        owed_cents: all that is open of the plan, late or not.
        has_run, has_sum: the two figures of section 498.
        was_offered: whether staff recorded an offer to ease the loan.
        notice_until: the last day of the final notice; None before one was sent.
        demanded_cents: what is still open of the sum that the final notice demanded.
        promised_on: the day until which a promise to pay holds the ladder.
        is_seconded: a second person approved, or the amount is below what needs two.
        is_called: the loan was called due before this case began.
    """

    on: date
    days_past_due: int = 0
    overdue_cents: int = 0
    owed_cents: int = 0
    days_in_stage: int = 0
    has_run: bool = False
    has_sum: bool = False
    was_offered: bool = False
    notice_until: date | None = None
    demanded_cents: int = 0
    promised_on: date | None = None
    is_seconded: bool = False
    recovered_cents: int = 0
    is_called: bool = False


Need = tuple[Missing, Callable[[Standing], bool]]

_FREE: Final[Need] = (
    Missing.PROMISE,
    lambda at: at.promised_on is None or at.promised_on < at.on,
)
_OFFERED: Final[Need] = (Missing.OFFER, lambda at: at.was_offered)
_SECONDED: Final[Need] = (Missing.SECOND_PERSON, lambda at: at.is_seconded)
_OWED: Final[Need] = (Missing.NOTHING_OWED, lambda at: at.owed_cents > 0)
_NOTHING_LATE: Final[Need] = (Missing.STILL_LATE, lambda at: at.overdue_cents == 0)
_ALL_PAID: Final[Need] = (Missing.STILL_OWED, lambda at: at.owed_cents == 0)


def _late_for(days: int) -> Need:
    return Missing.DAYS, lambda at: at.days_past_due >= days


def _waited(days: int) -> Need:
    return Missing.WAIT, lambda at: at.days_in_stage >= days


EDGES: Final[dict[tuple[str, str], tuple[Need, ...]]] = {
    ("late", "reminder_1"): (_late_for(REMINDER_1_FROM_DAYS), _FREE),
    ("reminder_1", "reminder_2"): (
        _late_for(REMINDER_2_FROM_DAYS),
        _waited(BETWEEN_LETTERS_DAYS),
        _FREE,
    ),
    ("reminder_2", "final_notice"): (
        _waited(BETWEEN_LETTERS_DAYS),
        (Missing.RUN, lambda at: at.has_run),
        (Missing.SUM, lambda at: at.has_sum),
        _OFFERED,
        _FREE,
    ),
    ("final_notice", "terminated"): (
        (
            Missing.NOTICE_RUNS,
            lambda at: at.notice_until is not None and at.on > at.notice_until,
        ),
        (Missing.NOTICE_PAID, lambda at: at.demanded_cents > 0),
        _OFFERED,
        _FREE,
        _SECONDED,
    ),
    ("late", "terminated"): ((Missing.NOT_CALLED, lambda at: at.is_called),),
    ("terminated", "collection"): (_OWED, _waited(PAY_CALLED_DAYS), _FREE),
    ("terminated", "sold"): (_OWED, _waited(PAY_CALLED_DAYS), _SECONDED),
    ("terminated", "settled"): (_OWED, _SECONDED),
    ("collection", "sold"): (_OWED, _SECONDED),
    ("collection", "settled"): (_OWED, _SECONDED),
    ("collection", "written_off"): (_OWED, _waited(COLLECT_AT_LEAST_DAYS), _SECONDED),
    ("written_off", "recovered"): ((Missing.NOTHING_RECOVERED, lambda at: at.recovered_cents > 0),),
    ("late", "cured"): (_NOTHING_LATE,),
    ("reminder_1", "cured"): (_NOTHING_LATE,),
    ("reminder_2", "cured"): (_NOTHING_LATE,),
    ("final_notice", "cured"): (_NOTHING_LATE,),
    ("terminated", "cured"): (_ALL_PAID,),
    ("collection", "cured"): (_ALL_PAID,),
}


def missing(stage: str, to: str, standing: Standing) -> list[Missing]:
    """Return what keeps a case from going from `stage` to `to`; nothing is leave to go."""
    needs = EDGES.get((stage, to))
    if needs is None:
        return [Missing.NO_EDGE]
    return [code for code, holds in needs if not holds(standing)]


def next_stage(stage: str) -> str | None:
    """Return the next rung upwards from `stage`; None where people choose or nothing follows."""
    return _UPWARDS.get(stage)


def bucket_of(days_past_due: int) -> int:
    """Return the place of a number of days in BUCKETS."""
    ends = [last for _, last in BUCKETS if last is not None]
    return sum(days_past_due > last for last in ends)


_UPWARDS: Final = {
    "late": "reminder_1",
    "reminder_1": "reminder_2",
    "reminder_2": "final_notice",
    "final_notice": "terminated",
    "terminated": "collection",
    "collection": "written_off",
}
