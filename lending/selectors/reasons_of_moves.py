"""Why money moved, as the person sees it whose account it touched."""

from __future__ import annotations

from typing import Final

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from ledger.chart import EntryKind, Role


class Reason(TextChoices):
    """Why a line stands in a statement, from the person's view."""

    PAY_IN = "pay_in", _("Pay-in")
    RESERVED = "reserved", _("Reserved for a bid")
    RELEASED = "released", _("Bid released")
    LENT = "lent", _("Lent")
    PRINCIPAL_RETURNED = "principal_returned", _("Principal repaid to you")
    INTEREST_RECEIVED = "interest_received", _("Interest received")
    LATE_INTEREST_RECEIVED = "late_interest_received", _("Default interest received")
    RECOVERED = "recovered", _("Recovered after a write-off")
    POOL_RECEIVED = "pool_received", _("Received from the pool")
    POOL_PAID = "pool_paid", _("Paid into the pool")
    LENDER_FEE = "lender_fee", _("Service fee")
    PRINCIPAL_TAKEN_BACK = "principal_taken_back", _("Principal taken back")
    INTEREST_TAKEN_BACK = "interest_taken_back", _("Interest taken back")
    LATE_INTEREST_TAKEN_BACK = "late_interest_taken_back", _("Default interest taken back")
    RECOVERY_TAKEN_BACK = "recovery_taken_back", _("Recovery taken back")
    FEE_RETURNED = "fee_returned", _("Fee given back")
    OWED_AFTER_RETURN = "owed_after_return", _("Laid out for you after a return")
    DEBT_SETTLED = "debt_settled", _("Settled after a payment was taken back")
    WRITTEN_OFF = "written_off", _("Written off")
    LOAN_PAID_OUT = "loan_paid_out", _("Your loan was paid out")
    COLLECTED = "collected", _("Instalment collected from your bank account")
    PRINCIPAL_PAID = "principal_paid", _("Principal paid")
    INTEREST_PAID = "interest_paid", _("Interest paid")
    LATE_INTEREST_PAID = "late_interest_paid", _("Default interest paid")
    COSTS_PAID = "costs_paid", _("Costs of collection paid")
    WRITTEN_OFF_PAID = "written_off_paid", _("Paid on what was written off")
    TAKEN_BACK = "taken_back", _("Payment taken back")
    GIVEN_AGAIN = "given_again", _("Payment given back after a dispute")
    REFUNDED = "refunded", _("Given back to where it was paid from")
    REFUND_RETURNED = "refund_returned", _("Could not be given back")
    WITHDRAWAL = "withdrawal", _("Withdrawal asked for")
    WITHDRAWAL_RETURNED = "withdrawal_returned", _("Withdrawal came back")
    PAID_OUT = "paid_out", _("Sent to your bank account")
    PAYOUT_RETURNED = "payout_returned", _("Transfer to your bank came back")
    CORRECTION = "correction", _("Correction")


def reason_of(kind: str, debit_role: str, credit_role: str) -> Reason:
    """From the kind of the entry or, where one entry does several things, from the accounts."""
    accounts = Role(debit_role), Role(credit_role)
    if Role.RECEIVABLE in accounts:
        is_laid_out = accounts[0] == Role.RECEIVABLE
        return Reason.OWED_AFTER_RETURN if is_laid_out else Reason.DEBT_SETTLED
    if kind == EntryKind.REVERSAL:
        return _TAKEN_BACK.get(accounts, Reason.CORRECTION)
    return _BY_KIND.get(EntryKind(kind)) or _BY_ACCOUNTS.get(accounts, Reason.CORRECTION)


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
    EntryKind.SUSPENSE: Reason.CORRECTION,
    EntryKind.CORRECTION: Reason.CORRECTION,
}
_BY_ACCOUNTS: Final = {
    (Role.RESERVED, Role.INVESTED): Reason.LENT,
    (Role.PRINCIPAL, Role.IN_TRANSIT_OUT): Reason.LOAN_PAID_OUT,
    (Role.INVESTED, Role.CASH): Reason.PRINCIPAL_RETURNED,
    (Role.INTEREST_PASSED, Role.CASH): Reason.INTEREST_RECEIVED,
    (Role.DEFAULT_INTEREST, Role.CASH): Reason.LATE_INTEREST_RECEIVED,
    (Role.RECOVERIES_PASSED, Role.CASH): Reason.RECOVERED,
    (Role.POOL_PASSED, Role.CASH): Reason.POOL_RECEIVED,
    (Role.CASH, Role.POOL_PASSED): Reason.POOL_PAID,
    (Role.CASH, Role.FEES): Reason.LENDER_FEE,
    (Role.FEES, Role.CASH): Reason.FEE_RETURNED,
    (Role.CASH, Role.PRINCIPAL): Reason.PRINCIPAL_PAID,
    (Role.CASH, Role.INTEREST_PASSED): Reason.INTEREST_PAID,
    (Role.CASH, Role.DEFAULT_INTEREST): Reason.LATE_INTEREST_PAID,
    (Role.CASH, Role.RECOVERIES_PASSED): Reason.WRITTEN_OFF_PAID,
    (Role.CASH, Role.COLLECTION_COSTS): Reason.COSTS_PAID,
    (Role.INVESTED, Role.PRINCIPAL): Reason.WRITTEN_OFF,
}
_TAKEN_BACK: Final = {
    (Role.CASH, Role.INVESTED): Reason.PRINCIPAL_TAKEN_BACK,
    (Role.CASH, Role.INTEREST_PASSED): Reason.INTEREST_TAKEN_BACK,
    (Role.CASH, Role.DEFAULT_INTEREST): Reason.LATE_INTEREST_TAKEN_BACK,
    (Role.CASH, Role.RECOVERIES_PASSED): Reason.RECOVERY_TAKEN_BACK,
    (Role.FEES, Role.CASH): Reason.FEE_RETURNED,
    (Role.PRINCIPAL, Role.CASH): Reason.TAKEN_BACK,
    (Role.INTEREST_PASSED, Role.CASH): Reason.TAKEN_BACK,
    (Role.DEFAULT_INTEREST, Role.CASH): Reason.TAKEN_BACK,
    (Role.RECOVERIES_PASSED, Role.CASH): Reason.TAKEN_BACK,
    (Role.COLLECTION_COSTS, Role.CASH): Reason.TAKEN_BACK,
    (Role.CLEARING_IN, Role.CASH): Reason.GIVEN_AGAIN,
    (Role.CASH, Role.IN_TRANSIT_OUT): Reason.REFUNDED,
    (Role.IN_TRANSIT_OUT, Role.CLEARING_OUT): Reason.REFUNDED,
    (Role.IN_TRANSIT_OUT, Role.CASH): Reason.REFUND_RETURNED,
    (Role.CLEARING_OUT, Role.IN_TRANSIT_OUT): Reason.REFUND_RETURNED,
    (Role.CASH, Role.CLEARING_IN): Reason.TAKEN_BACK,
    (Role.CASH, Role.CLEARING_OUT): Reason.TAKEN_BACK,
    (Role.CASH, Role.PROVIDER): Reason.TAKEN_BACK,
}
