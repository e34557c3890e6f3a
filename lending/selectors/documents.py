"""Documents as the person may see them whom they were made for."""

from __future__ import annotations

from django.db.models import QuerySet

from accounts.models import User
from lending.models import Contract, Document


def documents_of(user: User) -> QuerySet[Document]:
    """All documents of a person with their loans, newest first, without pages and figures."""
    return (
        Document.objects.filter(person=user)
        .select_related("loan")
        .defer("pdf", "data")
        .order_by("-on", "-id")
    )


def documents_of_loan(user: User, loan_id: int) -> QuerySet[Document]:
    """The same of one loan."""
    return documents_of(user).filter(loan=loan_id)


def contracts_of(user: User) -> QuerySet[Contract]:
    """The contracts that a borrower signed, newest first, without their pages."""
    return (
        Contract.objects.filter(request__borrower=user)
        .select_related("request")
        .defer("pdf", "figures")
        .order_by("-signed_at", "-id")
    )
