"""A bid by hand."""

from __future__ import annotations

import uuid
from typing import Any, Final

from django import forms
from django.utils.translation import gettext_lazy as _

from lending.choices import SHARE_CENTS
from lending.errors import BidOffStep, BidTooSmall, RequestFull
from lending.models import LoanRequest
from web.forms.base import PariForm
from web.forms.fields import CoverField, MoneyField
from web.templatetags.pari import euro

LARGE_BID_CENTS: Final = 1_000_00
"""From here on a single bid is confirmed with a warning."""


class BidForm(PariForm):
    """How much to lend on one request; `request_key` lets the same bid be sent only once."""

    amount = MoneyField(label=_("Your bid"))
    cover = CoverField()
    request_key = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, request: LoanRequest, **kwargs: Any) -> None:
        initial = {"amount": min(100_00, request.missing_cents), "request_key": uuid.uuid4()}
        kwargs["initial"] = initial | (kwargs.get("initial") or {})
        super().__init__(*args, **kwargs)
        self.request = request
        self.fields["amount"].help_text = _(
            "From %(least)s in steps of %(least)s; %(missing)s are still open."
        ) % {"least": euro(SHARE_CENTS), "missing": euro(request.missing_cents)}

    def clean_amount(self) -> int:
        """Say at once what the market would refuse anyway."""
        cents: int = self.cleaned_data["amount"]
        if cents < SHARE_CENTS:
            raise forms.ValidationError(BidTooSmall(minimum_cents=SHARE_CENTS).message)
        if cents % SHARE_CENTS:
            raise forms.ValidationError(BidOffStep(step_cents=SHARE_CENTS).message)
        self.check_room(cents)
        return cents

    def check_room(self, cents: int) -> None:
        """Refuse more than the request still lacks."""
        missing_cents = self.request.missing_cents
        if cents > missing_cents:
            raise forms.ValidationError(RequestFull(missing_cents=missing_cents).message)


class _ConsciousForm(BidForm):
    """A bid that asks for a tick where it is a large one."""

    is_understood = forms.BooleanField(
        label=_("I understand that I can lose this whole amount, and that I spread my money less."),
        required=False,
    )

    def clean(self) -> dict[str, Any]:
        """A large bid needs the tick."""
        given: dict[str, Any] = super().clean() or self.cleaned_data
        if is_large(given.get("amount") or 0) and not given.get("is_understood"):
            self.add_error("is_understood", _("Please confirm this before you place a large bid."))
        return given


class ConfirmedBidForm(_ConsciousForm):
    """The same bid after its summary was read."""

    def check_room(self, cents: int) -> None:
        """Leave it to the market: sent a second time, this very bid may have taken the room."""


class SpareForm(_ConsciousForm):
    """The most that somebody wants to lend who waits behind a full request."""

    def __init__(self, *args: Any, request: LoanRequest, **kwargs: Any) -> None:
        kwargs["initial"] = {"amount": min(100_00, request.granted_cents)}
        super().__init__(*args, request=request, **kwargs)
        self.fields["amount"].label = _("At most")
        self.fields["amount"].help_text = _("From %(least)s in steps of %(least)s.") % {
            "least": euro(SHARE_CENTS)
        }

    def check_room(self, cents: int) -> None:
        """There is none yet, and that is the point."""


def is_large(cents: int) -> bool:
    """Whether a bid needs the warning."""
    return cents > LARGE_BID_CENTS
