"""When a round is due: once for many wishes, and by itself after a while."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from matching import tasks
from matching.choices import PERIOD, QUIET
from matching.models import Pulse
from matching.services.triggers import ask_for_round, claim_due_round
from tests.factories.people import AT
from tests.matching.race import race

MOMENT = timedelta(milliseconds=1)


@pytest.mark.django_db
def test_many_wishes_within_moments_make_one_round() -> None:
    assert claim_due_round(now=AT)
    assert ask_for_round(now=AT)
    assert not ask_for_round(now=AT + MOMENT)

    assert not claim_due_round(now=AT + QUIET - MOMENT)
    assert claim_due_round(now=AT + QUIET)
    assert not claim_due_round(now=AT + QUIET + MOMENT)


@pytest.mark.django_db
def test_what_comes_after_a_round_began_makes_another() -> None:
    assert claim_due_round(now=AT)
    assert ask_for_round(now=AT + MOMENT)
    assert claim_due_round(now=AT + MOMENT + QUIET)


@pytest.mark.django_db
def test_unasked_a_round_is_due_when_the_last_attempt_is_old() -> None:
    assert claim_due_round(now=AT)
    assert not claim_due_round(now=AT + PERIOD - MOMENT)
    assert claim_due_round(now=AT + PERIOD)


@pytest.mark.django_db
def test_a_wish_sends_the_task_once_with_a_delay(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[float] = []
    monkeypatch.setattr(
        tasks.run_due_round, "apply_async", lambda countdown: sent.append(countdown)
    )

    tasks.round_requested()
    tasks.round_requested()

    assert sent == [QUIET.total_seconds()]
    assert Pulse.objects.get().due_at > timezone.now()


@pytest.mark.django_db(transaction=True)
def test_of_many_who_find_a_round_due_one_runs_it() -> None:
    def claim() -> bool:
        return claim_due_round(now=AT)

    assert sorted(race(claim, claim, claim, claim)) == [False, False, False, True]
    connection.close()
