"""When late becomes default."""

from __future__ import annotations

from typing import Final

DEFAULT_AFTER_DAYS: Final = 90
MATERIAL_CENTS: Final = 100_00
MATERIAL_PERCENT: Final = 1


def is_default(days_past_due: int, overdue_cents: int, outstanding_cents: int) -> bool:
    """Return whether a loan is in default: more than 90 days past due on a material sum.

    Material is an overdue sum of at least 100 euros and of at least 1 % of the principal
    still outstanding.

    Source:
        Delegated Regulation (EU) 2022/2115, article 1; materiality as in bank rules.
    """
    is_material = (
        overdue_cents >= MATERIAL_CENTS
        and overdue_cents * 100 >= outstanding_cents * MATERIAL_PERCENT
    )
    return days_past_due > DEFAULT_AFTER_DAYS and is_material
