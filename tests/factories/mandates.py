"""Mandates as lenders write them."""

from __future__ import annotations

from itertools import count

from accounts.models import User
from lending.models import Mandate
from lending.services.mandate_data import MandateData
from lending.services.mandates import save_mandate
from tests.factories import people
from tests.factories.people import AT

_numbers = count(1)


def mandate(*, lender: User | None = None, cash_cents: int = 0, **changes: object) -> Mandate:
    """A mandate that takes everything up to EUR 500 per loan; its lender gets the cash."""
    owner = lender or people.lender()
    if cash_cents:
        people.give_cash(owner, cash_cents)
    told: dict[str, object] = {
        "name": f"Mandate {next(_numbers)}",
        "max_per_loan_cents": 500_00,
        "max_per_borrower_cents": 1_000_00,
    }
    data = MandateData(**(told | changes))  # type: ignore[arg-type]
    return save_mandate(lender=owner, data=data, at=AT)
