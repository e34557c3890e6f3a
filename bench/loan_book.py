"""Running loans with a hundred lenders each, one instalment due, and the money to pay it."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from lending.selectors.plain_payments import Payment

HOLDINGS: Final = 100
SHARE_CENTS: Final = 25_00
TERM: Final = 36
RATE: Final = Decimal("0.08")
LENT_ON: Final = date(2026, 3, 2)
DUE_ON: Final = date(2026, 4, 1)
AT: Final = datetime(2026, 4, 1, 18, tzinfo=UTC)


def loan_book(loans: int, lenders: int) -> list[Payment]:
    """Fill a fresh database; the payment of each loan's first instalment, whose money is there."""
    from lending.domain.amortization import level_schedule
    from lending.selectors.plain_payments import Payment

    plan = level_schedule(HOLDINGS * SHARE_CENTS, RATE, TERM, DUE_ON, disbursed_on=LENT_ON)
    cents = plan[0].principal_cents + plan[0].interest_cents
    people = _people("lender", lenders), _people("borrower", loans)
    ids = _loans(people[1])
    _instalments(ids, plan)
    _holdings(ids, people[0])
    _accounts(cents)
    return [Payment(loan_id, cents, f"bench-{loan_id}", DUE_ON) for loan_id in ids]


def _people(role: str, count: int) -> list[int]:
    from accounts.models import User

    made = User.objects.bulk_create(
        (
            User(email=f"{role}{number}@pari.example", role=role, date_joined=AT)
            for number in range(count)
        ),
        batch_size=5_000,
    )
    return [user.pk for user in made]


def _loans(borrowers: list[int]) -> list[int]:
    """Requests that were paid out, and their loans."""
    from lending.models import Loan, LoanRequest
    from lending.states import RequestStatus

    amount_cents = HOLDINGS * SHARE_CENTS
    requests = LoanRequest.objects.bulk_create(
        (
            LoanRequest(
                borrower_id=borrower,
                status=RequestStatus.DISBURSED,
                amount_cents=amount_cents,
                funded_cents=amount_cents,
                term_months=TERM,
                annual_rate=RATE,
                grade="C",
                affordability_mark=2,
                purpose="car",
                title="A car",
                borrower_fee_rate=Decimal("0.025"),
                created_at=AT,
                listed_at=AT,
                deadline_on=AT.date(),
            )
            for borrower in borrowers
        ),
        batch_size=5_000,
    )
    loans = Loan.objects.bulk_create(
        (
            Loan(
                request=request,
                borrower_id=request.borrower_id,
                number=f"B-{request.pk:06d}",
                principal_cents=amount_cents,
                outstanding_cents=amount_cents,
                fee_cents=0,
                annual_rate=RATE,
                term_months=TERM,
                grade="C",
                disbursed_on=LENT_ON,
                first_due_on=DUE_ON,
            )
            for request in requests
        ),
        batch_size=5_000,
    )
    return [loan.pk for loan in loans]


def _instalments(loans: list[int], plan: list[object]) -> None:
    from core.bulk import copy_in
    from lending.models import Plan

    plans = Plan.objects.bulk_create(
        (
            Plan(
                loan_id=loan,
                version=1,
                reason="disbursed",
                annual_rate=RATE,
                made_on=LENT_ON,
                made_at=AT,
            )
            for loan in loans
        ),
        batch_size=5_000,
    )
    copy_in(
        "lending_instalment",
        _INSTALMENT,
        (
            (made.loan_id, made.pk, "regular", *part, 0, 0, 0)  # type: ignore[misc]
            for made in plans
            for part in plan
        ),
    )


def _holdings(loans: list[int], lenders: list[int]) -> None:
    """Each loan has the next HOLDINGS lenders in turn, with a little more or less each."""
    import numpy as np

    from core.bulk import copy_numbers

    count = len(loans) * HOLDINGS
    apart = np.arange(1, HOLDINGS // 2 + 1)
    cents = np.tile(SHARE_CENTS + np.concatenate([apart, -apart]), len(loans))
    nothing = np.zeros(count, np.int64)
    copy_numbers(
        "lending_holding",
        {
            "loan_id": np.repeat(np.array(loans, np.int64), HOLDINGS),
            "lender_id": np.array(lenders, np.int64)[np.arange(count) % len(lenders)],
            "principal_cents": cents,
            "outstanding_cents": cents,
            "interest_cents": nothing,
            "default_interest_cents": nothing,
            "fee_cents": nothing,
            "written_off_cents": nothing,
            "recovered_cents": nothing,
        },
    )


def _accounts(cents: int) -> None:
    """What lenders have invested, what loans owe, and what borrowers have paid in."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(_ACCOUNTS, {"cents": cents})
        cursor.execute("ANALYZE")


_INSTALMENT: Final = {
    "loan_id": "int8",
    "plan_id": "int8",
    "kind": "varchar",
    "number": "int2",
    "due_on": "date",
    "principal_cents": "int8",
    "interest_cents": "int8",
    "deferred_cents": "int8",
    "paid_principal_cents": "int8",
    "paid_interest_cents": "int8",
}

_ACCOUNTS: Final = """
INSERT INTO ledger_account (role, holder_id, currency, side, may_overdraw, balance_cents)
SELECT 'invested', lender_id, 'EUR', 'credit', false, sum(outstanding_cents)
FROM lending_holding GROUP BY lender_id
UNION ALL SELECT 'cash', lender_id, 'EUR', 'credit', false, 0
FROM lending_holding GROUP BY lender_id
UNION ALL SELECT 'principal', id, 'EUR', 'debit', false, outstanding_cents FROM lending_loan
UNION ALL SELECT 'cash', borrower_id, 'EUR', 'credit', false, %(cents)s FROM lending_loan
UNION ALL SELECT 'interest_passed', 0, 'EUR', 'credit', false, 0
UNION ALL SELECT 'fees', 0, 'EUR', 'credit', false, 0
"""
