"""People with money, mandates and listed requests, and a round that is decided but not booked."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from matching.engine.result import Result

AT: Final = datetime(2026, 3, 2, 9, tzinfo=UTC)
UNIT_CENTS: Final = 2_500


def decided(lenders: int, requests: int, each: int) -> Result:
    """People, money, mandates, requests, and a round decided over them."""
    from lending.models import Mandate
    from matching.services import rounds
    from matching.services.locks import only_round

    people = _people("lender", lenders)
    _pay_in(people, cents=(requests * each // lenders + 2) * UNIT_CENTS)
    Mandate.objects.bulk_create(
        Mandate(
            lender_id=person,
            name="All",
            max_per_loan_cents=UNIT_CENTS,
            max_per_borrower_cents=UNIT_CENTS,
            created_at=AT,
        )
        for person in people
    )
    _list(_people("borrower", requests), each * UNIT_CENTS)
    with only_round():
        match = rounds._unfinished(AT, 1)
        rounds._take(match, at=AT)
        result = rounds._decide(match, at=AT)
    assert result is not None, "the round was refused"
    return result


def _people(role: str, count: int) -> list[int]:
    from accounts.models import User

    made = User.objects.bulk_create(
        User(email=f"{role}{number}@pari.example", role=role, date_joined=AT)
        for number in range(count)
    )
    return [user.pk for user in made]


def _pay_in(people: list[int], *, cents: int) -> None:
    from ledger.chart import EntryKind, Role
    from ledger.services import Move, account_id, account_ids, post_entry

    provider, cash = account_id(Role.PROVIDER), account_ids(Role.CASH, people)
    account_ids(Role.RESERVED, people)
    post_entry(
        reference="payin:bench",
        kind=EntryKind.PAY_IN,
        effective_on=AT.date(),
        at=AT,
        moves=[Move(provider, account, cents) for account in cash.values()],
    )


def _list(borrowers: list[int], amount_cents: int) -> None:
    from decimal import Decimal

    from lending.models import LoanRequest
    from lending.states import RequestStatus

    listed_at = AT - timedelta(days=5)
    LoanRequest.objects.bulk_create(
        LoanRequest(
            borrower_id=borrower,
            status=RequestStatus.LISTED,
            amount_cents=amount_cents,
            term_months=36,
            annual_rate=Decimal("0.08"),
            grade="C",
            affordability_mark=2,
            purpose="car",
            title="A car",
            borrower_fee_rate=Decimal("0.025"),
            created_at=listed_at,
            listed_at=listed_at,
            deadline_on=AT.date() + timedelta(days=9),
        )
        for borrower in borrowers
    )
