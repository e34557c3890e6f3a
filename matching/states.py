"""Every status of a round, and every move allowed between them."""

from __future__ import annotations

from typing import Final

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class RoundStatus(TextChoices):
    """Life of a round."""

    OPEN = "open", _("Waiting")
    TAKEN = "taken", _("Market taken")
    SOLVED = "solved", _("Decided")
    BOOKED = "booked", _("Booked")
    REFUSED = "refused", _("Refused by the check")
    ABANDONED = "abandoned", _("Abandoned")


_S = RoundStatus
ROUND_TRANSITIONS: Final[dict[str, frozenset[str]]] = {
    _S.OPEN: frozenset({_S.TAKEN, _S.ABANDONED}),
    _S.TAKEN: frozenset({_S.SOLVED, _S.REFUSED}),
    _S.SOLVED: frozenset({_S.BOOKED, _S.REFUSED}),
}
"""An open round holds a committed seed; it is abandoned when the seed can no longer be derived."""

UNFINISHED: Final = (_S.OPEN, _S.TAKEN, _S.SOLVED)
"""At most one round stands here at a time."""
