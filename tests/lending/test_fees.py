"""The price list: what a fee is on a day, and how it changes ahead of time."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from core import audit
from core.errors import InvalidInput, NotAllowed, NotFound
from lending.errors import AlreadyPriced
from lending.models import FeeKind, FeeRate
from lending.selectors.fees import fee_rate, price_list
from lending.services.fees import schedule_fee
from tests.factories import people
from tests.factories.people import AT

pytestmark = pytest.mark.django_db

TOMORROW = date(2026, 1, 6)


def _schedule(**changes: Any) -> FeeRate:
    given: dict[str, Any] = {
        "staff": people.staff(),
        "kind": FeeKind.BORROWER,
        "rate": Decimal("0.02"),
        "valid_from": TOMORROW,
        "at": AT,
    }
    return schedule_fee(**(given | changes))


def test_a_fee_holds_until_the_next_row_of_its_kind() -> None:
    _schedule()
    assert fee_rate(FeeKind.BORROWER, date(2026, 1, 5)) == Decimal("0.025")
    assert fee_rate(FeeKind.BORROWER, TOMORROW) == Decimal("0.02")
    assert fee_rate(FeeKind.LENDER, TOMORROW) == Decimal("0.01")
    with pytest.raises(NotFound):
        fee_rate(FeeKind.LENDER, date(2019, 12, 31))


def test_the_price_list_shows_what_is_to_come_first() -> None:
    _schedule()
    rows = [(row.kind, row.valid_from.year) for row in price_list()]
    assert rows == [("borrower", 2026), ("borrower", 2020), ("lender", 2020)]


def test_a_change_is_made_once_and_written_down() -> None:
    fee = _schedule()
    assert _schedule() == fee
    assert len(audit.trail(fee)) == 1
    with pytest.raises(AlreadyPriced):
        _schedule(rate=Decimal("0.03"))


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"valid_from": date(2026, 1, 5)}, "valid_from"),
        ({"rate": Decimal("0.2")}, "rate"),
        ({"rate": Decimal("-0.01")}, "rate"),
        ({"kind": "idle_money"}, "kind"),
    ],
)
def test_a_fee_names_the_field_that_is_wrong(changes: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        _schedule(**changes)
    assert refusal.value.field == field


def test_only_staff_set_fees() -> None:
    with pytest.raises(NotAllowed):
        _schedule(staff=people.lender())
