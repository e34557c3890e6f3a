"""The main job as people do it in their browsers, with a real worker running the rounds."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.core import mail
from django.utils import translation

from core import clock
from core.wording import day, euro
from lending.choices import REFLECTION_DAYS
from lending.domain.due_dates import payable_on
from lending.domain.waterfall import HoldingShare
from lending.models import Loan
from payments.sandbox.control import GOOD_IBAN
from tests.factories import people
from tests.flows.browser import DESK, PHONE, Visitor, plain
from tests.flows.conftest import Visit
from tests.flows.job import AMOUNT_CENTS, STAKES_CENTS
from tests.flows.market import FIRST_DAY, lender_with, open_market, pass_days
from tests.flows.money import assert_money
from tests.flows.shares import plan_of, shares_of
from tests.processes import running_worker

pytestmark = pytest.mark.django_db(transaction=True)

EMAIL = "jana@example.org"
TITLE = "A used estate car"
MONTHS = 24


@pytest.mark.parametrize(("language", "width"), [("en", DESK), ("de", PHONE)])
def test_a_request_becomes_a_loan_and_its_cents_come_back(
    visit: Visit, language: str, width: int
) -> None:
    open_market()
    by_hand, by_mandate = lender_with(2_000_00, language), lender_with(1_500_00, language)
    reviewer = people.staff()
    pass_days(FIRST_DAY + timedelta(days=1))
    window = {"language": language, "width": width}
    with running_worker():
        borrower = visit(**window)
        sign_up(borrower)
        verify(borrower)
        apply(borrower)

        approve(visit(**window), reviewer.email)

        bidder, mandator = visit(**window), visit(**window)
        log_in(bidder, by_hand.email)
        bid(bidder)
        log_in(mandator, by_mandate.email)
        write_mandate(mandator)
        bidder.wait_for(euro_in(language, AMOUNT_CENTS), within="#funding .facts")

        pass_days(clock.business_date() + timedelta(days=REFLECTION_DAYS))
        sign(borrower)

        pass_days(clock.business_date() + timedelta(days=1))
        loan = Loan.objects.get()
        pass_days(payable_on(loan.first_due_on) + timedelta(days=1))

    first, share = expected(loan)
    sees_the_instalment_paid(borrower, loan, first_due_cents=first)
    sees_the_cents(bidder, share, whole_cents=first)
    assert_money()


def euro_in(language: str, cents: int) -> str:
    """An amount as a page of this language writes it, in plain spaces."""
    with translation.override(language):
        return plain(euro(cents))


# --- The borrower ---------------------------------------------------------------------------------


def sign_up(borrower: Visitor) -> None:
    borrower.open("/")
    borrower.follow("Ask for a loan")
    borrower.choose(role="borrower")
    borrower.fill(email=EMAIL, password1=people.PASSWORD, password2=people.PASSWORD)
    borrower.press("Sign up")
    (letter,) = mail.outbox
    link = re.search(r"http://\S+/confirm-email/\S+", str(letter.body))
    assert link and letter.to == [EMAIL]
    borrower.open(link[0].removeprefix(borrower.site))
    borrower.press("Yes, confirm")
    assert borrower.path == "/borrower/"


def verify(borrower: Visitor) -> None:
    """Profile, identity check and bank account, the latter two on the provider's pages."""
    borrower.open("/profile/")
    borrower.fill(
        first_name="Jana",
        last_name="Sommer",
        date_of_birth="1988-04-17",
        street="Lindenweg 5",
        postcode="10115",
        city="Berlin",
    )
    borrower.press("Save my profile")
    borrower.press("Start the check")
    borrower.fill(first_name="Jana", last_name="Sommer", born_on="1988-04-17")
    borrower.press("Show the document")
    borrower.fill(**{"bank-holder_name": "Jana Sommer", "bank-iban": GOOD_IBAN})
    borrower.tick("bank-agrees")
    borrower.press("Add this account")
    borrower.press("Agree and continue")
    assert borrower.path == "/profile/#bank"
    assert "DE89 **** **** **** **30 00" in borrower.text


