"""The studio for payment breaks, offers of easier terms, and what lenders see of both."""

from __future__ import annotations

from copy import deepcopy
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from core import clock
from lending.models import Loan, PlanChange
from lending.states import ChangeStatus
from tests.factories import loans
from tests.flows.money import assert_money
from tests.keeping import Keep
from tests.web.conftest import browser_of, text_of
from tests.web.world import offer_of_terms
from web.templatetags.pari import euro, percent

pytestmark = pytest.mark.django_db
TODAY = date(2026, 5, 4)


@pytest.fixture(scope="module")
def one_loan(kept: Keep) -> Loan:
    return kept(_after_three_instalments)


@pytest.fixture
def loan(db: None, one_loan: Loan) -> Loan:
    """On the Monday after the third instalment."""
    clock.set_business_date(TODAY, is_virtual=True)
    return deepcopy(one_loan)


def _after_three_instalments() -> Loan:
    made = loans.loan(shares_cents=[3_000_00, 2_000_00], annual_rate=Decimal("0.08"))
    loans.pay_instalments(made, 3)
    return made


def studio(loan: Loan) -> tuple[Client, str]:
    return browser_of(loan.borrower), f"/loans/{loan.pk}/break/"


def fields_of(answer: Any) -> dict[str, Any]:
    """What the form below a preview would send."""
    effect, agree = answer.context["effect"], answer.context["agree"]
    preview = answer.context["preview"]
    return {
        "numbers": preview.numbers,
        "collect": preview.collect,
        "seal": effect.seal,
        "request_key": str(agree["request_key"].value()),
    }


def test_the_studio_asks_first_and_offers_only_what_is_in_time(loan: Loan):
    browser, path = studio(loan)
    source = text_of(browser.get(path))
    assert "Which instalments do you want to skip?" in source
    assert source.count('name="numbers"') == 12
    assert "Take this break" not in source


def test_a_choice_shows_cost_both_plans_and_the_first_payment_after_it(loan: Loan):
    browser, path = studio(loan)
    answer = browser.get(path, {"numbers": [5], "collect": "end"})
    source = text_of(answer)
    outstanding = sum(row.principal_cents for row in loan.instalments.filter(number__gte=5))
    assert euro(round(outstanding * 8 / 1200)) in source
    assert "1 Aug 2026" in source
    assert "no payment" in source
    assert "Take this break" in source
    piece = browser.get(path, {"numbers": [5], "collect": "end"}, headers={"HX-Request": "true"})
    assert text_of(piece).strip().startswith('<section id="preview"')


def test_a_break_is_taken_as_shown_and_stands_on_the_page_of_the_loan(loan: Loan):
    browser, path = studio(loan)
    shown = browser.get(path, {"numbers": [5, 6], "collect": "spread"})
    given = fields_of(shown) | {"act": "take"}
    for _ in range(2):
        answer = browser.post(path, given)
        assert answer["Location"] == f"/loans/{loan.pk}/"
    change = PlanChange.objects.get()
    assert change.status == ChangeStatus.IN_FORCE
    source = text_of(browser.get(f"/loans/{loan.pk}/"))
    assert "no payment from 1 Jul 2026, next one 1 Sept 2026" in source
    assert "of it put off" in source
    assert "Both plans" in source
    assert "Accept the new terms" not in text_of(browser.get(f"/changes/{change.pk}/"))
    assert_money("ledger", "lending")


def test_figures_that_are_no_longer_those_shown_are_not_agreed_to(loan: Loan):
    browser, path = studio(loan)
    given = fields_of(browser.get(path, {"numbers": [5], "collect": "end"}))
    answer = browser.post(path, given | {"collect": "spread", "act": "take"})
    assert "This has changed in the meantime" in text_of(answer)
    assert not PlanChange.objects.exists()


