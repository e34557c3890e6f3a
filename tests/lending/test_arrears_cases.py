"""Cases of arrears through day ends: opened, reminded, written to early, cured, left default."""

from __future__ import annotations

from datetime import date, timedelta
from hashlib import sha256

import pytest

from core.audit import trail
from lending.errors import GuardHolds
from lending.models import ArrearsCase, Contact, ContactKind, Document, Loan, LoanEvent
from lending.services import arrears, arrears_cases, arrears_contacts
from lending.states import ArrearsStage, LoanStatus
from notifications.models import Message
from notifications.words import words
from tests.factories import loans, people
from tests.flows.money import assert_money

pytestmark = pytest.mark.django_db

DUE = date(2026, 2, 15)
"""A Sunday: payable on the 16th, a day late on the 17th."""
FIRST_LATE = date(2026, 2, 17)


@pytest.fixture
def loan() -> Loan:
    return loans.loan(due_day=15)


def _live(first: date, last: date) -> list[tuple[date, str]]:
    """Close the days between, both included; what the ladder did on which."""
    did, on = [], first
    while on <= last:
        arrears.age_loans(on=on, at=loans.noon(on))
        did += [(on, step) for step in arrears_cases.walk(on=on, at=loans.noon(on))]
        arrears_cases.leave_default(on=on, at=loans.noon(on))
        on += timedelta(days=1)
    return did


def _day(days_late: int) -> date:
    return FIRST_LATE + timedelta(days=days_late - 1)


def test_the_ladder_climbs_by_days_past_due_and_stops_where_people_decide(loan: Loan) -> None:
    assert _live(DUE, _day(40)) == [
        (_day(1), "opened"),
        (_day(5), "reminders"),
        (_day(15), "reminders"),
        (_day(20), "early contacts"),
    ]
    case = ArrearsCase.objects.get()
    assert (case.status, case.late_since, case.opened_on) == (
        ArrearsStage.REMINDER_2,
        DUE,
        _day(1),
    )
    assert [row.after for row in trail(case)] == ["reminder_1", "reminder_2"]
    letters = Document.objects.order_by("id")
    assert [row.kind for row in letters] == ["reminder_1", "reminder_2"]
    told = Message.objects.filter(kind__in=["reminder_1", "reminder_2", "early_contact"])
    assert list(told.order_by("id").values_list("kind", "person_id")) == [
        ("reminder_1", loan.borrower_id),
        ("reminder_2", loan.borrower_id),
        ("early_contact", loan.borrower_id),
    ]
    assert_money("ledger", "lending")


def test_early_contact_comes_before_day_thirty_with_ways_out_and_debt_advice(loan: Loan) -> None:
    _live(DUE, _day(29))
    message = Message.objects.get(kind="early_contact")
    for language, part in (("de", "Zahlungspause"), ("en", "payment break")):
        said = words(message, language).body
        assert part in said
        assert "www.meine-schulden.de" in said


def test_what_is_paid_closes_the_case_and_a_new_lateness_opens_another(loan: Loan) -> None:
    _live(DUE, _day(6))
    loans.pay(loan, loan.instalments.get(number=1).open_cents, on=_day(7))
    assert _live(_day(7), _day(8)) == [(_day(7), "cured")]
    first = ArrearsCase.objects.get()
    assert (first.status, first.closed_on) == (ArrearsStage.CURED, _day(7))
    assert LoanEvent.objects.filter(kind="cured", on=_day(7)).count() == 1
    second_due = loan.instalments.get(number=2).due_on
    _live(second_due, second_due + timedelta(days=3))
    assert ArrearsCase.objects.filter(closed_on__isnull=True).get().late_since == second_due


def test_a_case_is_cured_only_when_nothing_at_all_is_late(loan: Loan) -> None:
    _live(DUE, _day(6))
    loans.pay(loan, loan.instalments.get(number=1).open_cents - 1, on=_day(7))
    assert _live(_day(7), _day(8)) == []
    assert ArrearsCase.objects.get().status == ArrearsStage.REMINDER_1


def test_a_day_that_is_closed_twice_writes_nothing_twice(loan: Loan) -> None:
    _live(DUE, _day(20))
    before = (Contact.objects.count(), Document.objects.count(), Message.objects.count())
    for days in (1, 5, 15, 20):
        assert arrears_cases.walk(on=_day(days), at=loans.noon(_day(days))) == {}
    after = (Contact.objects.count(), Document.objects.count(), Message.objects.count())
    assert after == before


