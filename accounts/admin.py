"""People as staff see them. Secrets are not shown; roles and profiles are not changed here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from allauth.account.models import EmailAddress
from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.models import Group, Permission
from django.db.models import ManyToManyField, Model
from django.forms import ModelMultipleChoiceField
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from rest_framework.authtoken.models import TokenProxy
from unfold.admin import ModelAdmin
from unfold.decorators import display

from accounts.models import BankAccount, CheckStatus, IdentityCheck, Profile, User
from core.admin import ReadOnlyAdmin, ReadOnlyInline


class ProfileInline(ReadOnlyInline):
    """What the person told."""

    model = Profile
    fields = ("first_name", "last_name", "date_of_birth", "street", "postcode", "city", "phone")


class IdentityCheckInline(ReadOnlyInline):
    """Attempts to prove who the person is."""

    model = IdentityCheck
    fields = ("status", "started_at", "verified_at", "failure_code")


class BankAccountInline(ReadOnlyInline):
    """Bank accounts; the number itself stays with the payment provider."""

    model = BankAccount
    fields = ("iban_masked", "holder_name", "bank_name", "status", "mandate_accepted_at")


class EmailAddressInline(ReadOnlyInline):
    """Addresses and whether they were confirmed."""

    model = EmailAddress
    fields = ("email", "verified", "primary")


@admin.register(User)
class UserAdmin(ReadOnlyAdmin):
    """Everyone who signed up. Superusers may switch a person off and give staff their rights."""

    list_display = ("email", "role", "language", "is_active", "date_joined", "last_login")
    list_filter = ("role", "is_active", "language")
    search_fields = ("email", "profile__last_name")
    ordering = ("-date_joined",)
    fields = (
        "email",
        "role",
        "language",
        "date_joined",
        "last_login",
        "is_superuser",
        "is_active",
        "groups",
        "user_permissions",
    )
    filter_horizontal = ("groups", "user_permissions")
    inlines = (ProfileInline, IdentityCheckInline, BankAccountInline, EmailAddressInline)
    rights = ("is_active", "groups", "user_permissions")

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Superusers only, and only what `rights` names."""
        return bool(request.user.is_superuser)

    def formfield_for_manytomany(
        self, db_field: ManyToManyField[Any, Any], request: HttpRequest | None, **given: Any
    ) -> ModelMultipleChoiceField | None:
        """Rights are read with the model that they are about."""
        if db_field.name == "user_permissions":
            given["queryset"] = Permission.objects.select_related("content_type")
        found: ModelMultipleChoiceField | None = super().formfield_for_manytomany(
            db_field, request, **given
        )
        return found

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> list[str]:
        """Everything but a person's rights."""
        return [name for name in self.get_fields(request, obj) if name not in self.rights]


@admin.register(IdentityCheck)
class IdentityCheckAdmin(ReadOnlyAdmin):
    """Checks of identity, newest first."""

    list_display = ("user", "status_shown", "started_at", "verified_at", "failure_code")
    list_filter = ("status",)
    list_select_related = ("user",)
    search_fields = ("user__email",)
    ordering = ("-started_at",)

    @display(
        description=_("status"),
        label={CheckStatus.VERIFIED.label: "success", CheckStatus.FAILED.label: "danger"},
    )
    def status_shown(self, check: IdentityCheck) -> str:
        """How far the check has come."""
        return check.get_status_display()


def _leave_out(models: Sequence[type[Model]]) -> None:
    """Take pages away that other packages registered: they show secrets or change addresses."""
    for model in models:
        if admin.site.is_registered(model):
            admin.site.unregister(model)


_leave_out([TokenProxy, EmailAddress, Group])


@admin.register(Group)
class GroupAdmin(DjangoGroupAdmin, ModelAdmin):
    """Sets of rights for staff."""
