"""Staff's pages: who may open them, what they show, and that deciding works through them."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import Permission
from django.db import connection
from django.db.models import Model
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from rest_framework.authtoken.models import TokenProxy

from accounts.models import Role, User
from config.navigation import sidebar
from core import clock
from lending import models as lending
from lending.models import FeeRate, LoanRequest, Review
from lending.services import appeals, contracts, disbursements, reviews
from lending.states import RequestStatus
from matching.services.rounds import run_round
from tests.factories import loans, people
from tests.factories import requests as make
from tests.factories.mandates import mandate
from tests.factories.people import AT

pytestmark = pytest.mark.django_db

BACKEND = "django.contrib.auth.backends.ModelBackend"
MOST_QUERIES = 30
"""For the page of one row, whatever belongs to it."""
QUEUE = "/staff/lending/loanrequest/queue/"
READ_ONLY: tuple[str, ...] = (
    "core.AuditRow", "core.DayEndRun", "ledger.Account", "ledger.Entry", "ledger.Seal",
    "ledger.ChainCheck", "lending.Offer",
    "lending.Mandate", "lending.Loan", "lending.Instalment", "lending.Holding",
    "lending.Repayment", "lending.Contract", "lending.LoanRequest", "lending.Appeal",
    "lending.PlanChange",
    "accounts.IdentityCheck", "notifications.Message",
)  # fmt: skip


@pytest.fixture(autouse=True)
def _market_day() -> None:
    clock.set_business_date(clock.day_of(AT), is_virtual=True)


def _logged_in(user: User) -> Client:
    client = Client()
    client.force_login(user, backend=BACKEND)
    return client


@pytest.fixture
def staff() -> User:
    return people.staff()


@pytest.fixture
def desk(staff: User) -> Client:
    return _logged_in(staff)


def _case(request: LoanRequest) -> str:
    return reverse("admin:lending_loanrequest_change", args=[request.pk])


def _give(user: User, *rights: str) -> User:
    user.user_permissions.set(Permission.objects.filter(codename__in=rights))
    return User.objects.get(pk=user.pk)


def _words(answer: Any) -> str:
    """The page's text, every run of spaces as one space."""
    return " ".join(answer.content.decode().split())


# --- Who may open them ---------------------------------------------------------------------------


@pytest.mark.parametrize("side", ["lender", "borrower"])
def test_people_of_the_market_see_no_page_of_staff(side: str) -> None:
    request = make.submitted_request()
    client = _logged_in(people.lender() if side == "lender" else request.borrower)
    for address in ("/staff/", QUEUE, _case(request)):
        answer = client.get(address)
        assert answer.status_code == 302 and "/staff/login/" in answer.headers["Location"]


def test_staff_without_rights_may_look_at_nothing() -> None:
    request, client = make.submitted_request(), _logged_in(people.person(Role.STAFF))
    assert [client.get(address).status_code for address in (QUEUE, _case(request))] == [403, 403]


def test_who_may_only_look_is_offered_no_decision() -> None:
    request = make.submitted_request()
    reader = _give(people.person(Role.STAFF), "view_loanrequest")
    client = _logged_in(reader)
    assert client.get(_case(request)).context["forms"] == []
    answer = client.post(_case(request), {"act": "approve", "annual_rate": "5.6"})
    assert answer.status_code == 403
    assert not Review.objects.exists()


def test_the_side_bar_names_only_what_one_may_see(rf: RequestFactory, staff: User) -> None:
    make.submitted_request()
    asked = rf.get("/staff/")
    asked.user = _give(people.person(Role.STAFF), "view_loanrequest")
    items = [str(item["title"]) for group in sidebar(asked) for item in group["items"]]
    assert items == ["Overview", "Review queue", "Requests"]
    asked.user = staff
    everything = {str(i["title"]): i for group in sidebar(asked) for i in group["items"]}
    assert everything["Review queue"]["badge"] == "1"
    assert {"Entries", "Audit trail", "Fees", "Contracts"} <= set(everything)


# --- What they show ------------------------------------------------------------------------------


