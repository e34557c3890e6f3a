"""What people decide about a case: proposed by one, done once a second has approved.

Below the limit of `needs_two` one person is enough, and the proposal is done as it is made.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from django.db import transaction

from accounts.models import User
from core import audit
from core.clock import day_of
from core.errors import NotFound, StaleState
from core.inputs import one_of, text, within
from lending.domain.arrears_ladder import Missing, missing
from lending.errors import FourEyes, GuardHolds
from lending.models import ArrearsAct, ArrearsCase, ArrearsProposal
from lending.selectors.arrears import needs_two, standing_of
from lending.services.arrears_moves import check_staff
from lending.services.claim_sales import sell
from lending.services.recoveries import Source
from lending.services.settlements import settle
from lending.services.terminations import terminate
from lending.services.write_offs import write_off
from lending.states import ArrearsStage

_DO: Final[dict[str, Callable[..., ArrearsCase]]] = {
    ArrearsAct.TERMINATE: terminate,
    ArrearsAct.SELL: sell,
    ArrearsAct.SETTLE: settle,
    ArrearsAct.WRITE_OFF: write_off,
}
LEADS_TO: Final[dict[str, ArrearsStage]] = {
    ArrearsAct.TERMINATE: ArrearsStage.TERMINATED,
    ArrearsAct.SELL: ArrearsStage.SOLD,
    ArrearsAct.SETTLE: ArrearsStage.SETTLED,
    ArrearsAct.WRITE_OFF: ArrearsStage.WRITTEN_OFF,
}


@transaction.atomic
def propose(
    *,
    staff: User,
    case_id: int,
    act: str,
    reason: str,
    at: datetime,
    terms: Mapping[str, Any] | None = None,
) -> ArrearsProposal:
    """Propose an act on a case; it is done at once where one person is enough.

    Args:
        terms: of a sale `buyer`, `quota`, `is_by_parts`; of a settlement `cents`, `source`.
    Raises NotAllowed, NotFound, GuardHolds, IllegalTransition, StaleState (the act is already
    proposed), InvalidInput, or what the act itself refuses.
    """
    check_staff(staff)
    chosen = one_of("act", act, ArrearsAct.values)
    why = text("reason", reason, minimum=10, maximum=2000)
    case = ArrearsCase.objects.select_related("loan").filter(pk=case_id).first()
    if case is None:
        raise NotFound(f"case {case_id}")
    _check_open_to(case, chosen, at=at)
    if case.proposals.filter(act=chosen, decided_at__isnull=True).exists():
        raise StaleState(f"{chosen} is already proposed for {case}")
    is_alone = not needs_two(case.loan)
    proposal = ArrearsProposal.objects.create(
        case=case,
        act=chosen,
        terms=_checked(chosen, terms or {}),
        reason=why,
        proposed_by=staff,
        proposed_at=at,
        decided_at=at if is_alone else None,
        is_approved=True if is_alone else None,
    )
    audit.record(case, f"propose_{chosen}", at=at, actor_id=staff.pk, reason=why)
    if is_alone:
        _DO[chosen](case_id=case.pk, proposal=proposal, at=at, is_seconded=False)
    return proposal


def _check_open_to(case: ArrearsCase, act: str, *, at: datetime) -> None:
    """Whatever is missing beside the second person is said before anyone is asked to approve."""
    standing = standing_of(case, day_of(at))
    lacking = missing(case.status, LEADS_TO[act], standing)
    if lacking := [code for code in lacking if code != Missing.SECOND_PERSON]:
        raise GuardHolds(", ".join(lacking), missing=", ".join(lacking))


def _checked(act: str, terms: Mapping[str, Any]) -> dict[str, Any]:
    """The terms of an act as they are kept."""
    if act == ArrearsAct.SELL:
        quota = within("quota", terms.get("quota"), Decimal("0.0001"), Decimal(1))
        return {
            "buyer": text("buyer", str(terms.get("buyer", "")), minimum=2, maximum=120),
            "quota": str(quota),
            "is_by_parts": bool(terms.get("is_by_parts")),
        }
    if act == ArrearsAct.SETTLE:
        return {
            "cents": within("cents", terms.get("cents"), 1, 1_000_000_00),
            "source": one_of("source", str(terms.get("source", "")), Source.values),
        }
    return {}


@transaction.atomic
def approve(*, staff: User, proposal_id: int, at: datetime) -> ArrearsProposal:
    """Approve what another person proposed, which does it. Approving twice does it once.

    Raises NotAllowed, NotFound, FourEyes, StaleState, or what the act itself refuses.
    """
    proposal, is_new = _decide(staff, proposal_id, is_approved=True, at=at)
    if is_new:
        _DO[proposal.act](case_id=proposal.case_id, proposal=proposal, at=at, is_seconded=True)
    return proposal


@transaction.atomic
def turn_down(*, staff: User, proposal_id: int, at: datetime) -> ArrearsProposal:
    """Turn down what another person proposed; nothing is done. Raises as `approve` does."""
    return _decide(staff, proposal_id, is_approved=False, at=at)[0]


def _decide(
    staff: User, proposal_id: int, *, is_approved: bool, at: datetime
) -> tuple[ArrearsProposal, bool]:
    """The proposal as decided, and whether it was decided just now."""
    check_staff(staff)
    rows = ArrearsProposal.objects.select_for_update(of=("self",))
    proposal = rows.select_related("case", "proposed_by").filter(pk=proposal_id).first()
    if proposal is None:
        raise NotFound(f"proposal {proposal_id}")
    if proposal.decided_at is not None:
        if (proposal.decided_by_id, proposal.is_approved) != (staff.pk, is_approved):
            raise StaleState(f"proposal {proposal_id} was decided")
        return proposal, False
    if proposal.proposed_by_id == staff.pk:
        raise FourEyes
    proposal.decided_by, proposal.decided_at, proposal.is_approved = staff, at, is_approved
    proposal.save(update_fields=["decided_by", "decided_at", "is_approved"])
    word = "approve" if is_approved else "turn_down"
    audit.record(proposal.case, f"{word}_{proposal.act}", at=at, actor_id=staff.pk)
    return proposal, True
