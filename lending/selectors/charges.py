"""What a loan owes beside its instalments: costs of legal pursuit and default interest."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db.models import Exists, F, OuterRef, Q, QuerySet, Sum
from django.db.models.functions import Coalesce

from core.dates import ONE_DAY
from lending.domain.default_interest import LateDue, Payment, Span, default_interest_cents, spans_of
from lending.domain.due_dates import payable_on
from lending.domain.waterfall import Due
from lending.models import (
    BaseRate,
    DefaultInterestSpan,
    Instalment,
    LegalCost,
    Loan,
    Repayment,
    RepaymentPart,
)
from lending.states import LoanStatus

OWING = frozenset({LoanStatus.ACTIVE, LoanStatus.DEFAULTED})


@dataclass(frozen=True)
class Payable:
    """What a payment on a loan can settle on one day, in the parts of section 497(3) BGB.

    Attributes:
        dues: what instalments due by that day still lack, oldest first.
        is_late: whether default interest was ever borne.
    """

    costs_cents: int
    dues: list[Due]
    default_interest_cents: int
    is_late: bool = False

    @property
    def dues_cents(self) -> int:
        """Principal and contract interest that are due."""
        return sum(due.principal_cents + due.interest_cents for due in self.dues)

    @property
    def total_cents(self) -> int:
        """All of it."""
        return self.costs_cents + self.dues_cents + self.default_interest_cents


def payable(loan: Loan, on: date, instalment_id: int | None = None) -> Payable:
    """What is due on `on`; `instalment_id` is one whose debit may arrive before its day."""
    if loan.status not in OWING:
        return Payable(0, [], 0)
    rows = loan.instalments.unpaid().filter(Q(due_on__lte=on) | Q(pk=instalment_id))
    open_principal = F("principal_cents") - F("paid_principal_cents")
    open_interest = F("interest_cents") - F("paid_interest_cents")
    found = rows.order_by("due_on", "number").values_list(
        "number", "due_on", open_principal, open_interest
    )
    dues = [Due(*row) for row in found]
    spans = default_spans(loan, on)
    return Payable(costs_owed_cents(loan), dues, _unpaid_cents(loan, spans), is_late=bool(spans))


def costs_owed_cents(loan: Loan) -> int:
    """Costs of legal pursuit that were laid out and not yet paid back."""
    laid_out = LegalCost.objects.filter(loan=loan).aggregate(cents=Coalesce(Sum("cents"), 0))
    if not laid_out["cents"]:
        return 0
    return max(int(laid_out["cents"]) - _paid(loan, "costs_cents"), 0)


def default_interest_owed_cents(loan: Loan, on: date) -> int:
    """Default interest through `on`, charged or not yet written down, less what was paid of it."""
    return _unpaid_cents(loan, default_spans(loan, on))


def _unpaid_cents(loan: Loan, spans: Sequence[Span]) -> int:
    if not spans:
        return 0
    return max(default_interest_cents(spans) - _paid(loan, "default_interest_cents"), 0)


def _paid(loan: Loan, column: str) -> int:
    counted = Repayment.objects.filter(loan=loan, reversed_on__isnull=True)
    return int(counted.aggregate(cents=Coalesce(Sum(column), 0))["cents"])


def stored_spans(loan: Loan) -> QuerySet[DefaultInterestSpan]:
    """The spans written down so far, oldest first."""
    return DefaultInterestSpan.objects.filter(loan=loan).order_by("from_on")


def default_spans(
    loan: Loan, on: date, rows: Sequence[DefaultInterestSpan] | None = None
) -> list[Span]:
    """All spans of a loan through `on`, worked out from its plan and its dated payments.

    Days before the present version of the plan stay as they were charged: the plan that they
    were late by is no longer in force. Days already charged after `on` are worked out as well.

    Args:
        rows: the spans that are stored, where the caller has read them already.
    """
    stored = [row.span for row in (stored_spans(loan) if rows is None else rows)]
    through = max([on, *(span.to_on for span in stored)])
    dues = _late_dues(loan, through)
    if not stored and not dues:
        return []
    plan = loan.plans.order_by("-version").first()
    first_on = plan.made_on if plan and plan.version > 1 else loan.disbursed_on
    kept = [
        span._replace(to_on=min(span.to_on, first_on - ONE_DAY))
        for span in stored
        if span.from_on < first_on
    ]
    return kept + (spans_of(dues, base_rates(), first_on, through) if dues else [])


def _late_dues(loan: Loan, through: date) -> list[LateDue]:
    """Instalments in force that were late at some time before the end of `through`."""
    returned = RepaymentPart.objects.filter(
        instalment=OuterRef("pk"), repayment__reversed_on__isnull=False
    )
    rows = loan.instalments.current().filter(
        Q(paid_on__isnull=True) | Q(paid_on__gt=F("due_on")) | Exists(returned), due_on__lt=through
    )
    late = [row for row in rows.order_by("number") if payable_on(row.due_on) < through]
    paid = _payments_on(late) if late else {}
    return [
        LateDue(
            payable_on(row.due_on) + ONE_DAY,
            row.principal_cents,
            row.interest_cents,
            row.deferred_cents,
            tuple(paid.get(row.pk, ())),
        )
        for row in late
    ]


def _payments_on(rows: Sequence[Instalment]) -> dict[int, list[Payment]]:
    """What was paid on instalments, and what of it was taken back."""
    paid: dict[int, list[Payment]] = defaultdict(list)
    parts = RepaymentPart.objects.filter(instalment__in=[row.pk for row in rows])
    columns = ("repayment__received_on", "repayment__reversed_on")
    for instalment_id, received_on, reversed_on, principal, interest in parts.values_list(
        "instalment_id", *columns, "principal_cents", "interest_cents"
    ):
        paid[instalment_id].append(Payment(received_on, reversed_on, principal, interest))
    return paid


def base_rates() -> list[tuple[date, Decimal]]:
    """The approved base rates, oldest first."""
    rows = BaseRate.objects.filter(approved_at__isnull=False).order_by("valid_from")
    return list(rows.values_list("valid_from", "rate"))
