"""Logging in by token, beside the session of the pages."""

from __future__ import annotations

from rest_framework.authentication import TokenAuthentication


class BearerToken(TokenAuthentication):
    """`Authorization: Bearer <token>`, the form that every HTTP client knows."""

    keyword = "Bearer"
