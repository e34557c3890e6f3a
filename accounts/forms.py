"""The sign-up form: what allauth asks, and on which side of the market the person stands."""

from __future__ import annotations

from typing import Any

from allauth.account.forms import SignupForm as AllauthSignupForm
from django import forms
from django.conf import settings
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from accounts.models import Role

SIDES = [(Role.BORROWER.value, _("I want to borrow")), (Role.LENDER.value, _("I want to lend"))]


class SignupForm(AllauthSignupForm):  # type: ignore[misc]
    """E-mail address, password, role and language; nothing is chosen for the person."""

    role = forms.ChoiceField(
        label=_("What brings you here?"), choices=SIDES, widget=forms.RadioSelect
    )
    language = forms.ChoiceField(label=_("Language"), choices=settings.LANGUAGES)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = dict(settings.LANGUAGES)
        active = (get_language() or "").partition("-")[0]
        self.fields["language"].initial = active if active in known else "de"
