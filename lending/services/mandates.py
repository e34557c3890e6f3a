"""Mandates: a lender's standing orders, written, paused, ended."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date, datetime
from typing import Any

from django.db import transaction

from accounts.models import User
from core import audit
from core.clock import day_of
from core.errors import IllegalTransition, NotFound
from core.jobs import enqueue
from core.transitions import advance
from lending.errors import NameTaken, NotALender
from lending.models import Mandate
from lending.services.mandate_data import MandateData
from lending.states import MANDATE_TRANSITIONS, MandateStatus
from notifications.services import notify


@transaction.atomic
def save_mandate(
    *, lender: User, data: MandateData, at: datetime, mandate_id: int | None = None
) -> Mandate:
    """Write a new mandate, active at once, or change one that has not ended.

    The same new mandate sent twice is written once. Offers already placed stay as they are.
    Raises NotALender, NotFound, IllegalTransition (it has ended), NameTaken, MandateInvalid or
    another InvalidInput with the field.
    """
    if not lender.is_lender:
        raise NotALender
    values = _values(data.checked(on=day_of(at)))
    User.objects.select_for_update().get(pk=lender.pk)
    namesakes = Mandate.objects.filter(lender=lender, name=values["name"])
    namesake = namesakes.exclude(status=MandateStatus.ENDED).exclude(pk=mandate_id or 0).first()
    if namesake and mandate_id is None and _has(namesake, values):
        return namesake
    if namesake:
        raise NameTaken(field="name")
    if mandate_id is None:
        mandate = Mandate.objects.create(lender=lender, created_at=at, **values)
        audit.record(mandate, "mandate_written", at=at, actor_id=lender.pk)
    else:
        mandate = _changed(_own(lender, mandate_id), values, at=at)
    enqueue("matching.round_requested")
    return mandate


def _values(data: MandateData) -> dict[str, Any]:
    names = ("grades", "terms", "purposes", "regions", "employments")
    lists = {name: list(getattr(data, name)) for name in names}
    return asdict(data) | lists | {"max_per_grade_cents": dict(data.max_per_grade_cents)}


def _has(mandate: Mandate, values: dict[str, Any]) -> bool:
    return all(getattr(mandate, name) == value for name, value in values.items())


def _changed(mandate: Mandate, values: dict[str, Any], *, at: datetime) -> Mandate:
    if mandate.status == MandateStatus.ENDED:
        raise IllegalTransition(f"mandate {mandate.pk} has ended")
    changes = [name for name, value in values.items() if getattr(mandate, name) != value]
    if changes:
        for name in changes:
            setattr(mandate, name, values[name])
        mandate.save(update_fields=changes)
        data = {"changed": sorted(changes)}
        audit.record(mandate, "mandate_changed", at=at, actor_id=mandate.lender_id, data=data)
    return mandate


def _own(lender: User, mandate_id: int) -> Mandate:
    mandate = Mandate.objects.select_for_update().filter(pk=mandate_id, lender=lender).first()
    if mandate is None:
        raise NotFound(f"mandate {mandate_id}")
    return mandate


def pause_mandate(*, lender: User, mandate_id: int, at: datetime) -> Mandate:
    """Place nothing new until it is resumed; raises NotFound or IllegalTransition."""
    return _move(lender, mandate_id, MandateStatus.PAUSED, at=at)


def resume_mandate(*, lender: User, mandate_id: int, at: datetime) -> Mandate:
    """Take a paused mandate up again; raises NotFound or IllegalTransition."""
    return _move(lender, mandate_id, MandateStatus.ACTIVE, at=at)


def end_mandate(*, lender: User, mandate_id: int, at: datetime) -> Mandate:
    """End a mandate for good; raises NotFound."""
    return _move(lender, mandate_id, MandateStatus.ENDED, at=at)


@transaction.atomic
def _move(lender: User, mandate_id: int, to: MandateStatus, *, at: datetime) -> Mandate:
    """Doing it twice is harmless."""
    mandate = _own(lender, mandate_id)
    if mandate.status != to:
        advance(mandate, to, table=MANDATE_TRANSITIONS, at=at, actor_id=lender.pk)
        if to == MandateStatus.ACTIVE:
            enqueue("matching.round_requested")
    return mandate


def end_mandates(*, on: date, at: datetime) -> dict[str, Any]:
    """Day end: end the mandates whose last day was `on` or earlier, and tell their lenders."""
    due = Mandate.objects.exclude(status=MandateStatus.ENDED).filter(end_on__lte=on)
    ended = list(due.order_by("id").values_list("pk", flat=True))
    for mandate_id in ended:
        _end_by_date(mandate_id, at=at)
    return {"mandates": ended}


@transaction.atomic
def _end_by_date(mandate_id: int, *, at: datetime) -> None:
    mandate = Mandate.objects.select_for_update().get(pk=mandate_id)
    if mandate.status == MandateStatus.ENDED:
        return
    reason = "its last day is over"
    advance(mandate, MandateStatus.ENDED, table=MANDATE_TRANSITIONS, at=at, reason=reason)
    notify(
        person_id=mandate.lender_id,
        kind="mandate_ended",
        key=f"mandate_ended:{mandate.pk}",
        facts={"name": mandate.name},
        at=at,
    )
