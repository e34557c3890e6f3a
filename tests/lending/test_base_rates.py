"""Base rates count once a second person approved them; what was charged follows."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.urls import reverse

from core.clock import day_of
from core.errors import InvalidInput, NotAllowed
from lending.domain.due_dates import payable_on
from lending.errors import AlreadyPriced, FourEyes
from lending.models import BaseRate, DefaultInterestSpan
from lending.selectors.charges import base_rates
from lending.services.base_rates import approve_base_rate, propose_base_rate
from lending.services.default_interest import charge_default_interest
from tests.factories import loans, people
from tests.factories.people import AT
from tests.web.conftest import browser_of

pytestmark = pytest.mark.django_db

JULY = date(2026, 7, 1)


def _propose(**changes: object) -> BaseRate:
    given: dict[str, object] = {
        "staff": people.staff(),
        "rate": Decimal("0.0202"),
        "valid_from": JULY,
        "source": "Bundesbank press note",
        "at": AT,
    }
    return propose_base_rate(**(given | changes))  # type: ignore[arg-type]


def test_a_proposal_counts_only_after_another_person_approved_it() -> None:
    proposal = _propose()
    assert JULY not in dict(base_rates())
    assert proposal.proposed_by is not None
    with pytest.raises(FourEyes):
        approve_base_rate(staff=proposal.proposed_by, base_rate_id=proposal.pk, at=AT)
    second = people.staff()
    approve_base_rate(staff=second, base_rate_id=proposal.pk, at=AT)
    again = approve_base_rate(staff=people.staff(), base_rate_id=proposal.pk, at=AT)
    assert again.approved_by == second
    assert dict(base_rates())[JULY] == Decimal("0.0202")


def test_one_rate_counts_for_one_day() -> None:
    first, second = _propose(), _propose(rate=Decimal("0.03"))
    approve_base_rate(staff=people.staff(), base_rate_id=first.pk, at=AT)
    with pytest.raises(AlreadyPriced):
        approve_base_rate(staff=people.staff(), base_rate_id=second.pk, at=AT)
    with pytest.raises(AlreadyPriced):
        _propose()


@pytest.mark.parametrize(
    "wrong",
    [
        {"valid_from": date(2026, 7, 2)},
        {"valid_from": date(2026, 2, 1)},
        {"valid_from": date(2028, 1, 1)},
        {"rate": Decimal("0.5")},
        {"source": "x"},
    ],
)
def test_what_no_base_rate_can_be_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(InvalidInput):
        _propose(**wrong)


def test_only_staff_enter_and_approve() -> None:
    with pytest.raises(NotAllowed):
        _propose(staff=people.lender())
    proposal = _propose()
    with pytest.raises(NotAllowed):
        approve_base_rate(staff=people.borrower(), base_rate_id=proposal.pk, at=AT)


def test_a_rate_approved_late_changes_what_was_charged_since_its_day() -> None:
    loan = loans.loan(due_day=15, at=AT + timedelta(days=120))
    on = payable_on(loan.first_due_on) + timedelta(days=40)
    charge_default_interest(loan_id=loan.pk, on=on)
    assert set(_rates()) == {Decimal("0.06270")}
    at = AT + timedelta(days=200)
    proposal = _propose(at=at)
    approve_base_rate(staff=people.staff(), base_rate_id=proposal.pk, at=at)
    charge_default_interest(loan_id=loan.pk, on=on)
    assert day_of(at) > JULY
    assert sorted(set(_rates())) == [Decimal("0.06270"), Decimal("0.07020")]
    first = DefaultInterestSpan.objects.filter(annual_rate=Decimal("0.0702")).order_by("from_on")
    assert first[0].from_on == JULY


def _rates() -> list[Decimal]:
    rows = DefaultInterestSpan.objects.order_by("from_on")
    return list(rows.values_list("annual_rate", flat=True))


def test_staff_enter_and_approve_by_page() -> None:
    maker, checker = people.staff(), people.staff()
    given = {"rate": "2.02", "valid_from": "2026-07-01", "source": "Bundesbank press note"}
    add = reverse("admin:lending_baserate_add")
    browser_of(maker).post(add, given)
    proposal = BaseRate.objects.get(valid_from=JULY)
    page = reverse("admin:lending_baserate_change", args=[proposal.pk])
    refused = browser_of(maker).post(page, {"act": "approve"})
    assert refused.status_code == 200
    proposal.refresh_from_db()
    assert proposal.approved_at is None
    assert browser_of(checker).post(page, {"act": "approve"}).status_code == 302
    proposal.refresh_from_db()
    assert proposal.approved_by == checker
    listed = browser_of(checker).get(reverse("admin:lending_baserate_changelist"))
    assert listed.status_code == 200
