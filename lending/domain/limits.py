"""What may be asked for: amounts and terms."""

from __future__ import annotations

from typing import Final

MIN_AMOUNT_CENTS: Final = 1_000_00
MAX_AMOUNT_CENTS: Final = 50_000_00
AMOUNT_STEP_CENTS: Final = 25_00
MIN_MONTHS: Final = 12
MAX_MONTHS: Final = 84


def limit_refusals(amount_cents: int, months: int) -> list[str]:
    """Return codes of the limits that a request breaks; empty when it may be posted.

    Codes: "amount_too_small", "amount_too_large", "amount_off_step", "term_too_short",
    "term_too_long".
    """
    broken = {
        "amount_too_small": amount_cents < MIN_AMOUNT_CENTS,
        "amount_too_large": amount_cents > MAX_AMOUNT_CENTS,
        "amount_off_step": amount_cents % AMOUNT_STEP_CENTS != 0,
        "term_too_short": months < MIN_MONTHS,
        "term_too_long": months > MAX_MONTHS,
    }
    return [code for code, is_broken in broken.items() if is_broken]
