"""Staff's forms for changes of terms."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminDecimalFieldWidget,
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
)

from core.money import to_cents
from lending.admin.forms import ActForm
from lending.choices import LONGEST_EASED_MONTHS
from lending.models import ChangeKind
from lending.services.easing import EasedTerms

_KINDS = (ChangeKind.LONGER_TERM, ChangeKind.LOWER_RATE, ChangeKind.WAIVER)


def _words(label: Any, *, required: bool, hint: Any = "") -> forms.CharField:
    area = UnfoldAdminTextareaWidget(attrs={"rows": 4})
    return forms.CharField(
        label=label, required=required, max_length=2000, widget=area, help_text=hint
    )


def _amount(label: Any) -> forms.DecimalField:
    box = UnfoldAdminDecimalFieldWidget(attrs={"step": "0.01", "inputmode": "decimal"})
    return forms.DecimalField(
        label=label, required=False, min_value=0, max_digits=8, decimal_places=2, widget=box
    )


class ProposeForm(forms.Form):
    """Terms to offer; what stays empty stays as it is."""

    request_key = forms.UUIDField(widget=forms.HiddenInput)
    kind = forms.ChoiceField(
        label=_("What is eased"),
        choices=[(kind.value, kind.label) for kind in _KINDS],
        widget=UnfoldAdminSelectWidget,
    )
    months = forms.IntegerField(
        label=_("Payments of the new plan"),
        required=False,
        min_value=1,
        max_value=LONGEST_EASED_MONTHS,
        widget=UnfoldAdminIntegerFieldWidget,
    )
    annual_rate = forms.DecimalField(
        label=_("New rate a year, in per cent"),
        required=False,
        min_value=0,
        max_value=100,
        max_digits=5,
        decimal_places=2,
        widget=UnfoldAdminDecimalFieldWidget(attrs={"step": "0.05", "inputmode": "decimal"}),
    )
    waived = _amount(_("Principal to waive, in euros"))
    waived_interest = _amount(_("Overdue interest to waive, in euros"))
    reason = _words(_("Why, for the file"), required=True)
    answer = _words(_("What the borrower reads with the offer"), required=True)

    def terms(self) -> EasedTerms:
        """What was typed, in our units."""
        given = self.cleaned_data
        rate: Decimal | None = given["annual_rate"]
        return EasedTerms(
            months=given["months"],
            annual_rate=None if rate is None else rate / 100,
            waived_cents=_cents(given["waived"]),
            waived_interest_cents=_cents(given["waived_interest"]),
        )

    def refuse(self, refusal: Any) -> None:
        """Show a refusal of the service, beside the field that it is about."""
        name = refusal.field.removesuffix("_cents")
        self.add_error(name if name in self.fields else None, refusal.message)


def _cents(euros: Decimal | None) -> int:
    return to_cents((euros or Decimal(0)) * 100)


class AgreeForm(ActForm):
    """Agree to the break that was asked for."""

    act = "agree"
    answer = _words(_("Words to the borrower"), required=False)


class ApproveTermsForm(ActForm):
    """Approve a colleague's proposal."""

    act = "approve"


class RefuseForm(ActForm):
    """Refuse, with reasons."""

    act = "refuse"
    answer = _words(
        _("Reasons"), required=True, hint=_("Whoever asked for it reads this, borrowers too.")
    )
