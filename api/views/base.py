"""What every endpoint has in common."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from django.conf import settings
from django.utils import translation
from django.utils.cache import patch_cache_control
from django.utils.translation import gettext_lazy as _
from rest_framework.exceptions import ErrorDetail, ValidationError
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.models import User
from api.pagination import KeysetPagination


class Endpoint(APIView):
    """Speaks the caller's language, refuses unknown parameters, keeps private answers uncached."""

    http_method_names = ["get", "head", "post", "put", "delete"]
    refusals: ClassVar[frozenset[int]] = frozenset()
    """Statuses with which the rules behind a write may refuse; for the schema."""
    field_names: ClassVar[Mapping[str, str]] = {}
    """What services call a field otherwise than the body does: their name -> ours."""
    _is_private = False

    def known_parameters(self) -> frozenset[str]:
        """Names that may stand in the query of the address."""
        return frozenset()

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Log in, check rights and limits, then the names in the query."""
        super().initial(request, *args, **kwargs)
        unknown = set(request.query_params) - self.known_parameters()
        if unknown:
            sentence = ErrorDetail(_("There is no such parameter."), code="unknown_parameter")
            raise ValidationError({name: [sentence] for name in sorted(unknown)})

    def perform_authentication(self, request: Request) -> None:
        """Find out who calls; without a language in the request theirs is spoken."""
        super().perform_authentication(request)
        self._is_private = isinstance(request.user, User)
        is_asked = "Accept-Language" in request.headers
        is_chosen = settings.LANGUAGE_COOKIE_NAME in request.COOKIES
        if isinstance(request.user, User) and not is_asked and not is_chosen:
            translation.activate(request.user.language)

    def finalize_response(
        self, request: Request, response: Any, *args: Any, **kwargs: Any
    ) -> Response:
        """Forbid every cache to keep what was said to a person who is logged in."""
        answer = super().finalize_response(request, response, *args, **kwargs)
        if self._is_private:
            patch_cache_control(answer, private=True, no_store=True)
        return answer

    @property
    def person(self) -> User:
        """Who calls; only where the permissions ask for a login."""
        if not isinstance(self.request.user, User):
            raise TypeError("this endpoint is not for callers without login")
        return self.request.user


class Listing(Endpoint, ListAPIView[Any]):
    """A list in pages; subclasses give `get_queryset`, `serializer_class` and `orderings`."""

    pagination_class = KeysetPagination
    orderings: ClassVar[tuple[str, ...]] = ("-id",)

    def row_context(self) -> dict[str, Any]:
        """What the rows are told by, read once for all of them: the day, the instant."""
        return {}

    def get_serializer(self, *args: Any, **kwargs: Any) -> Any:
        """The serializer; only with rows in hand is their context read."""
        if args:
            kwargs["context"] = {**self.get_serializer_context(), **self.row_context()}
        return super().get_serializer(*args, **kwargs)

    def known_parameters(self) -> frozenset[str]:
        """Cursor and size, the order where there is a choice, and the filters."""
        filters = getattr(getattr(self, "filterset_class", None), "base_filters", {})
        order = {"ordering"} if len(self.orderings) > 1 else set()
        return KeysetPagination.parameters | order | set(filters)
