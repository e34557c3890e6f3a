"""The one place where a refusal becomes an answer: RFC 9457 problem documents, in every case.

A problem has `type`, `title`, `status`, `detail` (a sentence in the caller's language), `code`
(stable, for programs), `errors`, a list of `{field, code, message}` where `field` is a dotted path
into what was sent, empty where the whole is meant, and `facts`, the figures that `detail` names.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any, Final

import structlog
from django.core import signals
from django.core.exceptions import (
    BadRequest,
    PermissionDenied,
    RequestDataTooBig,
    SuspiciousOperation,
)
from django.db import OperationalError
from django.http import Http404, UnreadablePostError
from django.utils.translation import gettext_lazy as _
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.settings import api_settings

from core.errors import DomainError

log = structlog.get_logger(__name__)

MEDIA_TYPE: Final = "application/problem+json"

FieldError = dict[str, str]


class TooLarge(exceptions.APIException):
    """The body is longer than anything we have a use for."""

    status_code = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    default_code = "too_large"
    default_detail = _("This is more than can be taken in at once.")


class Unavailable(exceptions.APIException):
    """The database is away or had to give up; the same request may succeed in a moment."""

    status_code = HTTPStatus.SERVICE_UNAVAILABLE
    default_code = "unavailable"
    default_detail = _("The service is not available for a moment. Please try again.")
    wait = 2


class Unexpected(exceptions.APIException):
    """A fault of ours; the cause goes to the log and never to the caller."""

    default_code = "unexpected"
    default_detail = _("Something went wrong on our side. Nothing was changed.")


_AS_API_ERROR: Final[tuple[tuple[type[Exception], type[exceptions.APIException]], ...]] = (
    (Http404, exceptions.NotFound),
    (PermissionDenied, exceptions.PermissionDenied),
    (RequestDataTooBig, TooLarge),
    (SuspiciousOperation, exceptions.ParseError),
    (BadRequest, exceptions.ParseError),
    (UnreadablePostError, exceptions.ParseError),
    (OperationalError, Unavailable),
)


def problem(
    status: int,
    *,
    code: str,
    detail: str,
    errors: list[FieldError] | None = None,
    facts: Mapping[str, object] | None = None,
) -> dict[str, Any]:
    """The problem document; `title` is the standard phrase of its status."""
    return {
        "type": f"urn:pari:problem:{code}",
        "title": HTTPStatus(status).phrase,
        "status": int(status),
        "detail": detail,
        "code": code,
        "errors": errors or [],
        "facts": {name: _fact(value) for name, value in (facts or {}).items()},
    }


def _fact(value: object) -> int | str:
    return value if isinstance(value, int) else str(value)


def handle(exc: Exception, context: Mapping[str, Any]) -> Response:
    """Answer any exception of a view with a problem document; set as DRF's EXCEPTION_HANDLER."""
    if isinstance(exc, DomainError):
        return _answer(_domain_problem(exc, getattr(context.get("view"), "field_names", {})))
    error = _api_error(exc, context)
    headers = {}
    if challenge := getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = challenge
    if wait := getattr(error, "wait", None):
        headers["Retry-After"] = str(int(wait) + 1)
    return _answer(_api_problem(error), headers)


def _answer(document: dict[str, Any], headers: dict[str, str] | None = None) -> Response:
    return Response(document, status=document["status"], headers=headers, content_type=MEDIA_TYPE)


def _api_error(exc: Exception, context: Mapping[str, Any]) -> exceptions.APIException:
    """`exc` in DRF's terms; what nobody expected is logged and told to Django's signal."""
    if isinstance(exc, exceptions.APIException):
        return exc
    for kind, answer in _AS_API_ERROR:
        if isinstance(exc, kind):
            if answer is Unavailable:
                log.warning("database_gave_up", exc_info=exc)
            return answer()
    request = getattr(context.get("request"), "_request", None)
    log.error("unexpected", path=getattr(request, "path", ""), exc_info=exc)
    signals.got_request_exception.send(sender=type(context.get("view")), request=request)
    return Unexpected()


def _domain_problem(error: DomainError, field_names: Mapping[str, str]) -> dict[str, Any]:
    """A service may call a field otherwise than the API does; `field_names` tells how."""
    errors = []
    if error.field:
        field = field_names.get(error.field, error.field)
        errors = [{"field": field, "code": error.code, "message": error.message}]
    return problem(
        error.status, code=error.code, detail=error.message, errors=errors, facts=error.facts
    )


def _api_problem(error: exceptions.APIException) -> dict[str, Any]:
    if isinstance(error, exceptions.ValidationError):
        return problem(
            error.status_code,
            code="validation_failed",
            detail=str(_("Some of what was sent cannot be right; see errors.")),
            errors=list(_field_errors(error.detail)),
        )
    # A view may raise any of DRF's errors with a code of its own, which then names the problem.
    detail: Any = error.detail
    code = str(getattr(detail, "code", None) or error.default_code)
    return problem(error.status_code, code=code, detail=str(detail))


def _field_errors(detail: Any, path: tuple[str, ...] = ()) -> Iterator[FieldError]:
    """Flatten DRF's nested errors; positions in a list and keys of an object join the path."""
    if isinstance(detail, Mapping):
        for key, inner in detail.items():
            is_whole = key == api_settings.NON_FIELD_ERRORS_KEY
            yield from _field_errors(inner, path if is_whole else (*path, str(key)))
    elif isinstance(detail, list | tuple):
        for position, inner in enumerate(detail):
            is_leaf = isinstance(inner, exceptions.ErrorDetail)
            yield from _field_errors(inner, path if is_leaf else (*path, str(position)))
    else:
        code = str(getattr(detail, "code", "invalid"))
        yield {"field": ".".join(path), "code": code, "message": str(detail)}
