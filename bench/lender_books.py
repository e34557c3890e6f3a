"""A lender with many holdings and years of payments, written straight into the tables.

Set by set, as no service would: what is measured afterwards only reads. Amounts are such that the
ledger and the holdings agree.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from accounts.models import User

BEGIN: Final = date(2026, 1, 5)
AT: Final = datetime.combine(BEGIN, time(9), UTC)
LENT_CENTS: Final = 60_000
TERM: Final = 60
_RATE: Final = Decimal("0.08")
_LATE_OF: Final = 20
"""One loan in so many is late with its last instalments, one in five times as many in default."""


def filled(holdings: int, months: int, *, is_spread: bool) -> tuple[User, date]:
    """The lender, and the day after `months` months on which the books are to be seen.

    Loans begin evenly over the months, or all of them in the first one.
    """
    from core import clock
    from core.dates import add_months

    on = add_months(BEGIN, months)
    clock.set_business_date(on, is_virtual=True)
    lender, borrowers = _people(holdings)
    _accounts([lender.pk, *borrowers], holdings)
    _loans(
        borrowers,
        lender.pk,
        [add_months(BEGIN, _start(n, months, is_spread=is_spread)) for n in range(holdings)],
    )
    for statement in _STEPS:
        _run(statement, on)
    return lender, on


def _start(number: int, months: int, *, is_spread: bool) -> int:
    return number % months if is_spread else 0


def _people(count: int) -> tuple[User, list[int]]:
    from accounts.models import User

    lender = User.objects.create(email="lender@pari.example", role="lender", date_joined=AT)
    borrowers = User.objects.bulk_create(
        User(email=f"borrower{number}@pari.example", role="borrower", date_joined=AT)
        for number in range(count)
    )
    return lender, [user.pk for user in borrowers]


def _accounts(people: list[int], holdings: int) -> None:
    from ledger.chart import EntryKind, Role
    from ledger.services import Move, account_id, account_ids, post_entry

    cash = account_ids(Role.CASH, people)
    for role in (Role.RESERVED, Role.INVESTED, Role.IN_TRANSIT_OUT):
        account_ids(role, people)
    for role in (Role.INTEREST_PASSED, Role.FEES, Role.PROVIDER, Role.CLEARING_IN):
        account_id(role)
    post_entry(
        reference="payin:bench",
        kind=EntryKind.PAY_IN,
        effective_on=BEGIN,
        at=AT,
        moves=[
            Move(account_id(Role.PROVIDER), account_id(Role.CLEARING_IN), holdings * LENT_CENTS),
            Move(account_id(Role.CLEARING_IN), cash[people[0]], holdings * LENT_CENTS),
        ],
    )


def _loans(borrowers: list[int], lender_id: int, starts: list[date]) -> None:
    from core.dates import add_months
    from lending.models import Holding, Loan, LoanRequest, Plan

    requests = LoanRequest.objects.bulk_create(
        LoanRequest(
            borrower_id=borrower,
            status="disbursed",
            amount_cents=100_000,
            funded_cents=100_000,
            term_months=TERM,
            annual_rate=_RATE,
            grade="ABCDEFGH"[number % 8],
            purpose="car",
            title=f"A car {number}",
            created_at=AT,
            listed_at=AT,
            deadline_on=BEGIN,
        )
        for number, borrower in enumerate(borrowers)
    )
    loans = Loan.objects.bulk_create(
        Loan(
            request=request,
            borrower_id=request.borrower_id,
            number=f"B-{number}",
            principal_cents=LENT_CENTS,
            outstanding_cents=LENT_CENTS,
            fee_cents=0,
            annual_rate=_RATE + Decimal(number % 40) / 1_000,
            term_months=TERM,
            grade=request.grade,
            disbursed_on=starts[number],
            first_due_on=add_months(starts[number], 1).replace(day=1 if number % 2 else 15),
        )
        for number, request in enumerate(requests)
    )
    Holding.objects.bulk_create(
        Holding(
            loan=loan,
            lender_id=lender_id,
            principal_cents=LENT_CENTS,
            outstanding_cents=LENT_CENTS,
        )
        for loan in loans
    )
    Plan.objects.bulk_create(
        Plan(
            loan=loan,
            version=1,
            reason="disbursed",
            annual_rate=loan.annual_rate,
            made_on=loan.disbursed_on,
            made_at=AT,
        )
        for loan in loans
    )


def _run(statement: str, on: date) -> None:
    from django.db import connection

    given = {"on": on, "at": AT, "term": TERM, "late_of": _LATE_OF}
    with connection.cursor() as cursor:
        cursor.execute(statement, given)


_PLANS: Final = """
INSERT INTO lending_instalment
    (loan_id, plan_id, kind, number, due_on, principal_cents, interest_cents, deferred_cents,
     paid_principal_cents, paid_interest_cents)
