"""The caller's documents: what there is, and each as a file."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.request import Request

from api.permissions import HasWallet
from api.views.base import Endpoint, Listing
from lending.models import Document, DocumentKind
from lending.selectors.documents import documents_of
from lending.services.documents import fetch_document


class DocumentRow(serializers.Serializer[Document]):
    """A document of the caller."""

    id = serializers.IntegerField()
    kind = serializers.ChoiceField(DocumentKind.choices)
    words = serializers.CharField(
        source="get_kind_display", help_text="The kind, in the caller's language."
    )
    on = serializers.DateField()
    language = serializers.CharField()
    loan_number = serializers.CharField(source="loan.number", allow_null=True, default=None)
    sha256 = serializers.CharField(
        allow_blank=True, help_text="Of the file; empty until it is first fetched."
    )


@extend_schema_view(get=extend_schema(summary="My documents", tags=["documents"]))
class DocumentsView(Listing):
    """Letters, statements and overviews, newest first."""

    permission_classes = (HasWallet,)
    serializer_class = DocumentRow
    queryset = Document.objects.none()
    orderings = ("-id",)

    def get_queryset(self) -> QuerySet[Any]:
        """Nobody else's."""
        return documents_of(self.person)


class DocumentView(Endpoint):
    """One document as a file."""

    permission_classes = (HasWallet,)

    @extend_schema(
        responses={(200, "application/pdf"): OpenApiTypes.BINARY},
        summary="One document",
        tags=["documents"],
    )
    def get(self, request: Request, document_id: int) -> HttpResponse:
        """The PDF, the same bytes each time."""
        document = fetch_document(person=self.person, document_id=document_id)
        return HttpResponse(bytes(document.pdf or b""), content_type="application/pdf")
