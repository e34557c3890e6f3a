"""Pages for repaying early, paying what is due, and withdrawing within 14 days."""

from __future__ import annotations

from copy import deepcopy
from datetime import date, timedelta
from uuid import uuid4

import pytest
from django.test import Client

from core import clock
from ledger.chart import Role
from ledger.selectors import balance_cents
from lending.models import Loan
from lending.selectors.charges import payable
from lending.selectors.early_repayment import payoff_of
from lending.states import LoanStatus
from tests.factories import loans, people
from tests.flows.money import assert_money
from tests.keeping import Keep
from tests.web.conftest import browser_of

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def one_loan(kept: Keep) -> Loan:
    return kept(lambda: _after_three_instalments(loans.loan(due_day=15)))


@pytest.fixture
def loan(db: None, one_loan: Loan) -> Loan:
    """On the tenth day after the third instalment."""
    clock.set_business_date(
        one_loan.instalments.get(number=3).paid_on + timedelta(days=10), is_virtual=True
    )
    return deepcopy(one_loan)


def _after_three_instalments(loan: Loan) -> Loan:
    loans.pay_instalments(loan, 3)
    loan.refresh_from_db()
    return loan


def _today() -> date:
    return clock.business_date()


def _page(client: Client, loan: Loan, name: str, **given: object) -> str:
    answer = client.get(f"/loans/{loan.pk}/{name}/", given)
    assert answer.status_code == 200
    return str(answer.content.decode())


def test_the_quote_is_shown_line_by_line_and_both_ways_of_a_part(loan: Loan) -> None:
    client = browser_of(loan.borrower)
    whole = _page(client, loan, "early")
    assert "What ends the loan on" in whole
    assert "Your wallet holds" in whole
    loans.give_collected(loan.borrower, 600_00, on=_today())
    part = _page(client, loan, "early", on=_today().isoformat(), amount="500")
    assert "Same instalment, shorter" in part
    assert "Same term, lower instalment" in part
    assert part.count('name="amount_cents" value="50000"') == 2
    later = _page(client, loan, "early", on=(_today() + timedelta(days=9)).isoformat())
    assert "You can repay on that day itself" in later
    piece = client.get(f"/loans/{loan.pk}/early/", {"on": _today()}, headers={"HX-Request": "true"})
    assert "<html" not in piece.content.decode()


@pytest.mark.parametrize("on", ["2020-01-01", "2099-01-01", "soon", ""])
def test_a_day_that_cannot_be_is_refused_without_a_quote(loan: Loan, on: str) -> None:
    assert "What ends the loan on" not in _page(browser_of(loan.borrower), loan, "early", on=on)


def test_everything_is_repaid_with_one_button(loan: Loan) -> None:
    cents = payoff_of(loan, _today()).total_cents
    loans.give_collected(loan.borrower, cents, on=_today())
    given = {"amount_cents": cents, "keep": "instalment", "request_key": uuid4()}
    answer = browser_of(loan.borrower).post(f"/loans/{loan.pk}/early/", given)
    assert answer.status_code == 302
    loan.refresh_from_db()
    assert loan.status == LoanStatus.REPAID
    assert_money("ledger", "lending")


def test_without_the_money_the_page_says_so(loan: Loan) -> None:
    given = {"amount_cents": 500_00, "keep": "term", "request_key": uuid4()}
    answer = browser_of(loan.borrower).post(f"/loans/{loan.pk}/early/", given)
    assert answer.status_code == 200
    loan.refresh_from_db()
    assert loan.plans.count() == 1


def test_what_is_due_can_be_paid_out_of_the_wallet_once(loan: Loan) -> None:
    on = loan.instalments.get(number=4).due_on + timedelta(days=20)
    clock.set_business_date(on, is_virtual=True)
    due = payable(loan, on)
    loans.give_collected(loan.borrower, due.total_cents + 5_00, on=on)
    client, key = browser_of(loan.borrower), uuid4()
    assert "Default interest" in client.get(f"/loans/{loan.pk}/").content.decode()
    for _twice in "ab":
        client.post(f"/loans/{loan.pk}/pay/", {"request_key": key})
    assert payable(loan, on).total_cents == 0
    assert balance_cents(Role.CASH, loan.borrower_id) == 5_00
    assert "repay a part with it" in client.get(f"/loans/{loan.pk}/").content.decode()
    assert_money("ledger", "lending")


def test_withdrawing_takes_one_screen_and_giving_back_one_more() -> None:
    loan = loans.loan()
    on = loan.disbursed_on + timedelta(days=5)
    clock.set_business_date(on, is_virtual=True)
    client = browser_of(loan.borrower)
    assert f"/loans/{loan.pk}/withdraw/" in client.get(f"/loans/{loan.pk}/").content.decode()
    assert "without a reason" in _page(client, loan, "withdraw")
    client.post(f"/loans/{loan.pk}/withdraw/")
    assert "You withdrew on" in _page(client, loan, "withdraw")
    assert "Give the money back" in client.get(f"/loans/{loan.pk}/").content.decode()
    loans.give_collected(loan.borrower, loan.principal_cents, on=on)
    client.post(f"/loans/{loan.pk}/withdraw/")
    loan.refresh_from_db()
    assert loan.status == LoanStatus.WITHDRAWN
    assert "no longer be withdrawn" in _page(client, loan, "withdraw")
    assert_money("ledger", "lending")


def test_after_the_days_are_over_the_page_offers_early_repayment(loan: Loan) -> None:
    assert "no longer be withdrawn" in _page(browser_of(loan.borrower), loan, "withdraw")


def test_a_borrower_has_a_wallet_without_what_only_lenders_have() -> None:
    page = browser_of(people.borrower()).get("/wallet/").content.decode()
    assert "Available" in page
    assert "principal outstanding" not in page