SELECT loan.id, plan.id, 'regular', step.number,
       (loan.first_due_on + make_interval(months => step.number - 1))::date,
       loan.principal_cents / %(term)s,
       round((loan.principal_cents - (step.number - 1) * (loan.principal_cents / %(term)s))
             * loan.annual_rate / 12),
       0, 0, 0
FROM lending_loan AS loan
JOIN lending_plan AS plan ON plan.loan_id = loan.id
CROSS JOIN generate_series(1, %(term)s) AS step (number)
"""

_PAID: Final = """
CREATE TEMPORARY TABLE paid AS
SELECT instalment.*, 'repayment:bench:' || instalment.id AS reference
FROM lending_instalment AS instalment
WHERE due_on <= %(on)s
  AND NOT (loan_id %% %(late_of)s = 0 AND due_on > %(on)s::date - 50)
  AND NOT (loan_id %% (%(late_of)s * 5) = 0 AND due_on > %(on)s::date - 150)
"""

_ENTRIES: Final = """
INSERT INTO ledger_entry (reference, kind, effective_on, posted_at)
SELECT *, %(at)s FROM (
    SELECT 'disbursement:' || number AS reference, 'disbursement', disbursed_on AS day
    FROM lending_loan
    UNION ALL
    SELECT 'collection:' || reference, 'collection', due_on FROM paid
    UNION ALL
    SELECT reference, 'repayment', due_on FROM paid
) AS entry (reference, kind, day)
ORDER BY day, split_part(reference, ':', 4), reference
"""

_REPAYMENTS: Final = """
INSERT INTO lending_repayment
    (loan_id, reference, amount_cents, principal_cents, interest_cents, default_interest_cents,
     costs_cents, recovered_cents, fee_cents, kind, received_on, at, entry_id)
SELECT loan_id, paid.reference, principal_cents + interest_cents, principal_cents, interest_cents,
       0, 0, 0, round((principal_cents + interest_cents) * 0.01), 'dues', due_on, %(at)s, entry.id
FROM paid JOIN ledger_entry AS entry USING (reference)
"""

_PARTS: Final = """
INSERT INTO lending_repaymentpart (repayment_id, instalment_id, principal_cents, interest_cents)
SELECT repayment.id, paid.id, paid.principal_cents, paid.interest_cents
FROM paid JOIN lending_repayment AS repayment USING (reference)
"""

_SHARES: Final = """
INSERT INTO lending_repaymentshare
    (repayment_id, holding_id, principal_cents, interest_cents, fee_cents)
SELECT repayment.id, holding.id, repayment.principal_cents, repayment.interest_cents,
       repayment.fee_cents
