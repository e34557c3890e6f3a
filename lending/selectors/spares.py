"""Places in line as their lender may see them."""

from __future__ import annotations

from django.db.models import Q, QuerySet

from accounts.models import User
from core.errors import NotFound
from lending.models import LoanRequest, Spare
from lending.states import SpareStatus


def spares_of(user: User) -> QuerySet[Spare]:
    """A lender's spares with their requests, newest first."""
    own = Spare.objects.filter(lender=user).select_related("request")
    return own.order_by("-placed_at", "-id")


def waiting_spares_of(user: User) -> QuerySet[Spare]:
    """Where this lender stands in line now, newest first."""
    return spares_of(user).filter(status=SpareStatus.WAITING)


def spare_of(user: User, spare_id: int) -> Spare:
    """One spare of this lender; NotFound for anyone else's."""
    found = spares_of(user).filter(pk=spare_id).first()
    if found is None:
        raise NotFound(f"spare {spare_id}")
    return found


def line_length(request: LoanRequest) -> int:
    """How many lenders wait for a bid on this request to be revoked."""
    return Spare.objects.filter(request=request, status=SpareStatus.WAITING).count()


def place_in_line(spare: Spare) -> int:
    """1 for whoever moves up first; 0 for a spare that waits no longer."""
    if spare.status != SpareStatus.WAITING:
        return 0
    came_before = Q(placed_at__lt=spare.placed_at) | Q(placed_at=spare.placed_at, pk__lt=spare.pk)
    line = Spare.objects.filter(request_id=spare.request_id, status=SpareStatus.WAITING)
    return line.filter(came_before).count() + 1
