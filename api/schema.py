"""What drf-spectacular cannot know by itself: problems, strict input, the form of our tokens."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, Final

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiResponse, extend_schema_serializer
from rest_framework import serializers
from rest_framework.permissions import AllowAny

from api.converters import LARGEST_ID, IdConverter
from api.errors import MEDIA_TYPE
from api.fields import StrictSerializer

_WORDS: Final = {
    400: "The request cannot be read, or a field cannot be right.",
    401: "A token or a session is needed.",
    403: "This is for the other side of the market.",
    404: "There is no such thing, or it belongs to someone else.",
    409: "A rule of the market refuses this at present.",
    422: "A value contradicts a rule of the market.",
    429: "Too many calls; `Retry-After` says how many seconds to wait.",
}


@extend_schema_serializer(component_name="FieldError")
class _FieldError(serializers.Serializer[Any]):
    """One thing that is wrong with what was sent."""

    field = serializers.CharField(
        allow_blank=True, help_text="Dotted path; empty where the whole is meant."
    )
    code = serializers.CharField(help_text="Stable name for programs.")
    message = serializers.CharField(help_text="A sentence in the caller's language.")


class Problem(serializers.Serializer[Any]):
    """Why something was refused (RFC 9457)."""

    type = serializers.CharField(help_text="A URN that ends in `code`.")
    title = serializers.CharField(help_text="The standard phrase of the status.")
    status = serializers.IntegerField(min_value=400, max_value=599)
    detail = serializers.CharField(help_text="A sentence in the caller's language.")
    code = serializers.CharField(help_text="Stable name for programs.")
    errors = _FieldError(many=True)
    facts = serializers.DictField(
        help_text="The figures that `detail` names, such as `missing_cents`."
    )


class Operation(AutoSchema):
    """Adds to each operation the problems that it may answer with.

    A view names in `refusals` the statuses of the rules behind it, such as 409.
    """

    def _get_response_bodies(self, direction: Any = "response") -> dict[str, Any]:
        found: dict[str, Any] = super()._get_response_bodies(direction)
        for status in self._problem_statuses():
            words = OpenApiResponse(Problem, description=_WORDS[status])
            found[str(status)] = self._get_response_for_code(words, str(status), [MEDIA_TYPE])
        anything = OpenApiResponse(Problem, description="Anything else that went wrong.")
        found["default"] = self._get_response_for_code(anything, "default", [MEDIA_TYPE])
        return found

    def _problem_statuses(self) -> list[int]:
        found = {HTTPStatus.BAD_REQUEST, HTTPStatus.TOO_MANY_REQUESTS, *self._refusals()}
        if not any(isinstance(rule, AllowAny) for rule in self.view.get_permissions()):
            found |= {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}
        if "{" in self.path:
            found.add(HTTPStatus.NOT_FOUND)
        return sorted(found)

    def _refusals(self) -> frozenset[int]:
        refusals: frozenset[int] = getattr(self.view, "refusals", frozenset())
        return refusals if self.method != "GET" else frozenset()

    def _resolve_path_parameters(self, variables: list[str]) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = super()._resolve_path_parameters(variables)
        for parameter in found:
            if parameter["schema"].get("pattern") == f"^{IdConverter.regex}$":
                parameter["schema"] = {"type": "integer", "minimum": 1, "maximum": LARGEST_ID}
        return found

    def _map_basic_serializer(self, serializer: Any, direction: Any) -> Any:
        schema = super()._map_basic_serializer(serializer, direction)
        if direction == "request" and isinstance(serializer, StrictSerializer):
            schema["additionalProperties"] = False
        return schema


class BearerTokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """Tells the schema how a token is sent."""

    target_class = "api.authentication.BearerToken"
    name = "token"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, str]:
        """The standard scheme of RFC 6750."""
        return {"type": "http", "scheme": "bearer", "description": "From `POST /api/v1/tokens`."}
