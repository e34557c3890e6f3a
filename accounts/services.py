"""What happens to a person: sign-up, profile, identity check, bank account."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from typing import Final

from allauth.account.models import EmailAddress
from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator, validate_email
from django.db import IntegrityError, transaction

from accounts.errors import AlreadyVerified, EmailTaken, ProfileLocked, TooYoung
from accounts.models import BankAccount, BankStatus, CheckStatus, IdentityCheck, Profile, Role, User
from accounts.selectors import had_bank_account
from core import audit
from core.clock import day_of
from core.dates import add_months
from core.errors import InvalidInput, NotFound
from core.inputs import given, line, one_of

ADULT_YEARS: Final = 18
OLDEST_BIRTH: Final = date(1900, 1, 1)
COUNTRIES: Final = frozenset({"DE", "AT"})
_POSTCODE: Final = {"DE": RegexValidator(r"^\d{5}\Z"), "AT": RegexValidator(r"^\d{4}\Z")}
_PHONE: Final = RegexValidator(r"^\+?[\d /()-]{5,29}\Z")


@dataclass(frozen=True)
class ProfileData:
    """What a person tells of themselves."""

    first_name: str
    last_name: str
    date_of_birth: date | None
    street: str
    postcode: str
    city: str
    country: str = "DE"
    phone: str = ""


@transaction.atomic
def register(*, email: str, password: str, role: Role, language: str, at: datetime) -> User:
    """Sign up a borrower or lender, or a member of staff; the e-mail address is not yet confirmed.

    Raises EmailTaken, or InvalidInput on a malformed address, weak password or unknown language.
    """
    one_of("role", str(role), Role.values)
    one_of("language", language, [code for code, _ in settings.LANGUAGES])
    _check(validate_email, "email", email)
    _check(validate_password, "password", password)
    try:
        with transaction.atomic():
            user = User.objects.create_user(
                email,
                password,
                role=role,
                language=language,
                is_staff=role == Role.STAFF,
                date_joined=at,
            )
    except IntegrityError as error:
        raise EmailTaken(field="email") from error
    EmailAddress.objects.create(user=user, email=user.email, primary=True, verified=False)
    audit.record(user, "registered", at=at, actor_id=user.pk, after=role)
    return user


def _check(validator: object, field: str, value: str) -> None:
    try:
        validator(value)  # type: ignore[operator]
    except ValidationError as error:
        raise InvalidInput(" ".join(error.messages), field=field) from error


@transaction.atomic
def confirm_email(*, user: User, at: datetime) -> None:
    """Take the person's address as proven, as a click on the link in the letter does."""
    EmailAddress.objects.filter(user=user, email=user.email).update(verified=True)
    audit.record(user, "email_confirmed", at=at, actor_id=user.pk)


@transaction.atomic
def choose_language(*, user: User, language: str) -> User:
    """Speak and write to this person in `language` from now on."""
    user.language = one_of("language", language, [code for code, _ in settings.LANGUAGES])
    user.save(update_fields=["language"])
    return user


@transaction.atomic
def save_profile(*, user: User, data: ProfileData, at: datetime) -> Profile:
    """Store what the person told; name and date of birth are fixed once the identity is verified.

    Raises TooYoung, ProfileLocked, or InvalidInput with the field.
    """
    checked = _checked(data, on=day_of(at))
    User.objects.select_for_update().get(pk=user.pk)
    earlier = Profile.objects.filter(user=user).first()
    if earlier and _names(earlier) != _names(checked) and _is_verified(user):
        raise ProfileLocked
    profile, is_new = Profile.objects.update_or_create(user=user, defaults=asdict(checked))
    action = "profile_given" if is_new else "profile_changed"
    audit.record(user, action, at=at, actor_id=user.pk)
    return profile


def _names(told: Profile | ProfileData) -> tuple[str, str, date | None]:
    return told.first_name, told.last_name, told.date_of_birth


def _checked(data: ProfileData, *, on: date) -> ProfileData:
    """Return the same data, tidied; raises InvalidInput with the field."""
    country = one_of("country", data.country, COUNTRIES)
    postcode = line("postcode", data.postcode, maximum=10)
    _check(_POSTCODE[country], "postcode", postcode)
    phone = line("phone", data.phone, minimum=0, maximum=30)
    if phone:
        _check(_PHONE, "phone", phone)
    return ProfileData(
        first_name=line("first_name", data.first_name, maximum=80),
        last_name=line("last_name", data.last_name, maximum=80),
        date_of_birth=_birth(data.date_of_birth, on=on),
        street=line("street", data.street, maximum=120),
        postcode=postcode,
        city=line("city", data.city, maximum=80),
        country=country,
        phone=phone,
    )


def _birth(born: date | None, *, on: date) -> date:
    known = given("date_of_birth", born)
    if not OLDEST_BIRTH <= known <= on:
        raise InvalidInput(field="date_of_birth")
    if add_months(known, 12 * ADULT_YEARS) > on:
        raise TooYoung(field="date_of_birth", years=ADULT_YEARS)
    return known


def _is_verified(user: User) -> bool:
    return IdentityCheck.objects.filter(user=user, status=CheckStatus.VERIFIED).exists()


