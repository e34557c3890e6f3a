"""Why a lender's mandates took part in a request, or did not."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import translation

from lending.services.mandates import pause_mandate
from lending.services.offers import revoke_offer
from matching.selectors.participations import SENTENCES, participations
from tests.factories import people
from tests.factories.mandates import mandate
from tests.factories.people import AT
from tests.factories.requests import bid, wait_in_line
from tests.matching.world import OLD, booked, on_market

pytestmark = pytest.mark.django_db


def test_each_mandate_says_whether_it_took_part_and_what_refused() -> None:
    taking = mandate(cash_cents=2_000_00)
    person = taking.lender
    mandate(lender=person, grades=["A"], max_mark=1)
    mandate(lender=person, priority=9)
    mandate(cash_cents=2_000_00)
    request = on_market(1_000_00)
    booked()

    found = participations(person, request, at=OLD)

    assert found.seen_at == OLD
    assert [row.outcome for row in found.rows] == ["took", "refused", "second"]
    assert found.rows[0].placed_cents == 500_00
    assert found.rows[0].offer is not None
    with translation.override("en"):
        assert found.rows[1].words == ["its grade", "its affordability mark"]
        assert all(row.sentence for row in found.rows)


@pytest.mark.parametrize(
    ("changes", "cash_cents", "outcome"),
    [
        ({"reserve_cents": 490_00}, 500_00, "cash"),
        ({"max_per_grade_cents": {"C": 0}}, 500_00, "room"),
        ({}, 500_00, "short"),
    ],
)
def test_the_limit_that_bound_is_named(
    changes: dict[str, object], cash_cents: int, outcome: str
) -> None:
    given = mandate(cash_cents=cash_cents, **changes)
    request = on_market(5_000_00)
    booked()

    found = participations(given.lender, request, at=OLD)

    assert [row.outcome for row in found.rows] == [outcome]


def test_before_any_round_the_market_of_now_is_asked() -> None:
    given = mandate(cash_cents=500_00, min_rate=Decimal("0.01"))
    request = on_market(1_000_00)

    found = participations(given.lender, request, at=AT + timedelta(minutes=1))

    assert found.seen_at is None
    assert [row.outcome for row in found.rows] == ["waits"]


def test_a_mandate_that_was_paused_was_not_in_force() -> None:
    given = mandate(cash_cents=500_00)
    pause_mandate(lender=given.lender, mandate_id=given.pk, at=AT)
    mandate(cash_cents=2_000_00, max_per_loan_cents=1_000_00)
    request = on_market(1_000_00)
    booked()

    found = participations(given.lender, request, at=OLD)

    assert [row.outcome for row in found.rows] == ["absent"]


def test_the_round_that_saw_a_request_is_found_after_its_line_has_moved_up() -> None:
    refusing = mandate(cash_cents=500_00, grades=["A"])
    mandate(cash_cents=600_00, max_per_loan_cents=600_00)
    request = on_market(1_000_00)
    booked()
    early = bid(people.lender(cash_cents=1_000_00), request, 1_000_00, at=OLD)
    wait_in_line(people.lender(cash_cents=1_000_00), request, 1_000_00, at=OLD)
    for day in range(1, 5):  # rounds that no longer see it
        on_market(5_000_00, at=OLD)
        booked(at=OLD + timedelta(hours=day))
    later = OLD + timedelta(days=1)
    revoke_offer(lender=early.lender, offer_id=early.pk, at=later)
    request.refresh_from_db()
    assert request.filled_at == later

    found = participations(refusing.lender, request, at=later)

    assert found.seen_at == OLD
    assert [row.outcome for row in found.rows] == ["refused"]


def test_who_has_no_mandates_reads_nothing_of_others() -> None:
    mandate(cash_cents=2_000_00, max_per_loan_cents=1_000_00)
    request = on_market(1_000_00)
    booked()

    assert participations(people.lender(), request, at=OLD).rows == []


def test_every_outcome_has_its_words() -> None:
    with translation.override("en"):
        assert all(str(words) for words in SENTENCES.values())
