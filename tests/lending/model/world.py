"""What all runs of the model share: people, a request that lacks its last bid, a wide market."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from django.db import connection

from accounts.models import User
from core.transitions import advance
from ledger.chart import PLATFORM_ID, Role
from ledger.selectors import balance_cents
from lending.models import BaseRate, FeeRate, Loan, LoanRequest
from lending.services.disbursements import disburse
from lending.states import REQUEST_TRANSITIONS, RequestStatus
from tests.factories import arrears, loans, people
from tests.factories.people import AT
from tests.factories.requests import bid, listed_request
from tests.lending.model.oracle_arrears import HOUSE_PART
from tests.lending.model.reckoning import BASE


@dataclass(frozen=True)
class Kind:
    """What a loan of the model is like."""

    stakes: tuple[int, ...]
    months: int
    rate: str
    due_day: int


KINDS = (
    Kind((600_00, 375_00, 25_00), 12, "0.08", 15),
    Kind((1_000_00, 1_000_00, 1_000_00), 12, "0.1234", 1),
    Kind((25_00, 9_975_00), 13, "0.0399", 15),
)


class World:
    """For each kind a request that lacks its last bid, and one that is never full, to bid on."""

    def __init__(self) -> None:
        for valid_from, rate in BASE[1:]:
            BaseRate.objects.create(
                valid_from=valid_from,
                rate=Decimal(rate.numerator) / rate.denominator,
                source="model",
                approved_at=AT,
            )
        valid_from, part = HOUSE_PART
        rate = Decimal(part.numerator) / part.denominator
        FeeRate.objects.create(kind="recovery", rate=rate, valid_from=valid_from)
        arrears.give_capital(1_000_000_00, AT.date())
        self.staff = arrears.two_staff()
        self.open = listed_request(amount_cents=50_000_00)
        self.lenders = [people.lender() for _ in range(3)]
        self.requests = {kind: self._request(kind) for kind in KINDS}
        self.fees = balance_cents(Role.FEES, PLATFORM_ID)

    def _request(self, kind: Kind) -> LoanRequest:
        request = listed_request(
            amount_cents=sum(kind.stakes),
            term_months=kind.months,
            annual_rate=Decimal(kind.rate),
            due_day=kind.due_day,
        )
        for lender, cents in zip(self.lenders, kind.stakes[:-1], strict=False):
            people.give_cash(lender, cents, at=AT)
            bid(lender, request, cents, at=AT)
        return request

    def loan(self, kind: Kind, on: date) -> Loan:
        """The last lender pays in and bids, the borrower signs, the loan is paid out on a day."""
        request, last = self.requests[kind], self.lenders[len(kind.stakes) - 1]
        people.give_cash(last, kind.stakes[-1], at=AT)
        bid(last, request, kind.stakes[-1], at=AT)
        request.refresh_from_db()
        signed = RequestStatus.ACCEPTED
        advance(request, signed, table=REQUEST_TRANSITIONS, at=AT, accepted_at=AT)
        return disburse(request_id=request.pk, on=on, at=loans.noon(on))


class Figures(NamedTuple):
    """What the house says of a loan and of those who have to do with it."""

    status: str
    outstanding: int
    called_on: date | None
    stage: str
    held: list[int]
    lost: list[int]
    back: list[int]
    balances: dict[str, int]


def figures(loan_id: int, people_ids: list[int]) -> Figures:
    """All of it in one statement."""
    with connection.cursor() as cursor:
        cursor.execute(_FIGURES, {"loan": loan_id, "people": people_ids})
        *row, balances = cursor.fetchone()
        return Figures(*row, json.loads(balances))


def ids(people_: list[User]) -> list[int]:
    """Their keys."""
    return [person.pk for person in people_]


_FIGURES = """
SELECT loan.status, loan.outstanding_cents, loan.terminated_on,
       coalesce((SELECT status FROM lending_arrearscase
                 WHERE loan_id = loan.id AND closed_on IS NULL), ''),
       claim.held, claim.lost, claim.back,
       (SELECT jsonb_object_agg(role || holder_id, balance_cents) FROM ledger_account
        WHERE role = 'fees'
           OR role IN ('cash', 'receivable') AND holder_id = ANY(%(people)s))
FROM lending_loan AS loan
CROSS JOIN LATERAL (
    SELECT array_agg(outstanding_cents ORDER BY id) AS held,
           array_agg(written_off_cents ORDER BY id) AS lost,
           array_agg(recovered_cents ORDER BY id) AS back
    FROM lending_holding WHERE loan_id = loan.id
) AS claim
WHERE loan.id = %(loan)s
"""
