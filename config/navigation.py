"""The side bar of staff's pages, with how much waits."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from lending.admin.dashboard import (
    set_aside_count,
    waiting_appeals,
    waiting_proposals,
    waiting_requests,
)
from lending.selectors.changes import waiting_changes
from payments.provider import is_sandbox
from payments.selectors import differences_count, waiting_disputes


class Entry(NamedTuple):
    """One line of the side bar: an address of the admin and the right to see it."""

    icon: str
    title: Any
    name: str
    right: str = ""


def _list_of(icon: str, title: Any, app: str, model: str) -> Entry:
    return Entry(icon, title, f"{app}_{model}_changelist", f"{app}.view_{model}")


_SANDBOX: Final = "payments_sandbox_clock_changelist"
_GROUPS: Final = (
    (
        _("Desk"),
        (
            Entry("space_dashboard", _("Overview"), "index"),
            Entry(
                "fact_check", _("Review queue"), "lending_review_queue", "lending.view_loanrequest"
            ),
            _list_of("gavel", _("Appeals"), "lending", "appeal"),
            Entry(
                "running_with_errors",
                _("Arrears desk"),
                "lending_arrears_desk",
                "lending.view_arrearscase",
            ),
        ),
    ),
    (
        _("Market"),
        (
            _list_of("request_quote", _("Requests"), "lending", "loanrequest"),
            _list_of("back_hand", _("Offers"), "lending", "offer"),
            _list_of("hourglass_empty", _("Spare bids"), "lending", "spare"),
            _list_of("tune", _("Mandates"), "lending", "mandate"),
            _list_of("balance", _("Rounds"), "matching", "matchround"),
        ),
    ),
    (
        _("Loans"),
        (
            _list_of("handshake", _("Loans"), "lending", "loan"),
            _list_of("edit_calendar", _("Changes of terms"), "lending", "planchange"),
            _list_of("event", _("Instalments"), "lending", "instalment"),
            _list_of("payments", _("Repayments"), "lending", "repayment"),
            _list_of("pie_chart", _("Holdings"), "lending", "holding"),
            _list_of("description", _("Contracts"), "lending", "contract"),
            _list_of("report", _("Set aside"), "lending", "setaside"),
            _list_of("drafts", _("Letters"), "lending", "document"),
        ),
    ),
    (
        _("Payments"),
        (
            _list_of("login", _("Pay-ins"), "payments", "payin"),
            _list_of("logout", _("Payouts"), "payments", "payout"),
            _list_of("sync_alt", _("Debits"), "payments", "collection"),
            _list_of("gavel", _("Disputes"), "payments", "dispute"),
            _list_of("undo", _("Refunds"), "payments", "refund"),
            _list_of("outbound", _("Requests to the provider"), "payments", "provideroperation"),
            _list_of("webhook", _("Events of the provider"), "payments", "webhookevent"),
            _list_of("receipt_long", _("Daily statements"), "payments", "providerstatement"),
            _list_of("difference", _("Differences"), "payments", "difference"),
            _list_of("help_center", _("In suspense"), "payments", "suspenseitem"),
            Entry("science", _("Payment sandbox"), _SANDBOX, "payments.run_sandbox"),
        ),
    ),
    (
        _("Books"),
        (
            _list_of("account_balance", _("Accounts"), "ledger", "account"),
            _list_of("menu_book", _("Entries"), "ledger", "entry"),
            _list_of("verified", _("Seals"), "ledger", "seal"),
            _list_of("rule", _("Recounts of the seals"), "ledger", "chaincheck"),
            _list_of("sell", _("Fees"), "lending", "feerate"),
            _list_of("percent", _("Base rates"), "lending", "baserate"),
        ),
    ),
    (
        _("People"),
        (
            _list_of("group", _("People"), "accounts", "user"),
            _list_of("badge", _("Identity checks"), "accounts", "identitycheck"),
            _list_of("mail", _("Messages"), "notifications", "message"),
        ),
    ),
    (
        _("House"),
        (
            _list_of("history", _("Audit trail"), "core", "auditrow"),
            _list_of("bedtime", _("Day ends"), "core", "dayendrun"),
        ),
    ),
)


def sidebar(request: HttpRequest) -> list[dict[str, Any]]:
    """The groups of the side bar, with what this member of staff may see."""
    groups: list[dict[str, Any]] = []
    for title, entries in _GROUPS:
        seen = [entry for entry in entries if _may_see(request, entry)]
        items = [_item(request, entry) for entry in seen]
        groups.append({"title": title, "separator": bool(groups), "items": items})
    return [group for group in groups if group["items"]]


def _may_see(request: HttpRequest, entry: Entry) -> bool:
    if entry.name == _SANDBOX and not is_sandbox():
        return False
    return not entry.right or request.user.has_perm(entry.right)


def _item(request: HttpRequest, entry: Entry) -> dict[str, Any]:
    link = reverse(f"admin:{entry.name}")
    count = _WAITING[entry.name]() if entry.name in _WAITING else 0
    item = {"icon": entry.icon, "title": entry.title, "link": link}
    badge = {"badge": str(count)} if count else {}
    return item | badge | {"active": _is_here(request.path, link)}


def _is_here(path: str, link: str) -> bool:
    """Whether the page is the link's own, or a row of its list."""
    rest = path.removeprefix(link)
    return path == link or (rest != path and rest[:1].isdigit())


_WAITING: Final = {
    "lending_review_queue": waiting_requests,
    "lending_appeal_changelist": waiting_appeals,
    "lending_setaside_changelist": set_aside_count,
    "lending_planchange_changelist": waiting_changes,
    "lending_arrears_desk": waiting_proposals,
    "payments_difference_changelist": differences_count,
    "payments_dispute_changelist": waiting_disputes,
}
