"""The daily statement of the provider's books, and the alarm when they differ from ours."""

from __future__ import annotations

from datetime import date, datetime
from typing import Final

import structlog
from django.db import connection, transaction
from django.db.models import Count, Sum
from django.db.models.functions import Coalesce

from accounts.models import User
from ledger.chart import Role
from ledger.selectors import balance_cents
from notifications.services import Notice, notify_all
from payments.errors import ProviderError
from payments.gateway import gateway
from payments.models import Difference, ProviderLine, ProviderStatement
from payments.own_lines import OWN_LINES
from payments.services import reconciliation, suspense
from payments.services.books import DAILY, read_lines
from payments.services.reconciliation import Found

log = structlog.get_logger(__name__)

MAY_SETTLE: Final = "payments.change_suspenseitem"
"""The right to settle what is held in suspense; whoever has it hears of new differences."""


def close_books(*, on: date, at: datetime) -> dict[str, object]:
    """Day end: read the provider's books, hold what nobody explains, and state the day.

    When the provider cannot be reached the day closes all the same, and the next statement takes
    up what this one would have shown.
    """
    try:
        read_lines(back=DAILY)
        reported = gateway().balance().total_cents
    except ProviderError as problem:
        log.error("books_not_read", code=problem.code, why=problem.detail[:200])
        return {"unread": 1}
    held = suspense.hold_unexplained(before=on, on=on, at=at)
    found, agreed = reconciliation.compare(is_deep=False)
    found += reconciliation.totals(reported)
    new = reconciliation.record(found, agreed=agreed, on=on, at=at)
    statement = _state(on=on, at=at, reported_cents=reported)
    if new:
        tell_staff(new, on=on, at=at)
    return {
        "lines": statement.lines_count,
        "held": held,
        "differences": statement.differences_count,
        "new": len(new),
    }


def reread(*, on: date, at: datetime) -> int:
    """Read all of the provider's books again, compare everything, and tell staff what is new."""
    read_lines(back=None)
    found, agreed = reconciliation.compare()
    found += reconciliation.totals()
    if new := reconciliation.record(found, agreed=agreed, on=on, at=at):
        tell_staff(new, on=on, at=at)
    return len(found)


@transaction.atomic
def _state(*, on: date, at: datetime, reported_cents: int) -> ProviderStatement:
    """Write the statement of `on` with its lines and rows, once."""
    earlier = ProviderStatement.objects.filter(business_on=on).first()
    if earlier:
        return earlier
    last = ProviderStatement.objects.order_by("-business_on").first()
    waiting = ProviderLine.objects.filter(statement=None)
    lines = waiting.filter(booked_on__lte=on)
    sums = lines.aggregate(
        count=Count("id"),
        amount=Coalesce(Sum("amount_cents"), 0),
        fee=Coalesce(Sum("fee_cents"), 0),
    )
    opening = last.closing_cents if last else 0
    later = waiting.filter(booked_on__gt=on).aggregate(all=Coalesce(Sum("net_cents"), 0))["all"]
    statement = ProviderStatement.objects.create(
        business_on=on,
        opening_cents=opening,
        closing_cents=opening + sums["amount"] - sums["fee"],
        lines_count=sums["count"],
        amount_cents=sums["amount"],
        fee_cents=sums["fee"],
        reported_cents=reported_cents,
        later_cents=later,
        own_cents=reconciliation.own_cents(),
        suspense_cents=balance_cents(Role.SUSPENSE),
        differences_count=Difference.objects.filter(gone_on=None).count(),
        made_at=at,
    )
    if statement.lines_count:
        lines.update(statement=statement)
        with connection.cursor() as cursor:
            cursor.execute(_ROWS, {"statement": statement.pk})
    return statement


def tell_staff(new: list[Found], *, on: date, at: datetime) -> int:
    """Write to whoever may settle differences that there are new ones; returns to how many."""
    staff = User.objects.filter(is_staff=True, is_active=True).order_by("id")
    told = [person.pk for person in staff if person.has_perm(MAY_SETTLE)]
    still_open = Difference.objects.filter(gone_on=None).count()
    facts = {
        "count": len(new),
        "open": still_open,
        "first": new[0].subject,
        "day_on": on,
    }
    notify_all(
        kind="books_differ",
        notices=[Notice(pk, f"books_differ:{on}:{pk}", facts) for pk in told],
        at=at,
    )
    return len(told)


_ROWS: Final = f"""
INSERT INTO payments_statementrow
    (statement_id, kind, lines_count, amount_cents, fee_cents,
     own_count, own_amount_cents, own_fee_cents)
SELECT line.statement_id, line.kind, count(*), sum(line.amount_cents), sum(line.fee_cents),
       count(own.reference), coalesce(sum(own.amount_cents), 0), coalesce(sum(own.fee_cents), 0)
FROM payments_providerline AS line
LEFT JOIN ({OWN_LINES}) AS own ON own.transaction_id = line.transaction_id
WHERE line.statement_id = %(statement)s
GROUP BY line.statement_id, line.kind ORDER BY line.kind
"""  # noqa: S608 - our own words
