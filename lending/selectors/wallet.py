"""A person's money: the four figures, and the statement of how each came about.

A line of the statement is one move of the ledger, seen from one of the person's accounts: what came
is positive, what went is negative, and the balance after it is the balance of that account.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from django.db.models import Case, F, Q, QuerySet, Sum, When
from django.db.models.functions import Coalesce

from accounts.models import User
from core.errors import NotFound
from ledger.chart import Role
from ledger.models import Account, Transfer
from ledger.selectors import balances_cents
from lending.selectors.booked_for import Target, targets_of
from lending.selectors.reasons_of_moves import Reason, reason_of

__all__ = [
    "STATEMENTS",
    "Reason",
    "StatementLine",
    "Wallet",
    "statement_lines",
    "statement_of",
    "wallet_of",
]

STATEMENTS: Final = (Role.CASH, Role.RESERVED, Role.INVESTED, Role.IN_TRANSIT_OUT)
"""The accounts of a person of which there is a statement."""


@dataclass(frozen=True)
class Wallet:
    """Where a person's money is."""

    cash_cents: int
    reserved_cents: int
    invested_cents: int
    in_transit_out_cents: int
    owed_cents: int = 0
    """What the person owes after a payment was taken back that they no longer had."""

    @property
    def total_cents(self) -> int:
        """All of it together less what is owed; what is invested counts at par."""
        has = self.cash_cents + self.reserved_cents + self.invested_cents
        return has + self.in_transit_out_cents - self.owed_cents

    def share_of(self, cents: int) -> float | None:
        """How much of what is here and not on its way out an amount is; None without anything."""
        here_cents = self.cash_cents + self.reserved_cents + self.invested_cents
        return cents / here_cents if here_cents else None


@dataclass(frozen=True)
class StatementLine:
    """One line of a statement.

    Attributes:
        amount_cents: positive when the account grew.
        balance_cents: of the account after this line.
        target: the loan or request that it was for; None when it was for neither.
    """

    id: int
    on: date
    reason: Reason
    amount_cents: int
    balance_cents: int
    target: Target | None
    reference: str


def wallet_of(user: User) -> Wallet:
    """The person's balances, by one query."""
    roles = (*STATEMENTS, Role.RECEIVABLE)
    balances = balances_cents(roles, user.pk)
    return Wallet(*(balances[role] for role in roles))


def statement_of(user: User, role: Role = Role.CASH) -> QuerySet[Transfer]:
    """The moves on one of the person's accounts, newest first; `signed_cents` says which way.

    The order is by id alone, so that a page can go on after any line. `statement_lines` puts a
    page into words. Raises NotFound for an account of which there is no statement.
    """
    if role not in STATEMENTS:
        raise NotFound(f"statement of {role}")
    own = _account_of(user, role)
    return _moves_on(own.pk if own else None)


def _account_of(user: User, role: Role) -> Account | None:
    """The person's account of a role, once money was ever on it."""
    return Account.objects.filter(role=role, holder_id=user.pk).first()


def _moves_on(own: int | None) -> QuerySet[Transfer]:
    return (
        Transfer.objects.filter(Q(debit=own) | Q(credit=own))
        .select_related("entry", "debit", "credit")
        .annotate(signed_cents=Case(When(credit=own, then=F("cents")), default=-F("cents")))
        .order_by("-id")
    )


def statement_lines(
    user: User, page: Sequence[Transfer], role: Role = Role.CASH
) -> list[StatementLine]:
    """The words, targets and balances of a page of `statement_of`, by a fixed number of queries."""
    if not page:
        return []
    targets = targets_of(user, [row.entry for row in page])
    balance_cents, lines = _balance_after(user, page[0], role), []
    for row in page:
        lines.append(
            StatementLine(
                id=row.pk,
                on=row.entry.effective_on,
                reason=reason_of(row.entry.kind, row.debit.role, row.credit.role),
                amount_cents=row.signed_cents,
                balance_cents=balance_cents,
                target=targets.get(row.entry_id),
                reference=row.entry.reference,
            )
        )
        balance_cents -= row.signed_cents
    return lines


def _balance_after(user: User, line: Transfer, role: Role) -> int:
    """The account's balance after a line: as it is now, less everything newer."""
    own = _account_of(user, role)
    if own is None:
        return 0
    newer = _moves_on(own.pk).filter(pk__gt=line.pk).order_by()
    moved: int = newer.aggregate(cents=Coalesce(Sum("signed_cents"), 0))["cents"]
    return own.balance_cents - moved
