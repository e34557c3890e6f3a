"""What staff do about a case of arrears, as forms. The services check; a form only reads."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, ClassVar
from uuid import uuid4

from django import forms
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminDecimalFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanSwitchWidget,
)

from core.admin import DayInput
from lending.admin.forms import ActForm
from lending.models import ContactAnswer
from lending.services.recoveries import Source


class EuroField(forms.DecimalField):
    """An amount typed in euros; its value is whole cents."""

    def __init__(self, label: Any) -> None:
        box = UnfoldAdminDecimalFieldWidget(attrs={"step": "0.01", "inputmode": "decimal"})
        super().__init__(
            label=label, min_value=Decimal("0.01"), max_digits=11, decimal_places=2, widget=box
        )

    def clean(self, value: Any) -> Any:
        """Whole cents."""
        euros: Decimal | None = super().clean(value)
        return None if euros is None else int(euros * 100)


def _key() -> forms.UUIDField:
    """Makes the same form sent twice one act."""
    return forms.UUIDField(widget=forms.HiddenInput, initial=uuid4)


def _line(label: Any, *, at_most: int = 120) -> forms.CharField:
    return forms.CharField(label=label, max_length=at_most, widget=UnfoldAdminTextInputWidget)


def _text(label: Any, *, required: bool = True) -> forms.CharField:
    area = UnfoldAdminTextareaWidget(attrs={"rows": 3})
    return forms.CharField(label=label, required=required, max_length=2000, widget=area)


class StepForm(ActForm):
    """A form on the page of a case: `title` opens it, `label` sends it."""

    title: ClassVar[Any]
    label: ClassVar[Any] = _("Write down")
    variant: ClassVar[str] = "default"


class CallForm(StepForm):
    """A talk with the borrower."""

    act = "call"
    title = _("Call")
    note = _text(_("What was said"))
    key = _key()

    def clean_key(self) -> str:
        """The key in text, as contacts keep it."""
        return str(self.cleaned_data["key"])


class PromiseForm(CallForm):
    """A promise to pay."""

    act = "promise"
    title = _("Promise to pay")
    promised_on = forms.DateField(label=_("Until"), widget=DayInput)
    promised_cents = EuroField(_("Amount in euros"))
    note = _text(_("Note"), required=False)


class OfferForm(CallForm):
    """An offer to ease the loan, and the answer."""

    act = "offer"
    title = _("Offer to ease the loan")
    note = None  # type: ignore[assignment]
    offer = _text(_("What was offered"))
    answer = forms.ChoiceField(
        label=_("Answer"),
        choices=ContactAnswer.choices,
        required=False,
        widget=UnfoldAdminSelectWidget,
    )


class NoticeForm(StepForm):
    """Send the final notice."""

    act = "final_notice"
    title = _("Final notice")
    label = _("Send the final notice")
    variant = "danger"


class CollectionForm(StepForm):
    """Hand the claim to collection."""

    act = "collection"
    title = _("Hand to collection")
    label = _("Hand over")
    variant = "primary"
    agency = _line(_("Agency"))


class CostForm(StepForm):
    """A cost that was really paid."""

    act = "cost"
    title = _("Cost of legal pursuit")
    label = _("Book the cost")
    cents = EuroField(_("Amount in euros"))
    paid_on = forms.DateField(label=_("Paid on"), widget=DayInput)
    note = _line(_("What for, and to whom"), at_most=200)
    key = _key()


class RecoveryForm(StepForm):
    """Money that came in."""

    act = "recovery"
    title = _("Money came in")
    label = _("Share it out")
    variant = "primary"
    amount_cents = EuroField(_("Amount in euros"))
    source = forms.ChoiceField(
        label=_("Where it lies"), choices=Source.choices, widget=UnfoldAdminSelectWidget
    )
    key = _key()


class BuyerForm(StepForm):
    """A part of the price of a claim that was sold."""

    act = "buyer"
    title = _("The buyer paid")
    label = _("Share it out")
    variant = "primary"
    amount_cents = EuroField(_("Amount in euros"))
    key = _key()


class ProposalForm(StepForm):
    """An act that a second person may have to approve."""

    label = _("Propose")
    variant = "danger"
    reason = _text(_("Reason"))


class TerminateForm(ProposalForm):
    """Call the loan due."""

    act = "terminate"
    title = _("Call the loan due")


class SettleForm(ProposalForm):
    """Settle for a sum."""

    act = "settle"
    title = _("Settle for a sum")
    cents = EuroField(_("Sum in euros"))
    source = forms.ChoiceField(
        label=_("Where it lies"), choices=Source.choices, widget=UnfoldAdminSelectWidget
    )


class SellForm(ProposalForm):
    """Sell the claim."""

    act = "sell"
    title = _("Sell the claim")
    buyer = _line(_("Buyer"))
    quota = forms.DecimalField(
        label=_("Quota in per cent"),
        min_value=Decimal("0.01"),
        max_value=100,
        max_digits=5,
        decimal_places=2,
        widget=UnfoldAdminDecimalFieldWidget(attrs={"step": "0.01", "inputmode": "decimal"}),
    )
    is_by_parts = forms.BooleanField(
        label=_("Paid with each later part of the principal"),
        required=False,
        widget=UnfoldBooleanSwitchWidget,
    )

    def clean_quota(self) -> Decimal:
        """The quota as a fraction."""
        quota: Decimal = self.cleaned_data["quota"]
        return quota / 100


class WriteOffForm(ProposalForm):
    """Write the claim off."""

    act = "write_off"
    title = _("Write off")


class ApproveForm(StepForm):
    """Approve what another person proposed."""

    act = "approve"
    title = _("Approve")
    label = _("Approve and do it")
    variant = "primary"
    proposal_id = forms.IntegerField(widget=forms.HiddenInput)


class TurnDownForm(ApproveForm):
    """Turn down what another person proposed."""

    act = "turn_down"
    title = _("Turn down")
    label = _("Turn down")
    variant = "default"
