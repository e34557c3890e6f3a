"""Staff's first page: what lending has to say, and whether the provider's books agree with ours."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from core import clock
from core.admin import EMPTY
from core.wording import day
from lending.admin.dashboard import Card
from lending.admin.dashboard import dashboard as of_lending
from payments.models import ProviderStatement
from payments.selectors import open_differences


def dashboard(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Add the overview to the context of staff's first page."""
    shown = of_lending(request, context)
    cards = [*shown["cards"], _reconciled(), _differences()]
    return shown | {"cards": cards}


def _reconciled() -> Card:
    """The last day on which the provider's books were held against ours."""
    last = ProviderStatement.objects.order_by("-business_on").first()
    return Card(
        _("Provider's books read"),
        day(last.business_on) if last else EMPTY,
        _("daily statements") if last else _("the first statement comes with the next day end"),
        reverse("admin:payments_providerstatement_changelist"),
    )


def _differences() -> Card:
    """How many differences are open, and for how long the oldest has been."""
    found = open_differences()
    oldest = found.first()
    if oldest is None:
        note = _("the provider's books and ours agree")
    else:
        days = (clock.business_date() - oldest.seen_on).days
        note = ngettext("the oldest for %(days)s day", "the oldest for %(days)s days", days) % {
            "days": days
        }
    return Card(
        _("Differences"),
        str(found.count()),
        note,
        reverse("admin:payments_difference_changelist") + "?gone_on__isempty=1",
        "bad" if oldest else "good",
    )