def test_a_promise_holds_the_ladder_until_its_day(loan: Loan) -> None:
    _live(DUE, _day(2))
    case, staff = ArrearsCase.objects.get(), people.staff()
    arrears_contacts.record_promise(
        staff=staff,
        case_id=case.pk,
        promised_on=_day(8),
        promised_cents=100_00,
        note="Wages come on Friday.",
        at=loans.noon(_day(2)),
    )
    assert _live(_day(3), _day(8)) == []
    assert _live(_day(9), _day(9)) == [(_day(9), "reminders")]
    event = LoanEvent.objects.get(kind="promised")
    assert (event.on, event.amount_cents) == (_day(2), 100_00)


def test_a_letter_shows_the_split_and_its_hash_proves_the_copy(loan: Loan) -> None:
    _live(DUE, _day(5))
    letter = Document.objects.get()
    first = loan.instalments.get(number=1)
    assert bytes(letter.pdf).startswith(b"%PDF")
    assert letter.sha256 == sha256(bytes(letter.pdf)).hexdigest()
    assert letter.data["rows"] == [
        [
            "1",
            "15 Feb 2026",
            *[
                _written(cents)
                for cents in (first.principal_cents, first.interest_cents, first.total_cents)
            ],
        ]
    ]
    assert (letter.data["costs"], letter.data["default_interest"]) == ("€0.00", "€0.13")
    assert letter.data["overdue"] == _written(first.total_cents)
    assert letter.data["total"] == _written(first.total_cents + 13)
    contact = Contact.objects.get(kind=ContactKind.LETTER)
    assert contact.document == letter


def _written(cents: int) -> str:
    return f"€{cents // 100:,}.{cents % 100:02}"


def test_the_final_notice_needs_the_run_the_sum_and_an_offer(loan: Loan) -> None:
    staff = people.staff()
    _live(DUE, _day(40))
    case = ArrearsCase.objects.get()
    with pytest.raises(GuardHolds) as refused:
        arrears_cases.give_final_notice(staff=staff, case_id=case.pk, at=loans.noon(_day(40)))
    assert refused.value.facts["missing"] == "sum, offer"
    on = _day(102)
    _live(_day(41), on)
    arrears_contacts.record_offer(
        staff=staff,
        case_id=case.pk,
        offer="Twelve months longer, 40 euros less a month.",
        answer="declined",
        at=loans.noon(on),
    )
    given = arrears_cases.give_final_notice(staff=staff, case_id=case.pk, at=loans.noon(on))
    assert given.status == ArrearsStage.FINAL_NOTICE
    assert given.notice_until == on + timedelta(days=17)
    late = sum(row.open_cents for row in loan.instalments.filter(due_on__lt=on))
    assert given.demanded_cents == late >= loan.principal_cents // 10
    again = arrears_cases.give_final_notice(staff=staff, case_id=case.pk, at=loans.noon(on))
    assert again.pk == given.pk
    assert Document.objects.filter(kind="final_notice").count() == 1


def test_default_is_left_after_three_clean_months(loan: Loan) -> None:
    defaulted_on = date(2026, 5, 18)
    _live(DUE, defaulted_on)
    loan.refresh_from_db()
    assert loan.status == LoanStatus.DEFAULTED
    late = loan.instalments.filter(due_on__lte=defaulted_on)
    loans.pay(loan, sum(row.open_cents for row in late), on=defaulted_on)
    clean_from = defaulted_on + timedelta(days=1)
    on = clean_from
    while on < date(2026, 8, 31):
        for row in loan.instalments.unpaid().filter(due_on=on):
            loans.pay(loan, row.open_cents, on=on)
        _live(on, on)
        on += timedelta(days=1)
        loan.refresh_from_db()
        if loan.status == LoanStatus.ACTIVE:
            break
    assert on == date(2026, 8, 20)
    assert LoanEvent.objects.filter(kind="sound", on=date(2026, 8, 19)).exists()
    assert_money("ledger", "lending")


def test_a_loan_whose_terms_were_eased_leaves_default_at_once(loan: Loan) -> None:
    on = date(2026, 5, 18)
    _live(DUE, on)
    late = loan.instalments.filter(due_on__lte=on)
    loans.pay(loan, sum(row.open_cents for row in late), on=on)
    arrears_cases.walk(on=on, at=loans.noon(on))
    Loan.objects.filter(pk=loan.pk).update(forborne_until=on + timedelta(days=365))
    assert arrears_cases.leave_default(on=on, at=loans.noon(on)) == {"left_default": 1}


def test_the_queries_of_a_quiet_day_do_not_grow_with_the_cases(
    django_assert_num_queries: object,
) -> None:
    for number in (1, 3):
        while Loan.objects.count() < number:
            loans.loan(due_day=15)
        for days in (1, 2):
            arrears_cases.walk(on=_day(days), at=loans.noon(_day(days)))
        with django_assert_num_queries(2):  # type: ignore[operator]
            arrears_cases.walk(on=_day(3), at=loans.noon(_day(3)))
            arrears_cases.leave_default(on=_day(3), at=loans.noon(_day(3)))
