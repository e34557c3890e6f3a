"""A whole collection day shared out at once: the same rows as `repay` one by one, to the cent.

What takes the normal course is computed with whole numbers for all holdings together and written
by COPY; what does not goes through `repay` singly. Accounts are locked in id order, then loans;
holdings change only under the lock of their loan, so they need none of their own.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final

import numpy as np
import structlog
from django.db import connection, transaction

from core.bulk import (
    Ints,
    array_of,
    check_references,
    copy_in,
    copy_numbers,
    next_ids,
    read_numbers,
)
from core.errors import DomainError, StaleState
from core.jobs import enqueue
from ledger.bulk import post_columns
from ledger.chart import EntryKind, Role
from ledger.services import account_id, account_ids, lock_accounts
from lending.domain.sharing_many import Shares, share_many
from lending.models import FeeKind, LoanEventKind, RepaymentKind
from lending.selectors.fees import fee_rate
from lending.selectors.plain_payments import Payment, PlainPart, plain_parts
from lending.services.repayments import repay

log = structlog.get_logger(__name__)

AT_ONCE: Final = 500
"""Payments in one transaction: fewer would update the same accounts more often, more would hold
their locks longer and are slower besides."""


@dataclass
class SharedOut:
    """What became of payments: reference -> repayment id, or the refusal."""

    done: dict[str, int] = field(default_factory=dict)
    refused: dict[str, DomainError] = field(default_factory=dict)


def repay_many(*, payments: Sequence[Payment], at: datetime) -> SharedOut:
    """Pay lenders what came in from many borrowers; a reference used before is done already.

    Each payment is booked whole or refused; one that is refused holds up no other.
    """
    result = SharedOut()
    booked: set[Payment] = set()
    for part in in_parts(payments):
        made = share_in_bulk(payments=part, at=at)
        result.done |= made
        booked |= {payment for payment in part if payment.reference in made}
    for payment in payments:
        if payment not in booked:
            try:
                result.done[payment.reference] = repay(**payment._asdict(), at=at).pk
            except DomainError as refusal:
                result.refused[payment.reference] = refusal
    return result


def in_parts(payments: Iterable[Payment]) -> Iterable[list[Payment]]:
    """Payments of one day, one for each loan and reference, as many as one transaction takes."""
    by_day: dict[date, dict[int, Payment]] = defaultdict(dict)
    named: set[str] = set()
    for payment in payments:
        if payment.reference not in named:
            named.add(payment.reference)
            by_day[payment.received_on].setdefault(payment.loan_id, payment)
    for _, first in sorted(by_day.items()):
        ordered = [first[loan_id] for loan_id in sorted(first)]
        yield from (ordered[at : at + AT_ONCE] for at in range(0, len(ordered), AT_ONCE))


@transaction.atomic
def share_in_bulk(*, payments: Sequence[Payment], at: datetime) -> dict[str, int]:
    """Book those of `payments` that take the normal course; reference -> repayment id.

    Args:
        payments: of one day, at most one for each loan, by loan id.
    """
    if not payments:
        return {}
    accounts = _lock(payments)
    parts = plain_parts(payments, payments[0].received_on)
    places = sorted({part.place for part in parts})
    chosen = [place for place in places if accounts.take(payments[place])]
    if not chosen:
        return {}
    day = _Day([payments[place] for place in chosen], _renumbered(parts, chosen), accounts)
    return day.book(at)


def _renumbered(parts: Sequence[PlainPart], chosen: Sequence[int]) -> list[PlainPart]:
    new = {place: number for number, place in enumerate(chosen)}
    return [part._replace(place=new[part.place]) for part in parts if part.place in new]


@dataclass(frozen=True)
class _Accounts:
    """Locked accounts by holder, and what each borrower has."""

    borrower_of: dict[int, int]
    cash: dict[int, int]
    invested: dict[int, int]
    principal: dict[int, int]
    balances: dict[int, int]

    def take(self, payment: Payment) -> bool:
        """Count the payment against the borrower's money; false when it is not enough."""
        cash = self.cash[self.borrower_of[payment.loan_id]]
        if self.balances[cash] < payment.amount_cents:
            return False
        self.balances[cash] -= payment.amount_cents
        return True


def _lock(payments: Sequence[Payment]) -> _Accounts:
    """Lock accounts in id order, then the loans in id order."""
    loan_ids = [payment.loan_id for payment in payments]
    with connection.cursor() as cursor:
        cursor.execute(_BORROWERS, [array_of(loan_ids)])
        borrower_of = dict(cursor.fetchall())
        cursor.execute(_LENDERS, [array_of(loan_ids)])
        lenders = [row[0] for row in cursor.fetchall()]
    cash = account_ids(Role.CASH, {*borrower_of.values(), *lenders})
    invested = account_ids(Role.INVESTED, lenders)
    principal = account_ids(Role.PRINCIPAL, borrower_of)
    platform = [account_id(Role.INTEREST_PASSED), account_id(Role.FEES)]
    balances = lock_accounts([*cash.values(), *invested.values(), *principal.values(), *platform])
    with connection.cursor() as cursor:
        cursor.execute(_LOCK_LOANS, [array_of(loan_ids)])
    return _Accounts(borrower_of, cash, invested, principal, dict(balances))


