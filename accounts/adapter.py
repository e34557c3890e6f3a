"""Where sign-up by page becomes a person of ours."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest

from accounts.models import Role, User
from core import audit, clock


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Stores role, language and the instant of joining with a new person."""

    def save_user(self, request: HttpRequest, user: User, form: Any, commit: bool = True) -> User:
        """Store the person whom the sign-up form describes; never a member of staff."""
        user.role = Role(form.cleaned_data["role"])
        user.language = form.cleaned_data["language"]
        user.date_joined = clock.now()
        saved: User = super().save_user(request, user, form, commit)
        if commit:
            audit.record(
                saved, "registered", at=saved.date_joined, actor_id=saved.pk, after=saved.role
            )
        return saved
