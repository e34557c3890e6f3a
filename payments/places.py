"""Where people come back to from the provider's pages."""

from __future__ import annotations

from django.conf import settings


def site() -> str:
    """The address of our site, without a slash at its end."""
    return (settings.SITE_URL or "http://localhost:8000").rstrip("/")


def page_after(return_url: str = "", *, default: str = "/home/") -> str:
    """The full address to come back to: the one given, or the person's own page."""
    return return_url or f"{site()}{default}"
