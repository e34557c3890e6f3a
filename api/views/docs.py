"""The schema, and a page on which people can read and try it."""

from __future__ import annotations

from typing import Any

from django.http import Http404
from django.views.generic import TemplateView
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
    api_version = "1"

    @extend_schema(exclude=True)
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """The same for everyone."""
        answer: Response = self._get_schema_response(request)
        return answer


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
