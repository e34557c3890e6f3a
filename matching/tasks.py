"""What the clock and the market's acts start."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from core import clock
from matching.choices import QUIET
from matching.errors import RoundUnderWay
from matching.services.rounds import run_round
from matching.services.triggers import ask_for_round, claim_due_round


@shared_task(name="matching.round_requested")
def round_requested() -> None:
    """Something came to the market: run a round in a moment, one for all that come by then."""
    if ask_for_round(now=timezone.now()):
        run_due_round.apply_async(countdown=QUIET.total_seconds())


@shared_task(name="matching.run_due_round", acks_late=True)
def run_due_round() -> int | None:
    """Run a round if one is due; its number. Delivered twice, the second finds none due."""
    if not claim_due_round(now=timezone.now()):
        return None
    return _run()


@shared_task(name="matching.run_round", acks_late=True)
def run_round_now() -> int | None:
    """Run a round at once; its number, or None when nothing could change."""
    return _run()


def _run() -> int | None:
    try:
        match = run_round(at=clock.now())
    except RoundUnderWay:
        ask_for_round(now=timezone.now())
        return None
    return match.pk if match else None
