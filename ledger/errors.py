"""Refusals of the ledger."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from core.errors import DomainError


class EmptyEntry(DomainError):
    """An entry without a move, or with a move of nothing, says nothing."""

    code = "empty_entry"
    sentence = _("There is nothing to book.")
    status = 422


class InsufficientFunds(DomainError):
    """An account would fall under its floor."""

    code = "insufficient_funds"
    sentence = _("There is not enough money available for this.")


class ReferenceReused(DomainError):
    """The reference already names an entry with other moves."""

    code = "reference_reused"
    sentence = _("This was already booked with other amounts.")


class ChainBroken(Exception):
    """The seals are not what is known of them outside; no refusal for people, but an alarm."""
