"""Sale of a claim for a quota: the loss is booked at once, the price at once or by later parts."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from django.db import transaction

from accounts.models import User
from core.clock import day_of
from core.inputs import within
from core.money import split_cents, to_cents
from core.transitions import advance
from lending.domain.waterfall import Due, allocate_to_dues
from lending.errors import NotRunning, Overpayment
from lending.models import (
    ArrearsCase,
    ArrearsProposal,
    ClaimSale,
    InstalmentKind,
    Loan,
    LoanEventKind,
    PlanReason,
    Repayment,
    RepaymentKind,
    WriteOffKind,
)
from lending.selectors.fees import recovery_fee_rate
from lending.services.arrears_moves import check_staff, move_case
from lending.services.outside_money import OPERATOR, bring_in
from lending.services.plans import PlannedInstalment, make_plan
from lending.services.sharing import LockedLoan, Settled, book, earlier_payment, lock_loan
from lending.services.timeline import note_event
from lending.services.write_offs import give_up, loss_notices
from lending.states import LOAN_TRANSITIONS, ArrearsStage, LoanStatus
from notifications.services import notify, notify_all


def sell(
    *, case_id: int, proposal: ArrearsProposal, at: datetime, is_seconded: bool
) -> ArrearsCase:
    """Sell a claim that was called due for a share of its outstanding principal.

    `proposal.terms` names `buyer`, `quota` and `is_by_parts`. Sold by parts, the buyer pays the
    quota of each principal part of the plan that was called due, on its day. What the quota leaves
    is lost to each lender by what it was owed. Raises GuardHolds, IllegalTransition, NoMoneyForIt.
    """
    case, on = ArrearsCase.objects.get(pk=case_id), day_of(at)
    locked = lock_loan(case.loan_id, on=on, at=at, more=OPERATOR)
    loan = case.loan = locked.loan
    move_case(
        case,
        ArrearsStage.SOLD,
        on=on,
        at=at,
        actor_id=proposal.proposed_by_id,
        is_seconded=is_seconded,
        reason=proposal.reason,
    )
    sale = _record(loan, proposal, on=on)
    shares = _promised(locked, sale)
    loss = sale.principal_cents - sale.price_cents
    lost = give_up(locked, loss, WriteOffKind.SOLD, proposal=proposal, on=on, at=at)
    make_plan(
        loan=loan,
        reason=PlanReason.SOLD,
        instalments=_price_plan(loan, sale, on),
        on=on,
        at=at,
    )
    advance(
        loan,
        LoanStatus.SOLD,
        table=LOAN_TRANSITIONS,
        at=at,
        actor_id=proposal.proposed_by_id,
        reason=proposal.reason,
    )
    note_event(
        loan_id=loan.pk,
        kind=LoanEventKind.SOLD,
        on=on,
        key=f"sold:{case.pk}",
        amount_cents=sale.price_cents,
    )
    if not sale.is_by_parts:
        _receive(loan.pk, sale.price_cents, f"sale-{sale.pk}", at=at)
    _tell(locked, sale, lost, shares, at=at)
    return case


def _record(loan: Loan, proposal: ArrearsProposal, *, on: date) -> ClaimSale:
    quota = Decimal(proposal.terms["quota"])
    return ClaimSale.objects.create(
        loan=loan,
        buyer=proposal.terms["buyer"],
        quota=quota,
        is_by_parts=proposal.terms["is_by_parts"],
        on=on,
        principal_cents=loan.outstanding_cents,
        price_cents=to_cents(loan.outstanding_cents * quota),
        proposal=proposal,
    )


def _promised(locked: LockedLoan, sale: ClaimSale) -> dict[int, int]:
    """What of the price falls to each lender."""
    owed = [claim.outstanding_cents for claim in locked.claims]
    shares = split_cents(sale.price_cents, owed)
    return {claim.lender_id: share for claim, share in zip(locked.claims, shares, strict=True)}


def _price_plan(loan: Loan, sale: ClaimSale, on: date) -> list[PlannedInstalment]:
    """The days on which the buyer pays, and what: the price once, or a part with each month."""
    kept = loan.instalments.current().exclude(
        paid_on__isnull=True, paid_principal_cents=0, paid_interest_cents=0
    )
    first = max(kept.values_list("number", flat=True), default=0) + 1
    parts = _later_parts(loan, on) if sale.is_by_parts else {on: 1}
    prices = split_cents(sale.price_cents, list(parts.values()))
    paid = [(day, cents) for day, cents in zip(parts, prices, strict=True) if cents]
    return [
        PlannedInstalment(first + place, day, cents, 0, kind=InstalmentKind.CALLED)
        for place, (day, cents) in enumerate(paid)
    ]


def _later_parts(loan: Loan, on: date) -> dict[date, int]:
    """The principal parts of the plan before the loan was called due, what is past on `on`."""
    called = loan.plans.filter(reason=PlanReason.TERMINATED).order_by("-version").first()
    before = loan.instalments.filter(plan__version__lt=called.version if called else 0)
    rows = before.filter(superseded_on__gte=loan.terminated_on).order_by("due_on", "number")
    parts: dict[date, int] = {}
    for due_on, cents in rows.values_list("due_on", "principal_cents"):
        day = max(due_on, on)
        parts[day] = parts.get(day, 0) + cents
    return {day: cents for day, cents in parts.items() if cents} or {on: 1}


@transaction.atomic
def receive_from_buyer(
    *, staff: User, loan_id: int, amount_cents: int, key: UUID, at: datetime
) -> Repayment:
    """Share out a part of the price that the buyer paid; the same `key` does it once.

    Raises NotAllowed, NotFound, NotRunning, Overpayment, NoMoneyForIt, or InvalidInput.
    """
    check_staff(staff)
    cents = within("amount_cents", amount_cents, 1, 1_000_000_00)
    return _receive(loan_id, cents, f"sale-part-{key}", at=at)


def _receive(loan_id: int, cents: int, reference: str, *, at: datetime) -> Repayment:
    on = day_of(at)
    locked = lock_loan(loan_id, on=on, at=at, more=OPERATOR)
    if earlier := earlier_payment(reference, loan_id, cents):
        return earlier
    loan = locked.loan
    if loan.status != LoanStatus.SOLD:
        raise NotRunning(f"{loan} is {loan.status}")
    if cents > loan.outstanding_cents:
        raise Overpayment(f"{loan}", due_cents=loan.outstanding_cents)
    bring_in(locked, cents, reference=reference, on=on, at=at)
    rows = loan.instalments.unpaid().order_by("due_on", "number")
    dues = [Due(row.number, row.due_on, row.open_cents, 0) for row in rows]
    repayment = book(
        locked,
        Settled(parts=allocate_to_dues(cents, dues)),
        kind=RepaymentKind.SALE,
        reference=reference,
        received_on=on,
        at=at,
        fee_rate=recovery_fee_rate(on),
    )
    note_event(
        loan_id=loan.pk,
        kind=LoanEventKind.RECOVERED,
        on=on,
        key=f"recovered:{repayment.pk}",
        amount_cents=cents,
    )
    if not loan.outstanding_cents:
        loan.closed_on = on
        loan.save(update_fields=["closed_on"])
    return repayment


def _tell(
    locked: LockedLoan,
    sale: ClaimSale,
    lost: dict[int, int],
    shares: dict[int, int],
    *,
    at: datetime,
) -> None:
    loan = locked.loan
    notices = [
        notice._replace(facts={**notice.facts, "gets_cents": shares[notice.person_id]})
        for notice in loss_notices(locked, lost, sale.proposal, quota_rate=sale.quota)
    ]
    notify_all(kind="holding_sold", notices=notices, at=at)
    notify(
        person_id=loan.borrower_id,
        kind="claim_sold",
        key=f"claim_sold:{loan.pk}",
        facts={"loan_id": loan.pk, "number": loan.number, "buyer": sale.buyer},
        at=at,
    )
