"""What the demo's borrowers and staff do: sign up, apply, decide, sign; always through services."""

from __future__ import annotations

from datetime import datetime
from random import Random

from accounts.models import Role, User
from accounts.services import ProfileData, confirm_email, register, save_profile
from demo.applicants import Applicant
from demo.names import Person
from demo.provider import verify
from demo.stories import story
from demo.wishes import Wish
from lending.models import LoanRequest
from lending.services.application_data import AmountData, BudgetData, StoryData, WorkData
from lending.services.requests import (
    give_consent,
    save_amount,
    save_budget,
    save_story,
    save_work,
    start_request,
    submit,
)

PASSWORD = "pari-demo-2026"  # noqa: S105
"""Everyone's in the demo; it opens nothing else."""


def sign_up(person: Person, role: Role, *, at: datetime) -> User:
    """A person with a confirmed address, a profile, a verified identity and a bank account."""
    user = register(email=person.email, password=PASSWORD, role=role, language="de", at=at)
    confirm_email(user=user, at=at)
    save_profile(user=user, data=_profile(person), at=at)
    verify(user, person, at=at)
    return user


def _profile(person: Person) -> ProfileData:
    return ProfileData(
        first_name=person.first_name,
        last_name=person.last_name,
        date_of_birth=person.date_of_birth,
        street=person.street,
        postcode=person.postcode,
        city=person.city,
        phone=person.phone,
    )


def apply(user: User, given: Applicant, wished: Wish, rng: Random, *, at: datetime) -> LoanRequest:
    """Fill in the wizard step by step and hand it in."""
    request_id = start_request(borrower=user, at=at).pk
    step = {"borrower": user, "request_id": request_id}
    title, text = story(given.purpose, rng)
    save_amount(
        **step,
        data=AmountData(
            amount_cents=given.amount_cents,
            term_months=given.term_months,
            purpose=given.purpose,
            due_day=rng.choice((1, 15)),
            price_rule=wished.price_rule,
            max_rate=wished.max_rate,
            least_percent=wished.least_percent,
            first_period=wished.first_period,
        ),
    )
    save_work(
        **step,
        data=WorkData(
            employment=given.employment,
            job_title=given.job_title,
            years_in_job=given.years_in_job,
            income_cents=given.income_cents,
        ),
    )
    save_budget(
        **step,
        data=BudgetData(
            home=given.home,
            household_size=given.household_size,
            housing_cents=given.housing_cents,
            living_cents=given.living_cents,
            instalments_cents=given.instalments_cents,
            debt_cents=given.debt_cents,
            assets_cents=given.assets_cents,
            had_payment_trouble=given.had_payment_trouble,
            price_cents=given.price_cents,
        ),
    )
    save_story(**step, data=StoryData(title=title, story=text))
    give_consent(**step, at=at)
    return submit(**step, at=at)
