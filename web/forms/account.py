"""Sign-up, login and passwords: the forms of the login package, in our words."""

from __future__ import annotations

from typing import Any, Final, cast

from allauth.account import forms as allauth_forms
from allauth.core import context
from django import forms
from django.contrib.auth.password_validation import password_validators_help_text_html
from django.utils.functional import lazy
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from accounts import forms as accounts_forms
from accounts.models import Role
from web.forms.base import REQUIRED

_LABELS: Final = {
    "login": _("E-mail address"),
    "email": _("E-mail address"),
    "password": _("Password"),
    "oldpassword": _("Present password"),
    "password1": _("New password"),
    "password2": _("New password, once more"),
}
_password_rules = lazy(password_validators_help_text_html, SafeString)


class OurWords:
    """Gives the package's fields our labels, and no placeholder that vanishes while typing."""

    fields: dict[str, forms.Field]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            field.label = _LABELS.get(name, field.label)
            field.widget.attrs.pop("placeholder", None)
            field.error_messages["required"] = REQUIRED
            field.help_text = _password_rules() if name == "password1" else ""


class LoginForm(OurWords, allauth_forms.LoginForm):  # type: ignore[misc]
    """E-mail address and password."""


class ResetPasswordForm(OurWords, allauth_forms.ResetPasswordForm):  # type: ignore[misc]
    """The address to which the link is sent."""


class ResetPasswordKeyForm(OurWords, allauth_forms.ResetPasswordKeyForm):  # type: ignore[misc]
    """A new password by a link."""


class ChangePasswordForm(OurWords, allauth_forms.ChangePasswordForm):  # type: ignore[misc]
    """A new password for someone who knows the old one."""


class ReauthenticateForm(OurWords, allauth_forms.ReauthenticateForm):  # type: ignore[misc]
    """The password once more before something that matters."""


class AddEmailForm(OurWords, allauth_forms.AddEmailForm):  # type: ignore[misc]
    """One more address."""


def _side(title: Any, note: Any) -> SafeString:
    return format_html('<strong>{}</strong> <span class="choice-note">{}</span>', title, note)


_side_lazy = lazy(_side, SafeString)
_SIDES: Final = [
    (Role.BORROWER.value, _side_lazy(_("Borrow"), _("Post a request and find lenders for it"))),
    (Role.LENDER.value, _side_lazy(_("Lend"), _("Lend to people, from 25 euros on"))),
]


def _side_of_the_link() -> str | None:
    """The side that the link to this page named; nothing is chosen for the person otherwise."""
    named = context.request.GET.get("role") if context.request else None
    return named if named in dict(_SIDES) else None


class SignUpForm(OurWords, accounts_forms.SignupForm):
    """Which side of the market, address and password; the page's language is kept along."""

    field_order: Final = ["role", "email", "password1", "password2", "language"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        role = cast(forms.ChoiceField, self.fields["role"])
        role.label = _("What would you like to do?")
        role.choices = _SIDES
        role.help_text = _(
            "One person stands on one side only: whoever borrows here does not lend here."
        )
        role.widget.attrs["choices_class"] = "choices-wide"
        role.initial = _side_of_the_link()
        self.fields["language"].widget = forms.HiddenInput()
        self.fields["password1"].label = _("Password")
        self.fields["password2"].label = _("Password, once more")
