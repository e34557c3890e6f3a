"""The steps of an application, each read into the data of its service."""

from __future__ import annotations

from dataclasses import fields
from decimal import Decimal
from typing import Any, ClassVar, Final, Generic, TypeVar

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from lending.choices import (
    DUE_DAYS,
    LEAST_PARTS,
    MAX_AMOUNT_CENTS,
    MIN_AMOUNT_CENTS,
    SHARE_CENTS,
    Employment,
    FirstPeriod,
    Home,
    PriceRule,
    Purpose,
)
from lending.models import LoanRequest
from lending.services.application_data import AmountData, BudgetData, StoryData, WorkData
from web.forms.base import PariForm
from web.forms.fields import MoneyField, PercentField
from web.forms.quotes import term_choices
from web.templatetags.pari import due_day, euro, share

Data = TypeVar("Data", AmountData, WorkData, BudgetData, StoryData)

_CHOOSE: Final = ("", _("Please choose"))


def _terms() -> list[tuple[Any, Any]]:
    return [_CHOOSE, *term_choices()]


def _due_days() -> list[tuple[int, str]]:
    return [(day, due_day(day)) for day in DUE_DAYS]


def _parts() -> list[tuple[int, str]]:
    """The whole first, then smaller parts of it."""
    whole = (100, gettext("Only the whole amount"))
    parts = [
        (percent, gettext("From %(share)s on") % {"share": share(Decimal(percent) / 100)})
        for percent in reversed(LEAST_PARTS[:-1])
    ]
    return [whole, *parts]


class StepForm(PariForm, Generic[Data]):
    """A form whose fields are those of a step's data, by the same names."""

    data_class: ClassVar[type[Any]]
    is_private: ClassVar[bool] = True

    @classmethod
    def initial_of(cls, request: LoanRequest) -> dict[str, Any]:
        """What was stored for this step before."""
        row = request.application if cls.is_private else request
        return {item.name: getattr(row, item.name) for item in fields(cls.data_class)}

    def told(self) -> Data:
        """What the borrower told, for the service to check and store."""
        data: Data = self.data_class(**self.cleaned_data)
        return data


