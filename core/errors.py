"""Refusals that can be expected. Each has a stable code; every face translates it in one place."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from django.utils.translation import gettext_lazy as _

from core.wording import facts_in_words


class DomainError(Exception):
    """A rule of the marketplace said no.

    Attributes:
        code: stable, machine-readable name of the refusal.
        sentence: the refusal in the words of the person's task, translatable.
        field: the input that it is about, or "" when it is about the whole act.
        facts: the figures that the sentence names (cents, dates, limits).
    """

    code: ClassVar[str] = "refused"
    sentence: ClassVar[Any] = _("That is not possible.")
    status: ClassVar[int] = 409

    def __init__(self, detail: str = "", *, field: str = "", **facts: object) -> None:
        super().__init__(detail or self.code)
        self.detail = detail
        self.field = field
        self.facts: Mapping[str, object] = facts

    @property
    def message(self) -> str:
        """The sentence with its figures filled in, in the active language."""
        return str(self.sentence) % facts_in_words(self.facts) if self.facts else str(self.sentence)


class NotFound(DomainError):
    """There is no such thing for the person who asks; a stranger's thing counts as none."""

    code = "not_found"
    sentence = _("There is nothing here, or it is not yours to see.")
    status = 404


class InvalidInput(DomainError):
    """What was given cannot be right, whoever gives it; `field` says where."""

    code = "invalid"
    sentence = _("This value cannot be right.")
    status = 422


class StaleState(DomainError):
    """The thing changed since it was read; read again and decide anew."""

    code = "stale_state"
    sentence = _("This has changed in the meantime. Please look again.")


class IllegalTransition(DomainError):
    """No move leads from the present status to the one asked for."""

    code = "illegal_transition"
    sentence = _("This step is not possible at this stage.")


class NotAllowed(DomainError):
    """The person may see the thing but may not do this to it."""

    code = "not_allowed"
    sentence = _("You may not do this.")
    status = 403
