"""Contracts as their borrower may fetch them, for the whole life of the loan and after it."""

from __future__ import annotations

from accounts.models import User
from core.errors import NotFound
from lending.models import Contract


def contract_of(user: User, request_id: int) -> Contract:
    """The contract of this borrower's request; NotFound for a stranger, or while unsigned."""
    found = Contract.objects.filter(request_id=request_id, request__borrower=user).first()
    if found is None:
        raise NotFound(f"contract of request {request_id}")
    return found
