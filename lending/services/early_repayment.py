"""Early repayment, in full or in part, on any day, out of the borrower's wallet.

What is due is paid first, then interest to the day, then principal. Principal that was not yet due
stands in the plan as an instalment of its own, paid at once; a new version of the plan follows.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Max

from accounts.models import User
from core.errors import NotFound
from core.inputs import one_of
from lending.domain.amortization import Instalment as Planned
from lending.domain.waterfall import DuePart
from lending.models import (
    FeeKind,
    InstalmentKind,
    Loan,
    LoanEventKind,
    PlanReason,
    Repayment,
    RepaymentKind,
)
from lending.selectors.early_repayment import KEEPS, Payoff, part_of, payoff_of
from lending.selectors.fees import fee_rate
from lending.services.plans import PlannedInstalment, make_plan
from lending.services.repayments import note_payment, repay
from lending.services.servicing import require_serviced
from lending.services.sharing import Settled, book, earlier_payment, lock_loan
from lending.services.timeline import note_event
from notifications.services import notify


@transaction.atomic
def repay_early(
    *,
    borrower: User,
    loan_id: int,
    amount_cents: int,
    keep: str,
    on: date,
    at: datetime,
    request_key: UUID,
) -> Repayment:
    """Repay a loan early with `amount_cents` of the borrower's cash.

    Ends the loan when the amount covers what ends it on `on`; a larger one takes no more than
    that. A smaller one, such as a quote of an earlier day, is booked as a part repayment: `keep`
    says whether the plan keeps the instalment and becomes shorter ("instalment"), or keeps the
    term ("term"). The same `request_key` again returns what it paid.
    Raises NotFound, LoanSetAside, CannotRepayEarly, TooLittleForEarly, InsufficientFunds, or
    ReferenceReused.
    """
    chosen = one_of("keep", keep, KEEPS)
    locked = lock_loan(loan_id, on=on, at=at)
    if locked.loan.borrower_id != borrower.pk:
        raise NotFound(f"loan {loan_id}")
    if earlier := earlier_payment(f"early:{request_key}", loan_id, None):
        return earlier
    require_serviced(loan_id=loan_id, on=on, at=at)
    payoff = payoff_of(locked.loan, on)
    if amount_cents >= payoff.total_cents:
        return _repay_all(payoff, request_key, at=at)
    part = part_of(payoff, amount_cents, "term" if chosen == "term" else "instalment")
    repayment = _book(
        payoff,
        request_key,
        principal_cents=part.principal_cents,
        fee_refund_cents=part.fee_refund_cents,
        rest=part.plan,
        reason=PlanReason.PART_REPAID,
        at=at,
    )
    _tell_part(repayment, part.instalment_cents, part.ends_on, at=at)
    return repayment


def _repay_all(payoff: Payoff, request_key: UUID, *, at: datetime) -> Repayment:
    return _book(
        payoff,
        request_key,
        principal_cents=payoff.principal_cents,
        fee_refund_cents=payoff.fee_refund_cents,
        rest=(),
        reason=PlanReason.REPAID_EARLY,
        at=at,
    )


def _book(
    payoff: Payoff,
    request_key: UUID,
    *,
    principal_cents: int,
    fee_refund_cents: int,
    rest: Sequence[Planned],
    reason: PlanReason,
    at: datetime,
) -> Repayment:
    """Pay what is due, make the plan that follows, and pay its first row."""
    loan, on = payoff.loan, payoff.on
    if payoff.due.total_cents:
        repay(
            loan_id=loan.pk,
            amount_cents=payoff.due.total_cents,
            reference=f"early-dues:{request_key}",
            received_on=on,
            at=at,
        )
    locked = lock_loan(loan.pk, on=on, at=at)
    early = PlannedInstalment(
        _next_number(locked.loan),
        on,
        principal_cents,
        payoff.interest.to_the_day_cents,
        kind=InstalmentKind.EARLY,
    )
    following = [
        PlannedInstalment(early.number + row.number, *row[1:])  # type: ignore[arg-type]
        for row in rest
    ]
    make_plan(loan=locked.loan, reason=reason, instalments=[early, *following], on=on, at=at)
    repayment = book(
        locked,
        Settled(
            parts=[DuePart(early.number, early.principal_cents, early.interest_cents)],
            fee_refund_cents=fee_refund_cents,
        ),
        kind=RepaymentKind.EARLY,
        reference=f"early:{request_key}",
        received_on=on,
        at=at,
        fee_rate=fee_rate(FeeKind.LENDER, on),
    )
    note_payment(repayment, at=at)
    return repayment


def _next_number(loan: Loan) -> int:
    """The number after all instalments that stay in force."""
    kept = loan.instalments.current().exclude(
        paid_on__isnull=True, paid_principal_cents=0, paid_interest_cents=0
    )
    return int(kept.aggregate(last=Max("number"))["last"] or 0) + 1


def _tell_part(repayment: Repayment, instalment_cents: int, ends_on: date, *, at: datetime) -> None:
    loan = repayment.loan
    note_event(
        loan_id=loan.pk,
        kind=LoanEventKind.PART_REPAID,
        on=repayment.received_on,
        key=f"part_repaid:{repayment.pk}",
        amount_cents=repayment.principal_cents,
    )
    notify(
        person_id=loan.borrower_id,
        kind="part_repaid",
        key=f"part_repaid:{repayment.pk}",
        facts={
            "loan_id": loan.pk,
            "number": loan.number,
            "principal_cents": repayment.principal_cents,
            "instalment_cents": instalment_cents,
            "ends_on": ends_on,
        },
        at=at,
    )
