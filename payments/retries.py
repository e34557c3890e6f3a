"""When a debit that failed is sent again, and why it failed, in words."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any, Final

from django.utils.translation import gettext_lazy as _

from core.dates import target_day_on_or_after
from payments.limits import MAX_TRIES, RETRY_WAITS_DAYS, SHORTEST_NOTICE_DAYS

_OTHERWISE: Final = _("The bank did not carry it out.")
_WORDS: Final = {
    "account_closed": _("The account is closed."),
    "authentication_required": _("Your bank wants you to confirm the payment yourself."),
    "bank_account_closed": _("The account is closed."),
    "charge_exceeds_source_limit": _("It is above the limit of the account."),
    "charge_exceeds_weekly_limit": _("It is above the weekly limit of the account."),
    "debit_not_authorized": _("The bank says that the debit was not allowed."),
    "expired_card": _("The card has expired."),
    "incorrect_account_details": _("The account could not be found."),
    "insufficient_funds": _("There was not enough money on the account."),
    "invalid_currency": _("The account does not take euros."),
    "lost_card": _("The card was reported as lost."),
    "mandate_inactive": _("The mandate is no longer in force."),
    "no_account": _("The account could not be found."),
    "payment_intent_mandate_invalid": _("The mandate is no longer in force."),
    "stolen_card": _("The card was reported as stolen."),
}


def why(code: str) -> Any:
    """A failure code of the provider in words, lazily translated; "" for none."""
    return _WORDS.get(code, _OTHERWISE) if code else ""


def next_try_on(tries: int, failed_on: date) -> date | None:
    """The day on which a debit is sent again after `tries` failed ones; None when it is not."""
    if tries >= MAX_TRIES:
        return None
    waits = RETRY_WAITS_DAYS[min(tries, len(RETRY_WAITS_DAYS)) - 1]
    return failed_on + timedelta(days=waits)


def debited_on(sent_on: date) -> date:
    """The earliest day on which the bank carries out a debit that is sent on a day."""
    return target_day_on_or_after(sent_on + timedelta(days=SHORTEST_NOTICE_DAYS))
