"""Mandates as their lender may see them."""

from __future__ import annotations

from django.db.models import QuerySet

from accounts.models import User
from core.errors import NotFound
from lending.models import Mandate
from lending.states import MandateStatus


def mandates_of(user: User) -> QuerySet[Mandate]:
    """A lender's mandates that have not ended, in their order of priority."""
    own = Mandate.objects.filter(lender=user).exclude(status=MandateStatus.ENDED)
    return own.order_by("priority", "id")


def ended_mandates_of(user: User) -> QuerySet[Mandate]:
    """A lender's former mandates, newest first."""
    return Mandate.objects.filter(lender=user, status=MandateStatus.ENDED).order_by("-id")


def mandate_of(user: User, mandate_id: int) -> Mandate:
    """One mandate of this lender; NotFound for anyone else's."""
    found = Mandate.objects.filter(lender=user, pk=mandate_id).first()
    if found is None:
        raise NotFound(f"mandate {mandate_id}")
    return found
