"""People: who logs in, what we know of them, whether it was checked, and their bank account."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _


class Role(models.TextChoices):
    """Which side of the market a person stands on; never both (conflict of interest)."""

    BORROWER = "borrower", _("Borrower")
    LENDER = "lender", _("Lender")
    STAFF = "staff", _("Staff")


class UserManager(BaseUserManager["User"]):
    """Makes people by e-mail address."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        """Store a person; the address is kept in lower case."""
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> User:
        """Store a member of staff who may do everything."""
        rights = {"role": Role.STAFF, "is_staff": True, "is_superuser": True}
        return self.create_user(email, password, **(rights | fields))

    def get_by_natural_key(self, username: str | None) -> User:
        """Find a person by address, whatever the case in which it was typed."""
        return self.get(email=(username or "").lower())


class User(AbstractBaseUser, PermissionsMixin):
    """A person who logs in with an e-mail address."""

    email = models.EmailField(_("e-mail address"))
    role = models.CharField(_("role"), max_length=10, choices=Role.choices)
    language = models.CharField(_("language"), max_length=5, default="de")
    is_staff = models.BooleanField(_("staff"), default=False)
    is_active = models.BooleanField(_("active"), default=True)
    date_joined = models.DateTimeField(_("joined at"))

    objects: ClassVar[UserManager] = UserManager()

    EMAIL_FIELD = "email"
    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        verbose_name = _("person")
        verbose_name_plural = _("people")
        constraints = [
            models.UniqueConstraint(Lower("email"), name="accounts_user_email_once"),
            models.CheckConstraint(condition=Q(role__in=Role.values), name="accounts_user_role"),
            models.CheckConstraint(
                condition=Q(is_staff=False) | Q(role=Role.STAFF), name="accounts_staff_is_neither"
            ),
        ]

    def __str__(self) -> str:
        return self.email

    @property
    def is_borrower(self) -> bool:
        """Whether this person may ask for loans."""
        return self.role == Role.BORROWER

    @property
    def is_lender(self) -> bool:
        """Whether this person may lend."""
        return self.role == Role.LENDER


class Profile(models.Model):
    """What a person told of themselves; complete before the first credit or pay-in."""

    user = models.OneToOneField(User, on_delete=models.PROTECT, related_name="profile")
    first_name = models.CharField(_("first name"), max_length=80)
    last_name = models.CharField(_("last name"), max_length=80)
    date_of_birth = models.DateField(_("date of birth"))
    street = models.CharField(_("street and number"), max_length=120)
    postcode = models.CharField(_("postcode"), max_length=10)
    city = models.CharField(_("town"), max_length=80)
    country = models.CharField(_("country"), max_length=2, default="DE")
    phone = models.CharField(_("telephone"), max_length=30, blank=True)

    class Meta:
        verbose_name = _("profile")
        verbose_name_plural = _("profiles")

    def __str__(self) -> str:
        return self.full_name

    @property
    def full_name(self) -> str:
        """First and last name, as on an identity card."""
        return f"{self.first_name} {self.last_name}"


class CheckStatus(models.TextChoices):
    """How far a check of identity has come."""

    STARTED = "started", _("started")
    PROCESSING = "processing", _("being checked")
    VERIFIED = "verified", _("verified")
    FAILED = "failed", _("not successful")


class IdentityCheck(models.Model):
    """One attempt to prove who someone is; the documents stay with the provider."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="identity_checks")
    status = models.CharField(max_length=12, choices=CheckStatus, default=CheckStatus.STARTED)
    provider_id = models.CharField(max_length=80, blank=True)
    started_at = models.DateTimeField()
    verified_at = models.DateTimeField(null=True, blank=True)
    failure_code = models.CharField(max_length=60, blank=True)

    class Meta:
        verbose_name = _("identity check")
        verbose_name_plural = _("identity checks")
        constraints = [
            models.UniqueConstraint(
                fields=["user"], condition=Q(status="verified"), name="accounts_identity_once"
            ),
            models.CheckConstraint(
                condition=Q(status__in=CheckStatus.values), name="accounts_identity_status"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user_id}: {self.status}"


class BankStatus(models.TextChoices):
    """How far a bank account has come."""

    PENDING = "pending", _("being set up")
    ACTIVE = "active", _("active")
    INACTIVE = "inactive", _("no longer in use")
    FAILED = "failed", _("refused")


class BankAccount(models.Model):
    """Where a person's money comes from and goes to. The IBAN itself stays with the provider."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="bank_accounts")
    holder_name = models.CharField(_("account holder"), max_length=120)
    iban_masked = models.CharField(_("IBAN"), max_length=40)
    bank_name = models.CharField(_("bank"), max_length=120, blank=True)
    fingerprint = models.CharField(max_length=80, blank=True)
    status = models.CharField(max_length=10, choices=BankStatus, default=BankStatus.PENDING)
    provider_customer = models.CharField(max_length=80, blank=True)
    provider_method = models.CharField(max_length=80, blank=True)
    provider_mandate = models.CharField(max_length=80, blank=True)
    provider_recipient = models.CharField(max_length=80, blank=True)
    mandate_text = models.TextField(blank=True)
    mandate_accepted_at = models.DateTimeField(null=True, blank=True)
    mandate_ip = models.GenericIPAddressField(null=True, blank=True)
    mandate_user_agent = models.TextField(blank=True)
    mandate_revoked_at = models.DateTimeField(null=True, blank=True)
    payouts_from = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        verbose_name = _("bank account")
        verbose_name_plural = _("bank accounts")
        constraints = [
            models.UniqueConstraint(
                fields=["user"], condition=Q(status="active"), name="accounts_bank_active_once"
            ),
            models.CheckConstraint(
                condition=Q(status__in=BankStatus.values), name="accounts_bank_status"
            ),
        ]

    def __str__(self) -> str:
        return self.iban_masked

    def is_cooling_down(self, at: datetime) -> bool:
        """Whether the account took the place of another so lately that nothing is paid to it."""
        return self.payouts_from is not None and at < self.payouts_from
