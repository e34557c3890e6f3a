"""Lets the sandbox live along with the market: its clock, and the events it has to tell."""

from __future__ import annotations

from datetime import date, datetime

from django.conf import settings

from payments.services import inbox


def start(*, on: date) -> None:
    """Begin the sandbox's time on `on`, before anything was recorded there."""
    from payments.sandbox import control

    control.start_at(on)


def play(*, on: date, at: datetime) -> dict[str, object]:
    """Day end: let the sandbox's bank work until the evening of `on`, and hear what it says.

    Does nothing with a real provider.
    """
    if settings.STRIPE_KEY:
        return {}
    from payments.sandbox import control

    acts = control.advance_to(on)
    return {"acts": acts} | catch_up(at=at)


def catch_up(*, at: datetime) -> dict[str, object]:
    """Deliver the sandbox's events to our address and handle them; returns how many."""
    if settings.STRIPE_KEY:
        return {}
    from payments.sandbox import control

    control.run_due()
    return {"events": control.deliver_events(), "handled": inbox.handle_waiting(at=at)}
