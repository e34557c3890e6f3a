"""The receipt of a stake: why this amount and not more, in words, from stored numbers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db.models import Count, Max
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from core.errors import NotFound
from matching.engine.explain import level_of_stake, next_level_of_stake, per_mille
from matching.models import Receipt

SENTENCES: Final[dict[str, Any]] = {
    "level": _(
        "With one share more you would have stood higher than other lenders who could still take "
        "one, measured by what each of you can place."
    ),
    "amount": _("Your stake is all that could be placed in this request."),
    "loan_cap": _("Your mandate allows no more per loan."),
    "borrower_cap": _("Your mandate allows no more per borrower."),
    "room": _("Your mandate allows no more in this grade."),
    "budget": _("The budget of your mandate is used up."),
    "cash": _("Your free cash was used up, less what you keep in reserve."),
}


@dataclass(frozen=True)
class StakeReceipt:
    """A stake explained.

    Attributes:
        reason: stable name of what limited it, a key of SENTENCES; sentence: the same in words.
        level_per_mille: how full the lender was with this stake; 1,000 is exactly its turn.
        next_per_mille: how full it would have been with one share more.
        last_per_mille: how full the last lender was who got a share in this request.
        lenders: how many got one.
        is_recomputed: the stored level follows from the stored numbers.
    """

    round_id: int
    booked_at: datetime | None
    seed: str
    seed_commitment: str
    mandate_name: str
    amount_cents: int
    reason: str
    sentence: str
    level_per_mille: int
    next_per_mille: int
    last_per_mille: int
    lenders: int
    is_recomputed: bool


def receipt_for(user: User, offer_id: int) -> StakeReceipt:
    """The receipt of this lender's stake; NotFound for anyone else's and for bids by hand."""
    own = Receipt.objects.filter(offer_id=offer_id, offer__lender=user)
    row = own.select_related("offer__mandate", "round").defer("round__snapshot").first()
    if row is None or row.offer.mandate is None:
        raise NotFound(f"receipt {offer_id}")
    beside = Receipt.objects.filter(round=row.round, offer__request_id=row.offer.request_id)
    totals = beside.aggregate(last=Max("level"), lenders=Count("pk"))
    cents = row.offer.amount_cents
    level = level_of_stake(row.before_cents, cents, row.last_cents, row.base)
    return StakeReceipt(
        round_id=row.round_id,
        booked_at=row.round.booked_at,
        seed=row.round.seed,
        seed_commitment=row.round.seed_commitment,
        mandate_name=row.offer.mandate.name,
        amount_cents=cents,
        reason=row.reason,
        sentence=str(SENTENCES[row.reason]),
        level_per_mille=per_mille(row.level),
        next_per_mille=per_mille(next_level_of_stake(row.before_cents, cents, row.base)),
        last_per_mille=per_mille(totals["last"]),
        lenders=totals["lenders"],
        is_recomputed=level == row.level,
    )
