"""Debit cards: saved on the provider's page, used for instalments, put aside when they are over.

Only debit cards are taken: a debt is not to be repaid by another debt.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Final

from django.db import transaction

from accounts.models import User
from core.audit import subject_of
from core.dates import month_range
from core.transitions import advance
from payments.errors import NoCard, Refused, WrongRole
from payments.facts import CardSetup
from payments.gateway import gateway, provider_now
from payments.limits import PAGE_LIFE
from payments.models import OperationKind, PaymentCard
from payments.places import page_after
from payments.services import forgetting, letters, operations, people
from payments.services.bank_accounts import MandateProof
from payments.states import CARD_TRANSITIONS, CardStatus

OVER: Final = frozenset({"expired_card", "lost_card", "stolen_card", "pickup_card"})
"""Refusals after which a card is of no use any more."""


def save_card(
    *, user: User, accepted: MandateProof, at: datetime, return_url: str = ""
) -> PaymentCard:
    """Open the provider's page on which a borrower saves a card; `url` leads there.

    Raises WrongRole, ProfileMissing, or the provider's refusal.
    """
    if not user.is_borrower:
        raise WrongRole
    customer_id = people.ensure_customer(user, at=at)
    card = PaymentCard.objects.create(
        person=user,
        provider_customer=customer_id,
        agreed_text=accepted.text,
        agreed_ip=accepted.ip or None,
        agreed_user_agent=accepted.user_agent,
        created_at=at,
    )
    page = page_after(return_url)
    operation = operations.intend(
        kind=OperationKind.CARD_SETUP,
        subject=subject_of(card),
        at=at,
        params={
            "customer_id": customer_id,
            "success_url": page,
            "cancel_url": page,
            "expires_at": int((provider_now() + PAGE_LIFE).timestamp()),
        },
    )
    try:
        found = operations.carry_out(
            operation,
            lambda key: gateway().create_card_setup(
                key=key, metadata=operation.metadata, **operation.params
            ),
            at=at,
        )
    except Refused as refusal:
        _end(card, CardStatus.FAILED, at=at, reason=refusal.reason)
        raise
    PaymentCard.objects.filter(pk=card.pk).update(session_id=found.id, url=found.url)
    card.refresh_from_db()
    return card


def settle(*, card_id: int, at: datetime) -> PaymentCard:
    """Use a card from now on if it was saved and is a debit card; doing it twice is harmless."""
    card = PaymentCard.objects.get(pk=card_id)
    if card.status != CardStatus.PENDING or not card.session_id:
        return card
    found = gateway().card_setup(card.session_id)
    if found.status == "expired":
        _end(card, CardStatus.FAILED, at=at, reason="expired")
    elif found.method_id and found.funding != "debit":
        _end(card, CardStatus.FAILED, at=at, reason="credit_card")
        _forget(card, found.method_id, at=at)
    elif found.method_id:
        _use(card, found, at=at)
    card.refresh_from_db()
    return card


def remove_card(*, user: User, at: datetime) -> PaymentCard:
    """Take no more instalments from the person's card. Raises NoCard."""
    card = PaymentCard.objects.filter(person=user, status=CardStatus.ACTIVE).first()
    if card is None:
        raise NoCard
    _end(card, CardStatus.REMOVED, at=at)
    _forget(card, card.provider_method, at=at)
    return card


def note_refusal(*, card: PaymentCard, code: str, at: datetime) -> None:
    """Put a card aside that is over; its holder is told, and the bank account is debited again."""
    if code in OVER and card.status == CardStatus.ACTIVE:
        _end(card, CardStatus.FAILED, at=at, reason=code)
        letters.card_is_over(card, at=at)


@transaction.atomic
def _use(card: PaymentCard, found: CardSetup, *, at: datetime) -> None:
    User.objects.select_for_update().get(pk=card.person_id)
    for other in PaymentCard.objects.filter(person_id=card.person_id, status=CardStatus.ACTIVE):
        _end(other, CardStatus.REMOVED, at=at, reason="replaced")
    advance(
        card,
        CardStatus.ACTIVE,
        table=CARD_TRANSITIONS,
        at=at,
        provider_method=found.method_id,
        brand=found.brand[:20],
        last4=found.last4[:4],
        expires_on=month_range(date(found.expires_year, found.expires_month, 1))[1],
        url="",
    )


def _end(card: PaymentCard, to: CardStatus, *, at: datetime, reason: str = "") -> None:
    advance(
        card,
        to,
        table=CARD_TRANSITIONS,
        at=at,
        reason=reason,
        ended_at=at,
        failure_code=reason[:80],
        url="",
    )


def _forget(card: PaymentCard, method_id: str, *, at: datetime) -> None:
    forgetting.forget_method(subject_of(card), method_id, at=at)
