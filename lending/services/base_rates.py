"""The base rate of section 247 BGB: one person enters it, another one approves it."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal

from django.db import IntegrityError, transaction

from accounts.models import User
from core import audit
from core.clock import day_of
from core.errors import IllegalTransition, InvalidInput, NotAllowed, NotFound
from core.inputs import line, within
from lending.errors import AlreadyPriced, FourEyes
from lending.models import BaseRate

_LOWEST, _HIGHEST = Decimal("-0.05"), Decimal("0.15")
_WITHIN = timedelta(days=190)
_CHANGES_IN = (1, 7)


@transaction.atomic
def propose_base_rate(
    *, staff: User, rate: Decimal, valid_from: date, source: str, at: datetime
) -> BaseRate:
    """Enter a base rate that holds from a 1 January or 1 July; it counts once it is approved.

    A rate published late may begin in the last half-year: what was charged since is worked out
    anew. Raises NotAllowed, AlreadyPriced (one is approved for that day), or InvalidInput.
    """
    _check_staff(staff)
    today = day_of(at)
    day = within("valid_from", valid_from, today - _WITHIN, today + _WITHIN)
    if day.day != 1 or day.month not in _CHANGES_IN:
        raise InvalidInput(field="valid_from")
    if BaseRate.objects.filter(valid_from=day, approved_at__isnull=False).exists():
        raise AlreadyPriced(field="valid_from")
    proposal = BaseRate.objects.create(
        rate=within("rate", rate, _LOWEST, _HIGHEST),
        valid_from=day,
        source=line("source", source, minimum=5, maximum=200),
        proposed_by=staff,
    )
    audit.record(proposal, "base_rate_proposed", at=at, actor_id=staff.pk, after=str(proposal.rate))
    return proposal


@transaction.atomic
def approve_base_rate(*, staff: User, base_rate_id: int, at: datetime) -> BaseRate:
    """Let a proposed base rate count; approving twice changes nothing.

    Raises NotAllowed, NotFound, FourEyes (the proposer), or AlreadyPriced.
    """
    _check_staff(staff)
    proposal = BaseRate.objects.select_for_update().filter(pk=base_rate_id).first()
    if proposal is None:
        raise NotFound(f"base rate {base_rate_id}")
    if proposal.approved_at is not None:
        return proposal
    if proposal.proposed_by_id is None:
        raise IllegalTransition(f"nobody proposed base rate {base_rate_id}")
    if proposal.proposed_by_id == staff.pk:
        raise FourEyes
    proposal.approved_by, proposal.approved_at = staff, at
    try:
        with transaction.atomic():
            proposal.save(update_fields=["approved_by", "approved_at"])
    except IntegrityError as error:
        raise AlreadyPriced(field="valid_from") from error
    audit.record(proposal, "base_rate_approved", at=at, actor_id=staff.pk, after=str(proposal.rate))
    return proposal


def _check_staff(staff: User) -> None:
    if not (staff.is_staff and staff.is_active):
        raise NotAllowed("only staff set base rates")
