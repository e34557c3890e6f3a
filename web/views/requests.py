"""A borrower's request after it was handed in: where it stands, why, and what can be done."""

from __future__ import annotations

from typing import Any, Final

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from core import clock
from lending.domain.quote import Quote
from lending.models import Assessment, LoanRequest
from lending.reasons import REFUSALS, SCORE_REASONS
from lending.selectors.offers import firm_from
from lending.selectors.requests import (
    latest_assessment,
    refusal_of,
    request_of_borrower,
    requests_of,
    review_by,
)
from lending.services.appeals import ask_for_review
from lending.services.contract_figures import quote_of
from lending.services.offers import suffices, take_part
from lending.services.requests import withdraw_request
from lending.states import OPEN_FOR_BORROWER, RequestStatus
from web.access import borrowers_only, person_of
from web.errors import refusals_on, refusals_told
from web.forms.applications import AppealForm
from web.htmx import wants_piece
from web.representative import figures_of
from web.templatetags.pari import euro
from web.views.applications import to_next_step
from web.views.funding_curves import listed_context

_WAY: Final = (
    RequestStatus.IN_REVIEW,
    RequestStatus.LISTED,
    RequestStatus.FILLED,
    RequestStatus.ACCEPTED,
    RequestStatus.DISBURSED,
)


@require_safe
@borrowers_only
def my_request(request: HttpRequest) -> HttpResponse:
    """The request under way, else how to begin one."""
    own = list(requests_of(person_of(request)))
    newest = own[0] if own else None
    if newest and (newest.status in OPEN_FOR_BORROWER or newest.status == RequestStatus.DECLINED):
        if newest.status == RequestStatus.DRAFT:
            return to_next_step(newest)
        return redirect("web:my_request_page", newest.pk)
    return render(request, "borrower/begin.html", {"earlier": own})


@require_safe
@borrowers_only
def page(request: HttpRequest, request_id: int) -> HttpResponse:
    """Where one request stands."""
    own = request_of_borrower(person_of(request), request_id)
    if own.status == RequestStatus.DRAFT:
        return to_next_step(own)
    return render(request, "borrower/request.html", _standing(own) | {"form": AppealForm()})


@require_safe
@borrowers_only
def curve(request: HttpRequest, request_id: int) -> HttpResponse:
    """At which rate what is missing of a listed request would be funded."""
    person = person_of(request)
    own = request_of_borrower(person, request_id)
    found = listed_context(person, own)
    if not found:
        return redirect("web:my_request_page", own.pk)
    if wants_piece(request):
        return render(request, "borrower/_funding_curve.html", {"own": own} | found)
    context = _standing(own) | {"form": AppealForm()} | found
    return render(request, "borrower/request.html", context)


def _standing(own: LoanRequest) -> dict[str, Any]:
    """Everything that the status page shows."""
    assessment, refusal = latest_assessment(own), refusal_of(own)
    return {
        "own": own,
        "way": _way(own),
        "assessment": assessment,
        "reasons": _reasons(assessment),
        "burden": (assessment.inputs or {}).get("affordability") if assessment else None,
        "quote": _quote(own, assessment),
        "review_by": review_by(own),
        "firm_on": firm_from(own) if own.status == RequestStatus.FILLED else None,
        "refusal": refusal,
        "refusal_reasons": [REFUSALS.get(code, code) for code in refusal.reasons]
        if refusal
        else [],
        "can_take_part": own.status == RequestStatus.LISTED
        and own.least_percent < 100
        and suffices(own),
        "can_withdraw": own.status in OPEN_FOR_BORROWER,
        "earlier": requests_of(own.borrower).exclude(pk=own.pk),
        "today": clock.business_date(),
    }


def _way(own: LoanRequest) -> list[dict[str, Any]]:
    """The stages of a request, with how far this one is."""
    reached = _WAY.index(own.status) if own.status in _WAY else 0
    return [
        {"label": status.label, "is_done": place < reached, "is_here": place == reached}
        for place, status in enumerate(_WAY)
    ]


def _reasons(assessment: Assessment | None) -> list[tuple[Any, int]]:
    """What cost points, in words, dearest first."""
    stored = assessment.reasons if assessment else []
    return [(SCORE_REASONS.get(row["code"], row["code"]), row["points_lost"]) for row in stored]


def _quote(own: LoanRequest, assessment: Assessment | None) -> Quote | None:
    """The loan at its rate, or at the posted one while none is set."""
    today = clock.business_date()
    if own.annual_rate is not None:
        return quote_of(own, disbursed_on=today)
    rate = assessment.posted_rate if assessment else None
    if rate is None or own.amount_cents is None or own.term_months is None:
        return None
    return figures_of(own, today, rate=rate)


@require_POST
@borrowers_only
def withdraw(request: HttpRequest, request_id: int) -> HttpResponse:
    """Take a request back."""
    person = person_of(request)
    request_of_borrower(person, request_id)
    with refusals_told(request):
        withdraw_request(borrower=person, request_id=request_id, at=clock.now())
        messages.success(request, _("Your request is withdrawn. You owe nothing."))
    return redirect("web:my_request_page", request_id)


@require_POST
@borrowers_only
def take(request: HttpRequest, request_id: int) -> HttpResponse:
    """Be content with what is funded."""
    person = person_of(request)
    request_of_borrower(person, request_id)
    with refusals_told(request):
        own = take_part(borrower=person, request_id=request_id, at=clock.now())
        told = _("%(part)s are yours once you have signed.")
        messages.success(request, told % {"part": euro(own.granted_cents)})
    return redirect("web:my_request_page", request_id)


@require_POST
@borrowers_only
def appeal(request: HttpRequest, request_id: int) -> HttpResponse:
    """Ask for a second look at a refusal."""
    person = person_of(request)
    own = request_of_borrower(person, request_id)
    form = AppealForm(request.POST)
    if form.is_valid():
        with refusals_on(form):
            ask_for_review(
                borrower=person,
                request_id=own.pk,
                statement=form.cleaned_data["statement"],
                at=clock.now(),
            )
            messages.success(request, _("A person will look at it again."))
            return redirect("web:my_request_page", own.pk)
    return render(request, "borrower/request.html", _standing(own) | {"form": form})
