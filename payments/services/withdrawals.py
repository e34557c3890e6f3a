"""Withdrawals: reserved in the ledger first, then sent as a payout."""

from __future__ import annotations

from datetime import date, datetime
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
    CoolingDown,
    NoBankAccount,
    NotIdentified,
    NotWithdrawable,
    NotYetFinal,
    WrongRole,
)
from payments.limits import MIN_WITHDRAWAL_CENTS
from payments.models import Payout
from payments.selectors import withdrawable_cents, withdrawable_from
from payments.services import booking
from payments.states import PayoutKind


@transaction.atomic
def request_withdrawal(
    *, lender: User, amount_cents: int, at: datetime, request_key: UUID
) -> Payout:
    """Take money out of a wallet and put it on its way to the person's bank.

    The same `request_key` again returns the same payout. Raises WrongRole, NotIdentified,
    NoBankAccount, CoolingDown, AmountOutOfRange, NotWithdrawable or NotYetFinal.
    """
    if lender.is_staff:
        raise WrongRole
    locked_accounts({Role.CASH: [lender.pk], Role.IN_TRANSIT_OUT: [lender.pk]})
    if earlier := Payout.objects.filter(request_key=request_key, person=lender).first():
        return earlier
    if not is_identified(lender):
        raise NotIdentified
    account = active_bank_account(lender)
    if account is None:
        raise NoBankAccount
    if account.is_cooling_down(at):
        raise CoolingDown(from_at=account.payouts_from)
    if amount_cents < MIN_WITHDRAWAL_CENTS:
        raise AmountOutOfRange(field="amount")
    _check_final(lender, amount_cents, on=day_of(at))
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


def _check_final(person: User, amount_cents: int, *, on: date) -> None:
    """Refuse what is not in the wallet, or may not leave it yet; the latter with its day."""
    most_cents = withdrawable_cents(person, on)
    if amount_cents <= most_cents:
        return
    from_on = withdrawable_from(person, amount_cents, on)
    if from_on is None:
        raise NotWithdrawable(field="amount")
    raise NotYetFinal(field="amount", most_cents=most_cents, from_on=from_on)
