"""What all forms of the site have in common."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpRequest, QueryDict
from django.utils.translation import gettext_lazy as _

REQUIRED = _("Please fill this in.")


def posted(request: HttpRequest) -> QueryDict | None:
    """What was sent with a form, or None where the page was only asked for."""
    return request.POST if request.method == "POST" else None


class PariForm(forms.Form):
    """A form that asks in our own words for what is missing."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("label_suffix", "")
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.error_messages["required"] = REQUIRED

    def shown_as(self, name: str) -> str:
        """The field of this form that stands for one of the domain's."""
        return name
