"""What the demo's staff do about loans in arrears: they offer, give notice, call due, collect."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final
from uuid import NAMESPACE_OID, UUID, uuid5

from accounts.models import User
from core.clock import day_of
from lending.domain.arrears_ladder import BETWEEN_LETTERS_DAYS, Missing, missing
from lending.errors import NoMoneyForIt
from lending.models import ArrearsAct, ArrearsCase
from lending.selectors.arrears import standing_of
from lending.services import (
    arrears_cases,
    arrears_contacts,
    arrears_decisions,
    collection_costs,
    recoveries,
    terminations,
)
from lending.states import ArrearsStage

AGENCY: Final = "Muster Inkasso GmbH"
COURT_FEE_CENTS: Final = 48_00
RECOVERED_CENTS: Final = 150_00
"""What the agency gets out of a borrower and hands on, half of it after the write-off."""
OFFER: Final = "Zwölf Monate länger, mit einer kleineren Rate; oder zwei Monate Pause."
REASON: Final = "Auf Schreiben und Anrufe keine Antwort, Angebote nicht angenommen."


def work_on_arrears(staff: list[User], *, at: datetime) -> int:
    """Take each open case the step that its guard allows today; returns how many were taken."""
    cases = ArrearsCase.objects.filter(closed_on__isnull=True, status__in=list(_WORK))
    found = cases.select_related("loan").order_by("id")
    return sum(_WORK[ArrearsStage(case.status)](case, staff, at) for case in found)


def _notice(case: ArrearsCase, staff: list[User], at: datetime) -> bool:
    """Offer a way first; the final notice follows when the law allows it."""
    standing = standing_of(case, day_of(at))
    lacking = missing(case.status, ArrearsStage.FINAL_NOTICE, standing)
    if Missing.OFFER in lacking and standing.days_in_stage >= BETWEEN_LETTERS_DAYS:
        arrears_contacts.record_offer(
            staff=staff[0], case_id=case.pk, offer=OFFER, answer="silent", at=at
        )
        return True
    if lacking:
        return False
    arrears_cases.give_final_notice(staff=staff[0], case_id=case.pk, at=at)
    return True


def _terminate(case: ArrearsCase, staff: list[User], at: datetime) -> bool:
    return _decide(case, ArrearsAct.TERMINATE, ArrearsStage.TERMINATED, staff, at)


def _collect(case: ArrearsCase, staff: list[User], at: datetime) -> bool:
    if missing(case.status, ArrearsStage.COLLECTION, standing_of(case, day_of(at))):
        return False
    terminations.hand_to_collection(staff=staff[0], case_id=case.pk, agency=AGENCY, at=at)
    collection_costs.lay_out_cost(
        staff=staff[0],
        case_id=case.pk,
        cents=COURT_FEE_CENTS,
        paid_on=day_of(at),
        note="Mahnbescheid, Gerichtskosten",
        key=_key(case, "court"),
        at=at,
    )
    return True


def _write_off(case: ArrearsCase, staff: list[User], at: datetime) -> bool:
    """A little comes in, then nothing more."""
    in_stage = day_of(at) - case.stage_since
    if in_stage == timedelta(days=20):
        return _recover(case, staff, at)
    return _decide(case, ArrearsAct.WRITE_OFF, ArrearsStage.WRITTEN_OFF, staff, at)


def _recover_late(case: ArrearsCase, staff: list[User], at: datetime) -> bool:
    return day_of(at) - case.stage_since >= timedelta(days=15) and _recover(case, staff, at)


def _recover(case: ArrearsCase, staff: list[User], at: datetime) -> bool:
    """Pass on what the agency sent, as far as the operator has paid it in."""
    try:
        recoveries.recover(
            staff=staff[0],
            case_id=case.pk,
            amount_cents=RECOVERED_CENTS // 2,
            source=recoveries.Source.OUTSIDE,
            key=_key(case, case.status),
            at=at,
        )
    except NoMoneyForIt:
        return False
    return True


def _decide(
    case: ArrearsCase, act: ArrearsAct, to: ArrearsStage, staff: list[User], at: datetime
) -> bool:
    """One proposes, the other approves where two are needed."""
    standing = standing_of(case, day_of(at), is_seconded=True)
    if missing(case.status, to, standing):
        return False
    proposal = arrears_decisions.propose(
        staff=staff[0], case_id=case.pk, act=act, reason=REASON, at=at
    )
    if proposal.decided_at is None:
        arrears_decisions.approve(staff=staff[1], proposal_id=proposal.pk, at=at)
    return True


def _key(case: ArrearsCase, what: str) -> UUID:
    return uuid5(NAMESPACE_OID, f"{case.pk}:{what}")


_WORK: Final[dict[ArrearsStage, Callable[[ArrearsCase, list[User], datetime], bool]]] = {
    ArrearsStage.REMINDER_2: _notice,
    ArrearsStage.FINAL_NOTICE: _terminate,
    ArrearsStage.TERMINATED: _collect,
    ArrearsStage.COLLECTION: _write_off,
    ArrearsStage.WRITTEN_OFF: _recover_late,
}