def apply(borrower: Visitor) -> None:
    """Every step of the request, to the last look at everything."""
    borrower.open("/borrower/")
    borrower.follow("Begin a request")
    borrower.press("Begin a request")
    borrower.press("Save and go on")
    assert borrower.said("Please fill this in.") in borrower.text
    assert borrower.barriers() == []
    borrower.fill(amount_cents="2000")
    borrower.choose(term_months=str(MONTHS), purpose="car", due_day="15")
    borrower.press("Save and go on")
    borrower.choose(employment="fixed")
    borrower.fill(job_title="Nurse", years_in_job="12", income_cents="2800")
    borrower.press("Save and go on")
    borrower.choose(home="rent", had_payment_trouble="no")
    borrower.fill(
        household_size="2",
        housing_cents="700",
        living_cents="1100",
        instalments_cents="50",
        debt_cents="1000",
        assets_cents="8000",
        price_cents="2500",
    )
    borrower.press("Save and go on")
    borrower.fill(title=TITLE, story="The old one will not pass its next inspection.")
    borrower.press("Save and go on")
    borrower.tick("agrees")
    borrower.press("Hand in my request")
    assert borrower.said("A person is looking at your request") in borrower.text


def sign(borrower: Visitor) -> None:
    """Read the documents, sign, and take the contract home."""
    borrower.open("/borrower/")
    borrower.follow("To the contract")
    borrower.follow("To the contract")
    assert borrower.download("Pre-contract information (PDF)").startswith(b"%PDF-")
    borrower.tick("has_read", "agrees")
    borrower.press("Sign with an obligation to pay")
    assert borrower.said("Signed: the payout follows") in borrower.text
    assert borrower.download("Contract (PDF)").startswith(b"%PDF-")


def sees_the_instalment_paid(borrower: Visitor, loan: Loan, *, first_due_cents: int) -> None:
    borrower.open("/borrower/")
    assert "1 / 24" in borrower.text
    borrower.follow("Plan and payments")
    with translation.override(borrower.language):
        paid = translation.gettext("paid %(day)s") % {"day": day(payable_on(loan.first_due_on))}
        open_ = translation.gettext("open")
    number, _due, instalment, *_rest, standing = borrower.rows()[0]
    assert number.startswith("1")
    assert instalment == euro_in(borrower.language, first_due_cents)
    assert standing == paid
    assert borrower.rows()[1][-1] == open_


# --- Staff and lenders ----------------------------------------------------------------------------


def approve(desk: Visitor, email: str) -> None:
    """Find the request in the queue and approve it at the rate of the price list."""
    desk.open("/staff/")
    desk.fill(username=email, password=people.PASSWORD)
    desk.enter("password")
    desk.open("/staff/lending/loanrequest/queue/")
    desk.follow(TITLE)
    desk.press("Approve")
    assert desk.said("Your approval is noted.") in desk.text
    assert desk.said("Nothing waits for a decision.") in desk.text


def log_in(visitor: Visitor, email: str) -> None:
    visitor.open("/accounts/login/")
    visitor.fill(login=email, password=people.PASSWORD)
    visitor.press("Log in")
    assert visitor.path == "/lender/"


def bid(lender: Visitor) -> None:
    """Look at the request, then at the bid, then place it."""
    lender.follow("Market")
    lender.follow(TITLE)
    lender.fill(amount="1225")
    lender.press("Look at the bid")
    assert lender.barriers() == []
    lender.tick("is_understood")
    lender.press("Place the bid")
    placed = lender.said("Your bid of %(amount)s is reserved.")
    assert placed % {"amount": euro_in(lender.language, STAKES_CENTS[0])} in lender.text


def write_mandate(lender: Visitor) -> None:
    lender.open("/mandates/")
    lender.follow("Write a mandate")
    lender.fill(
        name="Cars", max_per_loan_cents="1000", max_per_borrower_cents="1000", reserve_cents="100"
    )
    lender.wait_for(euro_in(lender.language, 1_000_00), within="#promise")
    lender.press("Save the mandate")
    assert lender.said("Your mandate is saved.") in lender.text


def sees_the_cents(lender: Visitor, share: HoldingShare, *, whole_cents: int) -> None:
    lender.open("/holdings/")
    lender.follow(TITLE)
    figures = [euro_in(lender.language, cents) for cents in (whole_cents, *share[:3])]
    assert lender.rows(".data")[0][1:] == figures


def expected(loan: Loan) -> tuple[int, HoldingShare]:
    """The first instalment, and the hand bidder's share of it, as the pure functions say."""
    assert (loan.principal_cents, loan.term_months) == (AMOUNT_CENTS, MONTHS)
    plan = plan_of(loan)
    by_hand, by_mandate = next(shares_of(plan, STAKES_CENTS))
    assert by_hand.principal_cents + by_mandate.principal_cents == plan[0].principal_cents
    return plan[0].total_cents, by_hand
