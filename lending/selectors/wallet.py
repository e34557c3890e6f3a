"""A person's money: the four figures, and the statement of how each came about.

A line of the statement is one move of the ledger, seen from one of the person's accounts: what came
is positive, what went is negative, and the balance after it is the balance of that account.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from django.db.models import Case, F, Q, QuerySet, Sum, TextChoices, When
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from core.errors import NotFound
from ledger.chart import EntryKind, Role
from ledger.models import Account, Transfer
from ledger.selectors import balances_cents
from lending.selectors.booked_for import Target, targets_of

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


class Reason(TextChoices):
    """Why a line stands in the statement, from the person's view."""

    PAY_IN = "pay_in", _("Pay-in")
    RESERVED = "reserved", _("Reserved for a bid")
    RELEASED = "released", _("Bid released")
    LENT = "lent", _("Lent")
    PRINCIPAL_RETURNED = "principal_returned", _("Principal repaid to you")
    INTEREST_RECEIVED = "interest_received", _("Interest received")
    LENDER_FEE = "lender_fee", _("Service fee")
    WRITTEN_OFF = "written_off", _("Written off")
    LOAN_PAID_OUT = "loan_paid_out", _("Your loan was paid out")
    COLLECTED = "collected", _("Instalment collected from your bank account")
    PRINCIPAL_PAID = "principal_paid", _("Principal paid")
    INTEREST_PAID = "interest_paid", _("Interest paid")
    WITHDRAWAL = "withdrawal", _("Withdrawal asked for")
    WITHDRAWAL_RETURNED = "withdrawal_returned", _("Withdrawal came back")
    PAID_OUT = "paid_out", _("Sent to your bank account")
    PAYOUT_RETURNED = "payout_returned", _("Transfer to your bank came back")
    LATE_INTEREST_RECEIVED = "late_interest_received", _("Default interest received")
    LATE_INTEREST_PAID = "late_interest_paid", _("Default interest paid")
    COSTS_PAID = "costs_paid", _("Costs of collection paid")
    FEE_RETURNED = "fee_returned", _("Fee given back")
    TAKEN_BACK = "taken_back", _("Payment taken back")
    DEBT_SETTLED = "debt_settled", _("Settled after a payment was taken back")
    CORRECTION = "correction", _("Correction")


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
    account = Account.objects.filter(role=role, holder_id=user.pk).values_list("id", flat=True)
    own = account.first()
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
                reason=_reason(row),
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
    newer = statement_of(user, role).filter(pk__gt=line.pk).order_by()
    moved: int = newer.aggregate(cents=Coalesce(Sum("signed_cents"), 0))["cents"]
    return balances_cents([role], user.pk)[role] - moved


_BY_KIND: Final = {
    EntryKind.PAY_IN: Reason.PAY_IN,
    EntryKind.RESERVATION: Reason.RESERVED,
    EntryKind.RELEASE: Reason.RELEASED,
    EntryKind.COLLECTION: Reason.COLLECTED,
    EntryKind.WITHDRAWAL_REQUESTED: Reason.WITHDRAWAL,
    EntryKind.WITHDRAWAL_RETURNED: Reason.WITHDRAWAL_RETURNED,
    EntryKind.PAYOUT: Reason.PAID_OUT,
    EntryKind.PAYOUT_REOPENED: Reason.PAYOUT_RETURNED,
    EntryKind.WRITE_OFF: Reason.WRITTEN_OFF,
    EntryKind.REVERSAL: Reason.TAKEN_BACK,
    EntryKind.RECEIVABLE_SETTLED: Reason.DEBT_SETTLED,
    EntryKind.CONTRACT_WITHDRAWN: Reason.FEE_RETURNED,
}
_BY_ACCOUNTS: Final = {
    (Role.RESERVED, Role.INVESTED): Reason.LENT,
    (Role.PRINCIPAL, Role.IN_TRANSIT_OUT): Reason.LOAN_PAID_OUT,
    (Role.INVESTED, Role.CASH): Reason.PRINCIPAL_RETURNED,
    (Role.INTEREST_PASSED, Role.CASH): Reason.INTEREST_RECEIVED,
    (Role.CASH, Role.FEES): Reason.LENDER_FEE,
    (Role.CASH, Role.PRINCIPAL): Reason.PRINCIPAL_PAID,
    (Role.CASH, Role.INTEREST_PASSED): Reason.INTEREST_PAID,
    (Role.DEFAULT_INTEREST, Role.CASH): Reason.LATE_INTEREST_RECEIVED,
    (Role.CASH, Role.DEFAULT_INTEREST): Reason.LATE_INTEREST_PAID,
    (Role.CASH, Role.COLLECTION_COSTS): Reason.COSTS_PAID,
    (Role.FEES, Role.CASH): Reason.FEE_RETURNED,
}


def _reason(row: Transfer) -> Reason:
    """From the kind of the entry or, where one entry does several things, from the accounts."""
    kind = EntryKind(row.entry.kind)
    if kind in (EntryKind.DISBURSEMENT, EntryKind.REPAYMENT):
        accounts = Role(row.debit.role), Role(row.credit.role)
        return _BY_ACCOUNTS.get(accounts, Reason.CORRECTION)
    return _BY_KIND.get(kind, Reason.CORRECTION)
