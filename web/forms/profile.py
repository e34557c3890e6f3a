"""Profile and bank account."""

from __future__ import annotations

from typing import Any, Final

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.services import ProfileData
from web.forms.base import PariForm
from web.forms.fields import DayField

_COUNTRIES: Final = [("DE", _("Germany")), ("AT", _("Austria"))]


class ProfileForm(PariForm):
    """Who someone is, as on the identity card."""

    first_name = forms.CharField(label=_("First name"), max_length=80)
    last_name = forms.CharField(label=_("Last name"), max_length=80)
    date_of_birth = DayField(label=_("Date of birth"))
    street = forms.CharField(label=_("Street and number"), max_length=120)
    postcode = forms.CharField(label=_("Postcode"), max_length=10)
    city = forms.CharField(label=_("Town"), max_length=80)
    country = forms.ChoiceField(label=_("Country"), choices=_COUNTRIES)
    phone = forms.CharField(label=_("Telephone"), max_length=30, required=False)

    _AUTOCOMPLETE: Final = {
        "first_name": "given-name",
        "last_name": "family-name",
        "date_of_birth": "bday",
        "street": "street-address",
        "postcode": "postal-code",
        "city": "address-level2",
        "country": "country",
        "phone": "tel",
    }

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        for name, word in self._AUTOCOMPLETE.items():
            self.fields[name].widget.attrs["autocomplete"] = word

    def told(self) -> ProfileData:
        """The profile for the service to check and store."""
        return ProfileData(**self.cleaned_data)


class BankForm(PariForm):
    """A bank account and leave to debit it; nothing is ticked in advance."""

    holder_name = forms.CharField(label=_("Account holder"), max_length=120)
    iban = forms.CharField(
        label=_("IBAN"),
        max_length=42,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        help_text=_("It goes to the payment provider; we keep only the last digits."),
    )
    password = forms.CharField(
        label=_("Your password"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
        help_text=_(
            "You change the account that your money goes to. We write to you about it, and nothing "
            "is paid out to the new one for a day."
        ),
    )
    agrees = forms.BooleanField(label=_("I give this mandate."))

    def __init__(self, *args: Any, is_change: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not is_change:
            del self.fields["password"]
