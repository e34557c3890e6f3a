"""Staff's pages for changes of terms: what waits, proposing with a preview, a second person."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Role, User
from core import clock
from lending.models import ChangeKind, Loan, PlanChange
from lending.selectors.changes import waiting_changes
from lending.services.breaks import ask_for_break, ask_for_easier_terms
from lending.states import ChangeStatus
from tests.factories import loans, people
from tests.factories.loans import noon
from tests.flows.money import assert_money

pytestmark = pytest.mark.django_db
TODAY = date(2026, 6, 22)
WHY = "Parental leave until next spring, half the income."


@pytest.fixture
def loan() -> Loan:
    """A loan with four instalments paid."""
    made = loans.loan()
    loans.pay_instalments(made, 4)
    made.refresh_from_db()
    clock.set_business_date(TODAY, is_virtual=True)
    return made


def desk_of(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def words(answer: Any) -> str:
    return " ".join(answer.content.decode().split())


def propose_page(loan: Loan) -> str:
    return reverse("admin:lending_change_propose", args=[loan.pk])


def page_of(change: PlanChange) -> str:
    return reverse("admin:lending_planchange_change", args=[change.pk])


def given(**terms: object) -> dict[str, object]:
    return {
        "request_key": str(uuid4()),
        "kind": ChangeKind.LONGER_TERM,
        "reason": WHY,
        "answer": "We can stretch your loan.",
    } | terms


def test_terms_are_shown_before_they_are_proposed(loan: Loan):
    desk = desk_of(people.staff())
    form = given(months=48, act="preview")
    source = words(desk.post(propose_page(loan), form))
    assert "Highest payment" in source and "return a year" in source
    assert not PlanChange.objects.exists()
    for _ in range(2):
        answer = desk.post(propose_page(loan), form | {"act": "propose"})
        assert answer["Location"] == page_of(PlanChange.objects.get())
    assert PlanChange.objects.get().status == ChangeStatus.AGREED
    assert "Longer term, Offered" in words(desk.get(propose_page(loan)))


def test_a_waiver_typed_in_euros_waits_for_a_second_person(loan: Loan):
    clerk, colleague = people.staff(), people.staff()
    form = given(kind=ChangeKind.WAIVER, waived="250.50", act="propose")
    desk_of(clerk).post(propose_page(loan), form)
    change = PlanChange.objects.get()
    assert (change.status, change.terms["waived_cents"]) == (ChangeStatus.ASKED, 250_50)
    assert waiting_changes() == 1
    assert "you were the first" in words(desk_of(clerk).post(page_of(change), {"act": "approve"}))
    desk_of(colleague).post(page_of(change), {"act": "approve"})
    change.refresh_from_db()
    assert (change.status, change.approved_by) == (ChangeStatus.AGREED, colleague)
    assert "€250.50" in words(desk_of(colleague).get(page_of(change)))
    assert_money("ledger", "lending")


def test_refusals_of_the_rules_stand_beside_their_fields(loan: Loan):
    desk = desk_of(people.staff())
    form = given(kind=ChangeKind.LOWER_RATE, annual_rate="99", act="preview")
    answer = desk.post(propose_page(loan), form)
    assert answer.context["form"].errors["annual_rate"]
    assert answer.context["effect"] == []


def test_a_break_that_was_asked_for_is_agreed_to_or_refused(loan: Loan):
    numbers = [row.number for row in loan.instalments.unpaid()[1:4]]
    change = ask_for_break(
        borrower=loan.borrower,
        loan_id=loan.pk,
        numbers=numbers,
        collect="end",
        reason="My hours are cut for the summer.",
        on=TODAY,
        at=noon(TODAY),
        request_key=uuid4(),
    )
    desk = desk_of(people.staff())
    source = words(desk.get(page_of(change)))
    assert "My hours are cut" in source and "1 Aug 2026" in source
    assert "Refuse" in source and "Agree to the break" in source
    refused = desk.post(page_of(change), {"act": "refuse", "answer": ""})
    assert refused.context["forms"][1].errors
    desk.post(page_of(change), {"act": "agree", "answer": "Gladly."})
    change.refresh_from_db()
    assert change.status == ChangeStatus.IN_FORCE


def test_a_question_without_terms_leads_to_a_proposal(loan: Loan):
    change = ask_for_easier_terms(
        borrower=loan.borrower, loan_id=loan.pk, reason=WHY, at=noon(TODAY), request_key=uuid4()
    )
    desk = desk_of(people.staff())
    assert propose_page(loan) in words(desk.get(page_of(change)))
    desk.post(propose_page(loan), given(months=60, act="propose"))
    change.refresh_from_db()
    assert change.status == ChangeStatus.AGREED


def test_the_loan_leads_to_the_form_and_only_for_who_may(loan: Loan):
    address = reverse("admin:lending_loan_change", args=[loan.pk])
    desk = desk_of(people.staff())
    assert "Propose easier terms" in words(desk.get(address))
    reader = desk_of(people.person(Role.STAFF))
    assert reader.get(propose_page(loan)).status_code == 403
    assert desk_of(people.lender()).get(propose_page(loan)).status_code == 302
    assert desk.get(propose_page(Loan(pk=999_999))).status_code == 404
