"""Mandates: written, changed, paused, ended; what could never place an offer is refused."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from core import audit
from core.errors import IllegalTransition, InvalidInput, NotFound
from lending.errors import MandateInvalid, NameTaken, NotALender
from lending.models import Mandate
from lending.selectors import mandates as selectors
from lending.services import mandates as services
from lending.services.mandate_data import MandateData
from lending.states import MandateStatus
from notifications.models import Message
from tests.factories import people
from tests.factories.people import AT

pytestmark = pytest.mark.django_db

ON = date(2026, 1, 5)


def _data(**changes: Any) -> MandateData:
    told: dict[str, Any] = {
        "name": "Careful grades",
        "grades": ["C", "A", "B"],
        "terms": [36, 24],
        "min_rate": Decimal("0.05"),
        "max_per_loan_cents": 250_00,
        "max_per_borrower_cents": 500_00,
        "max_per_grade_cents": {"C": 1_000_00},
        "reserve_cents": 100_00,
        "budget_cents": 5_000_00,
        "end_on": date(2026, 12, 31),
    }
    return MandateData(**(told | changes))


def test_a_mandate_is_active_once_it_is_written() -> None:
    lender = people.lender()
    mandate = services.save_mandate(lender=lender, data=_data(), at=AT)
    mandate.refresh_from_db()
    assert mandate.status == MandateStatus.ACTIVE
    assert (mandate.grades, mandate.terms) == (["A", "B", "C"], [24, 36])
    assert (mandate.min_rate, mandate.max_rate) == (Decimal("0.05"), None)
    assert mandate.max_per_grade_cents == {"C": 1_000_00}
    assert (mandate.reserve_cents, mandate.end_on) == (100_00, date(2026, 12, 31))
    assert list(selectors.mandates_of(lender)) == [mandate]


def test_writing_calls_the_engine(
    monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    called: list[str] = []
    monkeypatch.setattr("core.jobs._send", lambda task, kwargs: called.append(task))
    with django_capture_on_commit_callbacks(execute=True):
        services.save_mandate(lender=people.lender(), data=_data(), at=AT)
    assert called == ["matching.round_requested"]


def test_the_same_mandate_sent_twice_is_written_once() -> None:
    lender = people.lender()
    first = services.save_mandate(lender=lender, data=_data(), at=AT)
    assert services.save_mandate(lender=lender, data=_data(), at=AT) == first
    with pytest.raises(NameTaken):
        services.save_mandate(lender=lender, data=_data(reserve_cents=0), at=AT)
    assert Mandate.objects.count() == 1


def test_a_mandate_is_changed_and_the_change_written_down() -> None:
    lender = people.lender()
    mandate = services.save_mandate(lender=lender, data=_data(), at=AT)
    for _ in range(2):
        services.save_mandate(
            lender=lender, data=_data(reserve_cents=0, grades=[]), at=AT, mandate_id=mandate.pk
        )
    mandate.refresh_from_db()
    assert (mandate.reserve_cents, mandate.grades) == (0, [])
    changes = [row.data for row in audit.trail(mandate) if row.action == "mandate_changed"]
    assert changes == [{"changed": ["grades", "reserve_cents"]}]


WRONG: list[tuple[dict[str, Any], str, str]] = [
    ({"name": " "}, "name", "missing"),
    ({"priority": 0}, "priority", "too_small"),
    ({"grades": ["I"]}, "grades", "not_a_choice"),
    ({"terms": [37]}, "terms", "not_a_choice"),
    ({"purposes": ["war"]}, "purposes", "not_a_choice"),
    ({"min_rate": Decimal("-0.01")}, "min_rate", "too_small"),
    ({"max_rate": Decimal("0.5")}, "max_rate", "too_large"),
    ({"max_rate": Decimal("0.04")}, "max_rate", "mandate_invalid"),
    (
        {"max_per_grade_cents": {}, "grades": ["A"], "min_rate": Decimal("0.15")},
        "min_rate",
        "mandate_invalid",
    ),
    (
        {"grades": ["G", "H"], "min_rate": None, "max_rate": Decimal("0.06")}
        | {"max_per_grade_cents": {}},
        "max_rate",
        "mandate_invalid",
    ),
    ({"max_mark": 6}, "max_mark", "too_large"),
    ({"min_stake_cents": 10_00}, "min_stake_cents", "too_small"),
    ({"min_stake_cents": 30_00}, "min_stake_cents", "off_step"),
    ({"max_per_loan_cents": 260_00}, "max_per_loan_cents", "off_step"),
    ({"min_stake_cents": 300_00}, "max_per_loan_cents", "too_small"),
    ({"max_per_borrower_cents": 0}, "max_per_borrower_cents", "too_small"),
    ({"max_per_grade_cents": {"X": 1}}, "max_per_grade_cents", "not_a_choice"),
    ({"max_per_grade_cents": {"H": 1}}, "max_per_grade_cents", "mandate_invalid"),
    ({"max_per_grade_cents": {"C": -1}}, "max_per_grade_cents", "too_small"),
    ({"reserve_cents": -1}, "reserve_cents", "too_small"),
    ({"budget_cents": 0}, "budget_cents", "too_small"),
    ({"end_on": ON - timedelta(days=1)}, "end_on", "too_small"),
]


@pytest.mark.parametrize(("changes", "field", "code"), WRONG)
def test_a_mandate_names_the_field_and_the_fault(
    changes: dict[str, Any], field: str, code: str
) -> None:
    with pytest.raises(InvalidInput) as refusal:
        services.save_mandate(lender=people.lender(), data=_data(**changes), at=AT)
    assert (refusal.value.field, refusal.value.code) == (field, code)
    assert refusal.value.message
    assert not Mandate.objects.exists()


def test_only_lenders_write_mandates() -> None:
    for person in (people.borrower(), people.staff()):
        with pytest.raises(NotALender):
            services.save_mandate(lender=person, data=_data(), at=AT)


def test_a_mandate_is_paused_resumed_and_ended_each_twice_in_vain() -> None:
    lender = people.lender()
    mandate = services.save_mandate(lender=lender, data=_data(), at=AT)
    acts = (services.pause_mandate, services.resume_mandate, services.end_mandate)
    for act in acts:
        for _ in range(2):
            act(lender=lender, mandate_id=mandate.pk, at=AT)
    moves = [row.after for row in audit.trail(mandate) if row.action == "status"]
    assert moves == ["paused", "active", "ended"]
    assert list(selectors.mandates_of(lender)) == []
    assert list(selectors.ended_mandates_of(lender)) == [mandate]


def test_what_has_ended_stays_as_it_is_and_frees_its_name() -> None:
    lender = people.lender()
    mandate = services.save_mandate(lender=lender, data=_data(), at=AT)
    services.end_mandate(lender=lender, mandate_id=mandate.pk, at=AT)
    with pytest.raises(IllegalTransition):
        services.resume_mandate(lender=lender, mandate_id=mandate.pk, at=AT)
    with pytest.raises(IllegalTransition):
        services.save_mandate(
            lender=lender, data=_data(reserve_cents=0), at=AT, mandate_id=mandate.pk
        )
    assert services.save_mandate(lender=lender, data=_data(), at=AT) != mandate


def test_a_strangers_mandate_is_not_there() -> None:
    mandate = services.save_mandate(lender=people.lender(), data=_data(), at=AT)
    stranger = people.lender()
    with pytest.raises(NotFound):
        selectors.mandate_of(stranger, mandate.pk)
    with pytest.raises(NotFound):
        services.pause_mandate(lender=stranger, mandate_id=mandate.pk, at=AT)
    with pytest.raises(NotFound):
        services.save_mandate(lender=stranger, data=_data(), at=AT, mandate_id=mandate.pk)
    assert list(selectors.mandates_of(stranger)) == []


def test_a_mandate_ends_when_its_last_day_is_closed() -> None:
    lender = people.lender()
    mandate = services.save_mandate(lender=lender, data=_data(end_on=ON), at=AT)
    forever = services.save_mandate(lender=lender, data=_data(name="Always", end_on=None), at=AT)
    assert services.end_mandates(on=ON - timedelta(days=1), at=AT) == {"mandates": []}
    assert services.end_mandates(on=ON, at=AT) == {"mandates": [mandate.pk]}
    assert services.end_mandates(on=ON, at=AT) == {"mandates": []}
    forever.refresh_from_db()
    assert forever.status == MandateStatus.ACTIVE
    assert Message.objects.get(person=lender).facts == {"name": "Careful grades"}


def test_mandates_come_in_their_order_in_one_query(django_assert_num_queries: Any) -> None:
    lender = people.lender()
    for number, name in ((2, "Second"), (3, "Third"), (1, "First")):
        services.save_mandate(lender=lender, data=_data(name=name, priority=number), at=AT)
    with django_assert_num_queries(1):
        names = [mandate.name for mandate in selectors.mandates_of(lender)]
    assert names == ["First", "Second", "Third"]


def test_invalid_mandates_say_so_in_words() -> None:
    assert "could never place an offer" in MandateInvalid().message