class _Day:
    """Plain payments of one day, as columns."""

    def __init__(
        self, payments: Sequence[Payment], parts: Sequence[PlainPart], accounts: _Accounts
    ) -> None:
        self.payments, self.accounts = payments, accounts
        self.on = payments[0].received_on
        columns = np.array(parts, np.int64)
        self.part_of, self.instalment_ids, self.part_principal, self.part_interest = columns.T
        starts = np.searchsorted(self.part_of, np.arange(len(payments)))
        self.principal = np.add.reduceat(self.part_principal, starts)
        self.interest = np.add.reduceat(self.part_interest, starts)
        loan_ids = [payment.loan_id for payment in payments]
        loans, self.holding_ids, self.lender_ids, self.outstanding = read_numbers(
            _CLAIMS, [array_of(loan_ids)], columns=4
        )
        self.loan_ids = np.array(loan_ids, np.int64)
        self.claim_of = np.searchsorted(self.loan_ids, loans)
        if not set(np.unique(self.lender_ids).tolist()) <= accounts.invested.keys():
            raise StaleState("the lenders of a loan changed meanwhile")

    def book(self, at: datetime) -> dict[str, int]:
        """Write everything; reference -> repayment id."""
        shares = share_many(
            principal_cents=self.principal,
            interest_cents=self.interest,
            outstanding_cents=self.outstanding,
            group_of=self.claim_of,
            fee_rate=fee_rate(FeeKind.LENDER, self.on),
        )
        entry_ids = self._post(shares, at)
        ids = self._write_repayments(shares, entry_ids, at)
        self._write_lines(shares, np.array(ids, np.int64))
        self._add_up(ids)
        enqueue("matching.round_requested")
        references = [payment.reference for payment in self.payments]
        return dict(zip(references, ids, strict=True))

    def _post(self, shares: Shares, at: datetime) -> list[int]:
        """The borrower's cash settles the loan and passes the interest on; lenders are credited."""
        own, count = self.accounts, len(self.payments)
        borrowers = _looked_up(own.cash, [own.borrower_of[one.loan_id] for one in self.payments])
        loans = _looked_up(own.principal, self.loan_ids.tolist())
        passed, fees = account_id(Role.INTEREST_PASSED), account_id(Role.FEES)
        # By lenders, so that what refers to one account is written and checked at one time.
        order = np.argsort(self.lender_ids, kind="stable")
        claim_of, lenders = self.claim_of[order], self.lender_ids[order]
        cash, invested = _by_holder(own.cash, lenders), _by_holder(own.invested, lenders)
        each = np.arange(count)
        moves = [
            (each, borrowers, loans, self.principal),
            (each, borrowers, np.full(count, passed), self.interest),
            (claim_of, invested, cash, shares.principal_cents[order]),
            (claim_of, np.full(len(cash), passed), cash, shares.interest_cents[order]),
            (claim_of, cash, np.full(len(cash), fees), shares.fee_cents[order]),
        ]
        entry_of, debits, credits, cents = (
            np.concatenate(column) for column in zip(*moves, strict=True)
        )
        some = cents > 0
        return post_columns(
            references=[f"repayment:{payment.reference}" for payment in self.payments],
            kind=EntryKind.REPAYMENT,
            effective_on=self.on,
            at=at,
            entry_of=entry_of[some],
            debit_ids=debits[some],
            credit_ids=credits[some],
            cents=cents[some],
        )

    def _write_repayments(
        self, shares: Shares, entry_ids: Sequence[int], at: datetime
    ) -> list[int]:
        """The payments and their lines on the timelines."""
        ids = next_ids("lending_repayment", len(self.payments))
        starts = np.searchsorted(self.claim_of, np.arange(len(self.payments)))
        fees = np.add.reduceat(shares.fee_cents, starts)
        sums = zip(self.principal.tolist(), self.interest.tolist(), fees.tolist(), strict=True)
        days, instants = [self.on] * len(ids), [at] * len(ids)
        rows = zip(ids, self.payments, sums, days, instants, entry_ids, strict=True)
        dues, none = RepaymentKind.DUES.value, (0, 0, 0, 0)
        copy_in(
            "lending_repayment",
            _REPAYMENT,
            (
                (number, one.loan_id, one.reference, dues, one.amount_cents, *cents, *none, *last)
                for number, one, cents, *last in rows
            ),
        )
        copy_in(
            "lending_loanevent",
            _EVENT,
            (
                (
                    one.loan_id,
                    LoanEventKind.PAID.value,
                    self.on,
                    one.amount_cents,
                    "",
                    f"paid:{id_}",
                )
                for id_, one in zip(ids, self.payments, strict=True)
            ),
        )
        return ids

    def _write_lines(self, shares: Shares, ids: Ints) -> None:
        copy_numbers(
            "lending_repaymentpart",
            {
                "repayment_id": ids[self.part_of],
                "instalment_id": self.instalment_ids,
                "principal_cents": self.part_principal,
                "interest_cents": self.part_interest,
            },
        )
        some = (shares.principal_cents > 0) | (shares.interest_cents > 0)
        columns = {
            "repayment_id": ids[self.claim_of],
            "holding_id": self.holding_ids,
            **shares._asdict(),
        }
        copy_numbers(
            "lending_repaymentshare", {name: values[some] for name, values in columns.items()}
        )

    def _add_up(self, ids: Sequence[int]) -> None:
        """Take the lines off instalments, holdings and loans, a statement for each."""
        check_references()
        with connection.cursor() as cursor:
            for statement in (_PAY_INSTALMENTS, _PAY_HOLDINGS, _PAY_LOANS):
                given = {"ids": array_of(ids), "loans": array_of(self.loan_ids), "on": self.on}
                cursor.execute(statement, given)


