"""Work for the queue; each task may run twice."""

from __future__ import annotations

from functools import partial

from celery import shared_task
from django.core.cache import cache

from core import clock
from payments.services import (
    collections,
    forgetting,
    inbox,
    payouts,
    provider_statements,
    sandbox_day,
    sandbox_progress,
)
from payments.services import sweep as sweeping
from payments.webhooks import HINT


@shared_task(name="payments.process_inbox")
def process_inbox() -> int:
    """Handle every event that waits; a hint that comes meanwhile starts another round."""
    cache.delete(HINT)
    return inbox.handle_waiting(at=clock.now())


@shared_task(name="payments.process_event")
def process_event(event_id: int) -> str:
    """Handle one event; it is looked at again by the sweep if it fails."""
    return str(inbox.handle(event_id=event_id, at=clock.now()))


@shared_task(name="payments.send_payouts")
def send_payouts() -> dict[str, object]:
    """Take every payout one step further."""
    at = clock.now()
    return payouts.send_due(on=clock.day_of(at), at=at)


@shared_task(name="payments.send_payout")
def send_payout(payout_id: int) -> str:
    """Take one payout as far as it goes now."""
    return str(payouts.send(payout_id=payout_id, at=clock.now()).status)


@shared_task(name="payments.forget_methods")
def forget_methods() -> int:
    """Let the provider forget what is no longer to be charged."""
    return forgetting.forget_waiting(at=clock.now())


@shared_task(name="payments.collect")
def collect() -> dict[str, object]:
    """Send the debits whose day has come."""
    return collections.collect_due(on=clock.business_date(), at=clock.now())


@shared_task(name="payments.advance_sandbox")
def advance_sandbox(days: int = 1) -> int:
    """Let days pass in the sandbox, and tell the panel how far they are; returns how many did."""
    passed = 0
    for number in range(days):
        sandbox_progress.tell(passed=passed, days=days)
        day = sandbox_day.next_day(
            market=clock.market_day(),
            at=clock.now(),
            told=partial(sandbox_progress.tell, passed=number, days=days),
        )
        if day is None:
            break
        passed += 1
    sandbox_progress.tell(passed=passed, days=days, is_over=True)
    return passed


@shared_task(name="payments.sweep")
def sweep() -> dict[str, int]:
    """Take up what was left lying; in the sandbox, let its bank work first."""
    at = clock.now()
    sandbox_day.catch_up(at=at)
    return sweeping.sweep(at=at)


@shared_task(name="payments.reread_books")
def reread_books() -> int:
    """Read every line of the provider's books again; returns how many differences are open."""
    at = clock.now()
    return provider_statements.reread(on=clock.business_date(), at=at)
