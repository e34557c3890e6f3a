"""One thing of every kind, each with its owner: what the pages of people show."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

from accounts.models import User
from core.clock import day_of
from core.dates import month_range
from ledger.chart import Role
from ledger.models import Entry
from lending.models import (
    ChangeKind,
    Document,
    Loan,
    Offer,
    PlanChange,
    PoolBooking,
    PoolRun,
)
from lending.services.contracts import sign
from lending.services.documents import issue_statements
from lending.services.easing import EasedTerms
from lending.services.hardship import propose_change
from notifications.services import notify
from payments.models import PayIn
from tests.factories import loans, people
from tests.factories import requests as make
from tests.factories.mandates import mandate
from tests.factories.people import AT
from tests.matching.world import booked, on_market


@dataclass(frozen=True)
class Thing:
    """The part of an address that names a thing, and whose thing it is."""

    named: Mapping[str, Any]
    owner: User


def things() -> dict[str, Thing]:
    """A draft, a refused request, a funded one, a signed one, a loan and all that a lender has."""
    lender = people.lender(cash_cents=3_000_00)
    listed = make.listed_request()
    loan = loans.loan(shares_cents=[1_000_00], lenders=[lender])
    rule = mandate(lender=lender, max_per_loan_cents=1_000_00)
    on_market(1_000_00)
    played = booked()
    stake = Offer.objects.get(mandate=rule)
    full = make.filled_request(shares_cents=[1_000_00])
    told = notify(
        person_id=lender.pk,
        kind="pay_in_credited",
        key="world",
        facts={"amount_cents": 3_000_00},
        at=AT,
    )
    return {
        "pool run": Thing({"run_id": _run_of(loan).pk}, lender),
        "nothing": Thing({}, lender),
        "borrowing": Thing({}, loan.borrower),
        "listed": Thing({"public_id": listed.public_id}, lender),
        "loan": Thing({"loan_id": loan.pk}, loan.borrower),
        "offer of terms": Thing({"change_id": offer_of_terms(loan).pk}, loan.borrower),
        "holding": Thing({"holding_id": loan.holdings.get().pk}, lender),
        "full": Thing({"public_id": full.public_id}, lender),
        "place in line": Thing({"spare_id": make.wait_in_line(lender, full, 100_00).pk}, lender),
        "round": Thing({"round_id": played.pk}, lender),
        "hand bid": Thing({"offer_id": make.bid(lender, listed, 100_00).pk}, lender),
        "stake": Thing({"offer_id": stake.pk}, lender),
        "mandate": Thing({"mandate_id": rule.pk}, lender),
        "journal entry": Thing({"entry_id": _entry_of(lender)}, lender),
        "pay-in": Thing({"uuid": _pay_in_of(lender).uuid}, lender),
        "document": Thing({"document_id": _document_of(lender).pk}, lender),
        "message": Thing({"message_id": told.pk}, lender),
        **_requests(),
    }


def _pay_in_of(lender: User) -> PayIn:
    return PayIn.objects.create(lender=lender, amount_cents=100_00, created_at=AT)


def offer_of_terms(loan: Loan, *, on: date | None = None) -> PlanChange:
    """Easier terms that the borrower of a loan may accept."""
    on = on or day_of(AT)
    return propose_change(
        staff=people.staff(),
        loan_id=loan.pk,
        kind=ChangeKind.LONGER_TERM,
        terms=EasedTerms(months=72),
        reason="Half the income until next spring.",
        answer="We can stretch your loan so that each month costs less.",
        on=on,
        at=loans.noon(on),
        request_key=uuid4(),
    )


def _document_of(lender: User) -> Document:
    """The lender's statement of the month in which the market began."""
    issue_statements(on=month_range(day_of(AT))[1], at=AT)
    return Document.objects.get(person=lender)


def _entry_of(person: User) -> int:
    """The first entry on a person's cash."""
    return (
        Entry.objects.filter(
            transfers__credit__role=Role.CASH, transfers__credit__holder_id=person.pk
        )
        .earliest("pk")
        .pk
    )


def _requests() -> dict[str, Thing]:
    """Requests of borrowers, each of one of their own, by how far they have come."""
    signed = make.filled_request(shares_cents=[1_000_00])
    sign(borrower=signed.borrower, request_id=signed.pk, at=AT + timedelta(days=4))
    rows = {
        "draft": make.complete_draft(),
        "in review": make.submitted_request(),
        "declined": make.submitted_request(work=make.work_data(income_cents=1_900_00)),
        "filled": make.filled_request(shares_cents=[1_000_00]),
        "signed": signed,
    }
    return {name: Thing({"request_id": row.pk}, row.borrower) for name, row in rows.items()}


def _run_of(loan: Loan) -> PoolRun:
    """A month of a pool in which everything that was due came in."""
    run = PoolRun.objects.create(
        grade=loan.grade,
        term_months=loan.term_months,
        month=AT.date().replace(day=1),
        version=1,
        due_cents=10_00,
        received_cents=10_00,
        run_on=AT.date(),
        run_at=AT,
    )
    PoolBooking.objects.create(
        run=run,
        holding=loan.holdings.get(),
        owed_cents=10_00,
        received_cents=10_00,
        target_cents=10_00,
        booking_cents=0,
        delta_cents=0,
    )
    return run
