"""People as the provider knows them: one payer and one recipient per person, made on first use."""

from __future__ import annotations

from datetime import datetime

from accounts.models import Profile, User
from accounts.selectors import profile_of
from core.audit import subject_of
from payments.errors import ProfileMissing
from payments.gateway import gateway
from payments.models import OperationKind, ProviderOperation
from payments.services import operations
from payments.states import OperationStatus


def profile(user: User) -> Profile:
    """The person's profile, without which the provider knows no name."""
    found = profile_of(user)
    if found is None:
        raise ProfileMissing
    return found


def ensure_customer(user: User, *, at: datetime) -> str:
    """The person's id as a payer."""
    name = profile(user).full_name
    operation = operations.intend(
        kind=OperationKind.CUSTOMER,
        subject=subject_of(user),
        at=at,
        params={"email": user.email, "name": name},
    )
    if operation.status != OperationStatus.CONFIRMED:
        operations.carry_out(
            operation,
            lambda key: gateway().create_customer(
                key=key, metadata=operation.metadata, **operation.params
            ),
            at=at,
        )
    return operation.provider_id


def ensure_recipient(user: User, *, at: datetime) -> str:
    """The person's id as a recipient, whose balance is only paid out when we say so."""
    told = profile(user)
    operation = operations.intend(
        kind=OperationKind.RECIPIENT,
        subject=subject_of(user),
        at=at,
        params={
            "email": user.email,
            "given_name": told.first_name,
            "surname": told.last_name,
            "country": told.country,
        },
    )
    if operation.status != OperationStatus.CONFIRMED:
        operations.carry_out(
            operation,
            lambda key: gateway().create_recipient(
                key=key, metadata=operation.metadata, **operation.params
            ),
            at=at,
        )
    _pay_out_by_hand(user, operation, at=at)
    return operation.provider_id


def recipient_of(user: User) -> str:
    """The person's id as a recipient, or "" while there is none."""
    operation = operations.done(OperationKind.RECIPIENT, subject_of(user))
    return operation.provider_id if operation else ""


def onboarding_url(user: User, *, return_url: str, at: datetime) -> str:
    """A page on which a recipient agrees to the provider's terms; for one use, never stored."""
    account_id = ensure_recipient(user, at=at)
    operation = operations.intend(
        kind=OperationKind.ONBOARDING_LINK, subject=subject_of(user), at=at, again=True
    )
    link = operations.carry_out(
        operation,
        lambda key: gateway().onboarding_link(
            account_id, key=key, refresh_url=return_url, return_url=return_url
        ),
        at=at,
    )
    return link.url


def _pay_out_by_hand(user: User, recipient: ProviderOperation, *, at: datetime) -> None:
    operation = operations.intend(
        kind=OperationKind.PAYOUTS_BY_HAND, subject=subject_of(user), at=at
    )
    if operation.status != OperationStatus.CONFIRMED:
        operations.carry_out(
            operation,
            lambda key: gateway().pay_out_by_hand(recipient.provider_id, key=key),
            at=at,
        )
