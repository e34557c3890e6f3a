"""The contract: signed when all is firm, kept as signed, the same figures everywhere."""

from __future__ import annotations

import hashlib
from datetime import date, timedelta
from decimal import Decimal
from io import BytesIO
from typing import Any

import pytest
from pypdf import PdfReader

from accounts.services import choose_language
from core import audit
from core.errors import IllegalTransition, NotFound
from lending.domain.quote import quote
from lending.errors import NotFirm, NotReady
from lending.models import Contract, LoanRequest
from lending.selectors.contracts import contract_of
from lending.services import contracts
from lending.services.offers import revoke_offer
from lending.states import RequestStatus
from notifications.models import Message
from tests.factories import people
from tests.factories import requests as make
from tests.factories.people import AT

pytestmark = pytest.mark.django_db

FIRM = AT + timedelta(days=4)


def _words(document: bytes) -> str:
    """The text of a PDF, every run of spaces as one space."""
    pages = (page.extract_text() for page in PdfReader(BytesIO(document)).pages)
    return " ".join(" ".join(pages).split())


def _sign(request: LoanRequest, **changes: Any) -> Contract:
    own = {"borrower": request.borrower, "request_id": request.pk, "at": FIRM}
    return contracts.sign(**(own | changes))


def test_signing_accepts_the_request_and_keeps_the_document() -> None:
    request = make.filled_request()
    contract = _sign(request, ip="203.0.113.7")
    request.refresh_from_db()
    stored = contract_of(request.borrower, request.pk)
    assert (request.status, request.accepted_at) == (RequestStatus.ACCEPTED, FIRM)
    assert stored == contract
    assert stored.sha256 == hashlib.sha256(bytes(stored.pdf)).hexdigest()
    assert (stored.signed_at, stored.signed_ip) == (FIRM, "203.0.113.7")
    assert bytes(stored.pdf).startswith(b"%PDF-")
    (signed,) = [row for row in audit.trail(request) if row.after == "accepted"]
    assert signed.data["sha256"] == stored.sha256


def test_signing_twice_returns_the_one_contract() -> None:
    request = make.filled_request()
    first = _sign(request)
    assert _sign(request, at=FIRM + timedelta(hours=1)) == first
    assert Contract.objects.count() == 1


def test_nobody_signs_while_a_lender_may_still_revoke() -> None:
    request = make.filled_request()
    with pytest.raises(NotFirm) as refusal:
        _sign(request, at=FIRM - timedelta(days=1))
    assert "8 Jan 2026" in refusal.value.message
    request.refresh_from_db()
    assert request.status == RequestStatus.FILLED


def test_a_revoked_bid_takes_the_signature_away() -> None:
    request = make.filled_request()
    offer = request.offers.order_by("id").first()
    assert offer is not None
    revoke_offer(lender=offer.lender, offer_id=offer.pk, at=AT)
    with pytest.raises(IllegalTransition):
        _sign(request)


def test_what_is_not_filled_is_not_signed() -> None:
    for request in (make.listed_request(), make.submitted_request()):
        with pytest.raises(IllegalTransition):
            _sign(request)


def test_a_strangers_contract_is_not_there() -> None:
    request, stranger = make.filled_request(), people.borrower()
    with pytest.raises(NotFound):
        _sign(request, borrower=stranger)
    _sign(request)
    lender = request.offers.order_by("id")[0].lender
    for person in (stranger, lender):
        with pytest.raises(NotFound):
            contract_of(person, request.pk)


def test_the_stored_figures_are_those_of_the_quote() -> None:
    request = make.filled_request(shares_cents=[4_000_00, 1_000_00], due_day=15)
    figures = _sign(request).figures
    loan = quote(
        5_000_00, Decimal("0.08"), 36, date(2026, 1, 9), date(2026, 2, 15), Decimal("0.025")
    )
    assert (figures["amount_cents"], figures["payout_cents"]) == (5_000_00, 4_875_00)
    assert figures["apr"] == str(loan.apr)
    assert figures["total_payable_cents"] == loan.total_payable_cents
    assert figures["instalment_cents"] == loan.instalment_cents
    rows = figures["schedule"]
    assert [(row[1], row[2], row[3]) for row in rows] == [
        (part.due_on.isoformat(), part.interest_cents, part.principal_cents)
        for part in loan.instalments
    ]
    assert rows[-1][4] == 0
    assert [cents for _, cents in figures["lenders"]] == [4_000_00, 1_000_00]


