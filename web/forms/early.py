"""How much a borrower wants to repay early, on which day, and what the plan should keep."""

from __future__ import annotations

import uuid
from datetime import date, timedelta
from typing import Any, Final

from django import forms
from django.utils.translation import gettext_lazy as _

from web.forms.base import PariForm
from web.forms.fields import MoneyField

LONGEST_AHEAD: Final = timedelta(days=366)


class QuoteForm(PariForm):
    """A day to come and, for a part, an amount."""

    on = forms.DateField(
        label=_("On which day?"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    amount = MoneyField(
        label=_("How much?"),
        required=False,
        help_text=_("Leave this empty to repay everything."),
    )

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        kwargs["initial"] = {"on": today} | (kwargs.get("initial") or {})
        super().__init__(*args, **kwargs)
        self.today = today
        self.fields["on"].widget.attrs |= {
            "min": today.isoformat(),
            "max": (today + LONGEST_AHEAD).isoformat(),
        }

    def clean_on(self) -> date:
        """Today or a day within a year."""
        on: date = self.cleaned_data["on"]
        if not self.today <= on <= self.today + LONGEST_AHEAD:
            raise forms.ValidationError(_("Please choose a day within the next year."))
        return on


class RepayForm(PariForm):
    """What is confirmed: cents as they were shown, and what the plan keeps."""

    amount_cents = forms.IntegerField(min_value=1, widget=forms.HiddenInput)
    keep = forms.ChoiceField(
        choices=[("instalment", ""), ("term", "")], initial="instalment", widget=forms.HiddenInput
    )
    request_key = forms.UUIDField(widget=forms.HiddenInput, initial=uuid.uuid4)
