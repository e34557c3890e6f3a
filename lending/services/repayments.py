"""Repayment: what a borrower pays is shared out to the lenders, to the cent, in one transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final, NamedTuple

from django.db import connection, transaction
from django.db.models import F

from core.errors import NotFound, StaleState
from core.jobs import enqueue
from core.transitions import advance
from ledger.chart import PLATFORM_ID, EntryKind, Role
from ledger.errors import EmptyEntry, ReferenceReused
from ledger.services import Move, locked_accounts, post_entry
from lending.domain.waterfall import (
    Due,
    DuePart,
    HoldingShare,
    allocate_payment,
    allocate_to_dues,
    split_repayment,
)
from lending.errors import Overpayment
from lending.models import FeeKind, Holding, Loan, LoanEventKind, Repayment
from lending.selectors.fees import fee_rate
from lending.services.timeline import note_event
from lending.states import LOAN_TRANSITIONS, LoanStatus
from notifications.services import notify

__all__ = ["note_event", "repay"]

_Accounts = Mapping[Role, Mapping[int, int]]
_OWING: Final = frozenset({LoanStatus.ACTIVE, LoanStatus.DEFAULTED})


class _Claim(NamedTuple):
    """A holding as it stands before the payment."""

    holding_id: int
    lender_id: int
    outstanding_cents: int


@dataclass(frozen=True)
class _Payment:
    """A payment as it will be booked: over instalments, and over holdings in their order."""

    parts: Sequence[DuePart]
    shares: Sequence[HoldingShare]

    @property
    def principal_cents(self) -> int:
        return sum(part.principal_cents for part in self.parts)

    @property
    def interest_cents(self) -> int:
        return sum(part.interest_cents for part in self.parts)

    @property
    def fee_cents(self) -> int:
        return sum(share.fee_cents for share in self.shares)


@transaction.atomic
def repay(
    *, loan_id: int, amount_cents: int, reference: str, received_on: date, at: datetime
) -> Repayment:
    """Pay `amount_cents` of the borrower's cash to the lenders of a loan.

    Goes to the oldest instalment first, then by what each holding is still owed. A part
    payment is welcome. The same `reference` again returns the payment that it made.
    Raises NotFound, EmptyEntry, Overpayment, InsufficientFunds, or ReferenceReused.
    """
    if amount_cents <= 0:
        raise EmptyEntry(reference)
    borrower_id, lender_ids = _parties(loan_id)
    accounts = locked_accounts(
        {
            Role.CASH: [borrower_id, *lender_ids],
            Role.INVESTED: lender_ids,
            Role.PRINCIPAL: [loan_id],
            Role.INTEREST_PASSED: [PLATFORM_ID],
            Role.FEES: [PLATFORM_ID],
        }
    )
    loan = Loan.objects.select_for_update(no_key=True).get(pk=loan_id)
    if earlier := _earlier(reference, loan_id, amount_cents):
        return earlier
    claims = _locked_claims(loan_id, lender_ids)
    dues = _dues(loan)
    payment = _share(loan, amount_cents, dues, claims, received_on)
    entry = post_entry(
        reference=f"repayment:{reference}",
        kind=EntryKind.REPAYMENT,
        effective_on=received_on,
        at=at,
        moves=_moves(loan, payment, claims, accounts),
    )
    repayment = Repayment.objects.create(
        loan=loan,
        reference=reference,
        amount_cents=amount_cents,
        principal_cents=payment.principal_cents,
        interest_cents=payment.interest_cents,
        fee_cents=payment.fee_cents,
        received_on=received_on,
        at=at,
        entry=entry,
    )
    _settle(repayment, payment, claims)
    is_last = amount_cents == sum(due.principal_cents + due.interest_cents for due in dues)
    _reduce(loan, repayment, is_last=is_last)
    enqueue("matching.round_requested")
    return repayment


def _earlier(reference: str, loan_id: int, amount_cents: int) -> Repayment | None:
    """The payment that already bears this reference; with other figures it is refused."""
    earlier = Repayment.objects.filter(reference=reference).first()
    if earlier and (earlier.loan_id, earlier.amount_cents) != (loan_id, amount_cents):
        raise ReferenceReused(reference)
    return earlier


def _parties(loan_id: int) -> tuple[int, set[int]]:
    """The borrower and the lenders of a loan, before anything is locked."""
    rows = Loan.objects.filter(pk=loan_id).values_list("borrower_id", "holdings__lender_id")
    borrowers, lenders = {row[0] for row in rows}, {row[1] for row in rows}
    if not borrowers:
        raise NotFound(f"loan {loan_id}")
    return borrowers.pop(), lenders


def _locked_claims(loan_id: int, lender_ids: set[int]) -> list[_Claim]:
    """The holdings of a loan in order; refused when they changed hands before the lock."""
    rows = Holding.objects.select_for_update(no_key=True).filter(loan=loan_id).order_by("id")
    claims = [_Claim(*row) for row in rows.values_list("id", "lender_id", "outstanding_cents")]
    if {claim.lender_id for claim in claims} != lender_ids:
        raise StaleState(f"the lenders of loan {loan_id} changed meanwhile")
    return claims


def _dues(loan: Loan) -> list[Due]:
    """What each instalment still lacks, oldest first."""
    rows = loan.instalments.unpaid().order_by("number")
    open_principal = F("principal_cents") - F("paid_principal_cents")
    open_interest = F("interest_cents") - F("paid_interest_cents")
    return [
        Due(*row) for row in rows.values_list("number", "due_on", open_principal, open_interest)
    ]


def _share(
    loan: Loan,
    amount_cents: int,
    dues: Sequence[Due],
    claims: Sequence[_Claim],
    received_on: date,
) -> _Payment:
    """Decide where every cent goes. No costs or default interest are charged on any loan."""
    owed_cents = sum(due.principal_cents + due.interest_cents for due in dues)
    paid = allocate_payment(
        amount_cents,
        legal_costs_cents=0,
        amount_owed_cents=owed_cents if loan.status in _OWING else 0,
        default_interest_cents=0,
    )
    if paid.left_over_cents:
        raise Overpayment(f"{loan} owes {owed_cents} cents")
    parts = allocate_to_dues(paid.amount_owed_cents, dues)
    shares = split_repayment(
        principal_cents=sum(part.principal_cents for part in parts),
        interest_cents=sum(part.interest_cents for part in parts),
        outstanding_cents=[claim.outstanding_cents for claim in claims],
        fee_rate=fee_rate(FeeKind.LENDER, received_on),
    )
    return _Payment(parts, shares)


def _moves(
    loan: Loan, payment: _Payment, claims: Sequence[_Claim], accounts: _Accounts
) -> list[Move]:
    """The borrower's cash settles the loan and passes the interest on; lenders are credited."""
    cash, invested = accounts[Role.CASH], accounts[Role.INVESTED]
    passed, fees = (accounts[role][PLATFORM_ID] for role in (Role.INTEREST_PASSED, Role.FEES))
    borrower = cash[loan.borrower_id]
    moves = [
        Move(borrower, accounts[Role.PRINCIPAL][loan.pk], payment.principal_cents),
        Move(borrower, passed, payment.interest_cents),
    ]
    for claim, share in zip(claims, payment.shares, strict=True):
        lender = cash[claim.lender_id]
        moves += [
            Move(invested[claim.lender_id], lender, share.principal_cents),
            Move(passed, lender, share.interest_cents),
            Move(lender, fees, share.fee_cents),
        ]
    return [move for move in moves if move.cents]


