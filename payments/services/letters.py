"""What people are told about their money and their checks; each fact once."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from accounts.models import BankAccount, CheckStatus, IdentityCheck
from core.clock import day_of
from notifications.services import notify
from payments.models import Collection, PayIn, PaymentCard, Payout, Refund
from payments.retries import debited_on, next_try_on


def pay_in_arrived(pay_in: PayIn, *, at: datetime) -> None:
    """The lender's money is there."""
    notify(
        person_id=pay_in.lender_id,
        kind="pay_in_credited",
        key=f"pay_in_credited:{pay_in.pk}",
        facts={"amount_cents": pay_in.amount_cents},
        at=at,
    )


def pay_in_taken_back(
    pay_in: PayIn, cents: int, missing_cents: int, *, key: str, at: datetime
) -> None:
    """The lender's bank took money back; what the wallet lacked is owed."""
    notify(
        person_id=pay_in.lender_id,
        kind="pay_in_taken_back",
        key=f"pay_in_taken_back:{key}",
        facts={
            "amount_cents": cents,
            "missing_cents": missing_cents,
            "is_missing": missing_cents > 0,
        },
        at=at,
    )


def money_given_again(person_id: int, cents: int, *, key: str, at: datetime) -> None:
    """The bank gave back what it had taken back."""
    notify(
        person_id=person_id,
        kind="money_given_again",
        key=f"money_given_again:{key}",
        facts={"amount_cents": cents},
        at=at,
    )


def refund_left(refund: Refund, *, at: datetime) -> None:
    """A pay-in goes back to where it was paid from."""
    notify(kind="refund_sent", **_of_refund(refund, "refund_sent"), at=at)


def refund_came_back(refund: Refund, *, at: datetime) -> None:
    """The payer's bank did not take it; the money is in the wallet again."""
    notify(kind="refund_failed", **_of_refund(refund, "refund_failed"), at=at)


def _of_refund(refund: Refund, name: str) -> dict[str, Any]:
    return {
        "person_id": refund.pay_in.lender_id,
        "key": f"{name}:{refund.pk}",
        "facts": {"amount_cents": refund.amount_cents},
    }


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


def bank_account_changed(account: BankAccount, *, at: datetime) -> None:
    """Another bank account took the place of the one before: whoever did not do it must know."""
    notify(
        person_id=account.user_id,
        kind="bank_account_changed",
        key=f"bank_account_changed:{account.pk}",
        facts={"iban": account.iban_masked, "payouts_from_at": account.payouts_from},
        at=at,
    )


def card_is_over(card: PaymentCard, *, at: datetime) -> None:
    """A card that instalments were taken from cannot be used any more."""
    notify(
        person_id=card.person_id,
        kind="card_is_over",
        key=f"card_is_over:{card.pk}",
        facts={"card": str(card), "is_expired": card.failure_code == "expired_card"},
        at=at,
    )


def card_needs_you(collection: Collection, *, at: datetime) -> None:
    """The bank wants the holder of the card to confirm a payment: a link to pay."""
    _about(collection, "card_needs_you", at=at)


def mandate_revoked(account: BankAccount, *, at: datetime) -> None:
    """The leave to debit an account was taken back by its holder."""
    notify(
        person_id=account.user_id,
        kind="mandate_revoked",
        key=f"mandate_revoked:{account.pk}",
        facts={"iban": account.iban_masked, "is_borrower": account.user.is_borrower},
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
    """The bank returned the debit: why, and when it is tried again."""
    sent_on = next_try_on(collection.number, collection.settled_on or day_of(at))
    again: dict[str, object] = {"why": collection.failure_code, "is_last": sent_on is None}
    if sent_on:
        again["next_on"] = max(debited_on(sent_on), collection.target_on)
    _about(collection, "collection_returned", again, at=at)


def _about(
    collection: Collection, kind: str, more: Mapping[str, object] | None = None, *, at: datetime
) -> None:
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
            **(more or {}),
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
