"""Changes of the price list: dated ahead, written down, never made for the past."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal

from django.db import transaction

from accounts.models import User
from core import audit
from core.clock import day_of
from core.errors import NotAllowed
from core.inputs import one_of, within
from lending.errors import AlreadyPriced
from lending.models import FeeKind, FeeRate

_HIGHEST = Decimal("0.10")


@transaction.atomic
def schedule_fee(
    *, staff: User, kind: str, rate: Decimal, valid_from: date, at: datetime
) -> FeeRate:
    """Let a fee be `rate` from a coming day on; the same change twice is made once.

    Running loans keep the borrower's fee that they began with.
    Raises NotAllowed, AlreadyPriced (another rate from that day), or InvalidInput.
    """
    if not (staff.is_staff and staff.is_active):
        raise NotAllowed("only staff set fees")
    chosen = one_of("kind", kind, FeeKind.values)
    share = within("rate", rate, Decimal(0), _HIGHEST)
    tomorrow = day_of(at) + timedelta(days=1)
    day = within("valid_from", valid_from, tomorrow, tomorrow + timedelta(days=730))
    fee, is_new = FeeRate.objects.get_or_create(
        kind=chosen, valid_from=day, defaults={"rate": share}
    )
    if fee.rate != share:
        raise AlreadyPriced(field="valid_from")
    if is_new:
        audit.record(fee, "fee_scheduled", at=at, actor_id=staff.pk, after=str(share))
    return fee
