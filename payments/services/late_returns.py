"""Late returns: a debit that was collected, booked and shared out is taken back by the bank.

The provider shows it as a dispute that is lost. What the lenders got is taken back from them first,
so that the money is the borrower's again; then it leaves the borrower's wallet for the bank. Who
lacks it owes exactly what is missing.
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
from payments.facts import Dispute
from payments.gateway import gateway
from payments.models import Collection
from payments.services.passing_on import pass_on
from payments.states import COLLECTION_TRANSITIONS, CollectionStatus

_MANDATE_IS_OVER: Final = "debit_not_authorized"


def refresh_dispute(*, dispute_id: str, at: datetime) -> Collection | None:
    """Fetch a dispute and take back the collection that it is about; None when it is not ours."""
    fact = gateway().dispute(dispute_id)
    found = Collection.objects.filter(payment_id=fact.payment_id).exclude(payment_id="").first()
    if found is None:
        return None
    if fact.status == "lost" and found.status == CollectionStatus.SUCCEEDED:
        found = take_back(collection_id=found.pk, fact=fact, at=at)
    return found


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
    line = fact.transaction
    if line is None or line.amount_cents != -collection.amount_cents or line.fee_cents:
        raise UnexpectedFact(f"{collection.uuid}: {fact.amount_cents} cents taken back")
    if collection.repayment_id is not None:
        reverse_repayment(
            repayment_id=collection.repayment_id, on=day_of(at), at=at, reason=fact.reason
        )
    _money_out(collection, at=at)
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


def _money_out(collection: Collection, *, at: datetime) -> None:
    """Out of the borrower's wallet, by way of clearing; what is not there is owed."""
    borrower_id, cents = collection.instalment.loan.borrower_id, collection.amount_cents
    platform = [PLATFORM_ID]
    found = locked_accounts(
        {Role.CASH: [borrower_id], Role.CLEARING_IN: platform, Role.PROVIDER: platform}
    )
    cash, clearing = found[Role.CASH][borrower_id], found[Role.CLEARING_IN][PLATFORM_ID]
    missing = cents - lock_accounts([cash])[cash]
    moves = [
        Move(cash, clearing, cents),
        Move(clearing, found[Role.PROVIDER][PLATFORM_ID], cents),
    ]
    if missing > 0:
        moves.insert(0, Move(account_id(Role.RECEIVABLE, borrower_id), cash, missing))
    post_entry(
        reference=collection.return_reference,
        kind=EntryKind.REVERSAL,
        effective_on=day_of(at),
        at=at,
        moves=moves,
    )