class AmountForm(StepForm[AmountData]):
    """What is asked for."""

    data_class = AmountData
    is_private = False

    amount_cents = MoneyField(label=_("How much do you need?"))
    term_months = forms.TypedChoiceField(
        label=_("For how long?"), coerce=int, empty_value=None, choices=_terms
    )
    purpose = forms.ChoiceField(label=_("What for?"), choices=[_CHOOSE, *Purpose.choices])
    due_day = forms.TypedChoiceField(
        label=_("Day of payment"),
        coerce=int,
        choices=_due_days,
        widget=forms.RadioSelect(attrs={"choices_class": "choices-wide"}),
        help_text=_("The instalment is collected on this day of each month."),
    )
    first_period = forms.TypedChoiceField(
        label=_("Interest of the days before the first month"),
        required=False,
        empty_value=FirstPeriod.EQUAL,
        choices=FirstPeriod.choices,
        widget=forms.RadioSelect(attrs={"choices_class": "choices-wide"}),
        help_text=_(
            "Between payout and the first whole month lie some days. Either they raise all "
            "instalments a little, or the first one alone."
        ),
    )
    max_rate = PercentField(
        label=_("Highest rate you accept"),
        required=False,
        help_text=_("Leave it empty to take the rate of the price list for your grade."),
    )
    price_rule = forms.TypedChoiceField(
        label=_("How is the rate found?"),
        required=False,
        empty_value=PriceRule.FIXED,
        choices=PriceRule.choices,
        widget=forms.RadioSelect(attrs={"choices_class": "choices-wide"}),
        help_text=_(
            "In an auction lenders say from which rate on they lend. You pay the lowest at which "
            "your request fills, never more than the highest rate you accept."
        ),
    )
    least_percent = forms.TypedChoiceField(
        label=_("Would a part of it do?"),
        required=False,
        coerce=int,
        empty_value=100,
        choices=_parts,
        help_text=_(
            "If the whole does not come together in time, you may sign for the part that did. "
            "An auction is always filled whole."
        ),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["amount_cents"].help_text = _(
            "%(least)s to %(most)s, in steps of %(step)s."
        ) % {
            "least": euro(MIN_AMOUNT_CENTS),
            "most": euro(MAX_AMOUNT_CENTS),
            "step": euro(SHARE_CENTS),
        }


class WorkForm(StepForm[WorkData]):
    """Work and income."""

    data_class = WorkData

    employment = forms.ChoiceField(
        label=_("How do you earn your living?"),
        choices=Employment.choices,
        widget=forms.RadioSelect(attrs={"choices_class": "choices-wide"}),
    )
    job_title = forms.CharField(
        label=_("Job"),
        required=False,
        max_length=80,
        help_text=_("For example: nurse. Leave it empty if you live on a pension."),
    )
    years_in_job = forms.IntegerField(
        label=_("Full years in this job"),
        min_value=0,
        help_text=_("0 if you started less than a year ago."),
    )
    income_cents = MoneyField(
        label=_("Net income per month"), help_text=_("After taxes and social insurance.")
    )


def _yes_or_no(value: str) -> bool:
    return value == "yes"


class BudgetForm(StepForm[BudgetData]):
    """Home, monthly costs, debts and savings."""

    data_class = BudgetData

    home = forms.ChoiceField(label=_("How do you live?"), choices=[_CHOOSE, *Home.choices])
    household_size = forms.IntegerField(label=_("People in your household"), min_value=1)
    housing_cents = MoneyField(
        label=_("Housing per month"), help_text=_("Rent or mortgage, with heating.")
    )
    living_cents = MoneyField(
        label=_("Other living costs per month"),
        help_text=_("Food, clothes, transport, insurance, telephone."),
    )
    instalments_cents = MoneyField(
        label=_("Instalments of other loans per month"), help_text=_("0 if there are none.")
    )
    debt_cents = MoneyField(
        label=_("Debts in all"), help_text=_("What you still owe today. 0 if nothing.")
    )
    assets_cents = MoneyField(
        label=_("Savings and property"), help_text=_("A fair estimate is enough.")
    )
    price_cents = MoneyField(
        label=_("Price of what the loan is for"),
        required=False,
        help_text=_("If something is bought or done: its whole price."),
    )
    had_payment_trouble = forms.TypedChoiceField(
        label=_("Did you have payment trouble in the last three years?"),
        coerce=_yes_or_no,
        choices=[("no", _("No")), ("yes", _("Yes"))],
        widget=forms.RadioSelect(attrs={"choices_class": "choices-half"}),
        help_text=_("A returned debit, a dunning letter, a debt collected by others."),
    )

    @classmethod
    def initial_of(cls, request: LoanRequest) -> dict[str, Any]:
        """As stored, with the yes-or-no question in words."""
        stored = super().initial_of(request)
        words = {True: "yes", False: "no", None: None}
        return stored | {"had_payment_trouble": words[stored["had_payment_trouble"]]}


class StoryForm(StepForm[StoryData]):
    """What lenders read."""

    data_class = StoryData
    is_private = False

    title = forms.CharField(
        label=_("Title"), max_length=80, help_text=_("For example: a used car for the way to work.")
    )
    story = forms.CharField(
        label=_("Your words to the lenders"),
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 8}),
        help_text=_(
            "What do you want to do, and how will you repay? Write no name, address, telephone "
            "number or bank account: lenders do not learn who you are."
        ),
    )


class ConsentForm(PariForm):
    """The borrower's own request and consent; nothing is ticked in advance."""

    agrees = forms.BooleanField(
        label=_("I ask for this loan and agree that my answers are scored and reviewed.")
    )


class AppealForm(PariForm):
    """Why a refusal should be looked at again."""

    statement = forms.CharField(
        label=_("Your view"),
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text=_("What did we get wrong, or what should the person know who looks at it?"),
    )
