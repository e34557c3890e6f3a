"""An assessment stores what it saw, what it made of it, and why."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest

from accounts.models import User
from lending import reasons
from lending.domain.affordability import affordability
from lending.domain.characteristics import ApplicantFeatures
from lending.domain.pricing import price
from lending.domain.scorecard import load_scorecard, reason_codes, score
from lending.models import Assessment, Instalment, Loan, LoanRequest, Plan, PlanReason
from lending.services import assessments
from lending.services.assessments import assess
from lending.states import LoanStatus
from tests.factories import people
from tests.factories import requests as make
from tests.factories.people import AT

ON = date(2026, 1, 5)


@pytest.mark.django_db
def test_a_good_application_gets_grade_mark_and_price() -> None:
    assessment = assess(request=make.complete_draft(), at=AT)
    assert assessment.is_acceptable and assessment.refusals == []
    assert assessment.grade in "ABCDEFGH"
    band = price(assessment.grade, 36)
    stored = (assessment.floor_rate, assessment.posted_rate, assessment.ceiling_rate)
    assert stored == (band.floor, band.posted, band.ceiling)
    assert assessment.affordability_mark in (1, 2, 3, 4, 5)


@pytest.mark.django_db
def test_an_assessment_can_be_replayed_from_its_stored_inputs() -> None:
    stored = Assessment.objects.get(pk=assess(request=make.complete_draft(), at=AT).pk)
    card, given = load_scorecard(), stored.inputs
    assert stored.scorecard_version == card.version
    again = score(
        ApplicantFeatures(
            amount_cents=given["amount_cents"],
            months=given["term_months"],
            price_cents=given["price_cents"],
            income_cents=given["income_cents"],
            costs_cents=given["housing_cents"] + given["living_cents"],
            assets_cents=given["assets_cents"],
            debt_cents=given["debt_cents"],
            years_in_job=given["years_in_job"],
            employment=given["employment"],
            home=given["home"],
            had_payment_trouble=given["had_payment_trouble"],
        ),
        card,
    )
    assert (stored.points, stored.default_probability) == (again.points, again.pd)
    assert stored.reasons == [reason._asdict() for reason in again.reasons]
    points = card.base_points + sum(answer["points"] for answer in given["answers"])
    assert points == stored.points


@pytest.mark.django_db
def test_the_burden_counts_the_new_instalment_at_the_posted_rate() -> None:
    stored = assess(request=make.complete_draft(), at=AT)
    given = stored.inputs
    household = assessments._household(given)
    assert stored.burden_ratio == affordability(household, given["instalment_cents"]).ratio
    assert given["instalment_cents"] > 5_000_00 // 36
    assert given["affordability"]["ratio"] == str(stored.burden_ratio)


@pytest.mark.django_db
@pytest.mark.parametrize("income_cents", [0, 1_500_00])
def test_who_has_nothing_free_is_refused_for_affordability(income_cents: int) -> None:
    draft = make.complete_draft(work=make.work_data(income_cents=income_cents))
    stored = assess(request=draft, at=AT)
    assert "affordability" in stored.refusals
    assert (stored.burden_ratio, stored.affordability_mark) == (None, None)


@pytest.mark.django_db
def test_a_risk_above_the_last_grade_is_refused_for_the_score() -> None:
    draft = make.complete_draft(
        amount=make.amount_data(amount_cents=12_000_00, term_months=84),
        work=make.work_data(employment="partime", years_in_job=0, income_cents=2_000_00),
        budget=make.budget_data(
            home="other",
            household_size=1,
            assets_cents=0,
            debt_cents=40_000_00,
            price_cents=12_000_00,
            had_payment_trouble=True,
        ),
    )
    stored = assess(request=draft, at=AT)
    assert "score" in stored.refusals
    assert (stored.grade, stored.posted_rate, stored.is_acceptable) == ("", None, False)


def _loan(borrower: User, *, due_on: date, status: str = LoanStatus.ACTIVE) -> Loan:
    """An earlier loan of EUR 1,200 whose first instalment of EUR 110 is open."""
    earlier = make.listed_request(borrower=borrower, amount_cents=1_200_00)
    LoanRequest.objects.filter(pk=earlier.pk).update(status="disbursed")
    loan = Loan.objects.create(
        request=earlier,
        borrower=borrower,
        number=f"L-{earlier.pk}",
        status=status,
        principal_cents=1_200_00,
        outstanding_cents=1_200_00,
        fee_cents=30_00,
        annual_rate=Decimal("0.08"),
        term_months=12,
        grade="C",
        disbursed_on=due_on - timedelta(days=31),
        first_due_on=due_on,
    )
    plan = Plan.objects.create(
        loan=loan,
        version=1,
        reason=PlanReason.DISBURSED,
        annual_rate=loan.annual_rate,
        made_on=loan.disbursed_on,
        made_at=AT,
    )
    Instalment.objects.create(
        loan=loan, plan=plan, number=1, due_on=due_on, principal_cents=102_00, interest_cents=8_00
    )
    return loan


@pytest.mark.django_db
def test_instalments_paid_here_count_even_if_they_were_not_told() -> None:
    borrower = people.borrower()
    _loan(borrower, due_on=ON + timedelta(days=10))
    draft = make.complete_draft(borrower=borrower, budget=make.budget_data(instalments_cents=20_00))
    stored = assess(request=draft, at=AT)
    assert stored.inputs["instalments_cents"] == 110_00
    assert stored.is_acceptable


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("days_late", "status", "refusal"),
    [
        (30, LoanStatus.ACTIVE, None),
        (31, LoanStatus.ACTIVE, "arrears"),
        (0, LoanStatus.DEFAULTED, "in_default"),
        (0, LoanStatus.WRITTEN_OFF, "in_default"),
        (0, LoanStatus.REPAID, None),
    ],
)
def test_trouble_with_an_earlier_loan_refuses_a_new_one(
    days_late: int, status: str, refusal: str | None
) -> None:
    borrower = people.borrower()
    _loan(borrower, due_on=ON - timedelta(days=days_late), status=status)
    stored = assess(request=make.complete_draft(borrower=borrower), at=AT)
    assert stored.refusals == ([refusal] if refusal else [])


@pytest.mark.django_db
def test_one_person_owes_no_more_than_the_largest_amount() -> None:
    borrower = people.borrower()
    loan = _loan(borrower, due_on=ON + timedelta(days=10))
    Loan.objects.filter(pk=loan.pk).update(principal_cents=46_000_00, outstanding_cents=45_025_00)
    stored = assess(request=make.complete_draft(borrower=borrower), at=AT)
    assert "limit" in stored.refusals


def test_every_reason_of_the_scorecard_has_words() -> None:
    card = load_scorecard()
    assert set(reason_codes(card)) <= set(reasons.SCORE_REASONS)
    assert {question.name for question in card.questions} <= set(reasons.QUESTIONS)
    codes = {"score", "affordability", "in_default", "arrears", "limit"}
    assert codes <= set(reasons.REFUSALS)
