"""Sending letters; called after each new message, and by the clock for what was left behind."""

from __future__ import annotations

from celery import shared_task

from core import clock
from notifications import services


@shared_task(name="notifications.send_due")
def send_due() -> int:
    """Send every letter that is due; repeating it is harmless."""
    return services.send_due(at=clock.now())
