"""Assessing a request: score, affordability and price from what is stored, with every reason."""

from __future__ import annotations

import math
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from django.db import transaction
from django.db.models import F, Max, Q, Sum

from core.clock import day_of
from lending.choices import MAX_AMOUNT_CENTS, FirstPeriod
from lending.domain.affordability import Affordability, Household, affordability
from lending.domain.amortization import level_schedule, usual_cents
from lending.domain.characteristics import ApplicantFeatures, Value
from lending.domain.pricing import HIGHEST_RATE, PriceBand, price
from lending.domain.quote import first_due_date
from lending.domain.scorecard import Scored, load_scorecard, score
from lending.errors import RateOutOfBand
from lending.models import Application, Assessment, Instalment, Loan, LoanRequest
from lending.states import LoanStatus

_FAILED: Final = (LoanStatus.DEFAULTED, LoanStatus.WRITTEN_OFF)
_ARREARS: Final = timedelta(days=30)


@transaction.atomic
def assess(*, request: LoanRequest, at: datetime) -> Assessment:
    """Store what the scorecard, the affordability mark and the price list say of a request.

    Acceptable unless a hard limit is broken; `refusals` then names each: "score" (worse than the
    last grade), "affordability" (more than 67 % of free income), "in_default", "arrears" (more
    than 30 days on an earlier loan), "limit" (more than one person may owe in all).
    """
    on = day_of(at)
    given = _given(request, request.application)
    card = load_scorecard()
    scored = score(_features(given), card)
    band = price(scored.grade, given["term_months"]) if scored.grade else None
    first_due_on = first_due_date(on, request.due_day)
    instalment_cents = _instalment_cents(
        given, band, on, first_due_on, FirstPeriod(request.first_period)
    )
    burden = affordability(_household(given), instalment_cents)
    refusals = [*_hard_limits(scored, burden), *_standing(request, on)]
    return Assessment.objects.create(
        request=request,
        at=at,
        inputs=given
        | {
            "instalment_cents": instalment_cents,
            "answers": _answers(scored),
            "affordability": _plain(burden),
        },
        scorecard_version=card.version,
        points=scored.points,
        default_probability=scored.pd,
        grade=scored.grade or "",
        reasons=[reason._asdict() for reason in scored.reasons],
        burden_ratio=burden.ratio,
        affordability_mark=burden.mark,
        floor_rate=band.floor if band else None,
        posted_rate=band.posted if band else None,
        ceiling_rate=band.ceiling if band else None,
        is_acceptable=not refusals,
        refusals=refusals,
    )


def check_highest_rate(request: LoanRequest, assessment: Assessment) -> None:
    """Raise RateOutOfBand when the borrower accepts no rate at which this risk is lent to."""
    floor, ceiling = assessment.floor_rate, assessment.ceiling_rate
    if request.max_rate is None or floor is None or request.max_rate >= floor:
        return
    raise RateOutOfBand(field="max_rate", floor_rate=floor, ceiling_rate=ceiling)


def _given(request: LoanRequest, application: Application) -> dict[str, Any]:
    """Everything that the assessment rests on, in whole cents, months and words."""
    own_cents = _instalments_here_cents(request)
    return {
        "amount_cents": request.amount_cents,
        "term_months": request.term_months,
        "employment": application.employment,
        "years_in_job": application.years_in_job,
        "home": application.home,
        "household_size": application.household_size,
        "income_cents": application.income_cents,
        "housing_cents": application.housing_cents,
        "living_cents": application.living_cents,
        "instalments_cents": max(application.instalments_cents or 0, own_cents),
        "instalments_here_cents": own_cents,
        "debt_cents": application.debt_cents,
        "assets_cents": application.assets_cents,
        "price_cents": application.price_cents,
        "had_payment_trouble": application.had_payment_trouble,
    }


def _features(given: dict[str, Any]) -> ApplicantFeatures:
    return ApplicantFeatures(
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
    )


def _household(given: dict[str, Any]) -> Household:
    return Household(
        income_cents=given["income_cents"],
        housing_cents=given["housing_cents"],
        living_cents=given["living_cents"],
        instalments_cents=given["instalments_cents"],
        people=given["household_size"],
    )


def _instalment_cents(
    given: dict[str, Any],
    band: PriceBand | None,
    disbursed_on: date,
    first_due_on: date,
    first_period: FirstPeriod,
) -> int:
    """The usual new instalment at the posted rate, or at the highest where there is no price."""
    plan = level_schedule(
        given["amount_cents"],
        band.posted if band else HIGHEST_RATE,
        given["term_months"],
        first_due_on,
        disbursed_on=disbursed_on,
        first_period=first_period.rule,
    )
    return usual_cents(plan)


def _hard_limits(scored: Scored, burden: Affordability) -> list[str]:
    broken = {"score": scored.grade is None, "affordability": burden.mark is None}
    return [code for code, is_broken in broken.items() if is_broken]


def _standing(request: LoanRequest, on: date) -> list[str]:
    """What the borrower's earlier loans here say against a new one."""
    loans = Loan.objects.filter(borrower_id=request.borrower_id)
    overdue = Instalment.objects.unpaid().filter(
        loan__in=loans.filter(status=LoanStatus.ACTIVE), due_on__lt=on - _ARREARS
    )
    owed_cents = loans.aggregate(all=Sum("outstanding_cents"))["all"] or 0
    broken = {
        "in_default": loans.filter(status__in=_FAILED).exists(),
        "arrears": overdue.exists(),
        "limit": owed_cents + (request.amount_cents or 0) > MAX_AMOUNT_CENTS,
    }
    return [code for code, is_broken in broken.items() if is_broken]


def _instalments_here_cents(request: LoanRequest) -> int:
    """What the borrower pays each month on loans of this marketplace that run on."""
    planned = Instalment.objects.current().filter(
        loan__borrower_id=request.borrower_id, loan__status=LoanStatus.ACTIVE, kind="regular"
    )
    highest = (
        planned.order_by()
        .values("loan")
        .annotate(
            cents=Max(F("principal_cents") + F("interest_cents"), filter=Q(paid_on__isnull=True))
        )
    )
    return sum(row["cents"] or 0 for row in highest)


def _answers(scored: Scored) -> list[dict[str, Any]]:
    return [answer._asdict() | {"value": _json(answer.value)} for answer in scored.answers]


def _json(value: Value) -> Value:
    """JSON knows no infinity, which stands for a share of nothing."""
    return "infinite" if isinstance(value, float) and math.isinf(value) else value


def _plain(burden: Affordability) -> dict[str, Any]:
    return {
        name: str(value) if isinstance(value, Decimal) else value
        for name, value in burden._asdict().items()
    }
