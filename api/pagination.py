"""Pages by keyset: a cursor says where the last page ended, so rows never repeat or vanish."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from django.core import signing
from django.db.models import Model, Q, QuerySet
from django.utils.translation import gettext_lazy as _
from rest_framework.exceptions import ErrorDetail, ValidationError
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param

PAGE_SIZE: Final = 50
MAX_PAGE_SIZE: Final = 200

_SALT: Final = "api.cursor"
_SIZE = re.compile(r"[1-9][0-9]{0,2}", re.ASCII)


class KeysetPagination(BasePagination):
    """Walks forward through `view.orderings`, the id breaking ties.

    The view names in `orderings` the values of `?ordering=`, each a field that is never NULL with
    or without a minus; the first is the default. Cursors are signed, so what comes back is ours.
    """

    parameters: Final = frozenset({"cursor", "page_size"})
    _next: str | None = None

    def paginate_queryset(
        self, queryset: QuerySet[Any], request: Request, view: Any = None
    ) -> list[Any]:
        """Return one page; raises ValidationError for a parameter that cannot be right."""
        ordering = _ordering(request, view.orderings)
        size = _page_size(request)
        field = ordering.removeprefix("-")
        is_falling = ordering.startswith("-")
        if cursor := request.query_params.get("cursor"):
            queryset = queryset.filter(_beyond(cursor, ordering, field, is_falling))
        sign = "-" if is_falling else ""
        rows = list(queryset.order_by(f"{sign}{field}", f"{sign}pk")[: size + 1])
        if len(rows) > size:
            cursor = _cursor(ordering, field, rows[size - 1])
            self._next = replace_query_param(request.build_absolute_uri(), "cursor", cursor)
        return rows[:size]

    def get_paginated_response(self, data: Any) -> Response:
        """Wrap the rows with the address of the next page, None on the last one."""
        return Response({"next": self._next, "results": data})

    def get_paginated_response_schema(self, schema: Mapping[str, Any]) -> dict[str, Any]:
        """Describe the wrapping."""
        return {
            "type": "object",
            "required": ["next", "results"],
            "properties": {
                "next": {
                    "type": ["string", "null"],
                    "format": "uri",
                    "description": "Address of the next page; null on the last one.",
                },
                "results": schema,
            },
        }

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        """Describe the parameters of the address."""
        size = {
            "type": "integer",
            "minimum": 1,
            "maximum": MAX_PAGE_SIZE,
            "default": PAGE_SIZE,
        }
        found: list[dict[str, Any]] = [
            _parameter("page_size", "Rows on a page.", size),
            _parameter("cursor", "From `next` of the page before.", {"type": "string"}),
        ]
        if len(view.orderings) > 1:
            choices = {"type": "string", "enum": list(view.orderings)}
            found.append(_parameter("ordering", "A minus sign sorts downward.", choices))
        return found


def _parameter(name: str, description: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "name": name,
        "in": "query",
        "required": False,
        "description": description,
        "schema": dict(schema),
    }


def _refusal(name: str, sentence: Any, code: str = "invalid") -> ValidationError:
    return ValidationError({name: [ErrorDetail(sentence, code=code)]})


def _ordering(request: Request, orderings: tuple[str, ...]) -> str:
    wanted = request.query_params.get("ordering", orderings[0])
    if wanted not in orderings:
        raise _refusal("ordering", _("Rows cannot be sorted by that."), "invalid_choice")
    return wanted


def _page_size(request: Request) -> int:
    wanted = request.query_params.get("page_size", str(PAGE_SIZE))
    if not _SIZE.fullmatch(wanted) or int(wanted) > MAX_PAGE_SIZE:
        raise _refusal("page_size", _("Give a whole number from 1 to 200."))
    return int(wanted)


def _cursor(ordering: str, field: str, last: Model) -> str:
    value = getattr(last, field)
    text = value.isoformat() if hasattr(value, "isoformat") else str(value)
    return signing.dumps([ordering, text, last.pk], salt=_SALT)


def _beyond(cursor: str, ordering: str, field: str, is_falling: bool) -> Q:
    """The rows after the one that the cursor names."""
    try:
        made_for, value, pk = signing.loads(cursor, salt=_SALT)
    except signing.BadSignature as error:
        raise _refusal("cursor", _("This is no cursor of ours.")) from error
    if made_for != ordering:
        raise _refusal("cursor", _("This cursor belongs to another order of the rows."))
    way = "lt" if is_falling else "gt"
    return Q(**{f"{field}__{way}": value}) | Q(**{field: value, f"pk__{way}": pk})
