"""What people are told about their money and their checks; each fact once."""

from __future__ import annotations

from datetime import datetime

from accounts.models import CheckStatus, IdentityCheck
from notifications.services import notify
from payments.models import Collection, PayIn, Payout


def pay_in_arrived(pay_in: PayIn, *, at: datetime) -> None:
    """The lender's money is there."""
    notify(
        person_id=pay_in.lender_id,
        kind="pay_in_credited",
        key=f"pay_in_credited:{pay_in.pk}",
        facts={"amount_cents": pay_in.amount_cents},
        at=at,
    )


def pay_in_taken_back(pay_in: PayIn, missing_cents: int, *, at: datetime) -> None:
    """The lender's bank took the money back; what the wallet lacked is owed."""
    notify(
        person_id=pay_in.lender_id,
        kind="pay_in_taken_back",
        key=f"pay_in_taken_back:{pay_in.pk}",
        facts={
            "amount_cents": pay_in.amount_cents,
            "missing_cents": missing_cents,
            "is_missing": missing_cents > 0,
        },
        at=at,
    )


def withdrawal_left(payout: Payout, *, at: datetime) -> None:
    """A withdrawal reached the bank."""
    notify(
        person_id=payout.person_id,
        kind="withdrawal_paid",
        key=f"withdrawal_paid:{payout.pk}",
        facts={"amount_cents": payout.amount_cents},
        at=at,
    )


def withdrawal_came_back(payout: Payout, *, at: datetime) -> None:
    """The bank did not take it; the money is in the wallet again."""
    notify(
        person_id=payout.person_id,
        kind="withdrawal_returned",
        key=f"withdrawal_returned:{payout.pk}",
        facts={"amount_cents": payout.amount_cents},
        at=at,
    )


def debit_announced(collection: Collection, *, at: datetime) -> None:
    """Tell the payer amount and day before the bank is debited."""
    _about(collection, "instalment_due", at=at)


def surplus_held(collection: Collection, cents: int, *, at: datetime) -> None:
    """More was debited than was due: the payer decides what becomes of the rest."""
    loan = collection.instalment.loan
    notify(
        person_id=loan.borrower_id,
        kind="surplus_held",
        key=f"surplus_held:{collection.pk}",
        facts={"loan_id": loan.pk, "number": loan.number, "surplus_cents": cents},
        at=at,
    )


def debit_returned(collection: Collection, *, at: datetime) -> None:
    """The bank returned the debit."""
    _about(collection, "collection_returned", at=at)


def _about(collection: Collection, kind: str, *, at: datetime) -> None:
    loan = collection.instalment.loan
    notify(
        person_id=loan.borrower_id,
        kind=kind,
        key=f"{kind}:{collection.pk}",
        facts={
            "loan_id": loan.pk,
            "number": loan.number,
            "amount_cents": collection.amount_cents,
            "due_on": collection.target_on,
        },
        at=at,
    )


def identity_decided(check: IdentityCheck, *, at: datetime) -> None:
    """How a check of identity ended; nothing while it goes on."""
    if check.status not in (CheckStatus.VERIFIED, CheckStatus.FAILED):
        return
    verified = check.status == CheckStatus.VERIFIED
    notify(
        person_id=check.user_id,
        kind="identity_verified" if verified else "identity_failed",
        key=f"identity_{check.status}:{check.pk}",
        facts={},
        at=at,
    )
