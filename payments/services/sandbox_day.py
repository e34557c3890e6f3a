"""Lets the sandbox live along with the market: its clock, and the events it has to tell."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta

from core import day_end
from core.models import MarketDay
from core.only_one import only_one
from payments.provider import is_sandbox
from payments.services import inbox

LOCK = 0x50415249 + 7


def start(*, on: date) -> None:
    """Begin the sandbox's time on `on`, before anything was recorded there."""
    from payments.sandbox import control

    control.start_at(on)


def play(*, on: date, at: datetime) -> dict[str, object]:
    """Day end: let the sandbox's bank work until the evening of `on`, and hear what it says.

    Does nothing with a real provider.
    """
    if not is_sandbox():
        return {}
    from payments.sandbox import control

    acts = control.advance_to(on)
    return {"acts": acts} | catch_up(at=at)


def catch_up(*, at: datetime) -> dict[str, object]:
    """Deliver the sandbox's events to our address and handle them; returns how many."""
    if not is_sandbox():
        return {}
    from payments.sandbox import control

    control.run_due()
    return {"events": control.deliver_events(), "handled": inbox.handle_waiting(at=at)}


def next_day(
    *, market: MarketDay, at: datetime, told: Callable[[str], None] = lambda name: None
) -> date | None:
    """Let one day pass; returns it, or None when another process is at it or a key is set.

    A market on a virtual clock closes its business date, and the sandbox lives along. Else the
    provider's clock alone goes ahead of ours.
    """
    if not is_sandbox():
        return None
    from payments.sandbox import control

    if market.is_virtual and control.today() <= market.business_date:
        return day_end.close_day(at=at, told=told)
    with only_one(LOCK) as won:
        if not won:
            return None
        on = control.today() + timedelta(days=1)
        told("payments.services.sandbox_day.play")
        play(on=on, at=at)
        return on
