"""Reads of payments; whatever is private takes the person who asks."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from django.db.models import QuerySet, Sum
from django.db.models.functions import Coalesce

from accounts.models import User
from core.errors import NotFound
from ledger.chart import Role
from ledger.selectors import balance_cents
from payments.models import Collection, PayIn, Payout
from payments.states import COLLECTION_OPEN, PAY_IN_UNFINISHED, PayInStatus, PayoutStatus

_ON_ITS_WAY = (
    PayoutStatus.REQUESTED,
    PayoutStatus.TRANSFERRED,
    PayoutStatus.SENT,
    PayoutStatus.FAILED,
)


def pay_ins_of(user: User) -> QuerySet[PayIn]:
    """A lender's pay-ins, newest first."""
    return PayIn.objects.filter(lender=user).order_by("-created_at", "-id")


def pay_in_of(user: User, uuid: UUID) -> PayIn:
    """One pay-in of this lender; NotFound for anyone else's."""
    found = pay_ins_of(user).filter(uuid=uuid).first()
    if found is None:
        raise NotFound(f"pay-in {uuid}")
    return found


def pending_pay_ins_of(user: User) -> QuerySet[PayIn]:
    """Pay-ins that may still come."""
    return pay_ins_of(user).filter(status__in=PAY_IN_UNFINISHED)


def payouts_of(user: User) -> QuerySet[Payout]:
    """Money sent or to be sent to a person's bank, newest first."""
    return (
        Payout.objects.filter(person=user).select_related("loan").order_by("-requested_at", "-id")
    )


def pending_payouts_of(user: User) -> QuerySet[Payout]:
    """Payouts that no bank has confirmed yet."""
    return payouts_of(user).filter(status__in=_ON_ITS_WAY)


def collections_of(user: User) -> QuerySet[Collection]:
    """Debits of a borrower's bank account, newest first."""
    rows = Collection.objects.filter(instalment__loan__borrower=user)
    return rows.select_related("instalment__loan").order_by("-created_at", "-id")


def open_collections_of(user: User) -> QuerySet[Collection]:
    """Debits that the bank has yet to answer."""
    return collections_of(user).filter(status__in=COLLECTION_OPEN)


def unseasoned_cents(user: User, on: date) -> int:
    """Money from debits that its payer may still take back."""
    rows = pay_ins_of(user).filter(status=PayInStatus.CONFIRMED, seasoned_on__gt=on)
    total: int = rows.aggregate(all=Coalesce(Sum("amount_cents"), 0))["all"]
    return total


def withdrawable_cents(user: User, on: date) -> int:
    """What may leave the wallet on `on`: available cash beyond money that is not yet final."""
    cash = balance_cents(Role.CASH, user.pk)
    return max(0, cash - unseasoned_cents(user, on))