def test_beyond_the_limits_a_reason_is_asked_for(loan: Loan):
    browser, path = studio(loan)
    shown = browser.get(path, {"numbers": [5, 6, 7], "collect": "spread"})
    assert "More than two months in twelve" in text_of(shown)
    assert "Take this break" not in text_of(shown)
    given = fields_of(shown) | {"act": "ask", "reason": ""}
    assert "Please fill this in" in text_of(browser.post(path, given))
    browser.post(path, given | {"reason": "My hours are cut for the summer."})
    assert PlanChange.objects.get().status == ChangeStatus.ASKED
    assert "A person answers soon" in text_of(browser.get(path))


def test_too_much_or_nothing_at_all_is_said_beside_the_field(loan: Loan):
    browser, path = studio(loan)
    for numbers in ([5, 6, 7, 8], [], [99]):
        source = text_of(browser.get(path, {"numbers": numbers, "collect": "end"}))
        assert "Cost of the break" not in source
        assert "field-error" in source


def test_while_something_is_due_the_page_says_why_there_is_no_break(loan: Loan):
    clock.set_business_date(date(2026, 6, 2), is_virtual=True)
    source = text_of(studio(loan)[0].get(f"/loans/{loan.pk}/break/"))
    assert "No break can be planned now" in source
    assert "An instalment that is due is not paid yet" in source


def test_who_is_behind_asks_for_easier_terms_and_is_answered(loan: Loan):
    clock.set_business_date(date(2026, 6, 2), is_virtual=True)
    browser, path = studio(loan)
    form = browser.get(path).context["ease"]
    given = {"act": "ease", "request_key": str(form["request_key"].value()), "reason": "short"}
    assert "Please write at least 10 characters" in text_of(browser.post(path, given))
    browser.post(path, given | {"reason": "Half the income; 60 euros a month would do."})
    change = PlanChange.objects.get()
    assert (change.status, change.asked_by) == (ChangeStatus.ASKED, loan.borrower)
    assert "60 euros a month" in text_of(browser.get(f"/changes/{change.pk}/"))
    answered = offer_of_terms(loan)
    assert answered == change and answered.status == ChangeStatus.AGREED


def test_lenders_see_both_cash_flows_of_their_own_and_never_late(loan: Loan):
    browser, path = studio(loan)
    shown = browser.get(path, {"numbers": [5, 6], "collect": "spread"})
    browser.post(path, fields_of(shown) | {"act": "take"})
    loans.pay_instalments(loan, 1)
    change, holding = PlanChange.objects.get(), loan.holdings.earliest("pk")
    clock.set_business_date(date(2026, 7, 20), is_virtual=True)
    source = text_of(browser_of(holding.lender).get(f"/holdings/{holding.pk}/"))
    assert "agreed break" in source
    assert "day late" not in source and "days late" not in source
    whole = sum(part[2] + part[3] for part in change.figures["after"])
    assert euro(whole * holding.principal_cents // loan.principal_cents) in source
    assert percent(Decimal(change.figures["return_after"])) in source
    listed = text_of(browser_of(holding.lender).get("/holdings/"))
    assert "agreed break" in listed


def test_an_offer_is_accepted_or_declined_on_its_page(loan: Loan):
    change = offer_of_terms(loan)
    browser, path = browser_of(loan.borrower), f"/changes/{change.pk}/"
    assert "We offer you easier terms" in text_of(browser.get("/borrower/"))
    clock.set_business_date(change.offer_until, is_virtual=True)
    shown = browser.get(path)
    assert "Accept the new terms" in text_of(shown)
    browser.post(path, {"act": "accept", "seal": shown.context["effect"].seal})
    change.refresh_from_db()
    assert change.status == ChangeStatus.IN_FORCE
    assert "Accept the new terms" not in text_of(browser.get(path))
    assert_money("ledger", "lending")


def test_saying_no_leaves_the_plan_as_it_is(loan: Loan):
    change = offer_of_terms(loan)
    clock.set_business_date(change.offer_until, is_virtual=True)
    browser_of(loan.borrower).post(f"/changes/{change.pk}/", {"act": "decline"})
    change.refresh_from_db()
    assert (change.status, loan.plans.count()) == (ChangeStatus.REFUSED, 1)
