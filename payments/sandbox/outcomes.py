"""What becomes of a debit, a card payment or a payout: by published test numbers, never chance.

The numbers are those of the provider's public test tables. A row of `Fate` overrides them from a
day on, for one payment method or bank account or for a number; any other sound number succeeds.
"""

from __future__ import annotations

from datetime import date
from typing import Any, Final, NamedTuple

from payments.sandbox.models import Fate

SUCCEEDS: Final = "succeeds"

DEBIT_FAILURES: Final = {
    "DE62370400440532013001": "debit_not_authorized",
    "DE78370400440532013004": "debit_not_authorized",
    "DE65370400440000343434": "charge_exceeds_source_limit",
    "DE27370400440000121212": "charge_exceeds_weekly_limit",
    "DE65370400440002222227": "insufficient_funds",
}
"""IBANs whose debits fail, with the failure code; DE89 3704 0044 0532 0130 00 succeeds."""

LATE_RETURNS: Final = {"DE35370400440532013002": "debit_not_authorized"}
"""IBANs whose debits succeed and are then taken back, with the reason of the dispute."""
LATE: Final = "late:"

PAYOUT_FAILURES: Final = {
    "DE62370400440532013001": "no_account",
    "DE89370400440532013002": "account_closed",
    "DE89370400440532013003": "insufficient_funds",
    "DE89370400440532013004": "debit_not_authorized",
    "DE89370400440532013005": "invalid_currency",
}
"""IBANs to which payouts fail, with the failure code."""


class Card(NamedTuple):
    """A published test card: its brand, its funding, and why it is declined, if it is."""

    brand: str
    funding: str
    decline_code: str = ""


CARDS: Final = {
    "4242424242424242": Card("visa", "credit"),
    "4000056655665556": Card("visa", "debit"),
    "5555555555554444": Card("mastercard", "credit"),
    "5200828282828210": Card("mastercard", "debit"),
    "4000000000000002": Card("visa", "credit", "generic_decline"),
    "4000000000009995": Card("visa", "credit", "insufficient_funds"),
    "4000000000009987": Card("visa", "credit", "lost_card"),
    "4000000000000259": Card("visa", "debit"),
    "4000000000002685": Card("visa", "debit"),
    "4000000000001976": Card("visa", "debit"),
}
DISPUTED_CARDS: Final = {
    "4000000000000259": "dispute:fraudulent",
    "4000000000002685": "dispute:product_not_received",
    "4000000000001976": "inquiry:general",
}
"""Cards whose payments are contested some days later; debit cards here, so that we take them."""
DISPUTE, INQUIRY = "dispute:", "inquiry:"
DISPUTE_REASONS: Final = (
    "duplicate",
    "fraudulent",
    "general",
    "product_not_received",
    "product_unacceptable",
    "unrecognized",
)
DECLINES: Final = (
    "authentication_required",
    "do_not_honor",
    "expired_card",
    "generic_decline",
    "insufficient_funds",
    "lost_card",
    "stolen_card",
)
CARD_TOKENS: Final = {
    "pm_card_visa": "4242424242424242",
    "pm_card_visa_debit": "4000056655665556",
    "pm_card_mastercard": "5555555555554444",
    "pm_card_visa_chargeDeclined": "4000000000000002",
}

FAILURE_WORDS: Final = {
    "account_closed": "The bank account has been closed.",
    "charge_exceeds_source_limit": "The payment exceeds the weekly volume of the account.",
    "charge_exceeds_weekly_limit": "The payment exceeds the weekly limit.",
    "debit_not_authorized": "The customer has notified their bank that this was unauthorized.",
    "insufficient_funds": "The customer's account has insufficient funds to cover this payment.",
    "invalid_currency": "The bank was unable to process this payout because of its currency.",
    "no_account": "The bank account could not be located.",
}


def of_debit(method_id: str, iban: str, on: date) -> str:
    """SUCCEEDS, or the failure code of a debit that the bank works off on a day."""
    fate = _fate(method_id, iban, on) or DEBIT_FAILURES.get(iban, SUCCEEDS)
    return SUCCEEDS if ":" in fate else fate


def late_return(method_id: str, iban: str, on: date) -> str:
    """Why a debit that succeeds on a day is taken back later; "" when it is not.

    A fate says so as `late:<reason>`.
    """
    fate = _fate(method_id, iban, on)
    return fate.rpartition(":")[2] if ":" in fate else LATE_RETURNS.get(iban, "")


def of_card(method_id: str, number: str, on: date) -> str:
    """SUCCEEDS, or the decline code of a card payment."""
    fate = _fate(method_id, number, on) or CARDS[number].decline_code or SUCCEEDS
    return SUCCEEDS if ":" in fate else fate


def card_dispute(method_id: str, number: str, on: date) -> tuple[str, bool]:
    """Why a card payment is contested later, and whether that begins as an inquiry; "" if not."""
    fate = _fate(method_id, number, on) or DISPUTED_CARDS.get(number, "")
    return (fate.rpartition(":")[2], fate.startswith(INQUIRY)) if ":" in fate else ("", False)


def is_outcome(text: str) -> bool:
    """Whether there is such a fate."""
    kind, colon, reason = text.rpartition(":")
    known = {
        LATE: FAILURE_WORDS,
        DISPUTE: DISPUTE_REASONS,
        INQUIRY: DISPUTE_REASONS,
        "": {SUCCEEDS, *FAILURE_WORDS, *DECLINES},
    }
    return reason in known.get(kind + colon, ())


def of_payout(bank_account_id: str, iban: str, on: date) -> str:
    """SUCCEEDS, or the failure code of a payout that arrives on a day."""
    fate = _fate(bank_account_id, iban, on) or PAYOUT_FAILURES.get(iban, SUCCEEDS)
    return SUCCEEDS if ":" in fate else fate


def is_iban(text: str) -> bool:
    """Whether the check digits fit; the published numbers pass as they stand."""
    if text in PAYOUT_FAILURES or text in LATE_RETURNS:
        return True
    if not (15 <= len(text) <= 34 and text.isascii() and text.isalnum() and text[:2].isalpha()):
        return False
    return int("".join(str(int(letter, 36)) for letter in text[4:] + text[:4])) % 97 == 1


def explain(code: str) -> str:
    """The provider's sentence for a failure code."""
    return FAILURE_WORDS.get(code, "The payment failed.")


def card_error(decline_code: str) -> dict[str, Any]:
    """The code and decline code of a declined card."""
    return {"code": "card_declined", "decline_code": decline_code}


def _fate(object_id: str, number: str, on: date) -> str:
    """The newest fate of one payment method or bank account, or of all of its number."""
    rows = Fate.objects.filter(subject__in=[object_id, number], from_date__lte=on)
    newest = rows.order_by("-from_date", "-id").values_list("outcome", flat=True).first()
    return newest or ""
