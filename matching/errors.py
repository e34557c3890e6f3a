"""Refusals of matching, each with a stable code."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from core.errors import DomainError


class RoundUnderWay(DomainError):
    """A round with another seed has already begun and is finished first."""

    code = "round_under_way"
    sentence = _("A round has already begun. It is finished first.")


class NothingToReplay(DomainError):
    """The round has not been decided, so there is nothing to compare with."""

    code = "nothing_to_replay"
    sentence = _("This round has not been decided yet.")
