"""Withdrawals: reserved in the ledger first, then sent as a payout."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction

from accounts.models import User
from accounts.selectors import active_bank_account, is_identified
from core.clock import day_of
from core.jobs import enqueue
from ledger.chart import Role
from ledger.services import locked_accounts
from payments.errors import (
    AmountOutOfRange,
    NoBankAccount,
    NotIdentified,
    NotWithdrawable,
    WrongRole,
)
from payments.limits import MIN_WITHDRAWAL_CENTS
from payments.models import Payout
from payments.selectors import withdrawable_cents
from payments.services import booking
from payments.states import PayoutKind


@transaction.atomic
def request_withdrawal(
    *, lender: User, amount_cents: int, at: datetime, request_key: UUID
) -> Payout:
    """Take money out of a wallet and put it on its way to the person's bank.

    The same `request_key` again returns the same payout. Raises WrongRole, NotIdentified,
    NoBankAccount, AmountOutOfRange or NotWithdrawable.
    """
    if lender.is_staff:
        raise WrongRole
    locked_accounts({Role.CASH: [lender.pk], Role.IN_TRANSIT_OUT: [lender.pk]})
    if earlier := Payout.objects.filter(request_key=request_key, person=lender).first():
        return earlier
    if not is_identified(lender):
        raise NotIdentified
    if active_bank_account(lender) is None:
        raise NoBankAccount
    if amount_cents < MIN_WITHDRAWAL_CENTS:
        raise AmountOutOfRange(field="amount")
    if amount_cents > withdrawable_cents(lender, day_of(at)):
        raise NotWithdrawable(field="amount")
    payout = Payout.objects.create(
        kind=PayoutKind.WITHDRAWAL,
        person=lender,
        request_key=request_key,
        amount_cents=amount_cents,
        requested_at=at,
    )
    booking.withdrawal_requested(
        reference=f"withdrawal:{payout.uuid}", person_id=lender.pk, cents=amount_cents, at=at
    )
    enqueue("payments.send_payouts")
    return payout
