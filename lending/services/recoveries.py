"""What still comes in on a loan in arrears, by the waterfall of a recovery.

Before a write-off it is a payment in default like any other: costs, the amount owed, default
interest. After it: costs that were really paid first, then the lenders by what each has lost and
not yet got back, less the house's share where one is agreed.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.db import transaction
from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from core.clock import day_of
from core.inputs import one_of, within
from core.money import split_cents, to_cents
from ledger.chart import PLATFORM_ID, EntryKind, Role
from ledger.services import Move, post_entry
from lending.errors import NotRunning, Overpayment
from lending.models import (
    ArrearsCase,
    Holding,
    LoanEventKind,
    Repayment,
    RepaymentKind,
    RepaymentShare,
)
from lending.selectors.charges import OWING, costs_owed_cents
from lending.selectors.fees import recovery_fee_rate
from lending.services.arrears_moves import check_staff, move_case
from lending.services.outside_money import OPERATOR, bring_in
from lending.services.receivables import settle_receivables
from lending.services.repayments import repay
from lending.services.sharing import LockedLoan, earlier_payment, lock_loan
from lending.services.timeline import note_event
from lending.states import ArrearsStage, LoanStatus
from notifications.services import Notice, notify_all

_MOST_CENTS = 1_000_000_00


class Source(TextChoices):
    """Where the money of a recovery lies."""

    BORROWER = "borrower", _("In the borrower's wallet")
    OUTSIDE = "outside", _("With the operator: from an agency or a court")


class _Part(NamedTuple):
    """What one holding gets back, and what the house keeps of it."""

    holding: Holding
    cents: int
    fee_cents: int


@transaction.atomic
def recover(
    *, staff: User, case_id: int, amount_cents: int, source: str, key: UUID, at: datetime
) -> Repayment:
    """Share out money that came in on a loan in arrears; the same `key` does it once.

    Raises NotAllowed, NotFound, NotRunning, Overpayment, NoMoneyForIt, InsufficientFunds, or
    InvalidInput.
    """
    check_staff(staff)
    cents = within("amount_cents", amount_cents, 1, _MOST_CENTS)
    chosen = one_of("source", source, Source.values)
    case = ArrearsCase.objects.get(pk=case_id)
    locked = lock_loan(case.loan_id, on=day_of(at), at=at, more=(*OPERATOR, Role.RECOVERIES_PASSED))
    case = ArrearsCase.objects.get(pk=case_id)
    case.loan = locked.loan
    reference = f"recovery-{key}"
    if earlier := earlier_payment(reference, case.loan_id, cents):
        return earlier
    if chosen == Source.OUTSIDE:
        bring_in(locked, cents, reference=reference, on=day_of(at), at=at)
    if locked.loan.status in OWING:
        return repay(
            loan_id=case.loan_id,
            amount_cents=cents,
            reference=reference,
            received_on=day_of(at),
            at=at,
        )
    if locked.loan.status != LoanStatus.WRITTEN_OFF:
        raise NotRunning(f"{locked.loan} is {locked.loan.status}")
    return _pass_on(case, locked, cents, reference=reference, at=at)


def _pass_on(
    case: ArrearsCase, locked: LockedLoan, cents: int, *, reference: str, at: datetime
) -> Repayment:
    on, loan = day_of(at), locked.loan
    costs = min(cents, costs_owed_cents(loan))
    parts = _parts(locked, cents - costs, at=at)
    entry = post_entry(
        reference=f"repayment:{reference}",
        kind=EntryKind.RECOVERY,
        effective_on=on,
        at=at,
        moves=_moves(locked, costs, parts),
    )
    repayment = Repayment.objects.create(
        loan=loan,
        kind=RepaymentKind.RECOVERY,
        reference=reference,
        amount_cents=cents,
        principal_cents=0,
        interest_cents=0,
        costs_cents=costs,
        recovered_cents=cents - costs,
        fee_cents=sum(part.fee_cents for part in parts),
        received_on=on,
        at=at,
        entry=entry,
    )
    _store(repayment, parts)
    note_event(
        loan_id=loan.pk,
        kind=LoanEventKind.RECOVERED,
        on=on,
        key=f"recovered:{repayment.pk}",
        amount_cents=cents,
    )
    _move_on(case, at=at)
    _tell(repayment, parts, at=at)
    settle_receivables(
        person_ids=[claim.lender_id for claim in locked.claims],
        cause=entry.reference,
        on=on,
        at=at,
    )
    return repayment


def _parts(locked: LockedLoan, cents: int, *, at: datetime) -> list[_Part]:
    """Divide what is left after costs by what each holding has lost and not yet got back."""
    rows = Holding.objects.select_for_update(no_key=True).filter(loan=locked.loan)
    holdings = list(rows.order_by("id"))
    lost = [holding.written_off_cents - holding.recovered_cents for holding in holdings]
    if cents > sum(lost):
        raise Overpayment(f"{locked.loan} lost {sum(lost)} cents", due_cents=sum(lost))
    rate = recovery_fee_rate(day_of(at))
    return (
        [
            _Part(holding, share, to_cents(share * rate))
            for holding, share in zip(holdings, split_cents(cents, lost), strict=True)
            if share
        ]
        if cents
        else []
    )


def _moves(locked: LockedLoan, costs: int, parts: Sequence[_Part]) -> list[Move]:
    accounts, cash = locked.accounts, locked.accounts[Role.CASH]
    laid_out, passed, fees = (
        accounts[role][PLATFORM_ID]
        for role in (Role.COLLECTION_COSTS, Role.RECOVERIES_PASSED, Role.FEES)
    )
    borrower = cash[locked.loan.borrower_id]
    moves = [
        Move(borrower, laid_out, costs),
        Move(borrower, passed, sum(part.cents for part in parts)),
    ]
    for part in parts:
        lender = cash[part.holding.lender_id]
        moves += [Move(passed, lender, part.cents), Move(lender, fees, part.fee_cents)]
    return [move for move in moves if move.cents]


def _store(repayment: Repayment, parts: Sequence[_Part]) -> None:
    RepaymentShare.objects.bulk_create(
        RepaymentShare(
            repayment=repayment,
            holding=part.holding,
            principal_cents=0,
            interest_cents=0,
            recovered_cents=part.cents,
            fee_cents=part.fee_cents,
        )
        for part in parts
    )
    for part in parts:
        part.holding.recovered_cents += part.cents
        part.holding.fee_cents += part.fee_cents
    Holding.objects.bulk_update([part.holding for part in parts], ["recovered_cents", "fee_cents"])


def _move_on(case: ArrearsCase, *, at: datetime) -> None:
    """The first cent makes the case one that recovers; the last closes it."""
    on = day_of(at)
    holdings = Holding.objects.filter(loan=case.loan_id)
    if case.status == ArrearsStage.WRITTEN_OFF and holdings.filter(recovered_cents__gt=0).exists():
        move_case(case, ArrearsStage.RECOVERED, on=on, at=at)
    if case.status == ArrearsStage.RECOVERED and not _still_lost(case.loan_id):
        ArrearsCase.objects.filter(pk=case.pk).update(closed_on=on)
        case.closed_on = on


def _still_lost(loan_id: int) -> bool:
    rows = Holding.objects.filter(loan=loan_id).values_list("written_off_cents", "recovered_cents")
    return any(lost > back for lost, back in rows)


def _tell(repayment: Repayment, parts: Sequence[_Part], *, at: datetime) -> None:
    notify_all(
        kind="holding_recovered",
        notices=[
            Notice(
                part.holding.lender_id,
                f"holding_recovered:{repayment.pk}:{part.holding.lender_id}",
                {
                    "loan_id": repayment.loan_id,
                    "number": repayment.loan.number,
                    "gets_cents": part.cents - part.fee_cents,
                },
            )
            for part in parts
        ],
        at=at,
    )
