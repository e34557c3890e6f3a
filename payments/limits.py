"""Limits and waiting times of payments."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from django.conf import settings

MIN_PAY_IN_CENTS: Final = 10_00
MAX_PAY_IN_CENTS: Final = 100_000_00
"""Above 10,000 euros a direct debit needs the provider's agreement."""
MIN_WITHDRAWAL_CENTS: Final = 1_00
MIN_DEBIT_CENTS: Final = 50
"""The provider debits no less."""

PAGE_LIFE: Final = timedelta(hours=1)
"""How long a payment page stays open."""
REPLAY_LIFE: Final = timedelta(hours=23)
"""A key may be forgotten after 24 hours; an older request is looked up, not repeated."""
PATIENCE: Final = timedelta(minutes=10)
"""A row that was not moved for this long is looked after by the sweep."""
FINISH_WITHIN: Final = timedelta(days=2)
"""A request to the provider that is unfinished for longer is a finding of the nightly proof."""

ANNOUNCE_BANK_DAYS: Final = 5
"""Bank days before its due date on which a debit is sent."""
SHORTEST_NOTICE_DAYS: Final = 3
LONGEST_NOTICE_DAYS: Final = 15
RETRY_WAITS_DAYS: Final = (0, 4, 11, 27)
"""Days to wait after each failed debit before the next; the last one is kept."""
MAX_TRIES: Final = 8
"""Debits of one instalment that are sent by themselves; its arrears go on beside them."""


def debit_seasoning() -> timedelta:
    """How long money from a debit stays in the wallet: the payer may take it back so long."""
    return timedelta(days=settings.SEPA_SEASONING_DAYS)


def instalment_seasoning_days() -> int:
    """Bank days that an instalment passed on by debit stays in its lender's wallet."""
    days: int = settings.INSTALMENT_SEASONING_DAYS
    return days
