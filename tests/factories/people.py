"""People of every kind, with the rows that the services of the house write.

Those with whom most tests begin are written in nine statements instead of sixty;
tests/accounts/test_people_made.py holds them against people who went through the services.
"""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, date, datetime
from itertools import count
from typing import Any
from uuid import uuid4

from allauth.account.models import EmailAddress

from accounts import services
from accounts.models import (
    BankAccount,
    BankStatus,
    CheckStatus,
    IdentityCheck,
    Profile,
    Role,
    User,
)
from accounts.services import ProfileData
from core import audit
from core.clock import day_of
from core.models import AuditRow
from ledger.chart import EntryKind
from ledger.chart import Role as AccountRole
from ledger.services import Move, account_id, post_entry

AT = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
"""A Monday morning on which most tests begin."""
PASSWORD = "correct horse battery staple"
MANDATE_TEXT = "I allow Pari to collect my instalments from this account."

_numbers = count(1)


def person(
    role: Role, *, at: datetime = AT, email: str | None = None, language: str = "en"
) -> User:
    """Someone who signed up and confirmed the address, and did nothing else yet."""
    if email is None:
        user, told = _signed_up(role, at=at, language=language)
        AuditRow.objects.bulk_create(told)
        return user
    user = services.register(email=email, password=PASSWORD, role=role, language=language, at=at)
    services.confirm_email(user=user, at=at)
    return user


def profile_data(**changes: object) -> ProfileData:
    """A complete profile; name what should differ."""
    told: dict[str, object] = {
        "first_name": "Jana",
        "last_name": "Sommer",
        "date_of_birth": date(1988, 4, 17),
        "street": "Lindenweg 5",
        "postcode": "10115",
        "city": "Berlin",
    }
    return ProfileData(**(told | changes))  # type: ignore[arg-type]


def identify(user: User, *, at: datetime = AT) -> User:
    """Give a profile and a verified identity, by the services."""
    services.save_profile(user=user, data=profile_data(last_name=f"Sommer {user.pk}"), at=at)
    provider_id = f"vs_test_{user.pk}"
    services.start_identity_check(user=user, provider_id=provider_id, at=at)
    services.finish_identity_check(provider_id=provider_id, status=CheckStatus.VERIFIED, at=at)
    return user


def give_bank_account(user: User, *, at: datetime = AT) -> User:
    """Give an active bank account with a mandate for debits, by the services."""
    account = services.set_bank_account(
        user=user,
        holder_name=f"Jana Sommer {user.pk}",
        iban_masked="DE89 **** **** **** **** 00",
        bank_name="Testbank",
        mandate_text=MANDATE_TEXT,
        mandate_ip="127.0.0.1",
        at=at,
    )
    services.activate_bank_account(
        bank_account_id=account.pk,
        at=at,
        **_at_the_provider(user),
    )
    return user


def _at_the_provider(user: User) -> dict[str, str]:
    """Under which names the provider knows the person's account."""
    kinds = {
        "fingerprint": "fp",
        "provider_customer": "cus",
        "provider_method": "pm",
        "provider_mandate": "mandate",
        "provider_recipient": "acct",
    }
    return {field: f"{kind}_{user.pk}" for field, kind in kinds.items()}


def _signed_up(role: Role, *, at: datetime, language: str) -> tuple[User, list[AuditRow]]:
    user = User.objects.create_user(
        f"{role}-{next(_numbers)}@example.org",
        PASSWORD,
        role=role,
        language=language,
        is_staff=role == Role.STAFF,
        date_joined=at,
    )
    EmailAddress.objects.create(user=user, email=user.email, primary=True, verified=True)
    return user, [
        _line(user, "registered", at, actor_id=user.pk, after=role),
        _line(user, "email_confirmed", at, actor_id=user.pk),
    ]


def _identified(user: User, *, at: datetime) -> list[AuditRow]:
    told = profile_data(last_name=f"Sommer {user.pk}")
    Profile.objects.create(user=user, **asdict(told))
    check = IdentityCheck.objects.create(
        user=user,
        provider_id=f"vs_test_{user.pk}",
        status=CheckStatus.VERIFIED,
        started_at=at,
        verified_at=at,
    )
    return [
        _line(user, "profile_given", at, actor_id=user.pk),
        _line(user, "identity_started", at, actor_id=user.pk, data={"check": check.pk}),
        _line(user, "identity", at, before=CheckStatus.STARTED, after=CheckStatus.VERIFIED),
    ]


def _with_bank_account(user: User, *, at: datetime) -> list[AuditRow]:
    account = BankAccount.objects.create(
        user=user,
        status=BankStatus.ACTIVE,
        holder_name=f"Jana Sommer {user.pk}",
        iban_masked="DE89 **** **** **** **** 00",
        bank_name="Testbank",
        mandate_text=MANDATE_TEXT,
        mandate_accepted_at=at,
        mandate_ip="127.0.0.1",
        created_at=at,
        **_at_the_provider(user),
    )
    about = {"account": account.pk}
    return [
        _line(user, "bank_account_given", at, actor_id=user.pk, data=about),
        _line(
            user,
            "bank_account",
            at,
            before=BankStatus.PENDING,
            after=BankStatus.ACTIVE,
            data=about,
        ),
    ]


def _line(about: User, action: str, at: datetime, **more: Any) -> AuditRow:
    return AuditRow(subject=audit.subject_of(about), action=action, at=at, **more)


def _ready(role: Role, *, at: datetime, language: str) -> User:
    """Verified, with a bank account."""
    user, told = _signed_up(role, at=at, language=language)
    told += _identified(user, at=at)
    told += _with_bank_account(user, at=at)
    AuditRow.objects.bulk_create(told)
    return user


def give_cash(user: User, cents: int, *, at: datetime = AT) -> None:
    """Book a pay-in as a confirmed one is booked."""
    provider, clearing = account_id(AccountRole.PROVIDER), account_id(AccountRole.CLEARING_IN)
    cash = account_id(AccountRole.CASH, user.pk)
    post_entry(
        reference=f"payin:{uuid4()}",
        kind=EntryKind.PAY_IN,
        effective_on=day_of(at),
        at=at,
        moves=[Move(provider, clearing, cents), Move(clearing, cash, cents)],
    )


def lender(*, cash_cents: int = 0, at: datetime = AT, language: str = "en") -> User:
    """A verified lender with a bank account and money to lend."""
    user = _ready(Role.LENDER, at=at, language=language)
    if cash_cents:
        give_cash(user, cash_cents, at=at)
    return user


def borrower(*, at: datetime = AT, language: str = "en") -> User:
    """A verified borrower with a bank account, who has not asked for anything yet."""
    return _ready(Role.BORROWER, at=at, language=language)


def staff(*, at: datetime = AT) -> User:
    """A member of staff with every right."""
    user = person(Role.STAFF, at=at)
    user.is_superuser = True
    user.save(update_fields=["is_superuser"])
    return user
