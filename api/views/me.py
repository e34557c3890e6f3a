"""Who calls, and how far they have come."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import Role
from accounts.selectors import active_bank_account, is_identified, missing_steps, profile_of
from api.views.base import Endpoint


class Me(serializers.Serializer[Any]):
    """The caller. Documents and the full bank account number stay with the payment provider."""

    id = serializers.IntegerField()
    email = serializers.EmailField()
    role = serializers.ChoiceField(Role.choices)
    language = serializers.ChoiceField(settings.LANGUAGES)
    full_name = serializers.CharField(allow_null=True)
    is_identified = serializers.BooleanField()
    bank_account = serializers.CharField(allow_null=True, help_text="The IBAN, mostly hidden.")
    missing_steps = serializers.ListField(
        child=serializers.ChoiceField(["profile", "identity", "bank_account"]),
        help_text="What has yet to be done before money may move, in order.",
    )


class MeView(Endpoint):
    """The caller."""

    @extend_schema(responses=Me, summary="Who I am", tags=["me"])
    def get(self, request: Request) -> Response:
        """Role, language, and whether identity and bank account are verified."""
        person = self.person
        profile, account = profile_of(person), active_bank_account(person)
        told = {
            "id": person.pk,
            "email": person.email,
            "role": person.role,
            "language": person.language,
            "full_name": profile.full_name if profile else None,
            "is_identified": is_identified(person),
            "bank_account": account.iban_masked if account else None,
            "missing_steps": missing_steps(person),
        }
        return Response(Me(told).data)
