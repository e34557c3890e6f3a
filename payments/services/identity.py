"""Identity checks: opened at the provider, finished from what the provider then reports."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from django.db import transaction

from accounts import services as accounts
from accounts.errors import AlreadyVerified
from accounts.models import CheckStatus, IdentityCheck, User
from accounts.selectors import is_identified, latest_identity_check
from core.audit import subject_of
from payments.facts import Verification
from payments.gateway import gateway
from payments.models import OperationKind
from payments.places import page_after
from payments.services import letters, operations
from payments.services.people import profile

_STATUSES: Final = {
    "processing": CheckStatus.PROCESSING,
    "verified": CheckStatus.VERIFIED,
    "canceled": CheckStatus.FAILED,
}


def start(*, user: User, at: datetime, return_url: str = "") -> str:
    """Open a check; returns the address of the provider's page.

    A check that is still waiting for the person is taken up again. Raises AlreadyVerified,
    ProfileMissing, or the provider's refusal.
    """
    profile(user)
    if is_identified(user):
        raise AlreadyVerified
    if url := _open_page(user, at=at):
        return url
    params = {"reference": str(user.pk), "return_url": page_after(return_url)}
    operation = operations.intend(
        kind=OperationKind.VERIFICATION, subject=subject_of(user), at=at, params=params, again=True
    )
    opened = operations.carry_out(
        operation,
        lambda key: gateway().create_verification(
            key=key, metadata=operation.metadata, **operation.params
        ),
        at=at,
    )
    accounts.start_identity_check(user=user, provider_id=opened.id, at=at)
    return opened.url


def refresh(*, provider_id: str, at: datetime) -> IdentityCheck | None:
    """Ask the provider how far a check has come and store it; None for a check that is not ours."""
    check = IdentityCheck.objects.filter(provider_id=provider_id).select_related("user").first()
    if check is None:
        return None
    return _apply(check, gateway().verification(provider_id), at=at)


def _open_page(user: User, *, at: datetime) -> str:
    """The page of a check that the person has not finished, or ""."""
    check = latest_identity_check(user)
    if check is None or check.status not in (CheckStatus.STARTED, CheckStatus.PROCESSING):
        return ""
    found = gateway().verification(check.provider_id)
    _apply(check, found, at=at)
    return found.url


@transaction.atomic
def _apply(check: IdentityCheck, found: Verification, *, at: datetime) -> IdentityCheck:
    status, reason = _STATUSES.get(found.status), found.failure_code
    if status == CheckStatus.VERIFIED and not _is_same_person(check.user, found):
        status, reason = CheckStatus.FAILED, "name_mismatch"
    if status is None:
        if not reason:
            return check
        status = CheckStatus.STARTED
    ended = accounts.finish_identity_check(
        provider_id=check.provider_id, status=status, at=at, failure_code=reason
    )
    letters.identity_decided(ended, at=at)
    return ended


def _is_same_person(user: User, found: Verification) -> bool:
    """Whether the document names the person that the profile tells of."""
    told = profile(user)
    names = (told.first_name, told.last_name), (found.first_name, found.last_name)
    mine, theirs = ([" ".join(name.split()).casefold() for name in pair] for pair in names)
    return mine == theirs and told.date_of_birth == found.born_on
