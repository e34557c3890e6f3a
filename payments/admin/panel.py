"""The panel of the payment sandbox: its books, its clock, its mail, and faults at will.

It is there only while no real provider is. Whoever acts here is named in the audit trail.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from django.contrib import admin, messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import URLPattern, path
from django.utils.translation import gettext_lazy as _

from core import audit, clock
from core.admin import ReadOnlyAdmin, in_euro
from core.jobs import enqueue
from core.wording import day, instant
from lending.admin import pages
from lending.admin.case import Row
from lending.admin.forms import ActForm
from payments.admin.act_forms import OUTCOMES, AdvanceForm, FateForm, MailForm
from payments.provider import is_sandbox
from payments.sandbox import control, listing
from payments.sandbox.errors import ApiError
from payments.sandbox.models import Clock, Fate, Mail
from payments.services import sandbox_day, sandbox_progress

MAY_RUN: Final = "payments.run_sandbox"
_WORDS: Final = {
    "card": _("Card"),
    "sepa_debit": _("Debit"),
    "succeeded": _("succeeded"),
    "pending": _("pending"),
    "in_transit": _("on its way"),
    "paid": _("arrived"),
}
_STEPS: Final = {
    "payments.services.sandbox_day.play": _("The bank works"),
    "payments.services.payouts.send_due": _("Payouts are sent"),
    "payments.services.collections.collect_due": _("Debits are sent"),
    "lending.services.servicing.service_loans": _("Loans are taken through the day"),
}


@admin.register(Clock)
class SandboxAdmin(ReadOnlyAdmin):
    """One page instead of a list."""

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Only while the sandbox is in use, and only with the right."""
        return is_sandbox() and request.user.has_perm(MAY_RUN)

    def has_module_permission(self, request: HttpRequest) -> bool:
        """The same."""
        return self.has_view_permission(request)

    def get_urls(self) -> list[URLPattern]:
        """The panel, and how far the days are."""
        wrap = self.admin_site.admin_view
        return [
            path("", wrap(self.panel), name="payments_sandbox_clock_changelist"),
            path("progress/", wrap(self.progress), name="payments_sandbox_progress"),
        ]

    def panel(self, request: HttpRequest) -> HttpResponse:
        """Show everything, or do one act."""
        _require(request)
        forms: dict[str, ActForm] = {
            "advance": AdvanceForm(),
            "fate": FateForm(),
            "mail": MailForm(initial=_mail_now()),
        }
        if request.method == "POST":
            act = request.POST.get("act", "")
            if act in _FORMS:
                forms[act] = _FORMS[act](request.POST)
                if forms[act].is_valid():
                    _ACTS[act](request, forms[act].cleaned_data)
                    return HttpResponseRedirect(request.path)
            elif act in _BUTTONS:
                _press(request, act, request.POST.get("id", ""))
                return HttpResponseRedirect(request.path)
        return pages.page(
            self.admin_site,
            request,
            "admin/payments/sandbox.html",
            _("Payment sandbox"),
            model=Clock,
            forms=forms,
            now=instant(control.now()),
            business_date=day(clock.business_date()),
            is_ahead=control.today() > clock.business_date(),
            waiting=control.waiting_acts(),
            progress=_progress(),
            **_books(),
            events=listing.events(),
            payments=_in_words(listing.payments()),
            payouts=_in_words(listing.payouts()),
            refunds=_in_words(listing.refunds()),
            fates=[Row(row.subject, _outcome(row)) for row in listing.fates()],
        )

    def progress(self, request: HttpRequest) -> HttpResponse:
        """The part of the page that asks again while days pass."""
        _require(request)
        return render(request, "admin/payments/_progress.html", {"progress": _progress()})


def _require(request: HttpRequest) -> None:
    if not is_sandbox():
        raise Http404
    pages.require(request, MAY_RUN)


def _progress() -> dict[str, Any] | None:
    found = sandbox_progress.told()
    if found is None:
        return None
    step = _STEPS.get(found.step, "")
    return {"passed": found.passed, "days": found.days, "step": step, "is_over": found.is_over}


