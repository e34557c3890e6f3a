"""Ids in the provider's form: a prefix that names the kind, then letters and digits."""

from __future__ import annotations

import secrets
from typing import Final

PREFIXES: Final = {
    "customer": "cus",
    "payment_intent": "pi",
    "charge": "ch",
    "payment": "py",
    "balance_transaction": "txn",
    "setup_intent": "seti",
    "payment_method": "pm",
    "mandate": "mandate",
    "checkout.session": "cs_test",
    "identity.verification_session": "vs",
    "v2.core.account": "acct",
    "bank_account": "ba",
    "transfer": "tr",
    "transfer_reversal": "trr",
    "payout": "po",
    "refund": "re",
    "dispute": "du",
    "topup": "tu",
    "event": "evt",
    "request": "req",
}


def new_id(kind: str) -> str:
    """An id that nobody has yet."""
    return f"{PREFIXES[kind]}_{secrets.token_hex(12)}"
