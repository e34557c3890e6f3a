"""People of every kind, made as the house makes them: by calling its services."""

from __future__ import annotations

from datetime import UTC, date, datetime
from itertools import count
from uuid import uuid4

from accounts import services
from accounts.models import CheckStatus, Role, User
from accounts.services import ProfileData
from core.clock import day_of
from ledger.chart import EntryKind
from ledger.chart import Role as AccountRole
from ledger.services import Move, account_id, post_entry

AT = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
"""A Monday morning on which most tests begin."""
PASSWORD = "correct horse battery staple"

_numbers = count(1)


def person(
    role: Role, *, at: datetime = AT, email: str | None = None, language: str = "en"
) -> User:
    """Someone who signed up and confirmed the address, and did nothing else yet."""
    user = services.register(
        email=email or f"{role}-{next(_numbers)}@example.org",
        password=PASSWORD,
        role=role,
        language=language,
        at=at,
    )
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
    """Give a profile and a verified identity."""
    services.save_profile(user=user, data=profile_data(last_name=f"Sommer {user.pk}"), at=at)
    provider_id = f"vs_test_{user.pk}"
    services.start_identity_check(user=user, provider_id=provider_id, at=at)
    services.finish_identity_check(provider_id=provider_id, status=CheckStatus.VERIFIED, at=at)
    return user


def give_bank_account(user: User, *, at: datetime = AT) -> User:
    """Give an active bank account with a mandate for debits."""
    account = services.set_bank_account(
        user=user,
        holder_name=f"Jana Sommer {user.pk}",
        iban_masked="DE89 **** **** **** **** 00",
        bank_name="Testbank",
        mandate_text="I allow Pari to collect my instalments from this account.",
        mandate_ip="127.0.0.1",
        at=at,
    )
    services.activate_bank_account(
        bank_account_id=account.pk,
        at=at,
        fingerprint=f"fp_{user.pk}",
        provider_customer=f"cus_{user.pk}",
        provider_method=f"pm_{user.pk}",
        provider_mandate=f"mandate_{user.pk}",
        provider_recipient=f"acct_{user.pk}",
    )
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
    user = give_bank_account(identify(person(Role.LENDER, at=at, language=language), at=at), at=at)
    if cash_cents:
        give_cash(user, cash_cents, at=at)
    return user


def borrower(*, at: datetime = AT, language: str = "en") -> User:
    """A verified borrower with a bank account, who has not asked for anything yet."""
    return give_bank_account(
        identify(person(Role.BORROWER, at=at, language=language), at=at), at=at
    )


def staff(*, at: datetime = AT) -> User:
    """A member of staff with every right."""
    user = person(Role.STAFF, at=at)
    user.is_superuser = True
    user.save(update_fields=["is_superuser"])
    return user
