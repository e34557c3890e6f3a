"""Which days a statement covers."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

from django import forms
from django.utils.translation import gettext_lazy as _

from core.dates import month_range
from lending.selectors.statements import Span
from web.forms.base import PariForm

_DAY: Final = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


class StatementForm(PariForm):
    """A month by its name (`2026-01`), or a first and a last day; without either, this month."""

    month = forms.RegexField(r"^\d{4}-(0[1-9]|1[0-2])$", required=False)
    to = forms.DateField(label=_("Last day"), required=False, widget=_DAY)

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._today = today
        first = forms.DateField(label=_("First day"), required=False, widget=_DAY)
        self.fields["from"] = first
        self.order_fields(["month", "from", "to"])

    def clean(self) -> dict[str, Any]:
        """The last day is not before the first."""
        given: dict[str, Any] = super().clean() or {}
        first, last = given.get("from"), given.get("to")
        if first and last and last < first:
            self.add_error("to", _("The last day lies before the first."))
        return given

    def span(self) -> Span:
        """The days that are asked for; this month where they make no sense."""
        self.is_valid()
        given = self.cleaned_data
        first, last = given.get("from"), given.get("to")
        if first and last:
            return Span(first, last)
        month = given.get("month")
        day = date.fromisoformat(f"{month}-01") if month else self._today
        return Span(*month_range(day))