@transaction.atomic
def start_identity_check(*, user: User, provider_id: str, at: datetime) -> IdentityCheck:
    """Note that the provider opened a check; the same `provider_id` again returns the same check.

    Raises AlreadyVerified.
    """
    User.objects.select_for_update().get(pk=user.pk)
    if earlier := IdentityCheck.objects.filter(user=user, provider_id=provider_id).first():
        return earlier
    if _is_verified(user):
        raise AlreadyVerified
    check = IdentityCheck.objects.create(user=user, provider_id=provider_id, started_at=at)
    audit.record(user, "identity_started", at=at, actor_id=user.pk, data={"check": check.pk})
    return check


@transaction.atomic
def finish_identity_check(
    *, provider_id: str, status: CheckStatus, at: datetime, failure_code: str = ""
) -> IdentityCheck:
    """Store how far the provider's check has come. A verified check stays verified.

    News may come twice and in any order. Raises NotFound for an unknown check.
    """
    known = IdentityCheck.objects.filter(provider_id=provider_id).first()
    if known is None:
        raise NotFound(f"identity check {provider_id}")
    User.objects.select_for_update().get(pk=known.user_id)
    check = IdentityCheck.objects.select_for_update().get(pk=known.pk)
    if CheckStatus.VERIFIED in (check.status, _status_of(check.user)) or check.status == status:
        return check
    before, check.status, check.failure_code = check.status, status, failure_code
    check.verified_at = at if status == CheckStatus.VERIFIED else None
    check.save(update_fields=["status", "failure_code", "verified_at"])
    audit.record(check.user, "identity", at=at, before=before, after=status, reason=failure_code)
    return check


def _status_of(user: User) -> CheckStatus | None:
    return CheckStatus.VERIFIED if _is_verified(user) else None


@transaction.atomic
def set_bank_account(
    *,
    user: User,
    holder_name: str,
    iban_masked: str,
    at: datetime,
    bank_name: str = "",
    mandate_text: str = "",
    mandate_ip: str | None = None,
    mandate_user_agent: str = "",
) -> BankAccount:
    """Begin a bank account; it is used once the provider has taken it (`activate_bank_account`)."""
    account = BankAccount.objects.create(
        user=user,
        holder_name=line("holder_name", holder_name, maximum=120),
        iban_masked=line("iban", iban_masked, maximum=40),
        bank_name=bank_name,
        mandate_text=mandate_text,
        mandate_accepted_at=at if mandate_text else None,
        mandate_ip=mandate_ip,
        mandate_user_agent=mandate_user_agent,
        created_at=at,
    )
    audit.record(user, "bank_account_given", at=at, actor_id=user.pk, data={"account": account.pk})
    return account


@transaction.atomic
def activate_bank_account(*, bank_account_id: int, at: datetime, **provider: str) -> BankAccount:
    """Use this account from now on; the one in use before is put aside. Doing it twice is harmless.

    Where another was used before, nothing is paid out to this one for some hours, so that the
    person has time to notice a change that was not theirs.

    Args:
        provider: fingerprint, provider_customer, provider_method, provider_mandate,
            provider_recipient; what is not given stays as it is.
    """
    account = _locked_bank_account(bank_account_id)
    in_use = BankAccount.objects.filter(user=account.user, status=BankStatus.ACTIVE)
    in_use.exclude(pk=account.pk).update(status=BankStatus.INACTIVE)
    if account.status == BankStatus.PENDING and had_bank_account(account.user):
        account.payouts_from = at + timedelta(hours=settings.BANK_COOL_DOWN_HOURS)
        account.save(update_fields=["payouts_from"])
    return _move_bank_account(account, BankStatus.ACTIVE, at=at, **provider)


@transaction.atomic
def revoke_mandate(*, bank_account_id: int, at: datetime) -> BankAccount:
    """Note that its holder took back the leave to debit an account; it is used no more."""
    account = _locked_bank_account(bank_account_id)
    if account.mandate_revoked_at is None:
        account.mandate_revoked_at = at
        account.save(update_fields=["mandate_revoked_at"])
    return _move_bank_account(account, BankStatus.INACTIVE, at=at, reason="revoked")


@transaction.atomic
def fail_bank_account(*, bank_account_id: int, at: datetime, reason: str = "") -> BankAccount:
    """Note that the provider refused the account, or that its mandate is no longer good."""
    account = _locked_bank_account(bank_account_id)
    used = account.status in (BankStatus.ACTIVE, BankStatus.INACTIVE)
    to = BankStatus.INACTIVE if used else BankStatus.FAILED
    return _move_bank_account(account, to, at=at, reason=reason)


def _locked_bank_account(bank_account_id: int) -> BankAccount:
    known = BankAccount.objects.filter(pk=bank_account_id).first()
    if known is None:
        raise NotFound(f"bank account {bank_account_id}")
    User.objects.select_for_update().get(pk=known.user_id)
    return BankAccount.objects.select_for_update().get(pk=known.pk)


def _move_bank_account(
    account: BankAccount, to: BankStatus, *, at: datetime, reason: str = "", **provider: str
) -> BankAccount:
    before, account.status = account.status, to
    for name, value in provider.items():
        if name not in _PROVIDER_FIELDS:
            raise ValueError(f"a bank account has no {name}")
        setattr(account, name, value)
    account.save(update_fields=["status", *provider])
    if before != to:
        audit.record(
            account.user,
            "bank_account",
            at=at,
            before=before,
            after=to,
            reason=reason,
            data={"account": account.pk},
        )
    return account


_PROVIDER_FIELDS: Final = frozenset(
    {
        "bank_name",
        "fingerprint",
        "provider_customer",
        "provider_method",
        "provider_mandate",
        "provider_recipient",
    }
)
