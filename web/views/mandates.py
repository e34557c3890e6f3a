"""Mandates: list, write, change, pause, end, and what one will do in plain words."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

from django.contrib import messages
from django.db.models import Count, Q, Sum
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from core import clock
from core.errors import DomainError
from lending.models import Mandate
from lending.selectors.mandates import ended_mandates_of, mandate_of, mandates_of
from lending.selectors.offers import offers_of
from lending.services import mandates as services
from lending.services.mandate_data import MandateData
from lending.states import MandateStatus, OfferStatus
from matching.selectors.misses import nearest_misses
from web.access import lenders_only, person_of
from web.errors import named_refusal, refusals_on, refusals_told
from web.forms.base import posted
from web.forms.mandates import SUGGESTED, MandateForm, initial_of
from web.mandate_words import sentences

_ACTS: Final[dict[str, Callable[..., Mandate]]] = {
    "pause": services.pause_mandate,
    "resume": services.resume_mandate,
    "end": services.end_mandate,
}


@require_safe
@lenders_only
def mandates(request: HttpRequest) -> HttpResponse:
    """All mandates, those in force first."""
    person = person_of(request)
    used = _used(person)
    context = {
        "rows": [(row, sentences(row), used.get(row.pk)) for row in mandates_of(person)],
        "ended": ended_mandates_of(person)[:20],
    }
    return render(request, "mandates/list.html", context)


def _used(person: Any) -> dict[int, dict[str, Any]]:
    """What each mandate has placed: reserved now, lent since, number of stakes."""
    placed = Q(status__in=(OfferStatus.OPEN, OfferStatus.CONVERTED))
    rows = (
        offers_of(person)
        .filter(placed, mandate__isnull=False)
        .order_by()
        .values("mandate_id")
        .annotate(
            stakes=Count("id"),
            reserved_cents=Sum("amount_cents", filter=Q(status=OfferStatus.OPEN), default=0),
            lent_cents=Sum("amount_cents", filter=Q(status=OfferStatus.CONVERTED), default=0),
        )
    )
    return {row["mandate_id"]: dict(row) for row in rows}


@require_safe
@lenders_only
def mandate(request: HttpRequest, mandate_id: int) -> HttpResponse:
    """One mandate: what it does and what it did."""
    person = person_of(request)
    own = mandate_of(person, mandate_id)
    context = {
        "mandate": own,
        "sentences": sentences(own),
        "used": _used(person).get(own.pk),
        "stakes": offers_of(person).filter(mandate=own)[:25],
        "is_over": own.status == MandateStatus.ENDED,
        "misses": nearest_misses(person, own.pk, at=clock.now(), most=5),
    }
    return render(request, "mandates/mandate.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@lenders_only
def write(request: HttpRequest, mandate_id: int | None = None) -> HttpResponse:
    """Write a new mandate or change one."""
    person = person_of(request)
    own = mandate_of(person, mandate_id) if mandate_id else None
    if own and own.status == MandateStatus.ENDED:
        return redirect("web:mandate", own.pk)
    initial = initial_of(own) if own else SUGGESTED
    form = MandateForm(posted(request), initial=initial)
    if form.is_valid():
        with refusals_on(form):
            saved = services.save_mandate(
                lender=person, data=form.data_told(), at=clock.now(), mandate_id=mandate_id
            )
            messages.success(request, _("Your mandate is saved."))
            return redirect("web:mandate", saved.pk)
    context = {"form": form, "mandate": own, "sentences": _promise(form, own, clock.now())}
    return render(request, "mandates/form.html", context)


@require_POST
@lenders_only
def preview(request: HttpRequest) -> HttpResponse:
    """What the mandate would do as the form stands now."""
    form = MandateForm(request.POST)
    form.is_valid()
    context = {"form": form, "sentences": _promise(form, None, clock.now())}
    return render(request, "mandates/form.html#promise", context)


def _promise(form: MandateForm, own: Mandate | None, at: datetime) -> list[str]:
    """The sentences for a form that can be read, else for what is stored."""
    if not form.is_bound:
        return sentences(own or MandateData(name="", **SUGGESTED))
    if form.errors:
        return []
    try:
        return sentences(form.data_told().checked(on=clock.day_of(at)))
    except DomainError as refusal:
        return [named_refusal(form, refusal)]


@require_POST
@lenders_only
def act(request: HttpRequest, mandate_id: int, name: str) -> HttpResponse:
    """Pause, resume or end a mandate."""
    if name not in _ACTS:
        raise Http404(name)
    with refusals_told(request):
        changed = _ACTS[name](lender=person_of(request), mandate_id=mandate_id, at=clock.now())
        told = _("%(name)s: %(status)s.")
        facts = {"name": changed.name, "status": changed.get_status_display()}
        messages.success(request, told % facts)
    return redirect("web:mandate", mandate_id)
