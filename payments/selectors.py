"""Reads of payments; whatever is private takes the person who asks."""

from __future__ import annotations

from datetime import date
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection
from django.db.models import DateField, Exists, OuterRef, Q, QuerySet, Value

from accounts.models import User
from core.errors import NotFound
from ledger.chart import Role
from ledger.selectors import balance_cents
from payments.models import (
    Collection,
    Difference,
    Dispute,
    PayIn,
    PaymentCard,
    Payout,
    SuspenseItem,
)
from payments.own_lines import OWN_LINES
from payments.retries import debited_on, next_try_on, why
from payments.seasoning import waiting_money
from payments.states import (
    COLLECTION_OPEN,
    DISPUTE_ANSWERABLE,
    PAY_IN_UNFINISHED,
    SUSPENSE_HELD,
    CardStatus,
    CollectionStatus,
    DisputeStatus,
    PayoutStatus,
)

_FAILED = (CollectionStatus.FAILED, CollectionStatus.TAKEN_BACK)
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


def card_of(user: User) -> PaymentCard | None:
    """The debit card that a borrower's instalments are taken from, or None."""
    return PaymentCard.objects.filter(person=user, status=CardStatus.ACTIVE).first()


def latest_card_of(user: User) -> PaymentCard | None:
    """The card that the person began to save last, however that ended."""
    return PaymentCard.objects.filter(person=user).order_by("-id").first()


def collections_of(user: User) -> QuerySet[Collection]:
    """Debits of a borrower's bank account, newest first."""
    rows = Collection.objects.filter(instalment__loan__borrower=user)
    return rows.select_related("instalment__loan").order_by("-created_at", "-id")


class Debit(NamedTuple):
    """One attempt to debit an instalment, as its borrower reads it."""

    collection: Collection
    why: Any
    next_on: date | None
    is_last: bool


def debits_of(user: User, loan_id: int, most: int = 6, number: int | None = None) -> list[Debit]:
    """The latest debits of a borrower's loan, newest first, with the day of the next try.

    A day is named only for the newest failed attempt at an instalment that is still to be paid.

    Args:
        number: of the one instalment that is wanted; without it, all.
    """
    rows = collections_of(user).filter(instalment__loan_id=loan_id)
    if number is not None:
        rows = rows.filter(instalment__number=number)
    newest: set[int] = set()
    found = []
    for row in rows.select_related("bank_account", "card")[:most]:
        failed_on = row.returned_on or row.settled_on
        is_newest = row.instalment_id not in newest
        newest.add(row.instalment_id)
        is_open = row.status in _FAILED and row.instalment.paid_on is None and is_newest
        sent_on = next_try_on(row.number, failed_on) if is_open and failed_on else None
        next_on = debited_on(sent_on) if sent_on else None
        found.append(Debit(row, why(row.failure_code), next_on, is_open and sent_on is None))
    return found


def debit_to_come(user: User, loan_id: int, number: int) -> date | None:
    """When an instalment of that number is debited next, or is being debited; None if it is not."""
    for debit in debits_of(user, loan_id, most=1, number=number):
        is_open = debit.collection.status in COLLECTION_OPEN
        return debit.collection.target_on if is_open else debit.next_on
    return None


def open_collections_of(user: User) -> QuerySet[Collection]:
    """Debits that the bank has yet to answer."""
    return collections_of(user).filter(status__in=COLLECTION_OPEN)


def unseasoned_cents(user: User, on: date) -> int:
    """Money from debits that its payer may still take back."""
    return sum(each.cents for each in waiting_money(user, on))


def withdrawable_cents(user: User, on: date) -> int:
    """What may leave the wallet on `on`: available cash beyond money that is not yet final."""
    cash = balance_cents(Role.CASH, user.pk)
    return max(0, cash - unseasoned_cents(user, on))


def withdrawable_from(user: User, cents: int, on: date) -> date | None:
    """The first day from which `cents` may leave, as things stand; None when they are not there."""
    cash = balance_cents(Role.CASH, user.pk)
    if cents > cash:
        return None
    waiting = waiting_money(user, on)
    unseasoned, from_on = sum(each.cents for each in waiting), on
    for each in waiting:
        if cash - unseasoned >= cents:
            break
        unseasoned, from_on = unseasoned - each.cents, each.from_on
    return from_on


def open_differences() -> QuerySet[Difference]:
    """What the provider's books and ours do not agree on now, the oldest first; for staff."""
    return Difference.objects.filter(gone_on=None).order_by("seen_on", "id")


def as_told(rows: QuerySet[Difference], on: date) -> QuerySet[Difference]:
    """With what telling of them on a day takes: `is_held`, money in suspense for it; `told_on`."""
    held = SuspenseItem.objects.filter(
        line__transaction_id=OuterRef("transaction_id"), status__in=SUSPENSE_HELD
    )
    is_held = ~Q(transaction_id="") & Exists(held)
    return rows.annotate(is_held=is_held, told_on=Value(on, DateField()))


def waiting_disputes() -> int:
    """Disputes that wait for an answer of ours, or that nobody can tell what to do with."""
    wanted = [*DISPUTE_ANSWERABLE, DisputeStatus.UNKNOWN]
    return Dispute.objects.filter(status__in=wanted, has_evidence=False).count()


def differences_count() -> int:
    """How many differences are open."""
    return open_differences().count()


def entry_of_line(transaction_id: str) -> tuple[str, int | None]:
    """The name of our row for a line of the provider and its entry; "" and None without one."""
    with connection.cursor() as cursor:
        cursor.execute(_ENTRY_OF_LINE, {"line": transaction_id})
        found = cursor.fetchone()
    return (found[0], found[1]) if found else ("", None)


_ENTRY_OF_LINE = f"""
SELECT own.reference, entry.id
FROM ({OWN_LINES}) AS own LEFT JOIN ledger_entry AS entry ON entry.reference = own.reference
WHERE own.transaction_id = %(line)s
"""  # noqa: S608 - our own words
