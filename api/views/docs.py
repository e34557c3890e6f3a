"""The schema, and a page on which people can read and try it."""

from __future__ import annotations

from functools import cache
from typing import Any

from django.http import Http404
from django.utils import translation
from django.views.generic import TemplateView
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import (
    OpenApiJsonRenderer,
    OpenApiJsonRenderer2,
    OpenApiYamlRenderer,
)
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularAPIView
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from api.views.base import Endpoint


class SchemaView(SpectacularAPIView):
    """The API's own description (OpenAPI 3.1), as JSON or YAML by the Accept header."""

    renderer_classes = [OpenApiJsonRenderer2, OpenApiJsonRenderer, OpenApiYamlRenderer]

    @extend_schema(exclude=True)
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """The same for everyone who speaks the language."""
        return Response(_described(translation.get_language()))


@cache
def _described(language: str) -> dict[str, Any]:
    """The whole description; it takes long to draw up and never changes while we run."""
    described: dict[str, Any] = SchemaGenerator(api_version="1").get_schema(public=True)
    return described


class DocsView(TemplateView):
    """Swagger UI from our own files, without inline script or style."""

    template_name = "api/docs.html"


class NothingHereView(Endpoint):
    """Any other address below /api/v1/, so that no page is drawn for a program."""

    permission_classes = (AllowAny,)
    schema = None

    def known_parameters(self) -> frozenset[str]:
        """Parameters are not what is wrong here."""
        return frozenset(self.request.GET)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Whatever the method, whoever calls."""
        super().initial(request, *args, **kwargs)
        raise Http404
