"""Sharing out: one payment on a loan, booked over its instalments and its holdings, set by set.

Whoever books a payment locks the loan with `lock_loan`, decides what it settles, and calls `book`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final, NamedTuple

from django.db import connection

from core.errors import NotFound, StaleState
from ledger.chart import PLATFORM_ID, EntryKind, Role
from ledger.errors import ReferenceReused
from ledger.services import Move, locked_accounts, post_entry
from lending.domain.waterfall import DuePart, HoldingShare, split_repayment
from lending.models import Holding, Loan, Repayment, RepaymentKind
from lending.services.receivables import settle_receivables
from lending.services.servicing import ensure_serviced

_PLATFORM: Final = (Role.INTEREST_PASSED, Role.FEES, Role.DEFAULT_INTEREST, Role.COLLECTION_COSTS)
_Accounts = Mapping[Role, Mapping[int, int]]


class Claim(NamedTuple):
    """A holding as it stands before a payment."""

    holding_id: int
    lender_id: int
    outstanding_cents: int
    lent_cents: int


@dataclass(frozen=True)
class LockedLoan:
    """A loan with its holdings and accounts, locked until the transaction ends."""

    loan: Loan
    claims: Sequence[Claim]
    accounts: _Accounts


@dataclass(frozen=True)
class Settled:
    """What a payment settles; `fee_refund_cents` is what the borrower gets back of the fee."""

    parts: Sequence[DuePart] = field(default_factory=list)
    default_interest_cents: int = 0
    costs_cents: int = 0
    fee_refund_cents: int = 0

    @property
    def principal_cents(self) -> int:
        """Principal of all instalments that it settles."""
        return sum(part.principal_cents for part in self.parts)

    @property
    def interest_cents(self) -> int:
        """Contract interest of all instalments that it settles."""
        return sum(part.interest_cents for part in self.parts)

    @property
    def amount_cents(self) -> int:
        """The whole payment."""
        owed = self.principal_cents + self.interest_cents
        return owed + self.default_interest_cents + self.costs_cents


def lock_loan(loan_id: int, *, on: date, at: datetime, more: Collection[Role] = ()) -> LockedLoan:
    """Lock what a payment on a loan may touch: accounts first, then the loan, then its holdings.

    The loan goes through the day ends that it missed before the payment of the day `on`.

    Args:
        more: further accounts of the platform that the caller will post to.
    Raises NotFound, or StaleState when the holdings changed hands before the lock.
    """
    borrower_id, lender_ids = _parties(loan_id)
    accounts = locked_accounts(
        {
            Role.CASH: [borrower_id, *lender_ids],
            Role.INVESTED: lender_ids,
            Role.PRINCIPAL: [loan_id],
            **{role: [PLATFORM_ID] for role in (*_PLATFORM, *more)},
        }
    )
    ensure_serviced(loan_id=loan_id, on=on, at=at)
    loan = Loan.objects.select_for_update(no_key=True).get(pk=loan_id)
    rows = Holding.objects.select_for_update(no_key=True).filter(loan=loan_id).order_by("id")
    columns = ("id", "lender_id", "outstanding_cents", "principal_cents")
    claims = [Claim(*row) for row in rows.values_list(*columns)]
    if {claim.lender_id for claim in claims} != lender_ids:
        raise StaleState(f"the lenders of loan {loan_id} changed meanwhile")
    return LockedLoan(loan, claims, accounts)


def _parties(loan_id: int) -> tuple[int, set[int]]:
    """The borrower and the lenders of a loan, before anything is locked."""
    rows = Loan.objects.filter(pk=loan_id).values_list("borrower_id", "holdings__lender_id")
    borrowers, lenders = {row[0] for row in rows}, {row[1] for row in rows}
    if not borrowers:
        raise NotFound(f"loan {loan_id}")
    return borrowers.pop(), lenders


def earlier_payment(reference: str, loan_id: int, amount_cents: int | None) -> Repayment | None:
    """The payment that already bears this reference; with other figures it is refused."""
    earlier = Repayment.objects.filter(reference=reference).first()
    if earlier is None:
        return None
    is_other = amount_cents is not None and earlier.amount_cents != amount_cents
    if earlier.loan_id != loan_id or is_other:
        raise ReferenceReused(reference)
    return earlier


def book(
    locked: LockedLoan,
    settled: Settled,
    *,
    kind: RepaymentKind,
    reference: str,
    received_on: date,
    at: datetime,
    fee_rate: Decimal,
    entry_kind: EntryKind = EntryKind.REPAYMENT,
) -> Repayment:
    """Post a payment, write its lines, and take it off instalments, holdings and loan.

    Lenders who owe money after a late return settle that first from what they get.
    Raises InsufficientFunds when the borrower's cash does not cover it.
    """
    shares = split_repayment(
        principal_cents=settled.principal_cents,
        interest_cents=settled.interest_cents,
        default_interest_cents=settled.default_interest_cents,
        outstanding_cents=[claim.outstanding_cents for claim in locked.claims],
        lent_cents=[claim.lent_cents for claim in locked.claims],
        fee_rate=fee_rate,
    )
    entry = post_entry(
        reference=f"repayment:{reference}",
        kind=entry_kind,
        effective_on=received_on,
        at=at,
        moves=_moves(locked, settled, shares),
    )
    loan = locked.loan
    repayment = Repayment.objects.create(
        loan=loan,
        kind=kind,
        reference=reference,
        amount_cents=settled.amount_cents,
        principal_cents=settled.principal_cents,
        interest_cents=settled.interest_cents,
        default_interest_cents=settled.default_interest_cents,
        costs_cents=settled.costs_cents,
        fee_cents=sum(share.fee_cents for share in shares),
        fee_refund_cents=settled.fee_refund_cents,
        received_on=received_on,
        at=at,
        entry=entry,
    )
    _store(repayment, settled, shares, locked.claims)
    loan.outstanding_cents -= settled.principal_cents
    loan.save(update_fields=["outstanding_cents"])
    settle_receivables(
        person_ids=[claim.lender_id for claim in locked.claims],
        cause=entry.reference,
        on=received_on,
        at=at,
    )
    return repayment


def _moves(locked: LockedLoan, settled: Settled, shares: Sequence[HoldingShare]) -> list[Move]:
    """The borrower's cash settles the loan and passes interest on; lenders are credited."""
    accounts, loan = locked.accounts, locked.loan
    cash, invested = accounts[Role.CASH], accounts[Role.INVESTED]
    passed, fees, late, costs = (accounts[role][PLATFORM_ID] for role in _PLATFORM)
    borrower = cash[loan.borrower_id]
    moves = [
        Move(borrower, accounts[Role.PRINCIPAL][loan.pk], settled.principal_cents),
        Move(borrower, passed, settled.interest_cents),
        Move(borrower, late, settled.default_interest_cents),
        Move(borrower, costs, settled.costs_cents),
        Move(fees, borrower, settled.fee_refund_cents),
    ]
    for claim, share in zip(locked.claims, shares, strict=True):
        lender = cash[claim.lender_id]
        moves += [
            Move(invested[claim.lender_id], lender, share.principal_cents),
            Move(passed, lender, share.interest_cents),
            Move(late, lender, share.default_interest_cents),
            Move(lender, fees, share.fee_cents),
        ]
    return [move for move in moves if move.cents]


