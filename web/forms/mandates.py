"""A mandate as its lender writes it."""

from __future__ import annotations

from dataclasses import fields
from decimal import Decimal
from typing import Any, Final

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext, pgettext_lazy

from lending.choices import (
    AGE_BORDERS,
    AMOUNT_BORDERS,
    FUNDED_BORDERS,
    REGION_NAMES,
    SHARE_CENTS,
    Employment,
    Grade,
    Purpose,
    Reinvest,
)
from lending.models import Mandate
from lending.services.mandate_data import MandateData
from web.forms.base import PariForm
from web.forms.fields import CoverField, DayField, MoneyField, PercentField
from web.forms.quotes import term_choices
from web.templatetags.pari import share, whole_euro

SUGGESTED: Final[dict[str, Any]] = {
    "priority": 1,
    "max_mark": 5,
    "min_stake_cents": SHARE_CENTS,
    "max_per_loan_cents": 100_00,
    "max_per_borrower_cents": 100_00,
    "reserve_cents": 0,
}
_CAP: Final = "cap_"
_ANY: Final = ("", _("Any"))
_MORE: Final = (
    "min_net_rate",
    "min_amount_cents",
    "max_amount_cents",
    "max_age_days",
    "min_funded_percent",
    "employments",
    "regions",
    "no_late_payers",
)


def _amounts() -> list[tuple[Any, Any]]:
    return [_ANY, *((cents, whole_euro(cents)) for cents in AMOUNT_BORDERS)]


def _ages() -> list[tuple[Any, Any]]:
    return [
        _ANY,
        *((days, ngettext("%(n)s day", "%(n)s days", days) % {"n": days}) for days in AGE_BORDERS),
    ]


def _funded() -> list[tuple[Any, Any]]:
    return [_ANY, *((part, share(Decimal(part) / 100)) for part in FUNDED_BORDERS)]


def _regions() -> list[tuple[str, str]]:
    return [(digit, f"{digit}: {name}") for digit, name in REGION_NAMES.items()]


def _chosen(label: Any, choices: Any, *, empty_value: int | None = None) -> forms.TypedChoiceField:
    return forms.TypedChoiceField(
        label=label, required=False, coerce=int, empty_value=empty_value, choices=choices
    )


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
        label=pgettext_lazy("durations", "Terms"),
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
    preferred_stake_cents = MoneyField(
        label=_("Usual stake"),
        required=False,
        help_text=_("The first portion in a loan, where it fits. Empty: the smallest stake."),
    )
    reinvest = forms.TypedChoiceField(
        label=_("What comes back refills the budget"),
        required=False,
        empty_value=Reinvest.NOTHING,
        choices=Reinvest.choices,
        help_text=_("Counts only with a budget; without one all cash is lent."),
    )
    cover = CoverField()
    min_net_rate = PercentField(
        label=_("Lowest expected return"),
        required=False,
        help_text=_("The rate less what loans of the grade lose in a year on average."),
    )
    min_amount_cents = _chosen(_("Requests from"), _amounts)
    max_amount_cents = _chosen(_("Requests up to"), _amounts)
    max_age_days = _chosen(_("Listed for at most"), _ages)
    min_funded_percent = _chosen(_("Funded to at least"), _funded, empty_value=0)
    employments = forms.MultipleChoiceField(
        label=_("Work of the borrower"),
        required=False,
        choices=Employment.choices,
        widget=forms.CheckboxSelectMultiple(attrs={"choices_class": "choices-wide"}),
        help_text=_("None chosen means all."),
    )
    regions = forms.MultipleChoiceField(
        label=_("Regions, by postcode"),
        required=False,
        choices=_regions,
        widget=forms.CheckboxSelectMultiple(attrs={"choices_class": "choices-wide"}),
        help_text=_("None chosen means all."),
    )
    no_late_payers = forms.BooleanField(label=_("Nobody who ever paid late here"), required=False)

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

    @property
    def has_more(self) -> bool:
        """Whether one of the further filters is set, or could not be read."""
        return any(self[name].value() or self[name].errors for name in _MORE)

    def shown_as(self, name: str) -> str:
        """What is wrong with the caps stands beside the first one that is set."""
        if name != "max_per_grade_cents":
            return name
        return next((field.name for field in self.cap_fields if field.value()), f"{_CAP}A")

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
