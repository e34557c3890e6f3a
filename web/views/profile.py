"""Who a person is: profile, identity check, bank account."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import selectors as people
from accounts.models import BankStatus, Role
from accounts.services import save_profile
from core import clock
from payments.services import bank_accounts, identity
from payments.services.people import onboarding_url
from web.access import person_of
from web.addresses import address_of
from web.errors import refusals_on, refusals_told
from web.forms.base import posted
from web.forms.profile import BankForm, ProfileForm
from web.mandate_text import mandate_text
from web.navigation import home_of
from web.views.preferences import keep_language


@require_safe
@login_required
def home(request: HttpRequest) -> HttpResponse:
    """Send each kind of person to their own overview, in their own language."""
    person = person_of(request)
    response = redirect(home_of(person))
    if settings.LANGUAGE_COOKIE_NAME not in request.COOKIES:
        keep_language(response, person.language)
    return response


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def profile(request: HttpRequest) -> HttpResponse:
    """Everything about the person on one page; posting stores the profile."""
    person = person_of(request)
    form = ProfileForm(posted(request), initial=_told(person))
    if form.is_valid():
        with refusals_on(form):
            save_profile(user=person, data=form.told(), at=clock.now())
            messages.success(request, _("Your profile is saved."))
            return redirect("web:profile")
    return _page(request, profile_form=form)


def _told(person: Any) -> dict[str, Any]:
    known = people.profile_of(person)
    names = ProfileForm.base_fields
    return {name: getattr(known, name) for name in names} if known else {"country": "DE"}


def _page(
    request: HttpRequest,
    *,
    profile_form: ProfileForm | None = None,
    bank_form: BankForm | None = None,
) -> HttpResponse:
    person = person_of(request)
    known = people.profile_of(person)
    context = {
        "profile": known,
        "form": profile_form or ProfileForm(initial=_told(person)),
        "identity": people.latest_identity_check(person),
        "is_identified": people.is_identified(person),
        "bank_account": people.latest_bank_account(person),
        "bank_form": bank_form
        or BankForm(initial={"holder_name": known.full_name if known else ""}, prefix="bank"),
        "mandate_text": mandate_text(person),
        "is_staff": person.role == Role.STAFF,
    }
    return render(request, "profile/profile.html", context)


@require_POST
@login_required
def start_identity(request: HttpRequest) -> HttpResponse:
    """Go to the provider's page that checks the identity."""
    url = ""
    with refusals_told(request):
        back = request.build_absolute_uri(reverse("web:identity_return"))
        url = identity.start(user=person_of(request), at=clock.now(), return_url=back)
    return redirect(url or "web:profile")


@require_safe
@login_required
def identity_return(request: HttpRequest) -> HttpResponse:
    """Back from the provider: ask how far the check has come."""
    check = people.latest_identity_check(person_of(request))
    if check:
        with refusals_told(request):
            identity.refresh(provider_id=check.provider_id, at=clock.now())
    return redirect(reverse("web:profile") + "#identity")


@require_POST
@login_required
def add_bank_account(request: HttpRequest) -> HttpResponse:
    """Hand a bank account and its mandate to the provider."""
    person = person_of(request)
    form = BankForm(request.POST, prefix="bank")
    if form.is_valid():
        with refusals_on(form):
            added = bank_accounts.add(
                user=person,
                iban=form.cleaned_data["iban"],
                holder_name=form.cleaned_data["holder_name"],
                accepted=_proof(request),
                at=clock.now(),
                return_url=request.build_absolute_uri(reverse("web:bank_return")),
            )
            if added.onboarding_url:
                return redirect(added.onboarding_url)
            messages.success(request, _("Your bank account is ready."))
            return redirect(reverse("web:profile") + "#bank")
    return _page(request, bank_form=form)


def _proof(request: HttpRequest) -> bank_accounts.MandateProof:
    """The words of the mandate and from where they were accepted."""
    return bank_accounts.MandateProof(
        text=mandate_text(person_of(request)),
        ip=address_of(request),
        user_agent=request.META.get("HTTP_USER_AGENT", "")[:500],
    )


@require_POST
@login_required
def go_on_with_bank(request: HttpRequest) -> HttpResponse:
    """Open the provider's page anew for an account that still waits for it."""
    person, url = person_of(request), ""
    account = people.latest_bank_account(person)
    if account and account.status == BankStatus.PENDING:
        with refusals_told(request):
            settled = bank_accounts.settle(bank_account_id=account.pk, at=clock.now())
            if settled.status == BankStatus.PENDING:
                back = request.build_absolute_uri(reverse("web:bank_return"))
                url = onboarding_url(person, return_url=back, at=clock.now())
    return redirect(url or reverse("web:profile") + "#bank")


@require_safe
@login_required
def bank_return(request: HttpRequest) -> HttpResponse:
    """Back from the provider: see whether the account can be used now."""
    account = people.latest_bank_account(person_of(request))
    if account:
        with refusals_told(request):
            bank_accounts.settle(bank_account_id=account.pk, at=clock.now())
    return redirect(reverse("web:profile") + "#bank")
