"""A lender's mandates and one request: who took part, what refused it, which limit bound."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import numpy as np
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from core import audit
from core.clock import day_of
from lending.choices import LISTING_DAYS
from lending.models import LoanRequest, Mandate, Offer
from lending.selectors.mandates import mandates_of
from lending.states import OfferStatus, RequestStatus
from matching.engine.limits import Reason
from matching.engine.problem import Ints, Market, Pairs
from matching.models import MatchRound
from matching.selectors.history import last_sight
from matching.selectors.market import market_now
from matching.selectors.misses import refusal_words

SENTENCES: Final[dict[str, Any]] = {
    "took": _("It took part."),
    "refused": _("It passes this request over."),
    "loan_cap": _("It fits, but what it allows per loan was used up."),
    "borrower_cap": _("It fits, but what it allows per borrower was used up."),
    "room": _("It fits, but what it allows in this grade was used up."),
    "budget": _("It fits, but its budget was used up."),
    "cash": _("It fits, but your free cash, less the reserve, was below its smallest stake."),
    "absent": _("It was not in force in the last round that saw this request."),
    "second": _("It fits, but another of your mandates comes first."),
    "closed": _("It fits, but mandates held all that they may hold at this age of the request."),
    "short": _("It fits, but the round could not fill the request, so nobody's money was placed."),
    "level": _("It fits, but lenders who stood emptier than you came first."),
    "waits": _("It fits. The next round decides."),
}


@dataclass(frozen=True)
class Participation:
    """One mandate and one request.

    Attributes:
        outcome: a key of SENTENCES.
        words: what of the mandate refused the request, where that is the outcome.
        offer: the latest stake that it has in it; its receipt tells why that amount.
        placed_cents: all that it has in it.
    """

    mandate: Mandate
    outcome: str
    words: list[str]
    offer: Offer | None = None
    placed_cents: int = 0

    @property
    def sentence(self) -> str:
        """The outcome in the active language."""
        return str(SENTENCES[self.outcome])


@dataclass(frozen=True)
class Participations:
    """All mandates of a lender and one request; `seen_at` is the round that the words rest on."""

    rows: list[Participation]
    seen_at: datetime | None


def participations(user: User, request: LoanRequest, *, at: datetime) -> Participations:
    """What became of a request for each mandate that this lender has not ended.

    Told from the last stored round that saw the request; before the first one, from the market as
    it stands. Nobody's mandates but the person's own are looked at.
    """
    own = list(mandates_of(user))
    if not own or request.listed_at is None:
        return Participations([], None)
    until = min(at, _end_of(request))
    sight = last_sight(request.pk, since=request.listed_at, until=until)
    stakes = _stakes(user, request)
    if sight is None:
        market = market_now(on=day_of(at), at=at, mandate_ids=[one.pk for one in own])
        return Participations(_rows(own, market, request.pk, stakes, "waits"), None)
    others = "short" if request.pk in _left_alone(sight.round_id) else "level"
    return Participations(_rows(own, sight.past.market, request.pk, stakes, others), sight.past.at)


def _end_of(request: LoanRequest) -> datetime:
    """No round sees a request after it left the market, or after its last day.

    That is its last filling; `filled_at` moves on when somebody in its line moves up.
    """
    if request.filled_at:
        filled = (row.at for row in audit.trail(request) if row.after == RequestStatus.FILLED)
        return max(filled, default=request.filled_at)
    if request.listed_at is None:
        return datetime.max.replace(tzinfo=UTC)
    return request.listed_at + timedelta(days=LISTING_DAYS + 1)


def _left_alone(round_id: int) -> set[int]:
    """The requests that a round could not fill."""
    skipped = MatchRound.objects.values_list("skipped", flat=True).get(pk=round_id)
    return {row["request_id"] for row in skipped}


def _stakes(user: User, request: LoanRequest) -> dict[int, list[Offer]]:
    standing = (OfferStatus.OPEN, OfferStatus.CONVERTED)
    offers = Offer.objects.filter(
        lender=user, request_id=request.pk, mandate__isnull=False, status__in=standing
    )
    found: dict[int, list[Offer]] = {}
    for offer in offers.order_by("-pk"):
        found.setdefault(offer.mandate_id or 0, []).append(offer)
    return found


def _rows(
    own: Sequence[Mandate],
    market: Market,
    request_id: int,
    stakes: dict[int, list[Offer]],
    others: str,
) -> list[Participation]:
    """A row per mandate; `others` is the outcome of one that nothing of its own held back."""
    rows: list[Participation] = []
    for mandate in own:
        if offers := stakes.get(mandate.pk):
            total = sum(offer.amount_cents for offer in offers)
            rows.append(Participation(mandate, "took", [], offers[0], total))
            continue
        at, request = (
            _place(market.mandates.ids, mandate.pk),
            _place(market.requests.ids, request_id),
        )
        if at is None or request is None:
            rows.append(Participation(mandate, "absent", []))
        elif words := refusal_words(market, at, request):
            rows.append(Participation(mandate, "refused", words))
        else:
            is_second = any(row.outcome in ("took", "closed", others) for row in rows)
            usual = "second" if is_second else others
            rows.append(Participation(mandate, _held_back(market, at, request) or usual, []))
    return rows


def _place(ids: Ints, wanted: int) -> int | None:
    found = np.flatnonzero(ids == wanted)
    return int(found[0]) if len(found) else None


def _held_back(market: Market, mandate: int, request: int) -> str:
    """What kept a mandate that refuses nothing from a smallest stake; "" when nothing did."""
    if not market.requests.target_units()[request]:
        return "closed"
    limits = limits_of(market, mandate, request)
    reason, cents = min(limits.items(), key=lambda item: (item[1], item[0]))
    return reason.name.lower() if cents < market.mandates.min_stake_cents[mandate] else ""


def limits_of(market: Market, mandate: int, request: int) -> dict[Reason, int]:
    """What each limit would let one mandate place in one request when the round opens, in cents."""
    mandates, asked = market.mandates, market.requests
    lender = int(np.searchsorted(market.lenders.ids, mandates.lender_ids[mandate]))
    owner = market.lenders.ids[lender]
    lent = _held(market.exposures, owner, asked.borrower_ids[request])
    offered = _held(market.offers, owner, asked.ids[request])
    return {
        Reason.LOAN_CAP: int(mandates.max_per_loan_cents[mandate]) - offered,
        Reason.BORROWER_CAP: int(mandates.max_per_borrower_cents[mandate]) - lent,
        Reason.ROOM: int(mandates.room_cents[mandate, asked.grade[request]]),
        Reason.BUDGET: int(mandates.budget_cents[mandate]),
        Reason.CASH: int(market.lenders.cash_cents[lender]),
    }


def _held(pairs: Pairs, lender_id: int, other_id: int) -> int:
    here = (pairs.lender_ids == lender_id) & (pairs.other_ids == other_id)
    return int(pairs.cents[here].sum())