def _settle(repayment: Repayment, payment: _Payment, claims: Sequence[_Claim]) -> None:
    """Write the lines of a payment and add them up in instalments and holdings, set by set."""
    shared = [
        (claim.holding_id, *share)
        for claim, share in zip(claims, payment.shares, strict=True)
        if share.principal_cents or share.interest_cents
    ]
    with connection.cursor() as cursor:
        given: list[Any] = [repayment.loan_id, repayment.pk, repayment.received_on]
        cursor.execute(_STORE_PARTS, [*_columns(payment.parts), *given])
        cursor.execute(_STORE_SHARES, [repayment.pk, *_columns(shared)])


def _columns(rows: Sequence[tuple[int, ...]]) -> list[list[int]]:
    return [list(column) for column in zip(*rows, strict=True)]


def _reduce(loan: Loan, repayment: Repayment, *, is_last: bool) -> None:
    """Take the principal off the loan, write its timeline, and close it with the last cent."""
    loan.outstanding_cents -= repayment.principal_cents
    loan.save(update_fields=["outstanding_cents"])
    on = repayment.received_on
    note_event(
        loan_id=loan.pk,
        kind=LoanEventKind.PAID,
        on=on,
        key=f"paid:{repayment.pk}",
        amount_cents=repayment.amount_cents,
    )
    if not is_last:
        return
    advance(loan, LoanStatus.REPAID, table=LOAN_TRANSITIONS, at=repayment.at, closed_on=on)
    note_event(loan_id=loan.pk, kind=LoanEventKind.REPAID, on=on, key=f"repaid:{loan.pk}")
    notify(
        person_id=loan.borrower_id,
        kind="loan_repaid",
        key=f"loan_repaid:{loan.pk}",
        facts={"loan_id": loan.pk, "number": loan.number},
        at=repayment.at,
    )


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
        (repayment_id, holding_id, principal_cents, interest_cents, fee_cents)
    SELECT %s, unnest(%s::bigint[]), unnest(%s::bigint[]), unnest(%s::bigint[]),
           unnest(%s::bigint[])
    RETURNING holding_id, principal_cents, interest_cents, fee_cents
)
UPDATE lending_holding AS holding
SET outstanding_cents = outstanding_cents - share.principal_cents,
    interest_cents = holding.interest_cents + share.interest_cents,
    fee_cents = holding.fee_cents + share.fee_cents
FROM share WHERE holding.id = share.holding_id
"""