def test_the_queue_shows_what_waits_by_its_deadline(
    desk: Client, django_assert_max_num_queries: Any
) -> None:
    make.submitted_request(at=AT - timedelta(days=9), story=make.story_data(title="Overdue one"))
    desk.get(QUEUE)
    with django_assert_max_num_queries(12):
        one = desk.get(QUEUE)
    assert [row["is_overdue"] for row in one.context["rows"]] == [True]
    for days in (1, 2):
        make.submitted_request(at=AT + timedelta(days=days))
    with django_assert_max_num_queries(12):
        three = desk.get(QUEUE)
    rows = three.context["rows"]
    assert [row["decide_by"] for row in rows] == ["30 Dec 2025", "9 Jan 2026", "10 Jan 2026"]
    assert (rows[0]["amount"], rows[0]["approvals"]) == ("€5,000.00", "0 / 1")
    assert "Overdue one" in _words(three)


def test_an_empty_queue_says_so(desk: Client) -> None:
    assert "Nothing waits for a decision." in _words(desk.get(QUEUE))


def test_a_case_explains_everything(desk: Client) -> None:
    request = make.submitted_request()
    answer = desk.get(_case(request))
    words = _words(answer)
    wanted = (
        "A used estate car", "€5,000.00", "36 months", "Probability of default in a year",
        "Years in this job", "Share that debts take", "Posted rate", "Identity verified",
        "DE89 **** **** **** **** 00", "A demonstration model", "Draft › Submitted",
    )  # fmt: skip
    assert [text for text in wanted if text not in words] == []
    assert len(answer.context["answers"]) == 9
    lost = [row.lost for row in answer.context["answers"]]
    assert lost == sorted(lost, reverse=True)


def test_a_case_names_the_borrowers_earlier_requests(desk: Client) -> None:
    earlier = make.submitted_request(story=make.story_data(title="The first attempt"))
    reviews.decline(reviewer=people.staff(), request_id=earlier.pk, reasons=["story"], at=AT)
    request = make.submitted_request(borrower=earlier.borrower)
    assert "The first attempt" in _words(desk.get(_case(request)))


def test_a_declined_case_says_which_limit_was_broken(desk: Client) -> None:
    request = make.submitted_request(work=make.work_data(income_cents=1_900_00))
    answer = desk.get(_case(request))
    assert "The instalment would take too much of your free income." in _words(answer)
    assert answer.context["forms"] == []


def test_a_case_that_is_not_there_leads_back(desk: Client) -> None:
    for wrong in ("4711", "abc"):
        answer = desk.get(f"/staff/lending/loanrequest/{wrong}/change/")
        assert answer.status_code == 302


# --- Deciding ------------------------------------------------------------------------------------


def test_an_approval_by_page_lists_the_request(desk: Client, staff: User) -> None:
    request = make.submitted_request()
    offered = desk.get(_case(request)).context["forms"][0].initial["annual_rate"]
    answer = desk.post(
        _case(request), {"act": "approve", "annual_rate": str(offered), "note": "Solid."}
    )
    assert answer.headers["Location"] == QUEUE
    request.refresh_from_db()
    assert (request.status, request.annual_rate) == (RequestStatus.LISTED, offered / 100)
    review = Review.objects.get()
    assert (review.reviewer, review.note) == (staff, "Solid.")


def test_a_rate_outside_the_band_is_refused_beside_its_field(desk: Client) -> None:
    request = make.submitted_request()
    answer = desk.post(_case(request), {"act": "approve", "annual_rate": "17.95"})
    form = answer.context["forms"][0]
    assert "The rate must lie between" in form.errors["annual_rate"][0]
    request.refresh_from_db()
    assert request.status == RequestStatus.IN_REVIEW


