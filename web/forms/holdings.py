"""Filters of a lender's holdings."""

from __future__ import annotations

from typing import Final

from django import forms
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from lending.choices import Grade
from lending.models import Holding
from lending.states import LoanStatus
from web.forms.base import PariForm

_ALL: Final = ("", _("All"))
_ORDERS: Final = {
    "newest": ("-loan__disbursed_on", "-id"),
    "largest": ("-outstanding_cents", "-id"),
    "rate": ("-loan__annual_rate", "-id"),
    "next": ("next_due_on", "-id"),
}


class HoldingsForm(PariForm):
    """Which holdings to show, in which order."""

    status = forms.ChoiceField(
        label=_("Status"), required=False, choices=[_ALL, *LoanStatus.choices]
    )
    grade = forms.ChoiceField(label=_("Grade"), required=False, choices=[_ALL, *Grade.choices])
    order = forms.ChoiceField(
        label=_("Order"),
        required=False,
        choices=[
            ("newest", _("Newest")),
            ("largest", _("Largest outstanding")),
            ("rate", _("Highest rate")),
            ("next", _("Next due")),
        ],
    )

    def chosen(self, holdings: QuerySet[Holding]) -> QuerySet[Holding]:
        """The holdings that pass, in the order asked for."""
        self.is_valid()
        given = self.cleaned_data
        wanted = Q()
        if status := given.get("status"):
            wanted &= Q(loan__status=status)
        if grade := given.get("grade"):
            wanted &= Q(loan__grade=grade)
        return holdings.filter(wanted).order_by(*_ORDERS[given.get("order") or "newest"])
