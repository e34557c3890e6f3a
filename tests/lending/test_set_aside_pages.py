"""Staff see which loans day end set aside, and why, and try them again."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Role
from core import clock
from core.clock import day_of
from core.models import DayEndRun
from lending.models import Loan, SetAside
from tests.factories import loans, people
from tests.factories.people import AT
from tests.lending.test_staff_pages import _give, _logged_in, _words

pytestmark = pytest.mark.django_db

DAY = day_of(AT)


@pytest.fixture
def stopped() -> SetAside:
    loan = loans.loan()
    Loan.objects.filter(pk=loan.pk).update(serviced_through=DAY - timedelta(days=1))
    clock.set_business_date(DAY + timedelta(days=1), is_virtual=True)
    DayEndRun.objects.create(business_date=DAY, started_at=AT, finished_at=AT)
    return SetAside.objects.create(
        loan=loan,
        business_date=DAY,
        step="lending.services.arrears.age_loans",
        error="ValueError: no rate",
        at=AT,
    )


def _page(of: SetAside) -> str:
    return reverse("admin:lending_setaside_change", args=[of.pk])


def test_the_overview_counts_the_loans_set_aside(stopped: SetAside) -> None:
    desk = _logged_in(people.staff())
    assert "Loans set aside" in _words(desk.get(reverse("admin:index")))
    listed = _words(desk.get(reverse("admin:lending_setaside_changelist")))
    assert stopped.loan.number in listed
    assert "Say what is late, declare defaults" in listed


def test_the_page_says_what_stopped_the_loan_and_runs_it_again(stopped: SetAside) -> None:
    staff = people.staff()
    desk: Client = _logged_in(staff)
    shown = _words(desk.get(_page(stopped)))
    assert "ValueError: no rate" in shown and "Run again" in shown
    answer = desk.post(_page(stopped), follow=True)
    assert "has caught up" in _words(answer)
    stopped.refresh_from_db()
    assert stopped.resolved_by == staff
    assert Loan.objects.get(pk=stopped.loan_id).serviced_through == DAY
    assert "Run again by" in _words(desk.get(_page(stopped)))


def test_one_that_stops_again_says_so(stopped: SetAside, settings: object) -> None:
    settings.LOAN_STEPS = ("lending.services.arrears.gone",)  # type: ignore[attr-defined]
    answer = _logged_in(people.staff()).post(_page(stopped), follow=True)
    assert "stopped again" in _words(answer)
    stopped.refresh_from_db()
    assert (stopped.resolved_at, stopped.tries) == (None, 2)


def test_who_may_only_look_cannot_run_it(stopped: SetAside) -> None:
    looker = _logged_in(_give(people.person(Role.STAFF), "view_setaside"))
    assert "Run again" not in _words(looker.get(_page(stopped)))
    assert looker.post(_page(stopped)).status_code == 403
    stranger = _logged_in(_give(people.person(Role.STAFF)))
    assert stranger.get(_page(stopped)).status_code == 403


def test_the_list_of_day_ends_says_how_far_the_open_one_is(settings: object) -> None:
    settings.DAY_END_STEPS = ("here.first", "here.second")  # type: ignore[attr-defined]
    run = DayEndRun.objects.create(business_date=DAY, started_at=AT)
    run.steps.create(name="here.first", finished_at=AT)
    run.shards.create(step="here.second", number=1, first_key=1, last_key=9, keys_count=9)
    run.shards.create(
        step="here.second",
        number=2,
        first_key=10,
        last_key=10,
        keys_count=1,
        status="done",
        started_at=AT,
        finished_at=AT,
    )
    listed = _words(_logged_in(people.staff()).get(reverse("admin:core_dayendrun_changelist")))
    assert "second" in listed and "1 / 2" in listed
