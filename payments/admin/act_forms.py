"""What staff decide about payments, as forms. The services check; a form only reads."""

from __future__ import annotations

from typing import Any, Final

from django import forms
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanSwitchWidget,
)

from lending.admin.arrears_forms import EuroField
from lending.admin.forms import ActForm
from payments.sandbox.models import Form

REASONS: Final = {
    "duplicate": _("Paid twice"),
    "fraudulent": _("Fraud"),
    "general": _("No reason given"),
    "product_not_received": _("Nothing received"),
    "product_unacceptable": _("Not as described"),
    "unrecognized": _("Payment not recognised"),
    "debit_not_authorized": _("Debit was not allowed"),
    "insufficient_funds": _("Not enough money in the account"),
    "account_closed": _("Account closed"),
    "no_account": _("No such account"),
}
"""Reasons of banks in words; another is shown as the bank writes it."""

OUTCOMES: Final = (
    (_("Everything"), (("succeeds", _("Succeeds")),)),
    (
        _("Debits"),
        (
            ("insufficient_funds", _("Returned: not enough money")),
            ("debit_not_authorized", _("Returned: not allowed")),
            ("late:insufficient_funds", _("Taken back late: not enough money")),
            ("late:debit_not_authorized", _("Taken back late: not allowed")),
        ),
    ),
    (
        _("Cards"),
        (
            ("generic_decline", _("Declined")),
            ("lost_card", _("Declined: card lost")),
            ("dispute:fraudulent", _("Contested: fraud")),
            ("dispute:product_not_received", _("Contested: nothing received")),
            ("inquiry:general", _("Inquiry of the bank")),
        ),
    ),
    (
        _("Payouts"),
        (
            ("account_closed", _("Sent back: account closed")),
            ("no_account", _("Sent back: no such account")),
        ),
    ),
)


def reason_in_words(reason: str) -> str:
    """Why a bank took money back."""
    return str(REASONS.get(reason, reason))


def _area(label: Any, *, help_text: Any = "", longest: int = 4000) -> forms.CharField:
    area = UnfoldAdminTextareaWidget(attrs={"rows": 6})
    return forms.CharField(label=label, max_length=longest, widget=area, help_text=help_text)


def _number(label: Any, least: int, most: int, **more: Any) -> forms.IntegerField:
    box = UnfoldAdminIntegerFieldWidget()
    return forms.IntegerField(label=label, min_value=least, max_value=most, widget=box, **more)


class AnswerForm(ActForm):
    """Contest: our side of the story, which the payer's bank takes once."""

    act = "answer"
    evidence = _area(
        _("Our answer to the bank"),
        longest=20_000,
        help_text=_("What was agreed, when, and how it was proven. It can be sent once."),
    )


class AcceptForm(ActForm):
    """Leave the money to the payer."""

    act = "accept"
    why = _area(_("Why we accept"), longest=400)


class RefundForm(ActForm):
    """Send money of a pay-in back to where it was paid from."""

    act = "refund"
    amount_cents = EuroField(_("Amount in euros"))
    why = forms.CharField(label=_("Why"), max_length=400, widget=UnfoldAdminTextInputWidget)
    request_key = forms.UUIDField(widget=forms.HiddenInput)


class AdvanceForm(ActForm):
    """Let days pass."""

    act = "advance"
    days = _number(_("Days"), 1, 31, initial=1)


class FateForm(ActForm):
    """What becomes of payments of a number from now on."""

    act = "fate"
    subject = forms.CharField(
        label=_("IBAN, card number, or id of a payment method"),
        max_length=64,
        widget=UnfoldAdminTextInputWidget,
    )
    outcome = forms.ChoiceField(
        label=_("From today on"), choices=OUTCOMES, widget=UnfoldAdminSelectWidget
    )

    def clean_subject(self) -> str:
        """Without spaces; an IBAN in capitals."""
        text = "".join(str(self.cleaned_data["subject"]).split())
        return text if "_" in text else text.upper()


class MailForm(ActForm):
    """How events reach us."""

    act = "mail"
    form = forms.ChoiceField(
        label=_("Events come"), choices=Form.choices, widget=UnfoldAdminSelectWidget
    )
    copies = _number(_("Copies of each"), 1, 10)
    is_shuffled = forms.BooleanField(
        label=_("In disorder"), required=False, widget=UnfoldBooleanSwitchWidget
    )
    delay_minutes = _number(_("Delay in minutes"), 0, 10_080)
    lost_share = _number(_("Lost for good, in per cent"), 0, 100)
    seed = _number(_("Seed of chance"), 0, 1_000_000)
