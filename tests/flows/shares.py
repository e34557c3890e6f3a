"""What every lender of a loan must have after so many instalments, recomputed by pure functions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ledger.chart import Role as Account
from ledger.selectors import balance_cents
from lending.domain.amortization import Instalment, level_schedule
from lending.domain.waterfall import HoldingShare, split_repayment
from lending.first_fees import OPENING_FEES
from lending.models import Loan


def plan_of(loan: Loan) -> list[Instalment]:
    """The instalments as the pure functions work them out."""
    return level_schedule(
        loan.principal_cents,
        loan.annual_rate,
        loan.term_months,
        loan.first_due_on,
        disbursed_on=loan.disbursed_on,
    )


def shares_of(
    plan: Sequence[Instalment], stakes_cents: Sequence[int]
) -> Iterator[list[HoldingShare]]:
    """Instalment by instalment: what each holding gets of it."""
    outstanding = list(stakes_cents)
    for part in plan:
        shares = split_repayment(
            principal_cents=part.principal_cents,
            interest_cents=part.interest_cents,
            outstanding_cents=outstanding,
            fee_rate=OPENING_FEES["lender"],
        )
        outstanding = [
            cents - share.principal_cents for cents, share in zip(outstanding, shares, strict=True)
        ]
        yield shares


def assert_shared_out(loan: Loan, paid_in_cents: int, *, instalments: int) -> None:
    """Each lender, who paid in so much and lends nothing else, has exactly its part of each."""
    holdings = list(loan.holdings.order_by("pk"))
    received = list(
        shares_of(plan_of(loan)[:instalments], [holding.principal_cents for holding in holdings])
    )
    for place, holding in enumerate(holdings):
        shares = [shares[place] for shares in received]
        lent_cents = holding.principal_cents - sum(share.principal_cents for share in shares)
        earned_cents = sum(share.interest_cents - share.fee_cents for share in shares)
        assert balance_cents(Account.INVESTED, holding.lender_id) == lent_cents
        cash_cents = paid_in_cents - lent_cents + earned_cents
        assert balance_cents(Account.CASH, holding.lender_id) == cash_cents
        assert balance_cents(Account.RESERVED, holding.lender_id) == 0
