"""The first page that staff see: what waits, what the market holds, what is late."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any, NamedTuple

from django.db.models import Count, F, Min, Q, Sum
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from core import clock
from core.admin import EMPTY, in_euro
from core.models import DayEndRun
from core.wording import day, instant
from ledger.chart import Role
from ledger.models import Account
from ledger.selectors import last_chain_check, last_seal
from lending.choices import REVIEW_DAYS
from lending.models import Appeal, ArrearsProposal, Instalment, Loan, LoanRequest, SetAside
from lending.states import LoanStatus, RequestStatus
from notifications.models import Message


class Card(NamedTuple):
    """One figure of the overview; `mood` is "", "good", "warn" or "bad"."""

    title: str
    figure: str
    note: str
    link: str
    mood: str = ""


class LateLoan(NamedTuple):
    """A loan with overdue instalments."""

    number: str
    borrower: str
    link: str
    since: str
    days: int
    open: str


def dashboard(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Add the overview to the context of staff's first page."""
    today = clock.business_date()
    return context | {
        "title": _("Overview"),
        "today": day(today),
        "cards": [*_desk(today), *_market(), *_lent(today), *_house(today)],
        "late": _late_loans(today),
    }


def waiting_requests() -> int:
    """Requests that wait for a decision."""
    return LoanRequest.objects.filter(status=RequestStatus.IN_REVIEW).count()


def waiting_appeals() -> int:
    """Appeals that wait for an answer."""
    return Appeal.objects.filter(outcome="").count()


def waiting_proposals() -> int:
    """Decisions on arrears that wait for a second person."""
    return ArrearsProposal.objects.filter(decided_at__isnull=True).count()


def set_aside_count() -> int:
    """Loans that a day end could not take through a day."""
    return SetAside.objects.filter(resolved_at__isnull=True).count()


def _listing(name: str, query: str = "") -> str:
    return reverse(f"admin:{name}") + query


def _desk(today: date) -> list[Card]:
    waiting = LoanRequest.objects.filter(status=RequestStatus.IN_REVIEW)
    found = waiting.aggregate(count=Count("pk"), oldest=Min("submitted_at"))
    due_on = (
        clock.day_of(found["oldest"]) + timedelta(days=REVIEW_DAYS) if found["oldest"] else None
    )
    note = _("first decision due %(day)s") % {"day": day(due_on)} if due_on else _("nothing waits")
    appeals = waiting_appeals()
    return [
        Card(
            _("In review"),
            str(found["count"]),
            note,
            _listing("lending_review_queue"),
            "bad" if due_on and due_on < today else "warn" if found["count"] else "good",
        ),
        Card(
            _("Appeals"),
            str(appeals),
            _("refusals to look at again"),
            _listing("lending_appeal_changelist"),
            "warn" if appeals else "good",
        ),
    ]


def _market() -> list[Card]:
    status = Q(status=RequestStatus.LISTED)
    filled = Q(status__in=[RequestStatus.FILLED, RequestStatus.ACCEPTED])
    found = LoanRequest.objects.aggregate(
        listed=Count("pk", filter=status),
        asked=Sum("amount_cents", filter=status),
        funded=Sum("funded_cents", filter=status),
        filled=Count("pk", filter=filled),
        filled_cents=Sum("amount_cents", filter=filled),
    )
    sums = {"funded": in_euro(found["funded"] or 0), "asked": in_euro(found["asked"] or 0)}
    where = "lending_loanrequest_changelist"
    return [
        Card(
            _("Listed"),
            str(found["listed"]),
            _("%(funded)s of %(asked)s funded") % sums,
            _listing(where, "?status__exact=listed"),
        ),
        Card(
            _("Funded, not yet paid out"),
            str(found["filled"]),
            in_euro(found["filled_cents"] or 0),
            _listing(where, "?status__exact=filled"),
        ),
    ]


