"""Staff's first page: what waits, what is late, what people owe."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client, RequestFactory

from accounts.models import User
from core import clock
from ledger.chart import EntryKind
from ledger.chart import Role as LedgerRole
from ledger.services import Move, account_id, post_entry
from lending.admin.dashboard import dashboard
from tests.factories import loans, people
from tests.factories import requests as make
from tests.factories.people import AT

pytestmark = pytest.mark.django_db

BACKEND = "django.contrib.auth.backends.ModelBackend"


@pytest.fixture(autouse=True)
def _market_day() -> None:
    clock.set_business_date(clock.day_of(AT), is_virtual=True)


def test_the_overview_counts_what_waits_and_what_is_late(
    rf: RequestFactory, django_assert_max_num_queries: Any
) -> None:
    make.submitted_request(at=AT - timedelta(days=9))
    listed = make.listed_request(amount_cents=2_000_00)
    make.bid(people.lender(cash_cents=500_00), listed, 500_00)
    make.filled_request(shares_cents=[1_000_00])
    loan = loans.loan(at=AT + timedelta(days=4))
    _laid_out_for(loan.holdings.order_by("id")[0].lender, 75_00)
    clock.set_business_date(loan.first_due_on + timedelta(days=12), is_virtual=True)
    with django_assert_max_num_queries(13):
        shown = dashboard(rf.get("/staff/"), {})
    cards = {card.title: (card.figure, card.mood) for card in shown["cards"]}
    assert cards["In review"] == ("1", "bad")
    assert cards["Listed"] == ("1", "")
    assert cards["Funded, not yet paid out"] == ("1", "")
    assert cards["Lent"] == ("€5,000.00", "")
    assert cards["Late"] == ("1", "bad")
    assert cards["Owed after returns"] == ("€75.00", "warn")
    assert "€500.00 of €2,000.00 funded" in [card.note for card in shown["cards"]]
    (late,) = shown["late"]
    first = loan.instalments.get(number=1)
    assert (late.number, late.days) == (loan.number, 12)
    assert late.open == f"€{first.total_cents // 100}.{first.total_cents % 100:02}"


def _laid_out_for(lender: User, cents: int) -> None:
    """Book a payment of a loan that came back after its lender had no money left."""
    owed, cash = (
        account_id(LedgerRole.RECEIVABLE, lender.pk),
        account_id(LedgerRole.CASH, lender.pk),
    )
    post_entry(
        reference="laid-out",
        kind=EntryKind.REVERSAL,
        effective_on=AT.date(),
        at=AT,
        moves=[Move(owed, cash, cents), Move(cash, account_id(LedgerRole.INTEREST_PASSED), cents)],
    )


def test_an_empty_house_has_an_overview() -> None:
    desk = Client()
    desk.force_login(people.staff(), backend=BACKEND)
    assert "No loan is late." in desk.get("/staff/").content.decode()
