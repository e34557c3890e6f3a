"""Builds the demo's world: a worker runs the rounds while the story is told day by day."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import date, datetime
from functools import partial
from random import Random
from typing import Final

from celery import current_app
from django.core.management import call_command
from django.db.models import F

from accounts.models import User
from core import clock
from core.models import MarketDay
from demo.rounds import run_and_wait
from demo.story_line import story_line
from demo.world import MORNING, World
from ledger.sealing import begin_heads_anew
from notifications.models import Message
from payments.sandbox import control

CAPITAL_CENTS: Final = 5_000_00
"""What the operator brings in, so that the provider's charges never touch clients' money."""
DATABASES: Final = ("default", "sandbox")


def is_told() -> bool:
    """Whether the world stands: someone lives in it, and its clock is the wall clock again."""
    day = MarketDay.objects.filter(pk=MarketDay.ONLY).first()
    return User.objects.exists() and day is not None and not day.is_virtual


def begin_anew() -> None:
    """Empty the databases of a story that was interrupted; nothing of it can be told further."""
    if User.objects.exists():
        for alias in DATABASES:
            call_command("flush", database=alias, interactive=False, verbosity=0)
        begin_heads_anew(at=clock.now())


def tell(
    *,
    seed: int,
    until: date,
    days: int,
    told: Callable[[date, Counter[str]], None],
    is_alive: Callable[[], None],
) -> None:
    """Tell the year before `until`; `told` hears of every day that is over.

    A worker for the queue of rounds must run meanwhile. The same seed tells the same story, up to
    the draws by which rounds break ties.
    """
    rng = Random(seed)  # noqa: S311
    plot = story_line(rng, end=until, days=days)
    clock.set_business_date(plot.start, is_virtual=True)
    control.start_at(plot.start)
    world = World(
        plot=plot,
        rng=rng,
        line_rng=Random(f"{seed} lines"),  # noqa: S311
        run_rounds=partial(run_and_wait, is_alive),
    )
    morning = datetime.combine(plot.start, MORNING)
    world.hire_staff(morning)
    world.bring_capital(CAPITAL_CENTS, morning)
    for on in plot.days:
        world.live(on)
        told(on, world.told)
    clock.set_business_date(until, is_virtual=False)
    _clear_the_desk()


def _clear_the_desk() -> None:
    """Drop hints to tasks whose work is done; letters of the year count as mailed in their time."""
    unsent = Message.objects.filter(send_from__isnull=False)
    unsent.update(send_from=None, sent_at=F("created_at"))
    with current_app.connection_for_write() as connection:
        channel = connection.default_channel
        for queue in ("default", "provider", "mail", "rounds"):
            channel.queue_purge(queue)
