"""A lender's overview, holdings and what they are made of."""

from __future__ import annotations

from datetime import timedelta

from core import clock
from core.dates import add_months
from lending.selectors.returns import lender_overview
from tests.factories import loans, people
from tests.factories.people import AT
from tests.web.conftest import SCRIPT, browser_of, queries_of, text_of
from web.templatetags.pari import euro, percent, points


def test_an_empty_overview_says_what_to_do() -> None:
    source = text_of(browser_of(people.lender()).get("/lender/"))
    assert "Begin with a first pay-in" in source


def test_a_young_account_shows_no_return() -> None:
    source = text_of(browser_of(people.lender(cash_cents=500_00)).get("/lender/"))
    assert "too short for a return" in source
    assert "a year" not in source.replace("Money-weighted", "")


def _after_half_a_year() -> tuple[object, object]:
    lender = people.lender(cash_cents=200_00)
    others = [people.lender() for _ in range(1)]
    loan = loans.loan(shares_cents=[1_000_00, 500_00], lenders=[*others, lender], term_months=12)
    loans.pay_instalments(loan, 4)
    clock.set_business_date(add_months(clock.day_of(AT), 6), is_virtual=True)
    return lender, loan


def test_the_figures_of_the_overview_are_those_of_its_selector() -> None:
    lender, _ = _after_half_a_year()
    figures = lender_overview(lender, clock.business_date())
    source = text_of(browser_of(lender).get("/lender/"))
    assert euro(figures.value.fair_cents) in source
    assert euro(figures.invested_cents) in source
    assert euro(figures.interest_cents - figures.fee_cents) in source
    assert "Money-weighted from" in source


def test_the_bridge_adds_up_to_the_cent() -> None:
    lender, _ = _after_half_a_year()
    response = browser_of(lender).get("/lender/")
    *steps, end = response.context["bridge"]
    assert sum(step.cents for step in steps) == end.cents
    assert end.cents == response.context["o"].value.fair_cents


def test_the_steps_in_points_add_up_to_the_return_shown() -> None:
    lender, _ = _after_half_a_year()
    response = browser_of(lender).get("/lender/")
    *steps, net = response.context["points"]
    assert [step.label for step in steps] == [
        "Contract rate of your loans",
        "Interest comes monthly",
        "Idle cash",
        "Not due yet",
        "Fees",
        "Late and lost",
    ]
    assert sum(step.hundredths for step in steps) == net.hundredths
    fair = response.context["o"].returns.fair
    assert percent(net.rate) == percent(fair)
    source = text_of(response)
    assert all(points(step.points) in source for step in steps[1:])
    assert f"{percent(fair)} if late loans" in source


def test_each_chart_comes_with_its_figures_as_a_table() -> None:
    lender, _ = _after_half_a_year()
    source = text_of(browser_of(lender).get("/lender/"))
    assert source.count('class="chart-plot"') == 2
    assert source.count('role="img" aria-label=') == 2
    assert source.count("As a table") == 2


def test_the_latest_bookings_lead_to_the_holding() -> None:
    lender, loan = _after_half_a_year()
    holding = loan.holdings.get(lender=lender)
    source = text_of(browser_of(lender).get("/lender/"))
    assert "Interest received" in source
    assert f'href="/holdings/{holding.pk}/"' in source


def test_more_holdings_take_no_more_queries() -> None:
    lender = people.lender(cash_cents=5_000_00)
    loans.pay_instalments(
        loans.loan(shares_cents=[500_00, 500_00], lenders=[people.lender(), lender]), 2
    )
    client = browser_of(lender)
    overview = queries_of(lambda: client.get("/lender/"))
    holdings = queries_of(lambda: client.get("/holdings/"))
    for _ in range(2):
        made = loans.loan(shares_cents=[500_00, 500_00], lenders=[people.lender(), lender])
        loans.pay_instalments(made, 2)
    assert queries_of(lambda: client.get("/lender/")) <= overview
    assert queries_of(lambda: client.get("/holdings/")) <= holdings


def test_holdings_are_filtered_by_status_and_grade() -> None:
    loan = loans.loan(shares_cents=[500_00, 500_00], grade="B")
    client = browser_of(loan.holdings.first().lender)
    assert loan.number in text_of(client.get("/holdings/?grade=B&status=active", **SCRIPT))
    nothing = text_of(client.get("/holdings/?grade=C", **SCRIPT))
    assert "Nothing fits these filters" in nothing
    assert "<html" not in nothing


def test_a_late_holding_is_marked_with_its_days() -> None:
    loan = loans.loan(shares_cents=[500_00, 500_00])
    clock.set_business_date(loan.first_due_on + timedelta(days=40), is_virtual=True)
    source = text_of(browser_of(loan.holdings.first().lender).get("/holdings/"))
    assert "39 days late" in source
    assert "pill-bad" in source


def test_a_holding_shows_its_share_of_each_repayment() -> None:
    lender, loan = _after_half_a_year()
    holding = loan.holdings.get(lender=lender)
    source = text_of(browser_of(lender).get(f"/holdings/{holding.pk}/"))
    for share in holding.shares.all():
        assert euro(share.principal_cents) in source
        assert euro(share.interest_cents) in source
    assert "How you came to this share" in source
    assert "By hand" in source


def test_a_new_holding_says_when_the_first_payment_is_due() -> None:
    loan = loans.loan(shares_cents=[500_00, 500_00])
    holding = loan.holdings.first()
    source = text_of(browser_of(holding.lender).get(f"/holdings/{holding.pk}/"))
    assert "No payment yet." in source
    assert "The first is due on 1 Mar 2026." in source