FROM lending_repayment AS repayment
JOIN lending_holding AS holding ON holding.loan_id = repayment.loan_id
"""

_MOVES: Final = """
INSERT INTO ledger_account (role, holder_id, currency, side, may_overdraw, balance_cents)
SELECT 'principal', id, 'EUR', 'debit', false, 0 FROM lending_loan;
WITH account AS (
    SELECT id, role, holder_id FROM ledger_account
), platform AS (
    SELECT max(id) FILTER (WHERE role = 'interest_passed') AS passed,
           max(id) FILTER (WHERE role = 'fees') AS fees,
           max(id) FILTER (WHERE role = 'provider') AS provider,
           max(id) FILTER (WHERE role = 'clearing_in') AS clearing
    FROM account WHERE holder_id = 0
), party AS (
    SELECT loan.id AS loan_id, borrower.id AS borrower, cash.id AS cash, reserved.id AS reserved,
           invested.id AS invested, principal.id AS principal, transit.id AS transit
    FROM lending_loan AS loan
    JOIN lending_holding AS holding ON holding.loan_id = loan.id
    JOIN account AS borrower ON borrower.role = 'cash' AND borrower.holder_id = loan.borrower_id
    JOIN account AS transit
        ON transit.role = 'in_transit_out' AND transit.holder_id = loan.borrower_id
    JOIN account AS cash ON cash.role = 'cash' AND cash.holder_id = lender_id
    JOIN account AS reserved ON reserved.role = 'reserved' AND reserved.holder_id = lender_id
    JOIN account AS invested ON invested.role = 'invested' AND invested.holder_id = lender_id
    JOIN account AS principal ON principal.role = 'principal' AND principal.holder_id = loan.id
), move AS (
    SELECT entry.id AS entry_id, leg.debit, leg.credit, leg.cents
    FROM lending_loan AS loan
    JOIN party ON party.loan_id = loan.id
    JOIN ledger_entry AS entry ON entry.reference = 'disbursement:' || loan.number
    CROSS JOIN LATERAL (
        VALUES (cash, reserved, loan.principal_cents), (reserved, invested, loan.principal_cents),
               (principal, transit, loan.principal_cents)
    ) AS leg (debit, credit, cents)
    UNION ALL
    SELECT repayment.entry_id, leg.debit, leg.credit, leg.cents
    FROM lending_repayment AS repayment
    JOIN party ON party.loan_id = repayment.loan_id
    CROSS JOIN platform
    CROSS JOIN LATERAL (
        VALUES (borrower, principal, repayment.principal_cents),
               (borrower, passed, repayment.interest_cents),
               (invested, cash, repayment.principal_cents),
               (passed, cash, repayment.interest_cents),
               (cash, fees, repayment.fee_cents)
    ) AS leg (debit, credit, cents)
    UNION ALL
    SELECT entry.id, leg.debit, leg.credit, repayment.amount_cents
    FROM lending_repayment AS repayment
    JOIN party ON party.loan_id = repayment.loan_id
    JOIN ledger_entry AS entry ON entry.reference = 'collection:' || repayment.reference
    CROSS JOIN platform
    CROSS JOIN LATERAL (VALUES (provider, clearing), (clearing, borrower)) AS leg (debit, credit)
)
INSERT INTO ledger_transfer (entry_id, debit_id, credit_id, cents)
SELECT entry_id, debit, credit, cents FROM move WHERE cents > 0 ORDER BY entry_id
"""

_SUMS: Final = """
UPDATE lending_instalment AS instalment
SET paid_principal_cents = paid.principal_cents, paid_interest_cents = paid.interest_cents,
    paid_on = paid.due_on
FROM paid WHERE paid.id = instalment.id;
UPDATE lending_loan AS loan SET outstanding_cents = loan.principal_cents - sums.cents
FROM (SELECT loan_id, sum(principal_cents) AS cents FROM paid GROUP BY 1) AS sums
WHERE sums.loan_id = loan.id;
UPDATE lending_holding AS holding
SET outstanding_cents = holding.principal_cents - sums.back, interest_cents = sums.interest,
    fee_cents = sums.fee
FROM (SELECT holding_id, sum(principal_cents) AS back, sum(interest_cents) AS interest,
             sum(fee_cents) AS fee
      FROM lending_repaymentshare GROUP BY 1) AS sums
WHERE sums.holding_id = holding.id;
UPDATE ledger_account AS account SET balance_cents = sums.cents
FROM (SELECT account_id, sum(cents) AS cents
      FROM (SELECT credit_id AS account_id, cents FROM ledger_transfer
            UNION ALL SELECT debit_id, -cents FROM ledger_transfer) AS leg
      GROUP BY 1) AS sums
WHERE sums.account_id = account.id AND account.side = 'credit' AND account.holder_id <> 0;
INSERT INTO lending_loanevent (loan_id, kind, "on", note, key)
SELECT id, 'defaulted', %(on)s::date - 40, '', 'defaulted:' || id
FROM lending_loan WHERE id %% (%(late_of)s * 5) = 0;
ANALYZE
"""

_STEPS: Final = (_PLANS, _PAID, _ENTRIES, _REPAYMENTS, _PARTS, _SHARES, _MOVES, _SUMS)
