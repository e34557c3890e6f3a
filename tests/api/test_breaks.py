"""Payment breaks by program: the options, a preview, and taking one once."""

from __future__ import annotations

from datetime import date

import pytest

from core import clock
from lending.models import Loan, PlanChange
from tests.api.conftest import client_of, fields, fresh_key
from tests.factories import loans

pytestmark = pytest.mark.django_db


@pytest.fixture
def loan() -> Loan:
    """A loan with three instalments paid."""
    made = loans.loan(shares_cents=[1_000_00])
    loans.pay_instalments(made, 3)
    clock.set_business_date(date(2026, 5, 4), is_virtual=True)
    return made


def test_what_was_previewed_is_taken_once(loan: Loan) -> None:
    client, path = client_of(loan.borrower), f"/api/v1/loans/{loan.pk}/break"
    room = client.get(path).json()
    assert (room["is_open"], room["limits"], room["choices"][0]["number"]) == (True, [], 4)
    wanted = {"numbers": [5, 6], "collect": "end"}
    shown = client.post(f"{path}/preview", wanted).json()
    assert shown["is_own_choice"] and shown["cost_cents"] > 0
    assert shown["plan"][-1]["deferred_cents"] == shown["cost_cents"]
    assert not PlanChange.objects.exists()
    key, given = fresh_key(), wanted | {"seal": shown["seal"]}
    first, again = (client.post(path, given, headers=key) for _ in range(2))
    assert (first.status_code, again.json()) == (201, first.json())
    assert first.json()["ends_on"] == shown["resumes_on"]
    assert loan.plans.count() == 2


def test_refusals_name_what_stands_against_a_break(loan: Loan) -> None:
    client, path = client_of(loan.borrower), f"/api/v1/loans/{loan.pk}/break"
    three = {"numbers": [5, 6, 7], "collect": "end"}
    assert client.post(path, three, headers=fresh_key()).json()["code"] == "ask_us"
    gone = client.post(f"{path}/preview", {"numbers": [99], "collect": "end"})
    assert (gone.status_code, gone.json()["code"]) == (422, "no_such_break")
    assert fields(client.post(f"{path}/preview", {"numbers": [5], "collect": "never"})) == {
        "collect": "invalid_choice"
    }
    stale = {"numbers": [5], "collect": "end", "seal": "other figures"}
    assert client.post(path, stale, headers=fresh_key()).json()["code"] == "stale_state"