def _looked_up(accounts: dict[int, int], holders: Iterable[int]) -> Ints:
    return np.array([accounts[holder] for holder in holders], np.int64)


def _by_holder(accounts: dict[int, int], holders: Ints) -> Ints:
    """The account of each holder, found by bisection for all at once."""
    known = np.array(sorted(accounts.items()), np.int64)
    found: Ints = known[np.searchsorted(known[:, 0], holders), 1]
    return found


_REPAYMENT: Final = {
    "id": "int8",
    "loan_id": "int8",
    "reference": "varchar",
    "kind": "varchar",
    "amount_cents": "int8",
    "principal_cents": "int8",
    "interest_cents": "int8",
    "fee_cents": "int8",
    "default_interest_cents": "int8",
    "costs_cents": "int8",
    "recovered_cents": "int8",
    "fee_refund_cents": "int8",
    "received_on": "date",
    "at": "timestamptz",
    "entry_id": "int8",
}

_EVENT: Final = {
    "loan_id": "int8",
    "kind": "varchar",
    '"on"': "date",
    "amount_cents": "int8",
    "note": "varchar",
    "key": "varchar",
}

_BORROWERS: Final = "SELECT id, borrower_id FROM lending_loan WHERE id = ANY(%s::bigint[])"

_LENDERS: Final = "SELECT DISTINCT lender_id FROM lending_holding WHERE loan_id = ANY(%s::bigint[])"

_LOCK_LOANS: Final = """
SELECT FROM lending_loan WHERE id = ANY(%s::bigint[]) ORDER BY id FOR NO KEY UPDATE
"""

_CLAIMS: Final = """
SELECT loan_id, id, lender_id, outstanding_cents FROM lending_holding
WHERE loan_id = ANY(%s::bigint[]) ORDER BY loan_id, id
"""

_PAY_INSTALMENTS: Final = """
UPDATE lending_instalment AS instalment
SET paid_principal_cents = paid_principal_cents + part.principal_cents,
    paid_interest_cents = paid_interest_cents + part.interest_cents,
    paid_on = CASE
        WHEN paid_principal_cents + part.principal_cents = instalment.principal_cents
         AND paid_interest_cents + part.interest_cents = instalment.interest_cents
        THEN %(on)s::date END
FROM lending_repaymentpart AS part
WHERE part.repayment_id = ANY(%(ids)s::bigint[]) AND part.instalment_id = instalment.id
"""

_PAY_HOLDINGS: Final = """
UPDATE lending_holding AS holding
SET outstanding_cents = outstanding_cents - share.principal_cents,
    interest_cents = holding.interest_cents + share.interest_cents,
    fee_cents = holding.fee_cents + share.fee_cents
FROM lending_repaymentshare AS share
WHERE share.repayment_id = ANY(%(ids)s::bigint[]) AND share.holding_id = holding.id
  AND holding.loan_id = ANY(%(loans)s::bigint[])  -- else all holdings there are would be read
"""

_PAY_LOANS: Final = """
UPDATE lending_loan AS loan
SET outstanding_cents = loan.outstanding_cents - repayment.principal_cents
FROM lending_repayment AS repayment
WHERE repayment.id = ANY(%(ids)s::bigint[]) AND repayment.loan_id = loan.id
"""
