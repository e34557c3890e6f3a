"""Which instalments a borrower wants to skip, and what is agreed to."""

from __future__ import annotations

import uuid
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from lending.choices import BREAK_MONTHS_WITH_US
from lending.services.breaks import BreakRoom
from web.forms.base import PariForm
from web.templatetags.pari import day, euro


class BreakForm(PariForm):
    """The instalments to skip, and when the interest of the break is paid."""

    numbers = forms.TypedMultipleChoiceField(
        label=_("Which instalments do you want to skip?"),
        coerce=int,
        widget=forms.CheckboxSelectMultiple(attrs={"choices_class": "choices-wide"}),
    )
    collect = forms.ChoiceField(
        label=_("How do you want to pay the interest of the break?"),
        choices=[
            ("spread", _("In equal parts with the later instalments")),
            ("end", _("With the last instalment")),
        ],
        initial="spread",
        widget=forms.RadioSelect,
    )

    def __init__(self, *args: Any, room: BreakRoom, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        numbers: Any = self.fields["numbers"]
        numbers.choices = [
            (choice.number, f"{day(choice.due_on)} · {euro(choice.total_cents)}")
            for choice in room.choices
            if choice.is_in_time
        ]
        numbers.help_text = _("Up to two of them by yourself, up to three if we agree.")

    def clean_numbers(self) -> list[int]:
        """No more than could ever be agreed to."""
        chosen: list[int] = self.cleaned_data["numbers"]
        if len(chosen) > BREAK_MONTHS_WITH_US:
            raise forms.ValidationError(_("Please choose at most three instalments."))
        return chosen


class AgreeForm(BreakForm):
    """The same, agreed to: `seal` names the figures that were shown, `reason` what we are asked."""

    seal = forms.CharField(max_length=40, widget=forms.HiddenInput, required=False)
    request_key = forms.UUIDField(widget=forms.HiddenInput, initial=uuid.uuid4)
    reason = forms.CharField(
        label=_("Why do you need this break?"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 4}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].required = not self.is_bound or self.data.get("act") == "ask"


class EaseForm(PariForm):
    """What a borrower tells who needs other terms than a break."""

    request_key = forms.UUIDField(widget=forms.HiddenInput, initial=uuid.uuid4)
    reason = forms.CharField(
        label=_("What has changed, and what could you pay each month?"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 5}),
    )
