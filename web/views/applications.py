"""The way from an empty draft to a request that is handed in; each step is saved."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, NamedTuple

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from accounts import selectors as people
from core import clock
from core.errors import DomainError
from lending.domain.pricing import price
from lending.domain.quote import Quote
from lending.models import LoanRequest
from lending.selectors.requests import question_to_borrower, request_of_borrower
from lending.services import requests as services
from lending.states import RequestStatus
from web.access import borrowers_only, person_of
from web.errors import refusals_on
from web.first_periods import Way, both_ways
from web.forms.applications import (
    AmountForm,
    BudgetForm,
    ConsentForm,
    StepForm,
    StoryForm,
    WorkForm,
)
from web.forms.base import posted
from web.forms.quotes import TYPICAL
from web.representative import figures_of


class Step(NamedTuple):
    """One page of the application."""

    name: str
    label: Any
    form: type[StepForm[Any]]
    save: Callable[..., LoanRequest]


STEPS: Final = (
    Step("amount", gettext_lazy("Amount"), AmountForm, services.save_amount),
    Step("work", gettext_lazy("Work and income"), WorkForm, services.save_work),
    Step("budget", gettext_lazy("Home and budget"), BudgetForm, services.save_budget),
    Step("story", gettext_lazy("Your words"), StoryForm, services.save_story),
)
_BY_NAME: Final = {step.name: step for step in STEPS}


@require_POST
@borrowers_only
def start(request: HttpRequest) -> HttpResponse:
    """Open the draft, a new one where there is none."""
    try:
        draft = services.start_request(borrower=person_of(request), at=clock.now())
    except DomainError as refusal:
        messages.error(request, refusal.message)
        return redirect("web:my_request")
    return to_next_step(draft)


def to_next_step(draft: LoanRequest) -> HttpResponse:
    """Go to the first step that is not done, or to the review of everything."""
    missing = [step for step in services.missing_steps(draft) if step in _BY_NAME]
    if missing:
        return redirect("web:application_step", draft.pk, missing[0])
    return redirect("web:application_review", draft.pk)


@require_http_methods(["GET", "HEAD", "POST"])
@borrowers_only
def step(request: HttpRequest, request_id: int, name: str) -> HttpResponse:
    """Ask for one step and store it."""
    if name not in _BY_NAME:
        raise Http404(name)
    person, this = person_of(request), _BY_NAME[name]
    draft = request_of_borrower(person, request_id)
    if draft.status != RequestStatus.DRAFT:
        return redirect("web:my_request_page", draft.pk)
    form = this.form(posted(request), initial=this.form.initial_of(draft))
    if form.is_valid():
        with refusals_on(form):
            this.save(borrower=person, request_id=draft.pk, data=form.told())
            return _after(draft, name)
    return render(request, "borrower/step.html", step_context(draft, name, form))


def step_context(draft: LoanRequest, name: str, form: StepForm[Any]) -> dict[str, Any]:
    """What the page of a step shows."""
    return {
        "draft": draft,
        "form": form,
        "step": _BY_NAME[name],
        "steps": progress(draft, name),
        "question": question_to_borrower(draft),
        "before": _before(name),
        "first_periods": _first_periods(draft) if name == "amount" else [],
    }


def _first_periods(draft: LoanRequest) -> list[Way]:
    """Both ways to pay for the odd days, by what was stored, in a middle grade."""
    given = AmountForm.initial_of(draft)
    return both_ways(given, grade=TYPICAL["grade"], on=clock.business_date())


def _before(name: str) -> str:
    """The step before, or "" at the first."""
    names = list(_BY_NAME)
    place = names.index(name)
    return names[place - 1] if place else ""


def _after(draft: LoanRequest, name: str) -> HttpResponse:
    names = list(_BY_NAME)
    place = names.index(name) + 1
    if place < len(names):
        return redirect("web:application_step", draft.pk, names[place])
    return redirect("web:application_review", draft.pk)


def progress(draft: LoanRequest, here: str) -> list[dict[str, Any]]:
    """The steps with how far each is, for the stepper."""
    missing = services.missing_steps(draft)
    rows: list[dict[str, Any]] = [
        {
            "name": item.name,
            "label": item.label,
            "is_done": item.name not in missing,
            "is_here": item.name == here,
        }
        for item in STEPS
    ]
    review = {"name": "", "label": _("Check and send"), "is_done": False}
    return [*rows, review | {"is_here": here == "review"}]


@require_http_methods(["GET", "HEAD", "POST"])
@borrowers_only
def review(request: HttpRequest, request_id: int) -> HttpResponse:
    """Show everything once more and hand it in."""
    person = person_of(request)
    draft = request_of_borrower(person, request_id)
    if draft.status != RequestStatus.DRAFT:
        return redirect("web:my_request_page", draft.pk)
    form = ConsentForm(posted(request))
    if form.is_valid():
        with refusals_on(form):
            services.give_consent(borrower=person, request_id=draft.pk, at=clock.now())
            services.submit(borrower=person, request_id=draft.pk, at=clock.now())
            return redirect("web:my_request_page", draft.pk)
    missing = [name for name in services.missing_steps(draft) if name in _BY_NAME]
    context = {
        "draft": draft,
        "form": form,
        "steps": progress(draft, "review"),
        "missing": [_BY_NAME[name] for name in missing],
        "missing_of_person": people.missing_steps(person),
        "cheapest": _at_grade(draft, "A"),
        "dearest": _at_grade(draft, "H"),
        "question": question_to_borrower(draft),
    }
    return render(request, "borrower/review.html", context)


def _at_grade(draft: LoanRequest, grade: str) -> Quote | None:
    """What the loan would cost in a grade; None while amount and term are open."""
    if not draft.amount_cents or not draft.term_months:
        return None
    rate = price(grade, draft.term_months).posted
    return figures_of(draft, clock.business_date(), rate=rate)
