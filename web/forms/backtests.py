"""What a mandate is tried with, and for which grade a curve is drawn."""

from __future__ import annotations

from typing import Final

from django import forms
from django.utils.translation import gettext_lazy as _

from lending.choices import SHARE_CENTS, Grade
from web.forms.base import PariForm
from web.forms.fields import MoneyField
from web.forms.quotes import TYPICAL

MOST_TRIED_CENTS: Final = 1_000_000_00


class TryForm(PariForm):
    """How much cash a mandate is tried with."""

    try_cents = MoneyField(
        label=_("Try it with"),
        required=False,
        minimum_cents=SHARE_CENTS,
        help_text=_("Empty: your free cash less the reserve, or €5,000 where there is little."),
    )

    def clean_try_cents(self) -> int | None:
        """Hold it to what one person may sensibly place."""
        cents: int | None = self.cleaned_data["try_cents"]
        if cents is not None and cents > MOST_TRIED_CENTS:
            raise forms.ValidationError(_("This amount is too large."), code="too_large")
        return cents


class CurveForm(PariForm):
    """The grade that a curve is drawn for while nobody knows the own one."""

    curve_grade = forms.ChoiceField(
        label=_("If your grade were"),
        choices=Grade.choices,
        initial=TYPICAL["grade"],
        widget=forms.Select(attrs={"form": "step"}),
        help_text=_("Your own grade is worked out once you have handed in the request."),
    )

    @property
    def grade(self) -> str:
        """The chosen grade, else the usual one."""
        chosen = self.cleaned_data.get("curve_grade") if self.is_bound and self.is_valid() else ""
        return str(chosen or TYPICAL["grade"])
