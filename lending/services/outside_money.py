"""Money for a loan that came from outside: a collection agency, a buyer, a court.

It arrives in the operator's own bank account and is paid in with the operator's capital; from
there it is passed on to the loan, never from clients' money.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Final

from ledger.chart import PLATFORM_ID, EntryKind, Role
from ledger.models import Account
from ledger.services import Move, post_entry
from lending.errors import NoMoneyForIt
from lending.services.sharing import LockedLoan

OPERATOR: Final = (Role.CAPITAL, Role.PROVIDER_COSTS, Role.COLLECTION_COSTS)
"""What has to be locked for it, beside the loan."""


def bring_in(locked: LockedLoan, cents: int, *, reference: str, on: date, at: datetime) -> None:
    """Pass money of the operator on to a locked loan's account, once for each `reference`.

    Raises NoMoneyForIt when the operator's own money, less what it has laid out, is less.
    """
    if cents > _free_cents():
        raise NoMoneyForIt(field="amount_cents")
    capital = locked.accounts[Role.CAPITAL][PLATFORM_ID]
    borrower = locked.accounts[Role.CASH][locked.loan.borrower_id]
    post_entry(
        reference=f"outside-money:{reference}",
        kind=EntryKind.RECOVERY,
        effective_on=on,
        at=at,
        moves=[Move(capital, borrower, cents)],
    )


def _free_cents() -> int:
    """The operator's capital that really lies with the provider."""
    rows = Account.objects.filter(role__in=OPERATOR, holder_id=PLATFORM_ID)
    held = dict(rows.values_list("role", "balance_cents"))
    capital = held.get(Role.CAPITAL, 0)
    return int(capital - held.get(Role.PROVIDER_COSTS, 0) - held.get(Role.COLLECTION_COSTS, 0))
