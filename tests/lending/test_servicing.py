"""A loan goes through its days in order, each once; one that breaks holds up no other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

import pytest
from django.conf import LazySettings
from django.db import connection

from core import clock
from core.audit import trail
from core.day_end import catch_up as close_days
from core.day_end import close_day
from core.errors import NotFound
from core.models import DayEndRun
from lending.errors import LoanSetAside
from lending.models import Instalment, Loan, LoanEvent, SetAside
from lending.services import servicing
from lending.services.servicing import ensure_serviced, require_serviced, run_again, service_range
from lending.states import LoanStatus
from tests.factories import loans, people
from tests.flows.money import assert_money

pytestmark = pytest.mark.django_db

FIRST = date(2026, 1, 20)
SERVICING = "lending.services.servicing.service_loans"


@dataclass
class Diary:
    """Which loans went through which days, and which ones break."""

    went: list[tuple[int, date]] = field(default_factory=list)
    broken: set[int] = field(default_factory=set)
    breaks_sql: set[int] = field(default_factory=set)


diary = Diary()


def acts(*, loan_ids: Sequence[int], on: date, at: datetime) -> dict[str, object]:
    """An act of a loan's day that writes down what it did, or breaks."""
    diary.went += [(loan_id, on) for loan_id in loan_ids]
    for loan_id in loan_ids:
        LoanEvent.objects.create(loan_id=loan_id, kind="due", on=on, key=f"act:{loan_id}:{on}")
        if loan_id in diary.breaks_sql:
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1 / 0")
    if broken := diary.broken & set(loan_ids):
        raise ValueError(f"no rate for {min(broken)}")
    return {"acted": len(loan_ids)}


@pytest.fixture(autouse=True)
def _steps(settings: LazySettings) -> Iterator[None]:
    global diary
    diary = Diary()
    settings.DAY_END_STEPS = (SERVICING,)
    settings.LOAN_STEPS = ("lending.services.arrears.note_dues", f"{__name__}.acts")
    clock.set_business_date(FIRST, is_virtual=True)
    yield
    assert_money("ledger", "lending")


@pytest.fixture
def three() -> list[Loan]:
    return [
        loans.loan(on=FIRST, shares_cents=[1_000_00], term_months=12, due_day=15) for _ in range(3)
    ]


def _close(days: int = 1) -> dict[str, object]:
    """Close days; what servicing did on the last."""
    close_days(until=clock.business_date() + timedelta(days=days))
    run = DayEndRun.objects.latest("business_date")
    result: dict[str, object] = run.steps.get(name=SERVICING).result
    return result


def _through(of: Sequence[Loan]) -> list[date | None]:
    rows = Loan.objects.filter(pk__in=[loan.pk for loan in of]).order_by("id")
    return list(rows.values_list("serviced_through", flat=True))


def _day(number: int) -> date:
    return FIRST + timedelta(days=number)


def _next(of: Loan) -> Instalment:
    return of.instalments.get(number=1)


def test_all_loans_go_through_the_day_at_once(three: list[Loan]) -> None:
    assert _close() == {"due": 0, "acted": 3, "loans": 3, "set_aside": []}
    assert _through(three) == [FIRST] * 3
    assert service_range(first_key=1, last_key=three[-1].pk, on=FIRST, at=loans.noon(FIRST)) == {
        "loans": 0,
        "set_aside": [],
    }


def test_a_loan_that_breaks_is_set_aside_and_the_others_go_on(three: list[Loan]) -> None:
    _close()
    diary.broken = {three[1].pk}
    assert _close() == {"loans": 2, "set_aside": [three[1].pk]}
    assert _through(three) == [_day(1), FIRST, _day(1)]
    waiting = SetAside.objects.get()
    assert (waiting.loan_id, waiting.business_date, waiting.tries) == (three[1].pk, _day(1), 1)
    assert waiting.step == f"{__name__}.acts"
    assert waiting.error == f"ValueError: no rate for {three[1].pk}"
    assert not LoanEvent.objects.filter(key=f"act:{three[1].pk}:{_day(1)}").exists()
    assert LoanEvent.objects.filter(key=f"act:{three[0].pk}:{_day(1)}").count() == 1


def test_an_error_of_the_database_sets_one_loan_aside_as_well(three: list[Loan]) -> None:
    diary.breaks_sql = {three[2].pk}
    assert _close() == {"loans": 2, "set_aside": [three[2].pk]}
    assert "division by zero" in SetAside.objects.get().error