def test_two_bids_of_one_lender_are_one_share() -> None:
    request, lender = make.listed_request(amount_cents=1_000_00), people.lender(cash_cents=1_000_00)
    make.bid(lender, request, 600_00)
    make.bid(lender, request, 400_00)
    request.refresh_from_db()
    assert [cents for _, cents in _sign(request).figures["lenders"]] == [1_000_00]


ENGLISH = (
    "Loan contract",
    "no lawyer has approved it yet",
    "demonstration model",
    "€5,000.00",
    "€4,875.00",
    "8.00%",
    "Annual percentage rate (APR)",
    "36 months",
    "Borrowing money costs money",
    "within 14 days of signing, until 23 Jan 2026",
    "There is no compensation to pay",
    "default interest of five percentage points",
    "Signed electronically by Jana Sommer",
    "Annex 1: payment schedule",
)
GERMAN = (
    "Darlehensvertrag",
    "noch kein Anwalt freigegeben",
    "Demonstrationsmodell",
    "5.000,00 €",
    "4.875,00 €",
    "8,00 %",
    "Effektiver Jahreszins",
    "36 Monate",
    "Geld leihen kostet Geld",
    "innerhalb von 14 Tagen nach der Unterschrift",
    "bis zum 23.01.2026",
    "Vorfälligkeitsentschädigung fällt nicht an",
    "Verzugszinsen von fünf Prozentpunkten",
    "Elektronisch unterschrieben von Jana Sommer",
    "Anlage 1: Tilgungsplan",
)


@pytest.mark.parametrize(("language", "expected"), [("en", ENGLISH), ("de", GERMAN)])
def test_the_document_says_what_it_must_in_the_borrowers_language(
    language: str, expected: tuple[str, ...]
) -> None:
    request = make.filled_request()
    choose_language(user=request.borrower, language=language)
    contract = _sign(LoanRequest.objects.get(pk=request.pk))
    words = _words(bytes(contract.pdf))
    assert [wanted for wanted in expected if wanted not in words] == []
    assert contract.language == language


def test_page_one_of_the_information_holds_what_the_law_wants_there() -> None:
    request = make.filled_request()
    document = contracts.pre_contract_pdf(request, "en", at=FIRM)
    first = " ".join(PdfReader(BytesIO(document)).pages[0].extract_text().split())
    wanted = (
        "Creditor", "Credit intermediary", "Total amount of credit", "Duration",
        "Borrowing rate", "Annual percentage rate", "Total amount payable", "Late payment",
        "Monthly instalment", "Missed payments", "Right of withdrawal", "Early repayment",
        "Contact",
    )  # fmt: skip
    assert [item for item in wanted if item not in first] == []
    assert "Signature" not in _words(document)


def test_the_same_figures_make_the_same_bytes() -> None:
    request = make.filled_request()
    again = [contracts.pre_contract_pdf(request, "de", at=FIRM) for _ in range(2)]
    assert again[0] == again[1]


def test_handing_out_the_information_is_written_down_with_its_hash() -> None:
    request = make.filled_request()
    document = contracts.deliver_pre_contract(
        borrower=request.borrower, request_id=request.pk, language="de", at=AT
    )
    (row,) = [row for row in audit.trail(request) if row.action == "pre_contract_sheet"]
    assert row.data == {"sha256": hashlib.sha256(document).hexdigest(), "language": "de"}
    with pytest.raises(NotFound):
        contracts.deliver_pre_contract(
            borrower=people.borrower(), request_id=request.pk, language="de", at=AT
        )


def test_there_is_no_information_before_there_is_a_price() -> None:
    request = make.submitted_request()
    with pytest.raises(IllegalTransition):
        contracts.deliver_pre_contract(
            borrower=request.borrower, request_id=request.pk, language="de", at=AT
        )
    with pytest.raises(NotReady):
        contracts.pre_contract_pdf(request, "de", at=AT)


@pytest.mark.parametrize(("days_before", "is_reminded"), [(None, True), (0, True), (1, False)])
def test_who_was_informed_late_is_reminded_of_the_right_to_withdraw(
    days_before: int | None, is_reminded: bool
) -> None:
    request = make.filled_request()
    if days_before is not None:
        contracts.deliver_pre_contract(
            borrower=request.borrower,
            request_id=request.pk,
            language="en",
            at=FIRM - timedelta(days=days_before),
        )
    _sign(request)
    assert Message.objects.filter(person=request.borrower, kind="contract_signed").exists()
    reminders = Message.objects.filter(person=request.borrower, kind="withdrawal_reminder")
    assert [message.send_from for message in reminders] == (
        [FIRM + timedelta(days=1)] if is_reminded else []
    )
