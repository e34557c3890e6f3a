"""Holdings as their lender sees them."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db.models import F, Min, OuterRef, QuerySet, Subquery

from accounts.models import User
from core.errors import NotFound
from lending.domain import due_dates
from lending.domain.returns import Bucket, claim_bucket, haircut_value
from lending.models import ChangeKind, Holding, Instalment, PlanChange, RepaymentShare
from lending.states import ChangeStatus, LoanStatus

_EARNED = F("interest_cents") + F("default_interest_cents") + F("recovered_cents") + F("pool_cents")


def holdings_of(user: User) -> QuerySet[Holding]:
    """A lender's holdings with their loans, newest first.

    `next_due_on` is the due date of the loan's oldest instalment not fully paid, None when all
    are; `lateness` reads the days past due from it. `received_cents` is all that was
    received so far, less fees. `break_from` and `break_until` are the first payment that an agreed
    break leaves out and the first one after it, None without one; `is_on_break` reads them.
    """
    unpaid = Instalment.objects.unpaid().filter(loan=OuterRef("loan")).order_by()
    oldest = unpaid.values("loan").annotate(due_on=Min("due_on")).values("due_on")
    agreed = PlanChange.objects.filter(
        loan=OuterRef("loan"), kind=ChangeKind.PAYMENT_BREAK, status=ChangeStatus.IN_FORCE
    ).order_by("starts_on")
    repaid = F("principal_cents") - F("outstanding_cents") - F("written_off_cents")
    return (
        Holding.objects.filter(lender=user)
        .select_related("loan", "loan__request")
        .annotate(
            next_due_on=Subquery(oldest),
            break_from=Subquery(agreed.values("starts_on")[:1]),
            break_until=Subquery(agreed.values("ends_on")[:1]),
            received_cents=repaid + _EARNED - F("fee_cents"),
        )
        .order_by("-loan__disbursed_on", "-id")
    )


def holding_of(user: User, holding_id: int) -> Holding:
    """One holding of this lender; NotFound for anyone else's."""
    holding = holdings_of(user).filter(pk=holding_id).first()
    if holding is None:
        raise NotFound(f"holding {holding_id}")
    return holding


def lateness(holding: Holding, on: date) -> tuple[int, Bucket]:
    """Days past due of a holding read by `holdings_of`, and its bucket of arrears."""
    in_default = holding.loan.status == LoanStatus.DEFAULTED
    days = due_dates.days_past_due(holding.next_due_on, on)
    return days, claim_bucket(holding.next_due_on, on, in_default=in_default)


def value_of(holding: Holding, on: date) -> int:
    """What a holding read by `holdings_of` counts for in the value of its lender's money."""
    return haircut_value(holding.outstanding_cents, lateness(holding, on)[1])


def is_on_break(holding: Any, on: date) -> bool:
    """Whether the loan of a holding read by `holdings_of` is on an agreed break on a day."""
    return holding.break_from is not None and holding.break_from <= on < holding.break_until


def shares_of(user: User, holding_id: int) -> QuerySet[RepaymentShare]:
    """Every payment that a holding received, newest first; NotFound for anyone else's."""
    holding = holding_of(user, holding_id)
    return (
        RepaymentShare.objects.filter(holding=holding)
        .select_related("repayment")
        .order_by("-repayment__received_on", "-id")
    )