def _lent(today: date) -> list[Card]:
    loans = Loan.objects.aggregate(
        count=Count("pk"),
        lent=Sum("principal_cents"),
        outstanding=Sum("outstanding_cents"),
        failed=Count("pk", filter=Q(status__in=[LoanStatus.DEFAULTED, LoanStatus.WRITTEN_OFF])),
    )
    late = _overdue(today).aggregate(
        loans=Count("loan_id", distinct=True),
        planned=Sum(F("principal_cents") + F("interest_cents")),
        paid=Sum(F("paid_principal_cents") + F("paid_interest_cents")),
    )
    late_cents = (late["planned"] or 0) - (late["paid"] or 0)
    outstanding = in_euro(loans["outstanding"] or 0)
    return [
        Card(
            _("Lent"),
            in_euro(loans["lent"] or 0),
            ngettext(
                "%(count)s loan, %(cents)s outstanding",
                "%(count)s loans, %(cents)s outstanding",
                loans["count"],
            )
            % {"count": loans["count"], "cents": outstanding},
            _listing("lending_loan_changelist"),
        ),
        Card(
            _("Late"),
            str(late["loans"]),
            _("%(cents)s overdue; in default: %(count)s")
            % {"cents": in_euro(late_cents), "count": loans["failed"]},
            _listing("lending_arrears_desk"),
            "bad" if late["loans"] else "good",
        ),
    ]


def _house(today: date) -> list[Card]:
    last = DayEndRun.objects.filter(finished_at__isnull=False).order_by("-business_date").first()
    letters = Message.objects.filter(sent_at__isnull=True).aggregate(
        unsent=Count("pk"), given_up=Count("pk", filter=Q(send_from__isnull=True))
    )
    stopped = set_aside_count()
    return [
        Card(
            _("Last day closed"),
            day(last.business_date) if last else EMPTY,
            _("business date %(day)s") % {"day": day(today)},
            _listing("core_dayendrun_changelist"),
        ),
        Card(
            _("Loans set aside"),
            str(stopped),
            _("stopped day end; the other loans went on") if stopped else _("all went through"),
            _listing("lending_setaside_changelist", "?resolved_at__isempty=1"),
            "bad" if stopped else "good",
        ),
        _owed(),
        Card(
            _("Letters to send"),
            str(letters["unsent"]),
            _("%(count)s given up") % {"count": letters["given_up"]},
            _listing("notifications_message_changelist", "?sent_at__isempty=1"),
            "bad" if letters["given_up"] else "",
        ),
        _seals(),
    ]


def _owed() -> Card:
    """What people owe after money was taken back that they no longer had."""
    owing = Account.objects.filter(role=Role.RECEIVABLE, balance_cents__gt=0)
    sums = owing.aggregate(people=Count("id"), cents=Sum("balance_cents", default=0))
    return Card(
        _("Owed after returns"),
        in_euro(sums["cents"]),
        ngettext("by %(count)s person", "by %(count)s people", sums["people"])
        % {"count": sums["people"]}
        if sums["people"]
        else _("nobody owes anything"),
        _listing("ledger_account_changelist", "?role__exact=receivable&balance_cents__gt=0"),
        "warn" if sums["people"] else "good",
    )


def _seals() -> Card:
    """How far the books are sealed, and whether they still were as sealed when last recounted."""
    seal, check = last_seal(), last_chain_check()
    if check is None:
        note = _("not yet recounted")
    elif check.differences:
        note = _("%(count)s differences found on %(at)s") % {
            "count": check.differences,
            "at": instant(check.checked_at),
        }
    else:
        note = _("as sealed, recounted %(at)s") % {"at": instant(check.checked_at)}
    return Card(
        _("Books sealed until"),
        instant(seal.sealed_at) if seal else EMPTY,
        note,
        _listing("ledger_chaincheck_changelist" if check else "ledger_seal_changelist"),
        "bad" if check and check.differences else "good" if check else "",
    )


def _overdue(today: date) -> Any:
    return Instalment.objects.unpaid().filter(loan__status=LoanStatus.ACTIVE, due_on__lt=today)


def _late_loans(today: date) -> list[LateLoan]:
    """The ten loans that are late the longest."""
    rows = (
        _overdue(today)
        .order_by()
        .values("loan_id", "loan__number", "loan__borrower__email")
        .annotate(
            since=Min("due_on"),
            cents=Sum(
                F("principal_cents")
                + F("interest_cents")
                - F("paid_principal_cents")
                - F("paid_interest_cents")
            ),
        )
        .order_by("since", "loan_id")[:10]
    )
    return [
        LateLoan(
            row["loan__number"],
            row["loan__borrower__email"],
            reverse("admin:lending_loan_change", args=[row["loan_id"]]),
            day(row["since"]),
            (today - row["since"]).days,
            in_euro(row["cents"]),
        )
        for row in rows
    ]
