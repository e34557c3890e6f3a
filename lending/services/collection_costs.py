"""Costs of legal pursuit: what the operator really paid to others, laid out for the borrower."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from django.db import transaction

from accounts.models import User
from core import audit
from core.clock import day_of
from core.inputs import text, within
from ledger.chart import PLATFORM_ID, EntryKind, Role
from ledger.services import Move, locked_accounts, post_entry
from lending.errors import NotRunning
from lending.models import LegalCost
from lending.selectors.arrears import CALLED
from lending.services.arrears_moves import check_staff, locked_case
from lending.states import ArrearsStage

HIGHEST_CENTS = 5_000_00
_MAY_COST = (*CALLED, ArrearsStage.WRITTEN_OFF, ArrearsStage.RECOVERED)


@transaction.atomic
def lay_out_cost(
    *, staff: User, case_id: int, cents: int, paid_on: date, note: str, key: UUID, at: datetime
) -> LegalCost:
    """Book a cost that was paid to a court, a lawyer or an agency; the same `key` books once.

    Only of a loan that was called due: before that, handling is borne by default interest.
    Raises NotAllowed, NotFound, NotRunning, or InvalidInput.
    """
    check_staff(staff)
    amount = within("cents", cents, 1, HIGHEST_CENTS)
    what = text("note", note, minimum=5, maximum=200)
    accounts = locked_accounts({Role.COLLECTION_COSTS: [PLATFORM_ID], Role.CAPITAL: [PLATFORM_ID]})
    case = locked_case(case_id)
    reference = f"collection-cost:{key}"
    if earlier := LegalCost.objects.filter(entry__reference=reference).first():
        return earlier
    if case.status not in _MAY_COST:
        raise NotRunning(f"{case} is {case.status}")
    day = within("paid_on", paid_on, case.loan.disbursed_on, day_of(at))
    costs, capital = (accounts[role][PLATFORM_ID] for role in (Role.COLLECTION_COSTS, Role.CAPITAL))
    entry = post_entry(
        reference=reference,
        kind=EntryKind.COLLECTION_COST,
        effective_on=day,
        at=at,
        moves=[Move(costs, capital, amount)],
    )
    cost = LegalCost.objects.create(
        loan=case.loan, on=day, cents=amount, note=what, booked_by=staff, entry=entry
    )
    audit.record(case, "cost", at=at, actor_id=staff.pk, reason=what, data={"cents": amount})
    return cost
