"""A borrower's overview and loans."""

from __future__ import annotations

from datetime import date, timedelta

from accounts.models import BankAccount
from core import clock
from core.dates import add_months
from lending.models import Instalment
from lending.selectors.charges import default_interest_owed_cents
from lending.services.arrears import note_dues
from payments.models import Collection
from payments.selectors import debit_to_come
from payments.states import CollectionStatus
from tests.factories import loans, people
from tests.factories.loans import noon
from tests.web.conftest import browser_of, queries_of, text_of
from web.templatetags.pari import day, euro


def test_an_empty_overview_says_what_to_do() -> None:
    source = text_of(browser_of(people.borrower()).get("/borrower/"))
    assert "No loan yet" in source
    assert "Begin a request" in source


def test_a_new_person_is_told_what_is_missing() -> None:
    person = people.person(people.Role.BORROWER)
    source = text_of(browser_of(person).get("/borrower/"))
    assert "Before money can move" in source
    assert "Fill in" in source


def test_the_next_payment_stands_first() -> None:
    loan = loans.loan(shares_cents=[2_000_00])
    first = loan.instalments.get(number=1)
    source = text_of(browser_of(loan.borrower).get("/borrower/"))
    assert "Next payment" in source
    assert euro(first.total_cents) in source
    assert "1 Mar 2026" in source
    assert "day late" not in source


def test_a_late_payment_is_named_with_its_days_and_its_sum() -> None:
    loan = loans.loan(shares_cents=[2_000_00])
    due = loan.instalments.get(number=1)
    clock.set_business_date(due.due_on + timedelta(days=12), is_virtual=True)
    source = text_of(browser_of(loan.borrower).get("/borrower/"))
    assert "11 days late" in source  # 1 March 2026 is a Sunday: payable on the 2nd
    charged = default_interest_owed_cents(loan, due.due_on + timedelta(days=12))
    assert charged > 0
    assert f"{euro(due.total_cents + charged)} are late in all" in source
    assert "was due on 1 Mar 2026" in source
    assert "the next debit" not in source


def _failed_debit(due: Instalment, *, on: date) -> Collection:
    return Collection.objects.create(
        instalment=due,
        number=1,
        bank_account=BankAccount.objects.get(user=due.loan.borrower),
        amount_cents=due.total_cents,
        target_on=on,
        settled_on=on + timedelta(days=2),
        status=CollectionStatus.FAILED,
        failure_code="insufficient_funds",
        created_at=noon(on),
    )


def test_a_late_payment_is_named_with_the_day_of_its_next_debit() -> None:
    loan = loans.loan(shares_cents=[2_000_00])
    due = loan.instalments.get(number=1)
    failed = _failed_debit(due, on=date(2026, 3, 2))
    clock.set_business_date(date(2026, 3, 5), is_virtual=True)
    browser = browser_of(loan.borrower)
    again = debit_to_come(loan.borrower, loan.pk, 1)
    assert again is not None
    assert again > date(2026, 3, 5)
    assert f"the next debit is on {day(again)}" in text_of(browser.get("/borrower/"))
    for later in loan.instalments.filter(number__range=(2, 9)):
        _failed_debit(later, on=date(2026, 3, 5))
    assert debit_to_come(loan.borrower, loan.pk, 1) == again
    Collection.objects.filter(pk=failed.pk).update(status=CollectionStatus.PROCESSING)
    assert "the next debit is on 2 Mar 2026" in text_of(browser.get("/borrower/"))


def test_the_plan_marks_what_is_paid_late_and_open() -> None:
    loan = loans.loan(shares_cents=[2_000_00], term_months=12)
    loans.pay_instalments(loan, 1)
    second = loan.instalments.get(number=2)
    clock.set_business_date(second.due_on + timedelta(days=9), is_virtual=True)
    source = text_of(browser_of(loan.borrower).get(f"/loans/{loan.pk}/"))
    assert "paid 1 Mar 2026" in source
    assert f"late: {euro(second.total_cents)}" in source
    assert source.count('<span class="pill">open</span>') == 10


def test_an_instalment_on_its_day_is_due() -> None:
    loan = loans.loan(shares_cents=[2_000_00], term_months=12)
    clock.set_business_date(loan.first_due_on, is_virtual=True)
    source = text_of(browser_of(loan.borrower).get(f"/loans/{loan.pk}/"))
    assert source.count('<span class="pill pill-warn">due</span>') == 1


def test_the_timeline_tells_what_happened() -> None:
    loan = loans.loan(shares_cents=[2_000_00])
    note_dues(on=loan.first_due_on, at=noon(loan.first_due_on))
    loans.pay_instalments(loan, 1)
    source = text_of(browser_of(loan.borrower).get(f"/loans/{loan.pk}/"))
    assert all(word in source for word in ("Paid out", "Instalment due", "Paid"))


def test_a_lender_of_the_loan_does_not_see_the_borrowers_page() -> None:
    loan = loans.loan(shares_cents=[2_000_00])
    lender = loan.holdings.get().lender
    assert browser_of(lender).get(f"/loans/{loan.pk}/").status_code == 403


def test_more_instalments_and_loans_take_no_more_queries() -> None:
    short = loans.loan(shares_cents=[2_000_00], term_months=12)
    client = browser_of(short.borrower)
    few = queries_of(lambda: client.get(f"/loans/{short.pk}/"))
    overview = queries_of(lambda: client.get("/borrower/"))
    later = noon(add_months(short.disbursed_on, 1))
    long = loans.loan(shares_cents=[2_000_00], term_months=84, borrower=short.borrower, at=later)
    assert queries_of(lambda: client.get(f"/loans/{long.pk}/")) == few
    assert queries_of(lambda: client.get("/borrower/")) == overview