def test_the_second_approval_is_offered_the_first_ones_rate(desk: Client, staff: User) -> None:
    request = make.large_request()
    reviews.approve(
        reviewer=people.staff(), request_id=request.pk, annual_rate=Decimal("0.0455"), at=AT
    )
    answer = desk.get(_case(request))
    assert answer.context["forms"][0].initial["annual_rate"] == Decimal("4.55")
    assert "1 / 2" in _words(answer)
    desk.post(_case(request), {"act": "approve", "annual_rate": "4.55"})
    request.refresh_from_db()
    assert request.status == RequestStatus.LISTED


def test_a_second_approval_by_the_same_person_is_refused_on_the_page(desk: Client) -> None:
    request = make.large_request()
    for _ in range(2):
        answer = desk.post(_case(request), {"act": "approve", "annual_rate": "6"})
    assert "A second person has to approve this; you were the first." in _words(answer)


def test_a_refusal_by_page_needs_a_reason(desk: Client) -> None:
    request = make.submitted_request()
    answer = desk.post(_case(request), {"act": "decline"})
    assert answer.context["forms"][1].errors["reasons"]
    desk.post(
        _case(request), {"act": "decline", "reasons": ["documents", "story"], "note": "Too short."}
    )
    request.refresh_from_db()
    assert request.status == RequestStatus.DECLINED
    assert Review.objects.get().reasons == ["documents", "story"]


def test_a_question_by_page_sends_the_request_back(desk: Client) -> None:
    request = make.submitted_request()
    desk.post(_case(request), {"act": "ask_back", "question": "Is the rent with heating?"})
    request.refresh_from_db()
    assert request.status == RequestStatus.DRAFT


def test_a_request_is_taken_off_the_market_by_page(desk: Client) -> None:
    request = make.filled_request(shares_cents=[1_000_00])
    assert [form.act for form in desk.get(_case(request)).context["forms"]] == ["cancel"]
    desk.post(_case(request), {"act": "cancel", "reason": "The story is copied."})
    request.refresh_from_db()
    assert request.status == RequestStatus.CANCELLED


@pytest.mark.parametrize("act", ["cancel", "launch", ""])
def test_what_is_not_possible_now_is_not_done(desk: Client, act: str) -> None:
    request = make.submitted_request()
    answer = desk.post(_case(request), {"act": act, "reason": "No reason at all."})
    assert answer.headers["Location"] == _case(request)
    request.refresh_from_db()
    assert request.status == RequestStatus.IN_REVIEW


def test_an_appeal_is_answered_by_page(desk: Client, staff: User) -> None:
    request = make.submitted_request(work=make.work_data(income_cents=1_900_00))
    statement = "My income rises by 400 euros from March on."
    appeal = appeals.ask_for_review(
        borrower=request.borrower, request_id=request.pk, statement=statement, at=AT
    )
    address = reverse("admin:lending_appeal_change", args=[appeal.pk])
    assert statement in _words(desk.get(address))
    short = desk.post(address, {"act": "answer", "outcome": "reopened", "answer": "Yes."})
    assert short.context["form"].errors["answer"]
    answer = "The new contract of employment counts from March on."
    desk.post(address, {"act": "answer", "outcome": "reopened", "answer": answer})
    request.refresh_from_db()
    appeal.refresh_from_db()
    assert (request.status, appeal.reviewer) == (RequestStatus.DRAFT, staff)
    assert answer in _words(desk.get(address))
    assert desk.get("/staff/lending/appeal/4711/change/").status_code == 302


def test_a_fee_is_dated_ahead_by_page(desk: Client) -> None:
    address = reverse("admin:lending_feerate_add")
    late = desk.post(address, {"kind": "lender", "rate": "0.9", "valid_from": "2026-01-05"})
    assert late.context["form"].errors["valid_from"]
    desk.post(address, {"kind": "lender", "rate": "0.9", "valid_from": "2026-02-01"})
    assert FeeRate.objects.order_by("id").last().rate == Decimal("0.009")  # type: ignore[union-attr]


# --- Money is looked at, never touched -----------------------------------------------------------


def _lent() -> lending.Loan:
    request = make.filled_request()
    at = AT + timedelta(days=4)
    contracts.sign(borrower=request.borrower, request_id=request.pk, at=at)
    return disbursements.disburse(request_id=request.pk, on=clock.day_of(at), at=at)