def test_a_loan_set_aside_is_tried_each_day_and_catches_up_day_by_day(three: list[Loan]) -> None:
    diary.broken = {three[0].pk}
    _close(3)
    waiting = SetAside.objects.get()
    assert (waiting.business_date, waiting.tries) == (FIRST, 3)
    diary.broken = set()
    diary.went.clear()
    assert _close()["set_aside"] == []
    mine = [on for loan_id, on in diary.went if loan_id == three[0].pk]
    assert mine == [FIRST, _day(1), _day(2), _day(3)]
    waiting.refresh_from_db()
    assert waiting.resolved_at is not None and waiting.resolved_by is None
    assert _through(three) == [_day(3)] * 3


def test_staff_run_a_loan_again(three: list[Loan]) -> None:
    diary.broken = {three[0].pk}
    _close(2)
    waiting, staff, at = SetAside.objects.get(), people.staff(), loans.noon(_day(2))
    assert not run_again(staff=staff, set_aside_id=waiting.pk, at=at)
    diary.broken = set()
    assert run_again(staff=staff, set_aside_id=waiting.pk, at=at)
    waiting.refresh_from_db()
    assert (waiting.tries, waiting.resolved_by, waiting.resolved_at) == (3, staff, at)
    assert _through(three) == [_day(1)] * 3
    assert [(row.actor_id, row.after) for row in trail(waiting)] == [
        (staff.pk, "set_aside"),
        (staff.pk, "done"),
    ]
    with pytest.raises(NotFound):
        run_again(staff=staff, set_aside_id=waiting.pk, at=at)


def test_money_on_a_loan_takes_it_through_its_missed_days_first(three: list[Loan]) -> None:
    late, _, _ = three
    diary.broken = {late.pk}
    _close(3)
    diary.broken = set()
    assert ensure_serviced(loan_id=late.pk, on=_day(3), at=loans.noon(_day(3)))
    assert _through([late]) == [_day(2)]
    assert SetAside.objects.get().resolved_at is not None
    before = list(diary.went)
    assert ensure_serviced(loan_id=late.pk, on=_day(3), at=loans.noon(_day(3)))
    assert diary.went == before


def test_money_that_came_in_is_booked_on_a_loan_set_aside_but_nothing_new_is_agreed(
    three: list[Loan],
) -> None:
    late, _, _ = three
    diary.broken = {late.pk}
    _close(2)
    repayment = loans.pay(late, 10_00, on=_day(2), instalment=_next(late))
    assert repayment.amount_cents == 10_00
    assert _through([late]) == [None]
    with pytest.raises(LoanSetAside):
        require_serviced(loan_id=late.pk, on=_day(2), at=loans.noon(_day(2)))


def test_a_day_that_is_being_closed_comes_before_money_of_the_next(three: list[Loan]) -> None:
    DayEndRun.objects.create(business_date=FIRST, started_at=loans.noon(FIRST))
    ensure_serviced(loan_id=three[0].pk, on=FIRST, at=loans.noon(FIRST))
    assert _through(three) == [None, None, None]
    loans.pay(three[0], 10_00, on=_day(1), instalment=_next(three[0]))
    assert _through(three) == [FIRST, None, None]
    assert close_day(at=loans.noon(FIRST)) == FIRST
    assert _through(three) == [FIRST] * 3
    assert sorted(diary.went) == sorted((loan.pk, FIRST) for loan in three)


def test_a_loan_goes_through_the_day_on_which_it_closed_and_no_other(three: list[Loan]) -> None:
    first = three[0]
    loans.pay_off(first, on=_day(1))
    _close(4)
    assert [on for loan_id, on in diary.went if loan_id == first.pk] == [FIRST, _day(1)]


def test_a_closed_loan_that_opens_again_goes_on_from_that_day(three: list[Loan]) -> None:
    first = three[0]
    loans.pay_off(first, on=_day(1))
    _close(5)
    ensure_serviced(loan_id=first.pk, on=_day(5), at=loans.noon(_day(5)))
    assert _through([first]) == [_day(4)]
    assert servicing.missed_days(first.pk, _day(4)) == []


def test_a_loan_that_has_yet_to_be_paid_out_waits_for_its_day() -> None:
    loan = loans.loan(on=_day(2), shares_cents=[1_000_00])
    _close(2)
    assert _through([loan]) == [None]
    _close()
    assert _through([loan]) == [_day(2)]


def test_without_any_day_end_there_is_nothing_to_catch_up_with(three: list[Loan]) -> None:
    loans.pay(three[0], 10_00, on=three[0].first_due_on)
    assert _through(three) == [None] * 3
    assert three[0].status == LoanStatus.ACTIVE
