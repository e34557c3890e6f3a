"""Who may open a page. Whose rows a page shows is decided by the selectors, not here."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec, cast

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponseBase

from accounts.models import Role, User
from core.errors import NotAllowed
from lending.errors import NotABorrower, NotALender

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponseBase]


def person_of(request: HttpRequest) -> User:
    """The person who is logged in."""
    return cast(User, request.user)


def reader_of(request: HttpRequest) -> User | None:
    """The person who reads a public page, or None for a visitor."""
    return person_of(request) if request.user.is_authenticated else None


def lenders_only(view: View[P]) -> Callable[..., Any]:
    """Send visitors to the login and refuse everybody who is no lender."""
    return _only(Role.LENDER, NotALender, view)


def borrowers_only(view: View[P]) -> Callable[..., Any]:
    """Send visitors to the login and refuse everybody who is no borrower."""
    return _only(Role.BORROWER, NotABorrower, view)


def holders_only(view: View[P]) -> Callable[..., Any]:
    """Send visitors to the login and refuse staff, who have no wallet."""

    @wraps(view)
    def checked(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if person_of(request).role not in (Role.LENDER, Role.BORROWER):
            raise NotAllowed
        return view(request, *args, **kwargs)

    return login_required(checked)


def _only(role: Role, refusal: type[NotAllowed], view: View[P]) -> Callable[..., Any]:
    @wraps(view)
    def checked(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if person_of(request).role != role:
            raise refusal
        return view(request, *args, **kwargs)

    return login_required(checked)
