"""The borrower's studio for payment breaks, and easier terms that staff offer."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from core import clock
from lending.models import Loan
from lending.reasons import BREAK_LIMITS
from lending.selectors.changes import change_of_borrower, open_change_of
from lending.selectors.loans import loan_of_borrower
from lending.services.breaks import (
    BreakPreview,
    BreakRoom,
    ask_for_break,
    ask_for_easier_terms,
    break_options,
    preview_break,
    take_break,
)
from lending.services.hardship import accept_change, decline_offer, offered_effect
from lending.states import ChangeStatus
from web.access import borrowers_only, person_of
from web.errors import refusals_on, refusals_told
from web.forms.breaks import AgreeForm, BreakForm, EaseForm
from web.htmx import page_or_piece
from web.plan_comparison import compared


@require_http_methods(["GET", "HEAD", "POST"])
@borrowers_only
def studio(request: HttpRequest, loan_id: int) -> HttpResponse:
    """Choose instalments, see at once what it means, then take the break or ask for it."""
    person, today = person_of(request), clock.business_date()
    own = loan_of_borrower(person, loan_id)
    room = break_options(borrower=person, loan_id=own.pk, on=today)
    if request.POST.get("act") == "ease":
        return _ease(request, own, room)
    if request.method == "POST":
        form: BreakForm = AgreeForm(request.POST, room=room)
        if form.is_valid() and _agreed(request, own, form):
            return redirect("web:loan", own.pk)
    else:
        form = BreakForm(request.GET if "collect" in request.GET else None, room=room)
    preview = _preview(request, own, form)
    return page_or_piece(request, "borrower/break.html", "preview", _page(own, room, form, preview))


def _agreed(request: HttpRequest, own: Loan, form: BreakForm) -> bool:
    """Take the break, or ask for it; false where a rule says no and the form shows why."""
    given: dict[str, Any] = {
        "borrower": person_of(request),
        "loan_id": own.pk,
        "numbers": form.cleaned_data["numbers"],
        "collect": form.cleaned_data["collect"],
        "on": clock.business_date(),
        "at": clock.now(),
        "request_key": form.cleaned_data["request_key"],
    }
    with refusals_on(form):
        if request.POST.get("act") == "ask":
            ask_for_break(**given, reason=form.cleaned_data["reason"])
            messages.success(request, _("We have your question. A person answers it soon."))
        else:
            take_break(**given, seal=form.cleaned_data["seal"])
            messages.success(request, _("The break is agreed. Your new plan holds from now on."))
        return True
    return False


def _ease(request: HttpRequest, own: Loan, room: BreakRoom) -> HttpResponse:
    """Ask for easier terms where no break can be planned."""
    form = EaseForm(request.POST)
    if form.is_valid():
        with refusals_on(form):
            ask_for_easier_terms(
                borrower=person_of(request), loan_id=own.pk, at=clock.now(), **form.cleaned_data
            )
            messages.success(request, _("We have your question. A person answers it soon."))
            return redirect("web:loan", own.pk)
    context = _page(own, room, BreakForm(room=room), None) | {"ease": form}
    return render(request, "borrower/break.html", context)


def _preview(request: HttpRequest, own: Loan, form: BreakForm) -> BreakPreview | None:
    """What the choice would mean; None while nothing, or nothing possible, is chosen."""
    form.is_valid()
    chosen = form.cleaned_data if form.is_bound else {}
    if not chosen.get("numbers"):
        return None
    with refusals_on(form):
        return preview_break(
            borrower=person_of(request),
            loan_id=own.pk,
            numbers=chosen["numbers"],
            collect=chosen.get("collect", "spread"),
            on=clock.business_date(),
        )
    return None


def _page(
    own: Loan, room: BreakRoom, form: BreakForm, preview: BreakPreview | None
) -> dict[str, Any]:
    context: dict[str, Any] = {
        "loan": own,
        "room": room,
        "form": form,
        "waiting": open_change_of(own.borrower, own.pk),
        "ease": EaseForm(),
        "limits": [BREAK_LIMITS[code] for code in room.limits],
    }
    if preview is None:
        return context
    agree = form if isinstance(form, AgreeForm) else AgreeForm(room=room)
    return context | {
        "preview": preview,
        "effect": preview.effect,
        "comparison": compared(preview.effect.before, preview.effect.after),
        "against": [BREAK_LIMITS[code] for code in preview.limits],
        "agree": agree,
    }


@require_http_methods(["GET", "HEAD", "POST"])
@borrowers_only
def offer(request: HttpRequest, change_id: int) -> HttpResponse:
    """Easier terms that we offer: both plans side by side, and the borrower's yes or no."""
    person, today = person_of(request), clock.business_date()
    change = change_of_borrower(person, change_id)
    if request.method == "POST":
        with refusals_told(request):
            _answer(request, change.pk)
            return redirect("web:loan", change.loan_id)
        return redirect("web:loan_change", change.pk)
    effect = offered_effect(change, today)
    context = {
        "change": change,
        "loan": change.loan,
        "effect": effect,
        "comparison": compared(effect.before, effect.after) if effect else None,
        "is_open": change.status == ChangeStatus.AGREED and (change.offer_until or today) >= today,
    }
    return render(request, "borrower/change.html", context)


def _answer(request: HttpRequest, change_id: int) -> None:
    person, at = person_of(request), clock.now()
    if request.POST.get("act") == "accept":
        seal, today = request.POST.get("seal", ""), clock.business_date()
        accept_change(borrower=person, change_id=change_id, on=today, at=at, seal=seal)
        messages.success(request, _("The new terms are agreed. Your new plan holds from now on."))
    else:
        decline_offer(borrower=person, change_id=change_id, at=at)
        messages.success(request, _("Your present plan goes on unchanged."))
