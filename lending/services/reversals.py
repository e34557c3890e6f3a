"""Reversal: a payment that the bank took back after it was shared out is taken back in turn.

The entry is the mirror of the payment's own, lender by lender with the same split, fees and default
interest included. A lender who has spent the money owes exactly what is missing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Final

from django.db import connection, transaction

from core.audit import trail
from core.errors import NotFound
from core.transitions import advance
from ledger.chart import EntryKind, Role
from ledger.models import Entry
from ledger.services import (
    Move,
    account_ids,
    lock_accounts,
    moves_of,
    post_entry,
    reverse_moves,
)
from lending.errors import NotReversible
from lending.models import Loan, LoanEventKind, Repayment, RepaymentKind, RepaymentShare
from lending.services.default_interest import charge_default_interest
from lending.services.given_up import lose_again
from lending.services.sharing import LockedLoan, lock_loan
from lending.services.timeline import note_event
from lending.states import LOAN_TRANSITIONS, LoanStatus
from notifications.services import Notice, notify, notify_all

_GIVEN_UP: Final = frozenset({LoanStatus.WRITTEN_OFF, LoanStatus.SETTLED, LoanStatus.SOLD})


@transaction.atomic
def reverse_repayment(*, repayment_id: int, on: date, at: datetime, reason: str) -> Repayment:
    """Take a shared out payment back from all lenders; the borrower's cash is as it was before.

    Its instalments are open again, and a loan that it had closed runs again. Of a loan that was
    given up meanwhile the principal is lost with the rest. Doing it twice books once.
    Raises NotFound, or NotReversible for a payment that was no debit of instalments.
    """
    found = Repayment.objects.filter(pk=repayment_id).values_list("loan_id", flat=True).first()
    if found is None:
        raise NotFound(f"repayment {repayment_id}")
    locked = lock_loan(found, on=on, at=at)
    repayment = Repayment.objects.select_for_update(of=("self",)).get(pk=repayment_id)
    if repayment.reversed_on is not None:
        return repayment
    if repayment.kind != RepaymentKind.DUES:
        raise NotReversible(f"{repayment} is of kind {repayment.kind}")
    shares = list(repayment.shares.select_related("holding").order_by("holding_id"))
    missing = _missing_cents(locked, shares)
    entry = _post(repayment, missing, on=on, at=at)
    repayment.reversed_on, repayment.reversal_entry = max(on, repayment.received_on), entry
    repayment.save(update_fields=["reversed_on", "reversal_entry"])
    with connection.cursor() as cursor:
        cursor.execute(_REOPEN, [repayment.pk])
        cursor.execute(_TAKE_BACK, [repayment.pk])
    _reopen(locked.loan, repayment, on=on, at=at, reason=reason)
    if locked.loan.status in _GIVEN_UP:
        why = f"payment taken back: {reason}"
        lose_again(locked.loan, repayment, locked.accounts, on=on, at=at, reason=why)
    _tell(locked.loan, repayment, shares, missing, at=at)
    return repayment


def _net_cents(share: RepaymentShare) -> int:
    """What a lender got of the payment after the fee."""
    got = share.principal_cents + share.interest_cents + share.default_interest_cents
    return got - share.fee_cents


def _missing_cents(locked: LockedLoan, shares: Sequence[RepaymentShare]) -> dict[int, int]:
    """What lenders no longer have of their share: lender -> cents, only where something lacks."""
    cash = locked.accounts[Role.CASH]
    balances = lock_accounts(cash.values())
    wanted: dict[int, int] = defaultdict(int)
    for share in shares:
        wanted[share.holding.lender_id] += _net_cents(share)
    lacking = {lender: cents - balances[cash[lender]] for lender, cents in wanted.items()}
    return {lender: cents for lender, cents in sorted(lacking.items()) if cents > 0}


def _post(repayment: Repayment, missing: Mapping[int, int], *, on: date, at: datetime) -> Entry:
    owed, cash = account_ids(Role.RECEIVABLE, missing), account_ids(Role.CASH, missing)
    lent = [Move(owed[lender], cash[lender], cents) for lender, cents in missing.items()]
    return post_entry(
        reference=f"reversal:{repayment.reference}",
        kind=EntryKind.REVERSAL,
        effective_on=on,
        at=at,
        moves=[*lent, *reverse_moves(moves_of(repayment.entry))],
    )


def _reopen(loan: Loan, repayment: Repayment, *, on: date, at: datetime, reason: str) -> None:
    """Owe the principal again; a loan that was repaid goes back to where it came from."""
    loan.outstanding_cents += repayment.principal_cents
    loan.save(update_fields=["outstanding_cents"])
    if loan.status in (LoanStatus.REPAID, LoanStatus.WITHDRAWN):
        last = next(row for row in reversed(trail(loan)) if row.after == loan.status)
        advance(
            loan,
            last.before,
            table=LOAN_TRANSITIONS,
            at=at,
            reason=f"payment taken back: {reason}",
            closed_on=None,
        )
    charge_default_interest(loan_id=loan.pk, on=on)
    note_event(
        loan_id=loan.pk,
        kind=LoanEventKind.REVERSED,
        on=on,
        key=f"reversed:{repayment.pk}",
        amount_cents=repayment.amount_cents,
        note=reason[:120],
    )


def _tell(
    loan: Loan,
    repayment: Repayment,
    shares: Sequence[RepaymentShare],
    missing: Mapping[int, int],
    *,
    at: datetime,
) -> None:
    facts = {"loan_id": loan.pk, "number": loan.number}
    notify(
        person_id=loan.borrower_id,
        kind="repayment_reversed",
        key=f"repayment_reversed:{repayment.pk}",
        facts=facts | {"amount_cents": repayment.amount_cents},
        at=at,
    )
    notices = [
        Notice(
            share.holding.lender_id,
            f"share_reversed:{repayment.pk}:{share.holding_id}",
            facts
            | {
                "amount_cents": _net_cents(share),
                "missing_cents": missing.get(share.holding.lender_id, 0),
                "is_missing": share.holding.lender_id in missing,
            },
        )
        for share in shares
    ]
    notify_all(kind="share_reversed", notices=notices, at=at)


_REOPEN: Final = """
UPDATE lending_instalment AS instalment
SET paid_principal_cents = paid_principal_cents - part.principal_cents,
    paid_interest_cents = paid_interest_cents - part.interest_cents,
    paid_on = CASE WHEN part.principal_cents + part.interest_cents > 0 THEN NULL ELSE paid_on END
FROM lending_repaymentpart AS part
WHERE part.repayment_id = %s AND part.instalment_id = instalment.id
"""

_TAKE_BACK: Final = """
UPDATE lending_holding AS holding
SET outstanding_cents = outstanding_cents + share.principal_cents,
    interest_cents = holding.interest_cents - share.interest_cents,
    default_interest_cents = holding.default_interest_cents - share.default_interest_cents,
    fee_cents = holding.fee_cents - share.fee_cents
FROM lending_repaymentshare AS share
WHERE share.repayment_id = %s AND share.holding_id = holding.id
"""
