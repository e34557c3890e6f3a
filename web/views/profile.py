"""Who a person is: profile, identity check, bank account."""

from __future__ import annotations

from typing import Any

from allauth.core import ratelimit
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import selectors as people
from accounts.models import BankStatus, Role, User
from accounts.services import save_profile
from core import clock
from payments import selectors as payments
from payments.services import bank_accounts, cards, identity
from payments.services.people import onboarding_url
from payments.states import CardStatus
from web.access import borrowers_only, person_of
from web.addresses import address_of
from web.errors import refusals_on, refusals_told
from web.forms.base import posted
from web.forms.profile import BankForm, ProfileForm
from web.mandate_text import card_text, mandate_text
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
        or BankForm(
            initial={"holder_name": known.full_name if known else ""},
            prefix="bank",
            is_change=people.had_bank_account(person),
        ),
        "now": clock.now(),
        "mandate_text": mandate_text(person),
        **_card_of(person),
        "is_staff": person.role == Role.STAFF,
    }
    return render(request, "profile/profile.html", context)


def _card_of(person: User) -> dict[str, Any]:
    """The borrower's debit card, or why the last one was not saved."""
    card = payments.card_of(person)
    latest = None if card else payments.latest_card_of(person)
    is_refused = latest is not None and latest.status == CardStatus.FAILED
    return {
        "card": card,
        "failed_card": latest if is_refused else None,
        "card_text": card_text(),
    }


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
    form = BankForm(request.POST, prefix="bank", is_change=people.had_bank_account(person))
    if form.is_valid() and _may_try_password(request, form):
        with refusals_on(form):
            added = bank_accounts.add(
                user=person,
                iban=form.cleaned_data["iban"],
                holder_name=form.cleaned_data["holder_name"],
                accepted=_proof(request),
                at=clock.now(),
                return_url=request.build_absolute_uri(reverse("web:bank_return")),
                password=form.cleaned_data.get("password", ""),
            )
            if added.onboarding_url:
                return redirect(added.onboarding_url)
            messages.success(request, _("Your bank account is ready."))
            return redirect(reverse("web:profile") + "#bank")
    return _page(request, bank_form=form)


def _may_try_password(request: HttpRequest, form: BankForm) -> bool:
    """Whether a password may be tried here again so soon, as at the login."""
    if "password" not in form.cleaned_data:
        return True
    if ratelimit.consume(request, action="reauthenticate", user=person_of(request)):
        return True
    form.add_error("password", _("Too many attempts. Please try again later."))
    return False


@require_POST
@login_required
def revoke_mandate(request: HttpRequest) -> HttpResponse:
    """Take back the leave to debit the person's bank account."""
    with refusals_told(request):
        bank_accounts.revoke_mandate(user=person_of(request), at=clock.now())
        messages.success(request, _("Your direct debit mandate is revoked."))
    return redirect(reverse("web:profile") + "#bank")


@require_POST
@borrowers_only
def add_card(request: HttpRequest) -> HttpResponse:
    """Go to the provider's page on which a debit card is saved."""
    if "agrees" not in request.POST:
        messages.error(request, _("Please tick that you agree."))
        return redirect(reverse("web:profile") + "#card")
    url = ""
    with refusals_told(request):
        saving = cards.save_card(
            user=person_of(request),
            accepted=_proof(request, card_text()),
            at=clock.now(),
            return_url=request.build_absolute_uri(reverse("web:card_return")),
        )
        url = saving.url
    return redirect(url or "web:profile")


@require_safe
@borrowers_only
def card_return(request: HttpRequest) -> HttpResponse:
    """Back from the provider: see whether the card can be used now."""
    latest = payments.latest_card_of(person_of(request))
    if latest:
        with refusals_told(request):
            cards.settle(card_id=latest.pk, at=clock.now())
    return redirect(reverse("web:profile") + "#card")


@require_POST
@borrowers_only
def remove_card(request: HttpRequest) -> HttpResponse:
    """Take no more instalments from the card."""
    with refusals_told(request):
        cards.remove_card(user=person_of(request), at=clock.now())
        messages.success(request, _("The card is removed."))
    return redirect(reverse("web:profile") + "#card")


def _proof(request: HttpRequest, text: str = "") -> bank_accounts.MandateProof:
    """The words of the mandate and from where they were accepted."""
    return bank_accounts.MandateProof(
        text=text or mandate_text(person_of(request)),
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
