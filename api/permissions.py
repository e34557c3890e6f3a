"""Who may call what: which side of the market a person stands on. Selectors say whose it is."""

from __future__ import annotations

from typing import Any

from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request

from accounts.models import Role
from core.errors import NotAllowed
from lending.errors import NotABorrower, NotALender


class _HasRole(IsAuthenticated):
    """Refuses with the same words as the services do."""

    roles: frozenset[str]
    refusal: type[NotAllowed]

    def has_permission(self, request: Request, view: Any) -> bool:
        if not super().has_permission(request, view):
            return False
        if getattr(request.user, "role", None) not in self.roles:
            raise self.refusal
        return True


class IsLender(_HasRole):
    """Lenders only."""

    roles = frozenset({Role.LENDER})
    refusal = NotALender


class IsBorrower(_HasRole):
    """Borrowers only."""

    roles = frozenset({Role.BORROWER})
    refusal = NotABorrower


class HasWallet(_HasRole):
    """Borrowers and lenders; staff never hold money."""

    roles = frozenset({Role.BORROWER, Role.LENDER})
    refusal = NotAllowed
