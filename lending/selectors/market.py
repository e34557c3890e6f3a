"""What is on the market, as everyone may see it: never who the borrower is."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Final
from uuid import UUID

from django.db.models import Count, F, IntegerField, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from accounts.models import User
from core.errors import NotFound
from lending.models import Loan, LoanRequest, Offer, Repayment
from lending.states import OfferStatus, RequestStatus

PUBLIC_COLUMNS: Final = (
    "id",
    "public_id",
    "status",
    "amount_cents",
    "funded_cents",
    "term_months",
    "purpose",
    "title",
    "story",
    "annual_rate",
    "price_rule",
    "floor_rate",
    "least_percent",
    "grade",
    "affordability_mark",
    "due_day",
    "first_period",
    "listed_at",
    "filled_at",
    "deadline_on",
)
"""What the market sees of a request; borrower, highest rate and application stay private."""

_ON_SHOW: Final = (RequestStatus.LISTED, RequestStatus.FILLED)
_LIVE_OFFERS: Final = (OfferStatus.OPEN, OfferStatus.CONVERTED)


@dataclass(frozen=True)
class MarketFigures:
    """The market in a few figures.

    Attributes:
        open_requests, missing_cents: requests open for bids, and what they still lack.
        average_rate: of the open requests, weighted by amount; None when there is none.
        loans, lent_cents, repaid_cents, interest_cents: since the market opened.
    """

    open_requests: int
    missing_cents: int
    average_rate: Decimal | None
    loans: int
    lent_cents: int
    repaid_cents: int
    interest_cents: int


def listed_requests() -> QuerySet[LoanRequest]:
    """Requests open for bids, the nearest deadline first, with `offers_count` and `funded_percent`.

    Only public columns are read; the figures are computed for the rows of a page alone.
    """
    listed = LoanRequest.objects.filter(status=RequestStatus.LISTED)
    return _with_figures(listed).order_by("deadline_on", "id")


def market_request(public_id: UUID, user: User | None = None) -> LoanRequest:
    """One request on show; afterwards only its borrower, its lenders and staff still see it."""
    request = _with_figures(_shown_to(user)).filter(public_id=public_id).first()
    if request is None:
        raise NotFound(f"request {public_id}")
    return request


def market_figures() -> MarketFigures:
    """The market as it stands now, by three queries."""
    listed = LoanRequest.objects.filter(status=RequestStatus.LISTED).aggregate(
        open_requests=Count("id"),
        asked_cents=Coalesce(Sum("amount_cents"), 0),
        funded_cents=Coalesce(Sum("funded_cents"), 0),
        weighted_rate=Sum(F("annual_rate") * F("amount_cents")),
    )
    lent = Loan.objects.aggregate(loans=Count("id"), lent_cents=Coalesce(Sum("principal_cents"), 0))
    returned = Repayment.objects.filter(reversed_on__isnull=True).aggregate(
        repaid_cents=Coalesce(Sum("principal_cents"), 0),
        interest_cents=Coalesce(Sum("interest_cents"), 0),
    )
    asked_cents = listed["asked_cents"]
    return MarketFigures(
        open_requests=listed["open_requests"],
        missing_cents=asked_cents - listed["funded_cents"],
        average_rate=listed["weighted_rate"] / asked_cents if asked_cents else None,
        **lent,
        **returned,
    )


def _shown_to(user: User | None) -> QuerySet[LoanRequest]:
    if user is None or not user.is_authenticated:
        return LoanRequest.objects.filter(status__in=_ON_SHOW)
    if user.is_staff:
        return LoanRequest.objects.all()
    own_stakes = Offer.objects.filter(lender=user, request=OuterRef("pk"), status__in=_LIVE_OFFERS)
    return LoanRequest.objects.filter(
        Q(status__in=_ON_SHOW) | Q(borrower=user) | Q(pk__in=own_stakes.values("request"))
    )


def _with_figures(requests: QuerySet[LoanRequest]) -> QuerySet[LoanRequest]:
    live = Offer.objects.filter(request=OuterRef("pk"), status__in=_LIVE_OFFERS).order_by()
    counted = live.values("request").annotate(count=Count("id")).values("count")
    return requests.only(*PUBLIC_COLUMNS).annotate(
        offers_count=Coalesce(Subquery(counted, output_field=IntegerField()), 0),
        funded_percent=F("funded_cents") * 100 / F("amount_cents"),
    )
