"""A payment shared out as a typical project would write it: an object for each row."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.loan_book import AT

if TYPE_CHECKING:
    from lending.selectors.plain_payments import Payment


def pay_row_by_row(payment: Payment) -> None:
    """Book one payment in one transaction, row by row, with an `F()` update for each balance."""
    from django.db import transaction
    from django.db.models import F

    from core.money import split_cents
    from ledger.models import Account, Entry, Transfer
    from lending.models import (
        Holding,
        Loan,
        LoanEvent,
        Repayment,
        RepaymentPart,
        RepaymentShare,
    )

    def move(entry: Entry, debit: tuple[str, int], credit: tuple[str, int], cents: int) -> None:
        sides = [
            Account.objects.get(role=role, holder_id=holder) for role, holder in (debit, credit)
        ]
        Transfer.objects.create(entry=entry, debit=sides[0], credit=sides[1], cents=cents)
        for account, sign in zip(sides, (-1, 1), strict=True):
            change = sign * cents * (1 if account.side == "credit" else -1)
            Account.objects.filter(pk=account.pk).update(balance_cents=F("balance_cents") + change)

    with transaction.atomic():
        loan = Loan.objects.select_for_update().get(pk=payment.loan_id)
        due = loan.instalments.unpaid().order_by("number").first()
        assert due is not None
        entry = Entry.objects.create(
            reference=f"repayment:{payment.reference}",
            kind="repayment",
            effective_on=payment.received_on,
            posted_at=AT,
        )
        move(entry, ("cash", loan.borrower_id), ("principal", loan.pk), due.principal_cents)
        move(entry, ("cash", loan.borrower_id), ("interest_passed", 0), due.interest_cents)
        repayment = Repayment.objects.create(
            loan=loan,
            reference=payment.reference,
            amount_cents=payment.amount_cents,
            principal_cents=due.principal_cents,
            interest_cents=due.interest_cents,
            fee_cents=0,
            received_on=payment.received_on,
            at=AT,
            entry=entry,
        )
        RepaymentPart.objects.create(
            repayment=repayment,
            instalment=due,
            principal_cents=due.principal_cents,
            interest_cents=due.interest_cents,
        )
        holdings = list(Holding.objects.select_for_update().filter(loan=loan).order_by("id"))
        weights = [holding.outstanding_cents for holding in holdings]
        split = zip(
            holdings,
            split_cents(due.principal_cents, weights),
            split_cents(due.interest_cents, weights),
            strict=True,
        )
        for holding, principal, interest in split:
            fee, lender = (principal + interest + 50) // 100, holding.lender_id
            RepaymentShare.objects.create(
                repayment=repayment,
                holding=holding,
                principal_cents=principal,
                interest_cents=interest,
                fee_cents=fee,
            )
            move(entry, ("invested", lender), ("cash", lender), principal)
            move(entry, ("interest_passed", 0), ("cash", lender), interest)
            if fee:
                move(entry, ("cash", lender), ("fees", 0), fee)
            holding.outstanding_cents -= principal
            holding.interest_cents += interest
            holding.fee_cents += fee
            holding.save()
            repayment.fee_cents += fee
        repayment.save()
        due.paid_principal_cents, due.paid_interest_cents = due.principal_cents, due.interest_cents
        due.paid_on = payment.received_on
        due.save()
        loan.outstanding_cents -= due.principal_cents
        loan.save()
        LoanEvent.objects.create(
            loan=loan,
            kind="paid",
            on=payment.received_on,
            amount_cents=payment.amount_cents,
            key=f"paid:{repayment.pk}",
        )
