"""The arrears desk: what staff see, the buttons they get, and that acting works through them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import Role, User
from core import clock
from lending.models import ArrearsCase, ArrearsProposal, Contact, Document, LegalCost, Loan
from lending.services import arrears_decisions
from lending.states import ArrearsStage, LoanStatus
from tests.factories import arrears as make
from tests.factories import loans, people
from tests.flows.money import assert_money

pytestmark = pytest.mark.django_db

BACKEND = "django.contrib.auth.backends.ModelBackend"
DESK = "/staff/lending/arrearscase/desk/"


@pytest.fixture
def staff() -> list[User]:
    return make.two_staff()


@pytest.fixture
def desk(staff: list[User]) -> Client:
    return _browser(staff[0])


def _browser(user: User) -> Client:
    client = Client()
    client.force_login(user, backend=BACKEND)
    return client


def _page(case: ArrearsCase) -> str:
    return reverse("admin:lending_arrearscase_change", args=[case.pk])


def _at(on: Any) -> None:
    clock.set_business_date(on, is_virtual=True)


def _acts(client: Client, case: ArrearsCase) -> list[str]:
    return [form.act for form in client.get(_page(case)).context["forms"]]


def test_people_of_the_market_and_staff_without_the_right_see_no_desk() -> None:
    case, _ = make.reminded(loans.loan(due_day=15), missed=1)
    for address in (DESK, _page(case)):
        assert _browser(case.loan.borrower).get(address).status_code == 302
        assert _browser(people.person(Role.STAFF)).get(address).status_code == 403


def test_who_may_only_look_gets_no_forms_and_cannot_act(staff: list[User]) -> None:
    case, on = make.reminded(loans.loan(due_day=15), missed=1)
    _at(on)
    looker = people.person(Role.STAFF)
    looker.user_permissions.set(Permission.objects.filter(codename="view_arrearscase"))
    client = _browser(looker)
    assert client.get(_page(case)).context["forms"] == []
    assert client.post(_page(case), {"act": "call"}).status_code == 403


def test_the_desk_sorts_by_lateness_filters_and_says_why_not_yet(desk: Client) -> None:
    late = loans.loan(due_day=15)
    make.reminded(late, missed=2)
    later, on = make.reminded(loans.loan(due_day=15), missed=2)
    loans.pay(late, late.instalments.get(number=1).open_cents, on=on)
    _at(on)
    rows = desk.get(DESK).context["rows"]
    assert [row.case.loan.number for row in rows] == [later.loan.number, late.number]
    assert [row.case.status for row in rows] == ["reminder_2", "reminder_2"]
    assert [row.bucket for row in rows] == [2, 1]
    assert "An offer to ease the loan recorded" in [str(word) for word in rows[0].lacks]
    only = desk.get(DESK, {"bucket": "1", "stage": "reminder_2"}).context["rows"]
    assert [row.case.loan.number for row in only] == [late.number]
    assert desk.get(DESK, {"bucket": "4"}).context["rows"] == []


def test_the_desk_takes_as_many_queries_for_thirty_cases_as_for_one(desk: Client) -> None:
    counts = []
    for number in (1, 30):
        while Loan.objects.count() < number:
            loans.loan(shares_cents=[1_000_00], due_day=15)
        on = Loan.objects.latest("id").first_due_on + timedelta(days=6)
        make.live(on, on)
        _at(on)
        desk.get(DESK)
        with CaptureQueriesContext(connection) as taken:
            assert len(desk.get(DESK).context["rows"]) == number
        counts.append(len(taken))
    assert counts[0] == counts[1]


def test_only_the_buttons_of_allowed_edges_are_there(desk: Client, staff: list[User]) -> None:
    talk = ["call", "promise", "offer"]
    case, on = make.reminded(loans.loan(due_day=15), missed=4)
    _at(on)
    assert _acts(desk, case) == talk
    key = str(uuid4())
    sent = {"act": "offer", "offer": "A year longer.", "answer": "silent", "key": key}
    for _ in range(2):
        assert desk.post(_page(case), sent).status_code == 302
    assert Contact.objects.filter(kind="offer").count() == 1
    assert _acts(desk, case) == ["final_notice", *talk]
    desk.post(_page(case), {"act": "final_notice"})
    case.refresh_from_db()
    assert case.status == ArrearsStage.FINAL_NOTICE
    assert _acts(desk, case) == talk
    assert case.notice_until is not None
    _at(case.notice_until + timedelta(days=1))
    assert _acts(desk, case) == ["terminate", *talk]


def test_a_proposal_is_approved_by_another_person_on_the_page(
    desk: Client, staff: list[User]
) -> None:
    case, on = make.noticed(loans.loan(due_day=15), staff[0], missed=4)
    _at(on)
    desk.post(_page(case), {"act": "terminate", "reason": make.REASON})
    proposal = ArrearsProposal.objects.get()
    assert "terminate" not in _acts(desk, case)
    assert "approve" not in _acts(desk, case)
    assert case.loan.number in desk.get(DESK).content.decode()
    second = _browser(staff[1])
    assert _acts(second, case)[:2] == ["approve", "turn_down"]
    second.post(_page(case), {"act": "approve", "proposal_id": proposal.pk})
    case.refresh_from_db()
    assert case.status == ArrearsStage.TERMINATED
    assert "collection" not in _acts(desk, case)


def test_cost_recovery_and_settlement_work_by_page(desk: Client, staff: list[User]) -> None:
    loan = loans.loan(due_day=15)
    case, on = make.terminated(loan, staff)
    _at(on)
    cost = {"cents": "45.50", "paid_on": on.isoformat(), "note": "Court fee", "key": str(uuid4())}
    for _ in range(2):
        desk.post(_page(case), {"act": "cost", **cost})
    assert LegalCost.objects.get().cents == 45_50
    asked = {"amount_cents": "100.00", "source": "outside", "key": str(uuid4())}
    refused = desk.post(_page(case), {"act": "recovery", **asked})
    assert "pay it in first" in refused.content.decode()
    loans.give_collected(loan.borrower, 1_600_00, on=on)
    desk.post(_page(case), {"act": "recovery", **asked, "source": "borrower"})
    assert loan.repayments.get().amount_cents == 100_00
    settled = {"act": "settle", "cents": "1500", "source": "borrower", "reason": make.REASON}
    desk.post(_page(case), settled)
    arrears_decisions.approve(
        staff=staff[1], proposal_id=ArrearsProposal.objects.latest("id").pk, at=clock.now()
    )
    loan.refresh_from_db()
    assert loan.status == LoanStatus.SETTLED
    assert _acts(desk, case) == []
    assert_money("ledger", "lending")


def test_letters_open_for_staff_and_no_one_else(desk: Client) -> None:
    case, _ = make.reminded(loans.loan(due_day=15), missed=1)
    letter = Document.objects.latest("id")
    address = reverse("admin:lending_document_file", args=[letter.pk])
    answer = desk.get(address)
    assert b"".join(answer.streaming_content) == bytes(letter.pdf)  # type: ignore[attr-defined]
    assert _browser(people.person(Role.STAFF)).get(address).status_code == 403
    assert _browser(case.loan.borrower).get(address).status_code == 302
    assert desk.get(reverse("admin:lending_document_file", args=[0])).status_code == 404
