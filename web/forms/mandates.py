"""A mandate as its lender writes it."""

from __future__ import annotations

from dataclasses import fields
from typing import Any, Final

from django import forms
from django.utils.translation import gettext_lazy as _

from lending.choices import SHARE_CENTS, Grade, Purpose
from lending.models import Mandate
from lending.services.mandate_data import MandateData
from web.forms.base import PariForm
from web.forms.fields import DayField, MoneyField, PercentField
from web.forms.quotes import term_choices

SUGGESTED: Final[dict[str, Any]] = {
    "priority": 1,
    "max_mark": 5,
    "min_stake_cents": SHARE_CENTS,
    "max_per_loan_cents": 100_00,
    "max_per_borrower_cents": 100_00,
    "reserve_cents": 0,
}
_CAP: Final = "cap_"


class MandateForm(PariForm):
    """Filters, stakes and limits; the caps per grade are one field each."""

    name = forms.CharField(label=_("Name"), max_length=60)
    grades = forms.MultipleChoiceField(
        label=_("Grades"),
        required=False,
        choices=Grade.choices,
        widget=forms.CheckboxSelectMultiple(attrs={"choices_class": "choices-tight"}),
        help_text=_("None chosen means all."),
    )
    terms = forms.TypedMultipleChoiceField(
        label=_("Terms"),
        required=False,
        coerce=int,
        choices=term_choices,
        widget=forms.CheckboxSelectMultiple(attrs={"choices_class": "choices-half"}),
        help_text=_("None chosen means all."),
    )
    purposes = forms.MultipleChoiceField(
        label=_("Purposes"),
        required=False,
        choices=Purpose.choices,
        widget=forms.CheckboxSelectMultiple(attrs={"choices_class": "choices-wide"}),
        help_text=_("None chosen means all."),
    )
    min_rate = PercentField(label=_("Lowest rate"), required=False)
    max_rate = PercentField(label=_("Highest rate"), required=False)
    max_mark = forms.TypedChoiceField(
        label=_("Affordability mark up to"),
        coerce=int,
        choices=[(mark, str(mark)) for mark in range(1, 6)],
        help_text=_("1 leaves a borrower much free income, 5 just enough."),
    )
    min_stake_cents = MoneyField(label=_("Smallest stake"))
    max_per_loan_cents = MoneyField(label=_("At most per loan"))
    max_per_borrower_cents = MoneyField(
        label=_("At most per borrower"), help_text=_("Earlier loans to the same person count too.")
    )
    reserve_cents = MoneyField(
        label=_("Cash to keep free"), help_text=_("This much stays in your wallet untouched.")
    )
    budget_cents = MoneyField(
        label=_("Budget in all"),
        required=False,
        help_text=_("Empty: as long as there is cash, repayments included."),
    )
    priority = forms.IntegerField(
        label=_("Priority"),
        min_value=1,
        max_value=99,
        help_text=_("With several mandates, 1 comes first."),
    )
    end_on = DayField(label=_("Ends on"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for grade in Grade.values:
            label = _("Grade %(grade)s") % {"grade": grade}
            self.fields[f"{_CAP}{grade}"] = MoneyField(label=label, required=False)

    @property
    def cap_fields(self) -> list[forms.BoundField]:
        """The caps per grade."""
        return [self[f"{_CAP}{grade}"] for grade in Grade.values]

    @property
    def has_caps(self) -> bool:
        """Whether a grade is limited, or a limit could not be read."""
        return any(field.value() or field.errors for field in self.cap_fields)

    def data_told(self) -> MandateData:
        """The mandate as it was written, for the service to check and store."""
        given = self.cleaned_data
        caps = {
            grade: given[f"{_CAP}{grade}"]
            for grade in Grade.values
            if given.get(f"{_CAP}{grade}") is not None
        }
        plain = {item.name: given[item.name] for item in fields(MandateData) if item.name in given}
        return MandateData(**plain | {"max_per_grade_cents": caps})


def initial_of(mandate: Mandate) -> dict[str, Any]:
    """A stored mandate as the form shows it."""
    stored = {item.name: getattr(mandate, item.name) for item in fields(MandateData)}
    caps = {f"{_CAP}{grade}": cents for grade, cents in mandate.max_per_grade_cents.items()}
    return stored | caps
