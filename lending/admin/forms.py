"""Staff's decisions as forms. The services check; a form only reads what was typed."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminDecimalFieldWidget,
    UnfoldAdminRadioSelectWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from core.admin import DayInput
from core.errors import DomainError
from lending.models import AppealOutcome, DeclineReason, FeeKind


class ActForm(forms.Form):
    """A form whose service may refuse; `refuse` puts the refusal beside its field."""

    act: ClassVar[str]

    def refuse(self, refusal: DomainError) -> None:
        """Show a refusal of the service, beside the field that it is about."""
        field = refusal.field if refusal.field in self.fields else None
        self.add_error(field, refusal.message)


def _text(label: Any, *, required: bool, rows: int = 3) -> forms.CharField:
    area = UnfoldAdminTextareaWidget(attrs={"rows": rows})
    return forms.CharField(label=label, required=required, max_length=4000, widget=area)


def _percent(label: Any) -> forms.DecimalField:
    """A rate typed in per cent; 7.25 becomes 0.0725."""
    box = UnfoldAdminDecimalFieldWidget(attrs={"step": "0.05", "inputmode": "decimal"})
    return forms.DecimalField(
        label=label, min_value=0, max_value=100, max_digits=5, decimal_places=2, widget=box
    )


class ApproveForm(ActForm):
    """Approve, at the posted rate or another within the band."""

    act = "approve"
    annual_rate = _percent(_("Rate a year, in per cent"))
    note = _text(_("Note for colleagues"), required=False)

    def clean_annual_rate(self) -> Decimal:
        """The rate as a fraction."""
        rate: Decimal = self.cleaned_data["annual_rate"]
        return rate / 100


class DeclineForm(ActForm):
    """Decline, with reasons that the borrower reads."""

    act = "decline"
    reasons = forms.MultipleChoiceField(
        label=_("Reasons that the borrower is told"),
        choices=DeclineReason.choices,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
    )
    note = _text(_("Explanation to the borrower"), required=False)


class AskBackForm(ActForm):
    """Ask the borrower something first."""

    act = "ask_back"
    question = _text(_("Question to the borrower"), required=True)


class CancelForm(ActForm):
    """Take a request off the market."""

    act = "cancel"
    reason = _text(_("Reason that the borrower is told"), required=True)


class AppealForm(ActForm):
    """Answer an appeal."""

    act = "answer"
    outcome = forms.ChoiceField(
        label=_("Outcome"), choices=AppealOutcome.choices, widget=UnfoldAdminRadioSelectWidget
    )
    answer = _text(_("Answer to the borrower, with reasons"), required=True, rows=6)


class FeeForm(ActForm):
    """Set a fee from a coming day on."""

    act = "schedule"
    kind = forms.ChoiceField(
        label=_("Fee"), choices=FeeKind.choices, widget=UnfoldAdminSelectWidget
    )
    rate = _percent(_("Rate in per cent"))
    valid_from = forms.DateField(label=_("Valid from"), widget=DayInput)

    def clean_rate(self) -> Decimal:
        """The rate as a fraction."""
        rate: Decimal = self.cleaned_data["rate"]
        return rate / 100


class BaseRateForm(ActForm):
    """Enter a base rate; it may lie below zero."""

    act = "propose"
    rate = forms.DecimalField(
        label=_("Rate in per cent"),
        min_value=-5,
        max_value=15,
        max_digits=5,
        decimal_places=2,
        widget=UnfoldAdminDecimalFieldWidget(attrs={"step": "0.01", "inputmode": "decimal"}),
    )
    valid_from = forms.DateField(
        label=_("Valid from"), help_text=_("A 1 January or 1 July."), widget=DayInput
    )
    source = forms.CharField(label=_("Source"), max_length=200, widget=UnfoldAdminTextInputWidget)

    def clean_rate(self) -> Decimal:
        """The rate as a fraction."""
        rate: Decimal = self.cleaned_data["rate"]
        return rate / 100


class BaseRateApproval(ActForm):
    """The second person's button."""

    act = "approve"
