"""Bank accounts: leave to debit them, and the way to pay to them.

An account is used once both are there: the provider holds a mandate for it, and its holder has
agreed to the provider's terms as a recipient. The IBAN goes to the provider and is not kept here.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from schwifty import IBAN
from schwifty.exceptions import SchwiftyException

from accounts import services as accounts
from accounts.models import BankAccount, BankStatus, User
from accounts.selectors import active_bank_account, had_bank_account
from core.audit import subject_of
from payments.errors import BadIban, NoBankAccount, NotConfirmed, Refused
from payments.facts import BankSetup
from payments.gateway import gateway
from payments.models import OperationKind, ProviderOperation
from payments.places import page_after
from payments.services import forgetting, letters, operations, people

_ACTIVE = "active"


@dataclass(frozen=True)
class MandateProof:
    """That the holder agreed to debits: the words, and from where they were accepted."""

    text: str
    ip: str
    user_agent: str


@dataclass(frozen=True)
class Added:
    """A new bank account; `onboarding_url` is a page to visit first, or "" when none is needed."""

    account: BankAccount
    onboarding_url: str


def add(
    *,
    user: User,
    iban: str,
    holder_name: str,
    accepted: MandateProof,
    at: datetime,
    return_url: str = "",
    password: str = "",
) -> Added:
    """Hand an account and its mandate to the provider.

    Whoever had another account before confirms the change with their password.
    Raises BadIban, ProfileMissing, NotConfirmed, or the provider's refusal (the account is then
    failed).
    """
    if had_bank_account(user) and not user.check_password(password):
        raise NotConfirmed(field="password")
    number = _checked(iban)
    customer_id = people.ensure_customer(user, at=at)
    recipient_id = people.ensure_recipient(user, at=at)
    account = accounts.set_bank_account(
        user=user,
        holder_name=holder_name,
        iban_masked=_masked(number),
        bank_name=str(number.bank_name or "")[:120],
        mandate_text=accepted.text,
        mandate_ip=accepted.ip,
        mandate_user_agent=accepted.user_agent,
        at=at,
    )
    try:
        _give_mandate(account, str(number), customer_id, at=at)
        _set_destination(account, str(number), recipient_id, at=at)
    except Refused as refusal:
        accounts.fail_bank_account(bank_account_id=account.pk, at=at, reason=refusal.reason)
        if "iban" in refusal.param or "account_number" in refusal.param:
            raise BadIban(field="iban") from refusal
        raise
    account = settle(bank_account_id=account.pk, at=at)
    if account.status == BankStatus.ACTIVE:
        return Added(account, "")
    page = page_after(return_url)
    return Added(account, people.onboarding_url(user, return_url=page, at=at))


def settle(*, bank_account_id: int, at: datetime) -> BankAccount:
    """Use an account from now on if mandate and recipient are good; else leave it waiting."""
    account = BankAccount.objects.select_related("user").get(pk=bank_account_id)
    setup = operations.done(OperationKind.BANK_SETUP, subject_of(account))
    recipient_id = people.recipient_of(account.user)
    if account.status != BankStatus.PENDING or setup is None or not recipient_id:
        return account
    found = gateway().bank_setup(setup.provider_id)
    if found.status == "canceled" or found.failure_code:
        return accounts.fail_bank_account(
            bank_account_id=account.pk, at=at, reason=found.failure_code or found.status
        )
    has_destination = operations.done(OperationKind.DESTINATION, subject_of(account)) is not None
    if found.status != "succeeded" or not has_destination:
        return account
    if gateway().recipient(recipient_id).transfers_status != _ACTIVE:
        return account
    return _activate(account, found, recipient_id, at=at)


def settle_by_setup(*, setup_id: str, at: datetime) -> BankAccount | None:
    """Settle the account of a setup intent; None when it is not ours."""
    operation = ProviderOperation.objects.filter(
        kind=OperationKind.BANK_SETUP, provider_id=setup_id
    ).first()
    if operation is None:
        return None
    return settle(bank_account_id=_row_of(operation), at=at)


def settle_by_recipient(*, recipient_id: str, at: datetime) -> BankAccount | None:
    """Settle the waiting account of a recipient; None when there is none, or it is not ours."""
    operation = ProviderOperation.objects.filter(
        kind=OperationKind.RECIPIENT, provider_id=recipient_id
    ).first()
    if operation is None:
        return None
    waiting = BankAccount.objects.filter(user=_row_of(operation), status=BankStatus.PENDING)
    account = waiting.order_by("-id").first()
    return settle(bank_account_id=account.pk, at=at) if account else None


def drop_by_mandate(*, mandate_id: str, at: datetime) -> BankAccount | None:
    """Put an account aside whose mandate is no longer good; None when it is not ours."""
    account = BankAccount.objects.filter(provider_mandate=mandate_id).first()
    if account is None:
        return None
    if gateway().mandate(mandate_id).status != "inactive":
        return account
    return accounts.fail_bank_account(bank_account_id=account.pk, at=at, reason="mandate_inactive")


def revoke_mandate(*, user: User, at: datetime) -> BankAccount:
    """Take back the leave to debit the person's account; it is used no more, either way.

    Debits that are with the bank already are carried out. Raises NoBankAccount.
    """
    account = active_bank_account(user)
    if account is None:
        raise NoBankAccount
    revoked = accounts.revoke_mandate(bank_account_id=account.pk, at=at)
    letters.mandate_revoked(revoked, at=at)
    if account.provider_method:
        forgetting.forget_method(subject_of(account), account.provider_method, at=at)
    return revoked


def _checked(iban: str) -> IBAN:
    try:
        return IBAN(iban)
    except SchwiftyException as error:
        raise BadIban(field="iban") from error


def _masked(number: IBAN) -> str:
    """The IBAN as it may be shown: country, check digits and the last four."""
    text = str(number)
    hidden = text[:4] + "*" * (len(text) - 8) + text[-4:]
    return " ".join(hidden[start : start + 4] for start in range(0, len(hidden), 4))


def _give_mandate(account: BankAccount, iban: str, customer_id: str, *, at: datetime) -> None:
    setup = operations.intend(
        kind=OperationKind.BANK_SETUP,
        subject=subject_of(account),
        at=at,
        params={"customer_id": customer_id},
    )
    opened = operations.carry_out(
        setup,
        lambda key: gateway().create_bank_setup(key=key, metadata=setup.metadata, **setup.params),
        at=at,
    )
    confirming = operations.intend(
        kind=OperationKind.BANK_CONFIRM,
        subject=subject_of(account),
        at=at,
        params={"setup_id": opened.id},
    )
    operations.carry_out(
        confirming,
        lambda key: gateway().confirm_bank_setup(
            opened.id,
            key=key,
            iban=iban,
            holder_name=account.holder_name,
            email=account.user.email,
            ip=account.mandate_ip or "",
            user_agent=account.mandate_user_agent,
        ),
        at=at,
    )


def _set_destination(account: BankAccount, iban: str, recipient_id: str, *, at: datetime) -> None:
    operation = operations.intend(
        kind=OperationKind.DESTINATION,
        subject=subject_of(account),
        at=at,
        params={"recipient_id": recipient_id},
    )
    operations.carry_out(
        operation,
        lambda key: gateway().add_destination(
            recipient_id, key=key, iban=iban, holder_name=account.holder_name
        ),
        at=at,
    )


def _activate(
    account: BankAccount, found: BankSetup, recipient_id: str, *, at: datetime
) -> BankAccount:
    active = accounts.activate_bank_account(
        bank_account_id=account.pk,
        at=at,
        fingerprint=found.bank.fingerprint if found.bank else "",
        provider_customer=people.ensure_customer(account.user, at=at),
        provider_method=found.method_id,
        provider_mandate=found.mandate_id,
        provider_recipient=recipient_id,
    )
    if active.is_cooling_down(at):
        letters.bank_account_changed(active, at=at)
    return active


def _row_of(operation: ProviderOperation) -> int:
    """The primary key in a subject such as `accounts.user:17`."""
    return int(operation.subject.rpartition(":")[2])