def _model(label: str) -> type[Model]:
    return next(model for model in admin.site._registry if model._meta.label == label)


@pytest.mark.parametrize("label", READ_ONLY)
def test_nobody_changes_a_row_by_page(rf: RequestFactory, staff: User, label: str) -> None:
    asked, page = rf.get("/staff/"), admin.site._registry[_model(label)]
    asked.user = staff
    rights = (
        page.has_add_permission(asked),
        page.has_change_permission(asked),
        page.has_delete_permission(asked),
    )
    assert rights == (False, False, False)


def test_every_page_of_every_table_opens(desk: Client) -> None:
    _lent()
    mandate(max_per_grade_cents={"A": 300_00})
    refused = make.submitted_request(work=make.work_data(income_cents=1_900_00))
    appeals.ask_for_review(
        borrower=refused.borrower,
        request_id=refused.pk,
        statement="Please look at it again.",
        at=AT,
    )
    opened = {}
    for model in admin.site._registry:
        where = f"/staff/{model._meta.app_label}/{model._meta.model_name}/"
        row = model._default_manager.first()
        addresses = [where] if row is None else [where, f"{where}{row.pk}/change/"]
        opened |= {address: desk.get(address).status_code for address in addresses}
    assert {address: code for address, code in opened.items() if code != 200} == {}


def test_amounts_are_written_out(desk: Client) -> None:
    loan = _lent()
    words = _words(desk.get(reverse("admin:lending_loan_change", args=[loan.pk])))
    assert "€5,000.00" in words and "8.00%" in words and "500000" not in words


def test_lists_take_as_many_queries_for_many_rows_as_for_few(desk: Client) -> None:
    pages = admin.site._registry
    addresses = [f"/staff/{page._meta.app_label}/{page._meta.model_name}/" for page in pages]

    def asked() -> dict[str, int]:
        return {address: _queries(desk, address) for address in addresses}

    _much_happens()
    _first, few = asked(), asked()
    for _ in range(2):
        _much_happens()
    assert {page: count for page, count in asked().items() if count > few[page]} == {}


def test_a_row_of_many_rows_takes_few_queries(desk: Client) -> None:
    _much_happens(lenders=12)
    pages = {
        f"/staff/{model._meta.app_label}/{model._meta.model_name}/{row.pk}/change/"
        for model in admin.site._registry
        if (row := model._default_manager.order_by("pk").last())
    }
    counts = {page: (_queries(desk, page), _queries(desk, page))[1] for page in pages}
    assert {page: count for page, count in counts.items() if count > MOST_QUERIES} == {}


def _queries(desk: Client, address: str) -> int:
    with CaptureQueriesContext(connection) as queries:
        assert desk.get(address).status_code == 200
    return len(queries)


def _much_happens(lenders: int = 2) -> None:
    """A loan of several lenders with payments, and a round that fills a request by mandates."""
    loan = loans.loan(shares_cents=[500_00] * lenders, term_months=36)
    loans.pay_instalments(loan, 2)
    make.listed_request(amount_cents=1_000_00)
    for _ in range(3):
        mandate(cash_cents=1_000_00, max_per_grade_cents={"A": 300_00, "C": 500_00})
    match = run_round(at=clock.now())
    assert match is not None
    assert match.receipts.exists()


def test_the_contract_is_fetched_as_it_was_signed(desk: Client) -> None:
    contract = lending.Contract.objects.get(request=_lent().request)
    address = reverse("admin:lending_contract_document", args=[contract.pk])
    answer = desk.get(address)
    assert answer.headers["Content-Type"] == "application/pdf"
    assert b"".join(answer.streaming_content) == bytes(contract.pdf)  # type: ignore[attr-defined]
    stranger = _logged_in(people.person(Role.STAFF))
    assert stranger.get(address).status_code == 403
    assert desk.get(reverse("admin:lending_contract_document", args=[0])).status_code == 404


def test_secrets_have_no_page() -> None:
    assert not admin.site.is_registered(TokenProxy)
