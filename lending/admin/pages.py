"""Pages of staff that are more than a list or a row: a form, one service, a template."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.admin import AdminSite
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from accounts.models import User
from core.errors import DomainError
from lending.admin.forms import ActForm

MAY_DECIDE = "lending.add_review"
"""The right to decide on requests and appeals."""
MAY_PROPOSE = "lending.add_planchange"
"""The right to propose, approve and refuse changes of terms."""


def staff_of(request: HttpRequest) -> User:
    """The member of staff who asks."""
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user


def require(request: HttpRequest, right: str) -> None:
    """Refuse whoever lacks the right."""
    if not request.user.has_perm(right):
        raise PermissionDenied


def page(
    site: AdminSite,
    request: HttpRequest,
    template: str,
    title: Any,
    *,
    model: type[Model],
    status: int = 200,
    **context: Any,
) -> HttpResponse:
    """Show a template inside staff's frame."""
    frame = site.each_context(request) | {"title": title, "opts": model._meta}
    return TemplateResponse(request, template, frame | context, status=status)


def done(request: HttpRequest, form: ActForm, act: Any, said: Any) -> bool:
    """Do what a valid form asks; false, with the refusal in the form, when the service says no.

    Args:
        act: called with the form's cleaned data as keywords.
        said: shown to staff when it is done.
    """
    if not form.is_valid():
        return False
    try:
        act(**form.cleaned_data)
    except DomainError as refusal:
        form.refuse(refusal)
        return False
    messages.success(request, said)
    return True