def _mail_now() -> dict[str, Any]:
    row = Mail.objects.filter(pk=Mail.ONLY).first() or Mail()
    return {name: getattr(row, name) for name in MailForm.base_fields}


def _books() -> dict[str, Any]:
    """The books in words, and whether they are whole."""
    found = control.books_cents()
    named = listing.names_of_accounts(found)
    books = [
        Row(_name(name, named), in_euro(cents))
        for name, cents in sorted(found.items(), key=_order)
        if cents
    ]
    return {"books": books[:40], "more_books": len(books[40:]), "faults": control.book_faults()}


def _order(book: tuple[str, int]) -> tuple[bool, str]:
    return ("acct_" in book[0], book[0])


def _name(book: str, named: dict[str, str]) -> str:
    kind, _colon, account = book.partition(":")
    kinds = {"available": _("Available"), "pending": _("Pending")}
    others = {"outside": _("The world outside"), "charges": _("The provider's charges")}
    if kind not in kinds:
        return str(others.get(kind, book))
    whose = _("our balance") if account == "platform" else named.get(account, account)
    return f"{kinds[kind]}: {whose}"


def _in_words(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The same rows, as people read them."""
    return [
        row
        | {
            "amount": in_euro(row["cents"]),
            "day": day(row["on"]),
            "status": _WORDS.get(row["status"], row["status"]),
            "kind": _WORDS.get(row.get("kind", ""), ""),
        }
        for row in rows
    ]


def _outcome(fate: Fate) -> str:
    named = {code: words for _group, choices in OUTCOMES for code, words in choices}
    return f"{named.get(fate.outcome, fate.outcome)}, {day(fate.from_date)}"


def _note(request: HttpRequest, action: str, **data: object) -> None:
    """One line of the audit trail."""
    row = Clock(pk=Clock.ONLY)
    staff = pages.staff_of(request)
    audit.record(row, f"sandbox_{action}", at=clock.now(), actor_id=staff.pk, data=data)


def _advance(request: HttpRequest, given: dict[str, Any]) -> None:
    sandbox_progress.tell(passed=0, days=given["days"])
    enqueue("payments.advance_sandbox", days=given["days"])
    _note(request, "advance", days=given["days"])


def _fate(request: HttpRequest, given: dict[str, Any]) -> None:
    control.set_fate(given["subject"], given["outcome"], from_date=control.today())
    _note(request, "fate", outcome=given["outcome"], subject=_masked(given["subject"]))
    messages.success(request, _("From today on, payments of it end so."))


def _mail(request: HttpRequest, given: dict[str, Any]) -> None:
    Mail.objects.update_or_create(pk=Mail.ONLY, defaults=given)
    _note(request, "mail", **given)
    messages.success(request, _("The mail of the sandbox is set."))


def _masked(number: str) -> str:
    """The last four of a number, or an id as it is."""
    return number if "_" in number else f"…{number[-4:]}"


def _press(request: HttpRequest, act: str, object_id: str) -> None:
    try:
        _BUTTONS[act](object_id)
    except (ValueError, ApiError) as problem:
        messages.error(request, str(problem) or _("That cannot be done any more."))
        return
    _note(request, act, id=object_id)
    messages.success(request, _("Done. Its news goes out with the mail."))


def _deliver(_object_id: str) -> None:
    sandbox_day.catch_up(at=clock.now())


def _contest(payment_id: str) -> None:
    control.open_dispute(payment_id)


_FORMS: Final[dict[str, type[ActForm]]] = {
    "advance": AdvanceForm,
    "fate": FateForm,
    "mail": MailForm,
}
_ACTS: Final[dict[str, Callable[[HttpRequest, dict[str, Any]], None]]] = {
    "advance": _advance,
    "fate": _fate,
    "mail": _mail,
}
_BUTTONS: Final[dict[str, Callable[[str], None]]] = {
    "deliver": _deliver,
    "payout": control.break_payout,
    "dispute": _contest,
    "refund": control.fail_refund,
}
