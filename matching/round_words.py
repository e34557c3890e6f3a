"""What a round left alone and what gave way, in words for staff."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from django.utils.translation import gettext as say
from django.utils.translation import gettext_lazy as _

from core.wording import euro, number
from matching.models import MatchRound

_BLOCKERS: Final[dict[str, Any]] = {
    "grade": _("other grades"),
    "term": _("other terms"),
    "purpose": _("other purposes"),
    "mark": _("affordability mark too high"),
    "rate_too_low": _("rate too low"),
    "rate_too_high": _("rate too high"),
    "net_rate": _("expected return too low"),
    "trait": _("further filters"),
    "level": _("others stood emptier"),
    "loan_cap": _("cap per loan"),
    "borrower_cap": _("cap per borrower"),
    "room": _("room in the grade"),
    "budget": _("budget"),
    "cash": _("free cash"),
}
_GAVE_WAY: Final[dict[str, Any]] = {
    "request_full": _("bids by hand had taken the room"),
    "request_closed": _("it was no longer open"),
    "insufficient_funds": _("a lender had spent the money"),
    "mandate_not_active": _("a mandate had been paused or ended"),
}


def left_alone(match: MatchRound) -> Iterator[str]:
    """A line per request that was not filled: what it lacked, and what kept how many mandates."""
    for row in match.skipped:
        kept = [f"{_BLOCKERS.get(name, name)} ({number(count)})" for name, count in row["blockers"]]
        told = say("Request %(request)s lacked %(short)s.")
        words = told % {"request": row["request_id"], "short": euro(row["short_cents"])}
        if kept:
            words += " " + say("Mandates kept out: %(kept)s.") % {"kept": ", ".join(kept)}
        yield words


def gave_way(match: MatchRound) -> Iterator[str]:
    """A line per request that no longer fitted when it was booked, with the reason."""
    for request, reason in match.fallen.items():
        told = say("Request %(request)s: %(reason)s.")
        yield told % {"request": request, "reason": _GAVE_WAY.get(reason, reason)}
