"""Refusals about people."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from core.errors import DomainError, InvalidInput


class EmailTaken(InvalidInput):
    """Someone signed up with this address before."""

    code = "email_taken"
    sentence = _("There is already someone with this e-mail address.")


class TooYoung(InvalidInput):
    """Only adults borrow and lend."""

    code = "too_young"
    sentence = _("You have to be %(years)s years old or older.")


class ProfileLocked(DomainError):
    """Name and date of birth were checked; they change only by a new check."""

    code = "profile_locked"
    sentence = _("Your name and date of birth have been verified. Please ask us to change them.")


class AlreadyVerified(DomainError):
    """The person's identity is already known."""

    code = "already_verified"
    sentence = _("Your identity has already been verified.")
