"""What the provider does by itself as time passes, in order of time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Final

from payments.sandbox import books
from payments.sandbox.models import Act
from payments.sandbox.operations import (
    balance,
    checkout,
    disputes,
    identity,
    payment_intents,
    payouts,
    refunds,
)
from payments.sandbox.store import Record, Work, repeat

BATCH: Final = 200


def _finish_debit(work: Work, charge: Record) -> None:
    payment_intents.finish_debit(work, charge)
    if charge.data["status"] == "succeeded":
        _follow(work, charge)


def _return_debit(work: Work, charge: Record) -> None:
    payment_intents.return_debit(work, charge)
    _follow(work, charge)


def _follow(work: Work, charge: Record) -> None:
    intent_id = charge.data["payment_intent"]
    checkout.follow(work, work.find(intent_id, "payment_intent", account=charge.account))


ACTS: Final[dict[str, Callable[[Work, Record], None]]] = {
    "arrive_payout": payouts.arrive,
    "debit": _finish_debit,
    "decide_dispute": disputes.decide,
    "dispute": disputes.open_lost,
    "expire_dispute": disputes.expire,
    "expire_session": checkout.close_unpaid,
    "finish_refund": refunds.finish,
    "finish_topup": balance.finish_topup,
    "return_debit": _return_debit,
    "send_payout": payouts.send,
    "settle": books.settle,
    "verify_identity": identity.verify,
}


def run(*, until: datetime) -> int:
    """Do everything that falls due up to `until`, one instant after the other; returns how much."""
    done = 0
    while acted := repeat(partial(_run_batch, until)):
        done += acted
    return done


def _run_batch(until: datetime) -> int:
    """One batch of acts that share an instant; how many they were."""
    acts = list(Act.objects.filter(due_at__lte=until).order_by("due_at", "id")[:BATCH])
    acts = [act for act in acts if act.due_at == acts[0].due_at]
    if not acts:
        return 0
    work = Work(now=acts[0].due_at)
    _load(work, acts)
    for act in acts:
        record = work.peek(act.object_id)
        if record is not None:
            ACTS[act.name](work, record)
        work.acted(act.pk)
    work.flush()
    return len(acts)


def _load(work: Work, acts: list[Act]) -> None:
    """Read the objects of all acts, then those that they will need, in two goes."""
    work.load(act.object_id for act in acts)
    needed = []
    for act in acts:
        record = work.peek(act.object_id)
        needed += [record.data.get(name) or "" for name in _NEEDED] if record else []
    work.load(needed)


_NEEDED = ("payment_intent", "payment_method", "destination")
