"""The provider's pages, as the sandbox has them: pay, show a document, agree to the terms.

They stand in for pages that a real provider hosts, so they know no login: whoever has the address
may use it. With a real key there are none of them.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django import forms
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from core import clock
from payments.provider import is_sandbox
from payments.sandbox import control
from payments.sandbox.errors import ApiError
from payments.services import sandbox_day

_View = Callable[..., HttpResponse]


class PayForm(forms.Form):
    """A test IBAN or a test card."""

    method = forms.ChoiceField(
        label=gettext_lazy("How do you want to pay?"),
        choices=[
            ("sepa_debit", gettext_lazy("Direct debit")),
            ("card", gettext_lazy("Debit card")),
        ],
        widget=forms.RadioSelect,
        initial="sepa_debit",
    )
    iban = forms.CharField(
        label=gettext_lazy("IBAN"), required=False, max_length=42, initial=control.GOOD_IBAN
    )
    card = forms.CharField(
        label=gettext_lazy("Card number"),
        required=False,
        max_length=24,
        initial="4000 0566 5566 5556",
    )


class CardForm(forms.Form):
    """A test card that is saved for later."""

    card = forms.CharField(
        label=gettext_lazy("Card number"), max_length=24, initial="4000 0566 5566 5556"
    )


class DocumentForm(forms.Form):
    """What the document says."""

    first_name = forms.CharField(label=gettext_lazy("First name"), max_length=80)
    last_name = forms.CharField(label=gettext_lazy("Last name"), max_length=80)
    born_on = forms.DateField(
        label=gettext_lazy("Date of birth"), widget=forms.DateInput(attrs={"type": "date"})
    )
    outcome = forms.ChoiceField(
        label=gettext_lazy("The document is"),
        choices=[
            ("", gettext_lazy("good")),
            ("document_expired", gettext_lazy("expired")),
            ("document_unverified_other", gettext_lazy("not readable")),
        ],
        required=False,
    )


def _only_in_sandbox(view: _View) -> _View:
    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not is_sandbox():
            raise Http404
        try:
            return view(request, *args, **kwargs)
        except ApiError as error:
            if error.code == "resource_missing":
                raise Http404 from error
            raise

    return guarded


@require_http_methods(["GET", "POST"])
@_only_in_sandbox
def checkout(request: HttpRequest, session_id: str) -> HttpResponse:
    """Pay the amount of a checkout session or save a card, or go back without it."""
    session = control.shown("checkout.session", session_id)
    if session["status"] != "open":
        return _closed(request, session["success_url"])
    is_setup = session["mode"] == "setup"
    form: forms.Form = (CardForm if is_setup else PayForm)(request.POST or None)
    if request.method == "POST" and form.is_valid():
        refusal = _pay(request, session_id, {"method": "card", **form.cleaned_data})
        if not refusal:
            return _back(session["success_url"])
        form.add_error(None, refusal)
    return render(
        request,
        "sandbox/checkout.html",
        {
            "form": form,
            "amount_cents": session["amount_total"],
            "is_setup": is_setup,
            "label": session["label"] or _("Save a debit card"),
            "cancel_url": session["cancel_url"],
        },
    )


@require_http_methods(["GET", "POST"])
@_only_in_sandbox
def identity(request: HttpRequest, session_id: str) -> HttpResponse:
    """Show a document for a verification session."""
    session = control.shown("identity.verification_session", session_id)
    if session["status"] != "requires_input":
        return _closed(request, session["return_url"])
    form = DocumentForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        told = form.cleaned_data
        control.finish_identity(
            session_id,
            first_name=told["first_name"],
            last_name=told["last_name"],
            born_on=told["born_on"],
            refusal=told["outcome"],
        )
        return _back(session["return_url"])
    return render(request, "sandbox/identity.html", {"form": form})


@require_http_methods(["GET", "POST"])
@_only_in_sandbox
def onboarding(request: HttpRequest, account_id: str) -> HttpResponse:
    """Agree to the terms as a recipient of money; the link is for one use."""
    account = control.shown("v2.core.account", account_id)
    link = account["link"] or {}
    if not link or request.GET.get("token") != link["token"]:
        return _closed(request, account["return_url"])
    if request.method == "POST":
        control.finish_onboarding(account_id)
        return _back(account["return_url"])
    return render(request, "sandbox/onboarding.html", {"name": account["display_name"]})


def _pay(request: HttpRequest, session_id: str, told: dict[str, str]) -> str:
    """Pay as the person chose; returns why it was refused, or ""."""
    number = "".join(told["iban" if told["method"] == "sepa_debit" else "card"].split())
    chosen = {"iban": number} if told["method"] == "sepa_debit" else {"card": number}
    try:
        status = control.pay_session(
            session_id,
            **chosen,
            ip=request.META.get("REMOTE_ADDR", ""),
            user_agent=request.headers.get("User-Agent", ""),
        )
    except ApiError as error:
        return error.message
    return _("The card was declined.") if status == "requires_payment_method" else ""


def _back(address: str) -> HttpResponse:
    """Tell our side what happened here, then send the person back."""
    sandbox_day.catch_up(at=clock.now())
    return HttpResponseRedirect(address or "/")


def _closed(request: HttpRequest, address: str) -> HttpResponse:
    return render(request, "sandbox/closed.html", {"address": address or "/"}, status=410)
