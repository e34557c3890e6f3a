"""Tokens for programs: one a person, given for e-mail address and password."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.models import EmailAddress
from django.core.exceptions import ValidationError as FormError
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema, extend_schema_serializer
from rest_framework import serializers
from rest_framework.authtoken.models import Token as TokenRow
from rest_framework.exceptions import AuthenticationFailed, Throttled
from rest_framework.permissions import AllowAny, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import User
from api.fields import StrictSerializer, TextField
from api.throttling import Logins, PerPerson
from api.views.base import Endpoint


@extend_schema_serializer(component_name="Token")
class _Credentials(StrictSerializer):
    email = TextField(max_length=254)
    password = TextField(max_length=256, trim_whitespace=False)


class Token(serializers.Serializer[Any]):
    """To be sent as `Authorization: Bearer <token>`."""

    token = serializers.CharField(source="key")
    created_at = serializers.DateTimeField(source="created")


class TokensView(Endpoint):
    """Give out and take back the caller's token."""

    throttle_classes = (Logins, PerPerson)
    refusals = frozenset({401})

    def get_permissions(self) -> list[Any]:
        """Getting a token needs none."""
        return [AllowAny()] if self.request.method == "POST" else [IsAuthenticated()]

    @extend_schema(
        request=_Credentials, responses={201: Token}, summary="Get a token", tags=["tokens"]
    )
    def post(self, request: Request) -> Response:
        """Log in. The address must have been confirmed; the token stays the same until revoked."""
        given = _Credentials(data=request.data)
        given.is_valid(raise_exception=True)
        person = _logged_in(request, **given.validated_data)
        token, _made = TokenRow.objects.get_or_create(user=person)
        return Response(Token(token).data, status=201)

    @extend_schema(responses={204: None}, summary="Revoke my token", tags=["tokens"])
    def delete(self, request: Request) -> Response:
        """Make the caller's token useless at once; there may be none."""
        TokenRow.objects.filter(user=self.person).delete()
        return Response(status=204)


def _logged_in(request: Request, email: str, password: str) -> User:
    """The person, by the same door and the same count of failures as on the page."""
    try:
        found = get_adapter().authenticate(request._request, email=email, password=password)
    except FormError as too_often:
        raise Throttled(wait=60) from too_often
    if not isinstance(found, User) or not found.is_active:
        raise AuthenticationFailed(
            _("E-mail address or password is wrong."), code="wrong_credentials"
        )
    if not EmailAddress.objects.filter(user=found, email=found.email, verified=True).exists():
        raise AuthenticationFailed(
            _("Please confirm your e-mail address first."), code="email_not_verified"
        )
    return found
