"""Collections: an instalment is debited on its day, tried again if it comes back, and passed on.

A debit is sent some bank days before the day on which it is to happen. Only what the provider
reports as received is booked; then it is shared out among the lenders as a repayment.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Final, NamedTuple

import structlog
from django.db import connection, transaction

from accounts import services as accounts
from accounts.models import BankAccount, BankStatus
from accounts.selectors import latest_bank_account
from core.audit import subject_of
from core.clock import day_of
from core.dates import business_days_before
from core.errors import DomainError
from core.transitions import advance
from ledger.chart import EntryKind
from lending.domain.due_dates import payable_on
from lending.models import LoanEventKind
from lending.services.timeline import note_event
from payments.errors import Refused, UnexpectedFact
from payments.facts import Payment
from payments.gateway import gateway
from payments.limits import (
    ANNOUNCE_BANK_DAYS,
    LONGEST_NOTICE_DAYS,
    MIN_DEBIT_CENTS,
)
from payments.models import Collection, OperationKind, PaymentCard, ProviderOperation
from payments.retries import debited_on, next_try_on
from payments.services import booking, cards, closings, letters, operations
from payments.services.passing_on import locked_collection, pass_on, pass_on_collected
from payments.states import (
    COLLECTION_TRANSITIONS,
    CardStatus,
    CollectionStatus,
    OperationStatus,
)

log = structlog.get_logger(__name__)

_CONFIRM_YOURSELF: Final = "authentication_required"


class _Due(NamedTuple):
    """An instalment that may be debited now, with the story of earlier attempts."""

    instalment_id: int
    due_on: date
    open_cents: int
    borrower_id: int
    tries: int
    failed_on: date | None


def collect_due(*, on: date, at: datetime) -> dict[str, object]:
    """Day end: send the debits whose day has come, and pass on what was collected."""
    without_account, sent, refused, asked_cents = 0, 0, 0, 0
    banks = {
        account.user_id: account for account in BankAccount.objects.filter(status=BankStatus.ACTIVE)
    }
    in_use = PaymentCard.objects.filter(status=CardStatus.ACTIVE).select_related("person")
    by_card = {card.person_id: card for card in in_use}
    for due in _due(on):
        account, card = banks.get(due.borrower_id), by_card.get(due.borrower_id)
        if card is not None:
            if on < payable_on(due.due_on):
                continue
            account = account or latest_bank_account(card.person)
        if account is None or not (card or account.provider_mandate):
            without_account += 1
            continue
        collection = _record(due, account, card, on=on, at=at)
        try:
            _send(collection, at=at)
        except DomainError as problem:
            log.warning("debit_not_sent", collection=str(collection.uuid), code=problem.code)
            refused += 1
        else:
            sent, asked_cents = sent + 1, asked_cents + collection.amount_cents
    return {
        "debits": sent,
        "asked_cents": asked_cents,
        "not_sent": refused,
        "without_account": without_account,
        "passed_on": pass_on_collected(at=at),
    }


def send(*, collection_id: int, at: datetime) -> Collection:
    """Ask for the debit of a recorded collection; repeating it is harmless."""
    rows = Collection.objects.select_related("bank_account", "card", "instalment__loan")
    collection = rows.get(pk=collection_id)
    _send(collection, at=at)
    collection.refresh_from_db()
    return collection


def _send(collection: Collection, *, at: datetime) -> None:
    operation = operations.intend(
        kind=OperationKind.COLLECT,
        subject=subject_of(collection),
        at=at,
        params=_params(collection),
    )
    try:
        if operation.status != OperationStatus.CONFIRMED:
            if not collection.card:
                _look_at_mandate(collection, operation, at=at)
            operations.carry_out(operation, lambda key: _ask(collection, operation, key), at=at)
    except Refused as refusal:
        code = refusal.decline_code or refusal.reason
        _fail(collection.pk, code, at=at)
        if collection.card:
            cards.note_refusal(card=collection.card, code=code, at=at)
        raise
    _note_sent(collection.pk, Payment.read(operation.answer), at=at)
    if collection.card:
        refresh(collection_id=collection.pk, at=at)


def _ask(collection: Collection, operation: ProviderOperation, key: str) -> Payment:
    """Ask the bank for a debit on its day, or the card for the money now."""
    params = dict(operation.params)
    if collection.card:
        return gateway().charge_card(key=key, metadata=operation.metadata, **params)
    params["target_on"] = date.fromisoformat(params["target_on"])
    return gateway().collect(key=key, metadata=operation.metadata, **params)


def _look_at_mandate(collection: Collection, operation: ProviderOperation, *, at: datetime) -> None:
    """Ask for no debit under a mandate that is over.

    Asked about are mandates that never carried a debit, and those of a debit that came back.
    """
    account = collection.bank_account
    good = Collection.objects.filter(bank_account=account, status=CollectionStatus.SUCCEEDED)
    if operation.sent_at or (collection.number == 1 and good.exists()):
        return
    if gateway().mandate(account.provider_mandate).status != "inactive":
        return
    accounts.fail_bank_account(bank_account_id=account.pk, at=at, reason="mandate_inactive")
    operations.abandon(operation, at=at, reason="mandate_inactive")
    raise Refused("the mandate is over", reason="mandate_inactive")


def look(*, collection_id: int, at: datetime) -> Collection:
    """Fetch the payment and move the collection to where it is."""
    collection = Collection.objects.get(pk=collection_id)
    if collection.payment_id:
        collection = _apply(collection.pk, gateway().payment(collection.payment_id), at=at)
    return collection


def refresh(*, collection_id: int, at: datetime) -> Collection:
    """Fetch the payment, move the collection to where it is, and pass on what was collected."""
    collection = look(collection_id=collection_id, at=at)
    if collection.status == CollectionStatus.SUCCEEDED and not collection.is_passed_on:
        pass_on(collection_id=collection.pk, at=at)
        collection.refresh_from_db()
    return collection


def _due(on: date) -> Iterator[_Due]:
    """Unpaid instalments whose debit is to be sent on `on`, in order of their due dates."""
    horizon = on + timedelta(days=LONGEST_NOTICE_DAYS)
    with connection.cursor() as cursor:
        cursor.execute(_DUE, {"horizon": horizon, "least": MIN_DEBIT_CENTS})
        rows = [_Due(*row) for row in cursor.fetchall()]
    for due in rows:
        first_day: date | None
        if due.failed_on is None:
            first_day = business_days_before(payable_on(due.due_on), ANNOUNCE_BANK_DAYS)
        else:
            first_day = next_try_on(due.tries, due.failed_on)
        if first_day is not None and first_day <= on:
            yield due


@transaction.atomic
def _record(
    due: _Due, account: BankAccount, card: PaymentCard | None, *, on: date, at: datetime
) -> Collection:
    soonest = on if card else debited_on(on)
    collection, _ = Collection.objects.get_or_create(
        instalment_id=due.instalment_id,
        number=due.tries + 1,
        defaults={
            "bank_account": account,
            "card": card,
            "amount_cents": due.open_cents,
            "target_on": max(payable_on(due.due_on), soonest),
            "created_at": at,
        },
    )
    return collection


def _params(collection: Collection) -> dict[str, object]:
    account, instalment = collection.bank_account, collection.instalment
    description = f"{instalment.loan.number} {instalment.number}"
    if collection.card:
        return {
            "customer_id": collection.card.provider_customer,
            "method_id": collection.card.provider_method,
            "amount_cents": collection.amount_cents,
            "description": description,
        }
    return {
        "customer_id": account.provider_customer,
        "method_id": account.provider_method,
        "mandate_id": account.provider_mandate,
        "amount_cents": collection.amount_cents,
        "target_on": collection.target_on.isoformat(),
        "description": description,
    }


@transaction.atomic
def _note_sent(collection_id: int, fact: Payment, *, at: datetime) -> None:
    collection = locked_collection(collection_id)
    if collection.status != CollectionStatus.CREATED:
        return
    advance(
        collection,
        CollectionStatus.PROCESSING,
        table=COLLECTION_TRANSITIONS,
        at=at,
        payment_id=fact.id,
    )
    _tell(collection, LoanEventKind.TRIED, at=at)
    if not collection.card_id:
        letters.debit_announced(collection, at=at)


@transaction.atomic
def _apply(collection_id: int, fact: Payment, *, at: datetime) -> Collection:
    """Move forward only, from what the provider says now."""
    collection = locked_collection(collection_id)
    if collection.status != CollectionStatus.PROCESSING:
        return collection
    if fact.status == "succeeded":
        _succeed(collection, fact, at=at)
    elif fact.status in ("requires_payment_method", "canceled"):
        _note_failure(collection, fact.failure_code or fact.status, at=at)
    return collection


def _succeed(collection: Collection, fact: Payment, *, at: datetime) -> None:
    line = fact.transaction
    if line is None or line.amount_cents != collection.amount_cents:
        raise UnexpectedFact(f"{collection.uuid}: {fact.received_cents} cents received")
    advance(
        collection,
        CollectionStatus.SUCCEEDED,
        table=COLLECTION_TRANSITIONS,
        at=at,
        transaction_id=line.id,
        fee_cents=line.fee_cents,
        settled_on=min(day_of(line.created_at), day_of(at)),
    )
    booking.money_in(
        reference=collection.reference,
        kind=EntryKind.COLLECTION,
        person_id=collection.instalment.loan.borrower_id,
        line=line,
        at=at,
    )


@transaction.atomic
def _fail(collection_id: int, reason: str, *, at: datetime) -> None:
    collection = locked_collection(collection_id)
    if collection.status in (CollectionStatus.CREATED, CollectionStatus.PROCESSING):
        _note_failure(collection, reason, at=at)


def _note_failure(collection: Collection, reason: str, *, at: datetime) -> None:
    advance(
        collection,
        CollectionStatus.FAILED,
        table=COLLECTION_TRANSITIONS,
        at=at,
        failure_code=reason[:80],
        settled_on=day_of(at),
    )
    if collection.payment_id:  # the provider's payment is not over: it could still succeed
        closings.record(
            OperationKind.CANCEL,
            subject=subject_of(collection),
            target=collection.payment_id,
            at=at,
        )
    _tell(collection, LoanEventKind.RETURNED, at=at)
    if reason == _CONFIRM_YOURSELF:
        letters.card_needs_you(collection, at=at)
    else:
        letters.debit_returned(collection, at=at)


def _tell(collection: Collection, kind: LoanEventKind, *, at: datetime) -> None:
    note_event(
        loan_id=collection.instalment.loan_id,
        kind=kind,
        on=day_of(at),
        key=f"{kind}:{collection.uuid}",
        instalment_number=collection.instalment.number,
        amount_cents=collection.amount_cents,
    )


_DUE = """
SELECT instalment.id, instalment.due_on,
       instalment.principal_cents + instalment.interest_cents
           - instalment.paid_principal_cents - instalment.paid_interest_cents,
       loan.borrower_id, count(earlier.id), max(coalesce(earlier.returned_on, earlier.settled_on))
FROM lending_instalment AS instalment
JOIN lending_loan AS loan ON loan.id = instalment.loan_id AND loan.status = 'active'
JOIN lending_instalment AS version
    ON version.loan_id = instalment.loan_id AND version.due_on = instalment.due_on
LEFT JOIN payments_collection AS earlier ON earlier.instalment_id = version.id
WHERE instalment.paid_on IS NULL AND instalment.superseded_on IS NULL
  AND instalment.due_on <= %(horizon)s
GROUP BY instalment.id, loan.borrower_id
HAVING bool_and(earlier.id IS NULL OR earlier.status IN ('failed', 'taken_back'))
   AND instalment.principal_cents + instalment.interest_cents
       - instalment.paid_principal_cents - instalment.paid_interest_cents >= %(least)s
ORDER BY instalment.due_on, instalment.id
"""
