"""What was collected is passed on to the lenders: one debit alone, or a day of them at once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import structlog
from django.db import connection, transaction

from core.bulk import array_of
from core.clock import day_of
from core.errors import DomainError
from lending.models import Repayment
from lending.selectors.charges import payable
from lending.selectors.plain_payments import Payment
from lending.services.repayments import repay
from lending.services.repayments_bulk import in_parts, share_in_bulk
from payments.models import Collection
from payments.services import letters
from payments.states import CollectionStatus

log = structlog.get_logger(__name__)

MANY: Final = 20
"""From so many on it pays to share them out together."""


def pass_on_collected(*, at: datetime) -> int:
    """Share out whatever was collected and not yet passed on; returns how many."""
    done = 0
    waiting = _waiting(at)
    if len(waiting) >= MANY:
        for part in in_parts(waiting):
            done += _pass_on_together(part, at=at)
        waiting = _waiting(at)
    for payment in waiting:
        try:
            pass_on(collection_id=_collection_of(payment), at=at)
            done += 1
        except DomainError as problem:
            log.error("collection_not_passed_on", collection=payment.reference, code=problem.code)
    return done


def _waiting(at: datetime) -> list[Payment]:
    """What was collected and not passed on, as payments named by their collection."""
    rows = Collection.objects.filter(status=CollectionStatus.SUCCEEDED, is_passed_on=False)
    columns = ("instalment__loan", "amount_cents", "uuid", "settled_on", "instalment")
    return [
        Payment(loan_id, cents, str(uuid), settled_on or day_of(at), instalment_id)
        for loan_id, cents, uuid, settled_on, instalment_id in rows.order_by("id").values_list(
            *columns
        )
    ]


def _collection_of(payment: Payment) -> int:
    return Collection.objects.values_list("pk", flat=True).get(uuid=payment.reference)


def _pass_on_together(payments: Sequence[Payment], *, at: datetime) -> int:
    """Pass on what takes the normal course; what does not is left for `pass_on`."""
    try:
        with transaction.atomic():
            return _share(payments, at=at)
    except DomainError as problem:
        log.warning("collections_not_shared_together", count=len(payments), code=problem.code)
        return 0


def _share(payments: Sequence[Payment], *, at: datetime) -> int:
    """Lock the collections that nobody else is at, then share out and mark them as passed on."""
    rows = Collection.objects.select_for_update(of=("self",), skip_locked=True).filter(
        uuid__in=[payment.reference for payment in payments],
        status=CollectionStatus.SUCCEEDED,
        is_passed_on=False,
    )
    ids = {str(uuid): pk for pk, uuid in rows.order_by("id").values_list("pk", "uuid")}
    own = [payment for payment in payments if payment.reference in ids]
    done = share_in_bulk(payments=own, at=at)
    with connection.cursor() as cursor:
        marks = [array_of(ids[reference] for reference in done), array_of(done.values())]
        cursor.execute(_MARK, marks)
    return len(done)


@transaction.atomic
def pass_on(*, collection_id: int, at: datetime) -> Repayment | None:
    """Share out a collected instalment among the lenders, once.

    If less is due by now, the rest stays in the borrower's wallet, and the borrower is told what
    can be done with it. Returns None when nothing was due any more.
    """
    collection = locked_collection(collection_id)
    if collection.is_passed_on:
        return collection.repayment
    loan, received_on = collection.instalment.loan, collection.settled_on or day_of(at)
    due = payable(loan, received_on, collection.instalment_id)
    amount_cents = min(collection.amount_cents, due.total_cents)
    repayment = None
    if amount_cents:
        repayment = repay(
            loan_id=loan.pk,
            amount_cents=amount_cents,
            reference=str(collection.uuid),
            received_on=received_on,
            at=at,
            instalment_id=collection.instalment_id,
        )
    if surplus_cents := collection.amount_cents - amount_cents:
        letters.surplus_held(collection, surplus_cents, at=at)
    Collection.objects.filter(pk=collection_id).update(repayment=repayment, is_passed_on=True)
    return repayment


def locked_collection(collection_id: int) -> Collection:
    """One collection with its instalment and loan, locked until the transaction ends."""
    rows = Collection.objects.select_for_update(of=("self",))
    return rows.select_related("instalment__loan").get(pk=collection_id)


_MARK: Final = """
UPDATE payments_collection AS collection
SET is_passed_on = true, repayment_id = made.repayment_id
FROM unnest(%s::bigint[], %s::bigint[]) AS made (id, repayment_id)
WHERE collection.id = made.id
"""