def _store(
    repayment: Repayment,
    settled: Settled,
    shares: Sequence[HoldingShare],
    claims: Sequence[Claim],
) -> None:
    """Write the lines of a payment and add them up in instalments and holdings, set by set."""
    shared = [
        (claim.holding_id, *share)
        for claim, share in zip(claims, shares, strict=True)
        if share.principal_cents or share.interest_cents or share.default_interest_cents
    ]
    with connection.cursor() as cursor:
        given: list[Any] = [repayment.loan_id, repayment.pk, repayment.received_on]
        if settled.parts:
            cursor.execute(_STORE_PARTS, [*_columns(settled.parts), *given])
        if shared:
            cursor.execute(_STORE_SHARES, [repayment.pk, *_columns(shared)])


def _columns(rows: Sequence[tuple[int, ...]]) -> list[list[int]]:
    return [list(column) for column in zip(*rows, strict=True)]


_STORE_PARTS: Final = """
WITH paid AS (
    SELECT unnest(%s::int[]) AS number, unnest(%s::bigint[]) AS principal_cents,
           unnest(%s::bigint[]) AS interest_cents
), settled AS (
    UPDATE lending_instalment AS instalment
    SET paid_principal_cents = paid_principal_cents + paid.principal_cents,
        paid_interest_cents = paid_interest_cents + paid.interest_cents,
        paid_on = CASE
            WHEN paid_principal_cents + paid.principal_cents = instalment.principal_cents
             AND paid_interest_cents + paid.interest_cents = instalment.interest_cents
            THEN given.received_on END
    FROM paid, (SELECT %s::bigint AS loan_id, %s::bigint AS repayment_id, %s::date AS received_on)
        AS given
    WHERE instalment.loan_id = given.loan_id AND instalment.number = paid.number
      AND instalment.superseded_on IS NULL
    RETURNING given.repayment_id, instalment.id, paid.principal_cents, paid.interest_cents
)
INSERT INTO lending_repaymentpart (repayment_id, instalment_id, principal_cents, interest_cents)
SELECT * FROM settled
"""

_STORE_SHARES: Final = """
WITH share AS (
    INSERT INTO lending_repaymentshare
        (repayment_id, holding_id, principal_cents, interest_cents, fee_cents,
         default_interest_cents)
    SELECT %s, unnest(%s::bigint[]), unnest(%s::bigint[]), unnest(%s::bigint[]),
           unnest(%s::bigint[]), unnest(%s::bigint[])
    RETURNING holding_id, principal_cents, interest_cents, fee_cents, default_interest_cents
)
UPDATE lending_holding AS holding
SET outstanding_cents = outstanding_cents - share.principal_cents,
    interest_cents = holding.interest_cents + share.interest_cents,
    default_interest_cents = holding.default_interest_cents + share.default_interest_cents,
    fee_cents = holding.fee_cents + share.fee_cents
FROM share WHERE holding.id = share.holding_id
"""
