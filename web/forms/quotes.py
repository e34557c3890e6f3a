"""The loan calculator."""

from __future__ import annotations

from typing import Any, Final

from django import forms
from django.utils.translation import gettext_lazy as _

from lending.choices import MAX_AMOUNT_CENTS, MIN_AMOUNT_CENTS, SHARE_CENTS, TERMS, Grade
from web.forms.base import PariForm
from web.forms.fields import MoneyField
from web.templatetags.pari import euro, months

TYPICAL: Final[dict[str, Any]] = {"amount": 10_000_00, "months": 48, "grade": "C"}


def term_choices() -> list[tuple[int, str]]:
    """The terms on offer, in words."""
    return [(term, months(term)) for term in TERMS]


class QuoteForm(PariForm):
    """Amount, term and grade of an imagined loan."""

    amount = MoneyField(label=_("Amount"))
    months = forms.TypedChoiceField(label=_("Term"), coerce=int, choices=term_choices)
    grade = forms.ChoiceField(
        label=_("Grade"),
        choices=Grade.choices,
        help_text=_("Your own grade is worked out when you apply. Try what each would cost."),
    )

    def clean_amount(self) -> int:
        """Hold the amount to what may be asked for."""
        cents: int = self.cleaned_data["amount"]
        if not MIN_AMOUNT_CENTS <= cents <= MAX_AMOUNT_CENTS:
            raise forms.ValidationError(
                _("Please choose between %(least)s and %(most)s."),
                params={"least": euro(MIN_AMOUNT_CENTS), "most": euro(MAX_AMOUNT_CENTS)},
            )
        if cents % SHARE_CENTS:
            raise forms.ValidationError(
                _("Loans go in steps of %(step)s."), params={"step": euro(SHARE_CENTS)}
            )
        return cents
