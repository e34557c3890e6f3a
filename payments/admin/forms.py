"""Forms about money in suspense; the services check, a form only reads what was typed."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminRadioSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from lending.admin.forms import ActForm
from payments.models import SuspenseCause


class ProposeForm(ActForm):
    """What the line turned out to be."""

    act = "propose"
    cause = forms.ChoiceField(
        label=_("Cause"), choices=SuspenseCause.choices, widget=UnfoldAdminRadioSelectWidget
    )
    email = forms.EmailField(
        label=_("E-mail address of the person"),
        help_text=_("Only where the money belongs to a person."),
        required=False,
        widget=UnfoldAdminTextInputWidget,
    )
    note = forms.CharField(
        label=_("How you know"),
        max_length=500,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
    )


class SettleForm(ActForm):
    """The second person's button."""

    act = "settle"


class TurnDownForm(ActForm):
    """Not so: open again."""

    act = "turn_down"
