"""What became of the demo's year, counted from the tables."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from statistics import median
from typing import Final

from django.db.models import Count, F, Q, Sum
from rich.table import Table

from accounts.models import Role, User
from core.wording import euro, number, percent
from lending.choices import FirstPeriod, PriceRule
from lending.models import (
    ChangeKind,
    Loan,
    LoanEvent,
    LoanEventKind,
    LoanRequest,
    Offer,
    PlanChange,
    Repayment,
    WriteOff,
)
from lending.selectors.returns import lender_overview
from lending.services.arrears import days_past_due
from lending.states import LoanStatus, OfferSource
from matching.models import MatchRound


def summary(*, on: date) -> Table:
    """A table of figures: requests, loans, repayments, arrears, lenders' return, rounds, offers."""
    table = Table(title=f"Pari, {on:%d.%m.%Y}", show_header=False)
    table.add_column(justify="left")
    table.add_column(justify="right")
    for label, figure in [*_requests(), *_loans(on), *_lenders(on), *_rounds()]:
        table.add_row(label, figure)
    return table


def _requests() -> Iterator[tuple[str, str]]:
    counts = LoanRequest.objects.aggregate(
        posted=Count("pk", filter=Q(submitted_at__isnull=False)),
        declined=Count("pk", filter=Q(status="declined")),
        listed=Count("pk", filter=Q(listed_at__isnull=False)),
        funded=Count("pk", filter=Q(filled_at__isnull=False)),
        expired=Count("pk", filter=Q(status="expired")),
        open=Count("pk", filter=Q(status="listed")),
        auctions=Count("pk", filter=~Q(price_rule=PriceRule.FIXED) & Q(filled_at__isnull=False)),
        stubs=Count("pk", filter=Q(first_period=FirstPeriod.STUB, filled_at__isnull=False)),
        parts=Count("pk", filter=Q(funded_cents__lt=F("amount_cents"), filled_at__isnull=False)),
    )
    for name, count in counts.items():
        yield _LABELS.get(name, f"requests {name}"), number(count)


_LABELS: Final = {
    "auctions": "priced by auction",
    "stubs": "odd days with the first instalment",
    "parts": "funded in part",
}


def _loans(on: date) -> Iterator[tuple[str, str]]:
    lent = Loan.objects.aggregate(count=Count("pk"), cents=Sum("principal_cents", default=0))
    paid = Repayment.objects.aggregate(count=Count("pk"), cents=Sum("amount_cents", default=0))
    defaulted = Loan.objects.filter(status=LoanStatus.DEFAULTED).count()
    yield "loans paid out", number(lent["count"])
    yield "lent", euro(lent["cents"])
    yield "repayments", number(paid["count"])
    yield "repaid", euro(paid["cents"])
    running = Loan.objects.filter(status=LoanStatus.ACTIVE)
    was_late = LoanEvent.objects.filter(kind=LoanEventKind.LATE).values("loan").distinct()
    yield "loans late now", number(sum(1 for loan in running if days_past_due(loan, on)))
    yield "loans ever late", number(was_late.count())
    yield "loans in default", number(defaulted)
    yield "loans called due", number(Loan.objects.filter(terminated_on__isnull=False).count())
    lost = WriteOff.objects.aggregate(cents=Sum("principal_cents", default=0))
    yield "written off", euro(lost["cents"])
    recovered = Repayment.objects.aggregate(cents=Sum("recovered_cents", default=0))
    yield "recovered since", euro(recovered["cents"])
    made = PlanChange.objects.filter(plan__isnull=False)
    breaks = made.filter(kind=ChangeKind.PAYMENT_BREAK)
    yield "payment breaks taken", number(breaks.count())
    yield "loans on easier terms", number(made.count() - breaks.count())


def _lenders(on: date) -> Iterator[tuple[str, str]]:
    lenders = User.objects.filter(role=Role.LENDER, holdings__isnull=False).distinct()
    rates = [
        overview.returns.fair
        for overview in (lender_overview(lender, on) for lender in lenders)
        if overview.returns.fair is not None
    ]
    yield "lenders with holdings", number(lenders.count())
    yield "their median return", percent(median(rates)) if rates else "-"


def _rounds() -> Iterator[tuple[str, str]]:
    by_hand = ~Q(source=OfferSource.MANDATE)
    offers = Offer.objects.aggregate(all=Count("pk"), hand=Count("pk", filter=by_hand))
    yield "rounds of the engine", number(MatchRound.objects.count())
    yield "offers", number(offers["all"])
    yield "of these by hand", number(offers["hand"])
