"""Late returns: a debit that was booked is taken back by the payer's bank.

The provider shows it as a dispute that is lost. Of an instalment, what the lenders got is taken
back from them first, so that the money is the borrower's again. Then it leaves the wallet of the
borrower, or of the lender who had paid in, for the bank. Who lacks it owes exactly what is missing.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from django.db import transaction

from accounts import services as accounts
from core.clock import day_of
from core.transitions import advance
from ledger.chart import PLATFORM_ID, EntryKind, Role
from ledger.services import Move, account_id, lock_accounts, locked_accounts, post_entry
from lending.services.reversals import reverse_repayment
from payments.errors import UnexpectedFact
from payments.facts import BalanceTransaction, Dispute
from payments.gateway import gateway
from payments.models import Collection, PayIn
from payments.services import letters, pay_ins
from payments.services.passing_on import pass_on
from payments.states import (
    COLLECTION_TRANSITIONS,
    PAY_IN_TRANSITIONS,
    CollectionStatus,
    PayInStatus,
)

_MANDATE_IS_OVER: Final = "debit_not_authorized"


def refresh_dispute(*, dispute_id: str, at: datetime) -> Collection | PayIn | None:
    """Fetch a dispute and take back what it is about; None when that is not ours."""
    fact = gateway().dispute(dispute_id)
    if not fact.payment_id:
        return None
    is_lost = fact.status == "lost"
    if found := Collection.objects.filter(payment_id=fact.payment_id).first():
        if is_lost and found.status == CollectionStatus.SUCCEEDED:
            found = take_back(collection_id=found.pk, fact=fact, at=at)
        return found
    pay_in = PayIn.objects.filter(payment_id=fact.payment_id).first()
    if pay_in and is_lost and pay_in.status != PayInStatus.TAKEN_BACK:
        pay_ins.refresh(pay_in_id=pay_in.pk, at=at)  # its own news may come after this
        return take_back_pay_in(pay_in_id=pay_in.pk, fact=fact, at=at)
    return pay_in


@transaction.atomic
def take_back(*, collection_id: int, fact: Dispute, at: datetime) -> Collection:
    """Take a collected debit back from lenders and borrower, once.

    Raises UnexpectedFact when another sum was taken than was collected.
    """
    pass_on(collection_id=collection_id, at=at)
    rows = Collection.objects.select_for_update(of=("self",))
    collection = rows.select_related("instalment__loan", "bank_account").get(pk=collection_id)
    if collection.status != CollectionStatus.SUCCEEDED:
        return collection
    line = _whole(fact, collection)
    if collection.repayment_id is not None:
        reverse_repayment(
            repayment_id=collection.repayment_id, on=day_of(at), at=at, reason=fact.reason
        )
    _money_out(
        collection.instalment.loan.borrower_id,
        collection.amount_cents,
        reference=collection.return_reference,
        at=at,
    )
    advance(
        collection,
        CollectionStatus.TAKEN_BACK,
        table=COLLECTION_TRANSITIONS,
        at=at,
        return_transaction_id=line.id,
        failure_code=fact.reason[:80],
        returned_on=day_of(at),
    )
    if fact.reason == _MANDATE_IS_OVER:
        accounts.fail_bank_account(
            bank_account_id=collection.bank_account_id, at=at, reason=fact.reason
        )
    return collection


@transaction.atomic
def take_back_pay_in(*, pay_in_id: int, fact: Dispute, at: datetime) -> PayIn:
    """Take a pay-in that was credited back out of the lender's wallet, once.

    What the lender has lent or promised stays so; what the wallet lacks is owed.
    Raises UnexpectedFact when another sum was taken than was paid in.
    """
    pay_in = PayIn.objects.select_for_update().get(pk=pay_in_id)
    if pay_in.status != PayInStatus.CONFIRMED:
        return pay_in
    line = _whole(fact, pay_in)
    missing = _money_out(
        pay_in.lender_id, pay_in.amount_cents, reference=pay_in.return_reference, at=at
    )
    advance(
        pay_in,
        PayInStatus.TAKEN_BACK,
        table=PAY_IN_TRANSITIONS,
        at=at,
        return_transaction_id=line.id,
        failure_code=fact.reason[:80],
        returned_on=day_of(at),
    )
    letters.pay_in_taken_back(pay_in, missing, at=at)
    return pay_in


def _whole(fact: Dispute, row: Collection | PayIn) -> BalanceTransaction:
    """The provider's line that took all of it back, and nothing besides."""
    line = fact.transaction
    if line is None or line.amount_cents != -row.amount_cents or line.fee_cents:
        raise UnexpectedFact(f"{row.uuid}: {fact.amount_cents} cents taken back")
    return line


def _money_out(person_id: int, cents: int, *, reference: str, at: datetime) -> int:
    """Out of a wallet, by way of clearing; returns the cents that were not there and are owed."""
    platform = [PLATFORM_ID]
    found = locked_accounts(
        {Role.CASH: [person_id], Role.CLEARING_IN: platform, Role.PROVIDER: platform}
    )
    cash, clearing = found[Role.CASH][person_id], found[Role.CLEARING_IN][PLATFORM_ID]
    missing = max(cents - lock_accounts([cash])[cash], 0)
    moves = [
        Move(cash, clearing, cents),
        Move(clearing, found[Role.PROVIDER][PLATFORM_ID], cents),
    ]
    if missing:
        moves.insert(0, Move(account_id(Role.RECEIVABLE, person_id), cash, missing))
    post_entry(
        reference=reference,
        kind=EntryKind.REVERSAL,
        effective_on=day_of(at),
        at=at,
        moves=moves,
    )
    return missing
