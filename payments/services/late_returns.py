"""Money that a payer's bank takes back after it was booked, and money that it gives back again.

Of an instalment, what the lenders got is taken back from them first, so that the money is the
borrower's again. Then what was taken leaves the wallet of the borrower, or of the lender who had
paid in, for the bank; who lacks it owes exactly what is missing. What the bank left of an
instalment, and what it gives back after a dispute is won, is shared out anew.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from django.db.models import Q, QuerySet

from accounts import services as accounts
from core.clock import day_of
from core.transitions import advance
from ledger.chart import PLATFORM_ID, EntryKind, Role
from ledger.selectors import balance_cents
from ledger.services import Move, account_id, lock_accounts, locked_accounts, post_entry
from lending.models import Repayment
from lending.selectors.charges import payable
from lending.services.receivables import settle_receivables
from lending.services.repayments import repay
from lending.services.reversals import reverse_repayment
from payments.models import Collection, PayIn
from payments.services import letters
from payments.services.passing_on import pass_on
from payments.states import (
    COLLECTION_TRANSITIONS,
    PAY_IN_TRANSITIONS,
    CollectionStatus,
    PayInStatus,
)

_MANDATE_IS_OVER: Final = "debit_not_authorized"


def take_back(
    collection: Collection,
    cents: int,
    *,
    kept_cents: int,
    reference: str,
    transaction_id: str,
    reason: str,
    at: datetime,
) -> None:
    """Take money of a collected debit back from lenders and borrower; the caller holds its row.

    Args:
        kept_cents: what the bank leaves of the debit; it is shared out again.
        transaction_id: the provider's line, of which a further payment is named.
    """
    pass_on(collection_id=collection.pk, at=at)
    for payment in _payments(collection).order_by("-id"):
        reverse_repayment(repayment_id=payment.pk, on=day_of(at), at=at, reason=reason)
    borrower_id = collection.instalment.loan.borrower_id
    _money_out(borrower_id, cents, reference=reference, at=at)
    if kept_cents:
        _share(collection, kept_cents, transaction_id, at=at)
    if collection.status == CollectionStatus.SUCCEEDED:
        advance(
            collection,
            CollectionStatus.TAKEN_BACK,
            table=COLLECTION_TRANSITIONS,
            at=at,
            return_transaction_id=transaction_id,
            failure_code=reason[:80],
            returned_on=day_of(at),
        )
    if reason == _MANDATE_IS_OVER:
        accounts.fail_bank_account(bank_account_id=collection.bank_account_id, at=at, reason=reason)


def give_again(
    collection: Collection,
    cents: int,
    *,
    reference: str,
    transaction_id: str,
    at: datetime,
) -> None:
    """Book what the bank gives back of a debit, and share it out as far as something is due."""
    borrower_id = collection.instalment.loan.borrower_id
    _money_in(borrower_id, cents, reference=reference, at=at)
    _share(collection, cents, transaction_id, at=at)
    letters.money_given_again(borrower_id, cents, key=reference, at=at)


def take_back_pay_in(
    pay_in: PayIn, cents: int, *, reference: str, transaction_id: str, reason: str, at: datetime
) -> None:
    """Take money of a pay-in out of the lender's wallet again; the caller holds its row.

    What the lender has lent or promised stays so; what the wallet lacks is owed.
    """
    missing = _money_out(pay_in.lender_id, cents, reference=reference, at=at)
    if pay_in.status == PayInStatus.CONFIRMED:
        advance(
            pay_in,
            PayInStatus.TAKEN_BACK,
            table=PAY_IN_TRANSITIONS,
            at=at,
            return_transaction_id=transaction_id,
            failure_code=reason[:80],
            returned_on=day_of(at),
        )
    letters.pay_in_taken_back(pay_in, cents, missing, key=reference, at=at)


def give_pay_in_again(pay_in: PayIn, cents: int, *, reference: str, at: datetime) -> None:
    """Book what the bank gives back of a pay-in."""
    _money_in(pay_in.lender_id, cents, reference=reference, at=at)
    letters.money_given_again(pay_in.lender_id, cents, key=reference, at=at)


def _payments(collection: Collection) -> QuerySet[Repayment]:
    """The payments made of a debit that still count."""
    own = Q(reference=str(collection.uuid)) | Q(reference__startswith=f"{collection.uuid}:")
    return Repayment.objects.filter(own, reversed_on__isnull=True)


def _share(collection: Collection, cents: int, name: str, *, at: datetime) -> None:
    """Pay the lenders from what the borrower has of a debit; the rest stays in the wallet.

    It counts from today on: until then the payment counted that was taken back.
    """
    loan = collection.instalment.loan
    loan.refresh_from_db()
    due = payable(loan, day_of(at), collection.instalment_id)
    cash_cents = balance_cents(Role.CASH, loan.borrower_id)
    if amount_cents := min(cents, due.total_cents, cash_cents):
        repay(
            loan_id=loan.pk,
            amount_cents=amount_cents,
            reference=f"{collection.uuid}:{name}",
            received_on=day_of(at),
            at=at,
            instalment_id=collection.instalment_id,
        )


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
    _post(reference, moves, at=at)
    return missing


def _money_in(person_id: int, cents: int, *, reference: str, at: datetime) -> None:
    """Into a wallet again; what the person owed since the return is settled from it first."""
    clearing = account_id(Role.CLEARING_IN)
    moves = [
        Move(account_id(Role.PROVIDER), clearing, cents),
        Move(clearing, account_id(Role.CASH, person_id), cents),
    ]
    _post(reference, moves, at=at)
    settle_receivables(person_ids=[person_id], cause=reference, on=day_of(at), at=at)


def _post(reference: str, moves: list[Move], *, at: datetime) -> None:
    post_entry(
        reference=reference,
        kind=EntryKind.REVERSAL,
        effective_on=day_of(at),
        at=at,
        moves=moves,
    )
