"""What a person owes the marketplace after money was taken back that they no longer had.

The next money that reaches them settles it, whatever it is; it bears no interest.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

from django.db import transaction

from ledger.chart import EntryKind, Role
from ledger.models import Account
from ledger.services import Move, lock_accounts, post_entry


@transaction.atomic
def settle_receivables(
    *, person_ids: Iterable[int], cause: str, on: date, at: datetime
) -> dict[int, int]:
    """Settle what these people owe from the cash they have now: person -> cents settled.

    Args:
        cause: the reference of the entry that brought the money; one settlement for each.
    """
    people = sorted(set(person_ids))
    owing = Account.objects.filter(role=Role.RECEIVABLE, holder_id__in=people, balance_cents__gt=0)
    debts = dict(owing.values_list("holder_id", "id"))
    if not debts:
        return {}
    own = Account.objects.filter(role=Role.CASH, holder_id__in=debts)
    cash = dict(own.values_list("holder_id", "id"))
    balances = lock_accounts([*debts.values(), *cash.values()])
    settled = {
        person: cents
        for person in sorted(cash)
        if (cents := min(balances[debts[person]], balances[cash[person]])) > 0
    }
    if settled:
        post_entry(
            reference=f"receivable-settled:{cause}",
            kind=EntryKind.RECEIVABLE_SETTLED,
            effective_on=on,
            at=at,
            moves=[Move(cash[person], debts[person], cents) for person, cents in settled.items()],
        )
    return settled


def settle_all(*, on: date, at: datetime) -> dict[str, object]:
    """Day end: settle what money that came another way, a bid released, can settle."""
    owing = Account.objects.filter(role=Role.RECEIVABLE, balance_cents__gt=0)
    people = owing.order_by("holder_id").values_list("holder_id", flat=True)
    settled = settle_receivables(person_ids=people, cause=f"day:{on}", on=on, at=at)
    return {"settled": len(settled), "settled_cents": sum(settled.values())}
