"""Arrears: counted from the banking day, said once, default on a material sum alone."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest

from core.audit import trail
from lending.domain.arrears import is_default
from lending.domain.due_dates import days_past_due as days_since
from lending.models import Loan, LoanEvent
from lending.services import arrears
from lending.states import LoanStatus
from notifications.models import Message
from notifications.words import words
from tests.factories import loans

MONDAY = date(2026, 3, 16)
SUNDAY = date(2026, 3, 15)


@pytest.mark.parametrize(
    ("due_on", "on", "days"),
    [
        (SUNDAY, date(2026, 3, 14), 0),
        (SUNDAY, SUNDAY, 0),
        (SUNDAY, MONDAY, 0),  # the first day on which a bank could pay
        (SUNDAY, date(2026, 3, 17), 1),
        (MONDAY, date(2026, 3, 17), 1),
        (date(2026, 4, 3), date(2026, 4, 7), 0),  # Good Friday: payable on Tuesday after Easter
        (date(2026, 4, 3), date(2026, 4, 8), 1),
        (date(2025, 12, 1), date(2026, 3, 1), 90),
        (None, MONDAY, 0),
    ],
)
def test_days_past_due_count_from_the_banking_day(due_on: date | None, on: date, days: int) -> None:
    assert days_since(due_on, on) == days


@pytest.mark.parametrize(
    ("days", "overdue_cents", "outstanding_cents", "defaulted"),
    [
        (91, 100_00, 10_000_00, True),
        (90, 100_00, 10_000_00, False),
        (91, 99_99, 5_000_00, False),
        (91, 199_99, 20_000_00, False),  # under 1 %
        (91, 200_00, 20_000_00, True),
    ],
)
def test_default_needs_more_than_ninety_days_and_a_material_sum(
    days: int, overdue_cents: int, outstanding_cents: int, defaulted: bool
) -> None:
    assert is_default(days, overdue_cents, outstanding_cents) is defaulted


def _age(on: date) -> dict[str, object]:
    return arrears.age_loans(on=on, at=loans.noon(on))


def _events(loan: Loan, kind: str) -> list[tuple[int | None, date]]:
    rows = LoanEvent.objects.filter(loan=loan, kind=kind).order_by("id")
    return list(rows.values_list("instalment_number", "on"))


@pytest.fixture
def loan() -> Loan:
    """Pays 15ths from Sunday, 15 February 2026; about 156 euros a month."""
    return loans.loan(due_day=15)


@pytest.mark.django_db
def test_a_loan_is_late_from_the_oldest_instalment_not_fully_paid(loan: Loan) -> None:
    first, second = loan.instalments.order_by("number")[:2]
    assert arrears.days_past_due(loan, date(2026, 2, 16)) == 0
    assert arrears.days_past_due(loan, date(2026, 2, 20)) == 4
    loans.pay(loan, first.total_cents - 1, on=date(2026, 2, 20))
    assert arrears.days_past_due(loan, date(2026, 2, 20)) == 4
    loans.pay(loan, 1, on=date(2026, 2, 20))
    assert arrears.days_past_due(loan, date(2026, 2, 20)) == 0
    assert arrears.days_past_due(loan, second.due_on + timedelta(days=3)) == 2  # a Sunday again
    loans.pay_off(loan, on=second.due_on)
    assert arrears.days_past_due(loan, date(2030, 1, 1)) == 0


@pytest.mark.django_db
def test_what_falls_due_is_noted_once(loan: Loan) -> None:
    day = date(2026, 2, 15)
    assert arrears.note_dues(on=day - timedelta(days=1), at=loans.noon(day)) == {"due": 0}
    assert arrears.note_dues(on=day, at=loans.noon(day)) == {"due": 1}
    assert arrears.note_dues(on=day, at=loans.noon(day)) == {"due": 0}
    event = LoanEvent.objects.get(kind="due")
    assert (event.loan_id, event.on, event.instalment_number) == (loan.pk, day, 1)
    assert event.amount_cents == loan.instalments.get(number=1).total_cents


@pytest.mark.django_db
def test_a_missed_day_end_notes_the_due_date_later_under_its_own_day(loan: Loan) -> None:
    assert arrears.note_dues(on=date(2026, 3, 20), at=loans.noon(MONDAY)) == {"due": 2}
    assert _events(loan, "due") == [(1, date(2026, 2, 15)), (2, date(2026, 3, 15))]


@pytest.mark.django_db
def test_an_instalment_paid_on_its_day_was_due_and_one_paid_before_was_not(loan: Loan) -> None:
    loans.pay_instalments(loan, 1)
    second = loan.instalments.get(number=2)
    loans.pay(loan, second.total_cents, on=second.due_on - timedelta(days=1), instalment=second)
    for on in (date(2026, 2, 15), second.due_on):
        arrears.note_dues(on=on, at=loans.noon(on))
    assert _events(loan, "due") == [(1, date(2026, 2, 15))]


@pytest.mark.django_db
def test_late_is_said_once_for_each_instalment_and_the_borrower_is_written_to(
    loan: Loan,
) -> None:
    assert _age(date(2026, 2, 16)) == {"late": 0, "defaulted": []}
    assert _age(date(2026, 2, 17)) == {"late": 1, "defaulted": []}
    assert _age(date(2026, 2, 18)) == {"late": 0, "defaulted": []}
    assert _age(date(2026, 3, 17)) == {"late": 1, "defaulted": []}
    assert _events(loan, "late") == [(1, date(2026, 2, 17)), (2, date(2026, 3, 17))]
    letters = Message.objects.filter(kind="instalment_late").order_by("id")
    assert [row.person_id for row in letters] == [loan.borrower_id] * 2
    assert letters[0].facts["due_on"] == "2026-02-15"


@pytest.mark.django_db
def test_a_loan_that_is_paid_is_not_late(loan: Loan) -> None:
    loans.pay_instalments(loan, 1)
    assert _age(date(2026, 2, 20)) == {"late": 0, "defaulted": []}


@pytest.mark.django_db
def test_default_comes_on_the_ninety_first_day_with_audit_event_and_letters(loan: Loan) -> None:
    last_good = date(2026, 2, 16) + timedelta(days=90)
    assert _age(last_good)["defaulted"] == []
    assert _age(last_good + timedelta(days=1))["defaulted"] == [loan.number]
    loan.refresh_from_db()
    overdue = sum(row.total_cents for row in loan.instalments.filter(number__lte=4))
    assert loan.status == LoanStatus.DEFAULTED
    row = trail(loan)[-1]
    assert (row.before, row.after) == (LoanStatus.ACTIVE, LoanStatus.DEFAULTED)
    assert row.data == {"days_past_due": 91, "overdue_cents": overdue}
    event = LoanEvent.objects.get(kind="defaulted")
    assert (event.loan_id, event.amount_cents) == (loan.pk, overdue)
    told = Message.objects.filter(kind__in=["loan_defaulted", "holding_defaulted"])
    lenders = set(loan.holdings.values_list("lender_id", flat=True))
    assert set(told.values_list("person_id", flat=True)) == lenders | {loan.borrower_id}


@pytest.mark.django_db
def test_default_is_declared_once_and_later_instalments_still_show_on_the_timeline(
    loan: Loan,
) -> None:
    _age(date(2026, 5, 20))
    assert _age(date(2026, 5, 21)) == {"late": 0, "defaulted": []}
    assert _age(date(2026, 6, 16)) == {"late": 1, "defaulted": []}
    assert LoanEvent.objects.filter(kind="defaulted").count() == 1
    assert Message.objects.filter(kind="instalment_late").count() == 4


@pytest.mark.django_db
def test_small_loans_default_later_when_the_sum_becomes_material() -> None:
    small = loans.loan(
        shares_cents=[1_000_00], term_months=84, annual_rate=Decimal("0.05"), due_day=15
    )
    assert small.instalments.get(number=1).total_cents < 20_00
    assert _age(date(2026, 6, 20))["defaulted"] == []
    assert _age(date(2026, 9, 20))["defaulted"] == [small.number]


@pytest.mark.django_db
def test_the_number_of_queries_of_a_quiet_day_does_not_grow_with_the_loans(
    django_assert_num_queries: object,
) -> None:
    for number in (1, 3):
        while Loan.objects.count() < number:
            loans.loan(due_day=15)
        _age(date(2026, 2, 20))
        with django_assert_num_queries(5):  # type: ignore[operator]
            _age(date(2026, 2, 21))


@pytest.mark.django_db
@pytest.mark.parametrize("language", ["de", "en"])
def test_every_letter_of_servicing_is_whole_in_both_languages(loan: Loan, language: str) -> None:
    _age(date(2026, 2, 20))
    _age(date(2026, 6, 20))
    repaid = loans.loan(shares_cents=[1_000_00], term_months=12)
    loans.pay_off(repaid, on=repaid.first_due_on)
    said = {
        "loan_disbursed": {"de": "4.875,00", "en": "4,875.00"}[language],
        "holding_started": loan.request.title,
        "instalment_late": {"de": "15.02.2026", "en": "15 Feb 2026"}[language],
        "loan_defaulted": loan.number,
        "holding_defaulted": loan.number,
        "loan_repaid": repaid.number,
    }
    for kind, part in said.items():
        letter = words(Message.objects.filter(kind=kind).order_by("id")[0], language)
        assert part in f"{letter.subject}\n{letter.body}"
