"""A process that starts day ends which die where they are told: `python -m` this, with the test's
environment. Each order is a line of JSON, each answer a line with the exit codes of the children.

Children are forked, so that none of them starts from nothing.
"""

from __future__ import annotations

import json
import os
import pickle
import signal
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any, Final

import django

django.setup()

from django.conf import settings  # noqa: E402
from django.db import connections  # noqa: E402

from core import day_end, shards  # noqa: E402
from core.models import DayEndRun, DayEndStep  # noqa: E402
from core.tasks import work_on_shards  # noqa: E402
from lending.services import disbursements, repayments_bulk, servicing  # noqa: E402
from payments.gateway import Gateway  # noqa: E402
from payments.services import collections, operations, passing_on, sweep  # noqa: E402
from tests.flows.digest import digest  # noqa: E402
from tests.flows.money import assert_money  # noqa: E402

STEP: Final = "lending.services.servicing.service_loans"
# What the provider's bank does and tells has drills of its own, and so have payouts.
_ELSEWHERE: Final = ("payments.services.sandbox_day.play", "payments.services.payouts.send_due")


def dies(owner: Any, name: str, *, after: int = 0, done: bool = False) -> None:
    """Let a function kill its process: before it runs, or once it is done."""
    real, calls = getattr(owner, name), []

    def act(*given: Any, **named: Any) -> Any:
        calls.append(1)
        if len(calls) <= after:
            return real(*given, **named)
        if done:
            real(*given, **named)
        os.kill(os.getpid(), signal.SIGKILL)

    setattr(owner, name, act)


POINTS: Final[Mapping[str, Callable[[], None]]] = {
    "before the first step": lambda: dies(day_end, "_run_step"),
    "after a step, before its record": lambda: dies(DayEndStep.objects, "create", after=1),
    "inside a disbursement": lambda: dies(disbursements, "_stakes", done=True),
    "after a loan has its number": lambda: dies(disbursements, "_create_loan", done=True),
    "after a disbursement": lambda: dies(disbursements, "disburse", done=True),
    "before a debit is asked for": lambda: dies(operations, "carry_out"),
    "after the provider took a debit": lambda: dies(Gateway, "collect", done=True),
    "before its answer is kept": lambda: dies(operations, "confirm"),
    "before a debit is noted as sent": lambda: dies(collections, "_note_sent"),
    "inside sharing out": lambda: dies(repayments_bulk, "post_columns", done=True),
    "after sharing out, before the marks": lambda: dies(passing_on, "share_in_bulk", done=True),
    "after the marks": lambda: dies(passing_on, "_pass_on_together", done=True),
    "after the shards are cut": lambda: dies(shards, "_cut", done=True),
    "inside the day of some loans": lambda: dies(servicing, "_do_step", after=2, done=True),
    "after the day of some loans": lambda: dies(servicing, "_service_day", done=True),
    "between two shards": lambda: dies(shards, "_do", after=1),
    "after the last step": lambda: dies(day_end, "_open_next"),
    "after the next day is open": lambda: dies(day_end, "_open_next", done=True),
    "on the second day": lambda: dies(servicing, "_service_day", after=4, done=True),
}


def _prepare(database: str, heads: str) -> None:
    """Work on that database, in small shards, and share out together from three debits on."""
    for alias, name in (("default", database), ("sandbox", f"{database}_sandbox")):
        connections[alias].close()
        connections[alias].settings_dict["NAME"] = name
    settings.LEDGER_HEADS = heads  # the seals of a database of the same name are another's
    settings.DAY_END_STEPS = tuple(n for n in settings.DAY_END_STEPS if n not in _ELSEWHERE)
    servicing.service_loans = replace(servicing.service_loans, size=3)  # type: ignore[misc]
    passing_on.MANY = 3  # type: ignore[misc]


def _close(order: Mapping[str, Any]) -> None:
    if point := order.get("point"):
        POINTS[point]()
    until = date.fromisoformat(order["until"])
    now = day_end.clock.now()
    sweep._collections(now, now)  # what a crash left unsent is taken up again
    if order.get("one_by_one"):
        while day_end.close_day(at=day_end.clock.now()) is not None:
            if day_end.clock.business_date() >= until:
                break
    else:
        day_end.catch_up(until=until)


def _help(order: Mapping[str, Any]) -> None:
    """A worker that takes a hint whenever a day end is under way, until the day is there."""
    until = date.fromisoformat(order["until"])
    while day_end.clock.business_date() < until:
        for run in DayEndRun.objects.filter(finished_at__isnull=True):
            work_on_shards(run_id=run.pk, step=STEP)


def _tell(order: Mapping[str, Any]) -> None:
    """Prove the money, and write down what the database says."""
    assert_money("ledger", "lending")
    Path(order["file"]).write_bytes(
        pickle.dumps((day_end.clock.business_date(), digest(with_provider=True)))
    )


ACTS: Final = {"close": _close, "help": _help, "tell": _tell}


def _forked(order: Mapping[str, Any]) -> int:
    child = os.fork()
    if child:
        return child
    code = 1
    try:
        _prepare(order["database"], order["heads"])
        ACTS[order["act"]](order)
        code = 0
    except BaseException as error:
        print(repr(error), file=sys.stderr, flush=True)
    finally:
        os._exit(code)


def main() -> None:
    """Carry out orders: `[order, ...]` at once, the first of them killed after `kill_after`."""
    for line in sys.stdin:
        orders = json.loads(line)
        children = [_forked(order) for order in orders]
        if seconds := orders[0].get("kill_after"):
            time.sleep(seconds)
            os.kill(children[0], signal.SIGKILL)
        codes = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
        print(json.dumps(codes), flush=True)


if __name__ == "__main__":
    main()
