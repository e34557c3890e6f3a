"""The frame of a page: navigation, icons, language and theme, banners."""

from __future__ import annotations

from typing import Any

from django import template
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from core import clock
from core.models import MarketDay
from notifications.selectors import unread_count
from payments import provider
from web.icons import PATHS
from web.navigation import Place, places_for
from web.theme import THEME_COOKIE, THEMES

register = template.Library()


@register.simple_tag
def icon(name: str) -> SafeString:
    """A line icon that says nothing to a screen reader; the words stand beside it."""
    return format_html(
        '<svg class="icon" viewBox="0 0 24 24" width="24" height="24" fill="none" '
        'stroke="currentColor" stroke-width="1.75" stroke-linecap="round" '
        'stroke-linejoin="round" aria-hidden="true" focusable="false"><path d="{}"/></svg>',
        PATHS[name],
    )


@register.simple_tag(takes_context=True)
def navigation(context: dict[str, Any]) -> list[tuple[Place, bool]]:
    """The places of this person, each with whether the present page lies there."""
    request: HttpRequest = context["request"]
    return [(place, place.holds(request.path)) for place in places_for(request.user)]


@register.simple_tag(takes_context=True)
def theme(context: dict[str, Any]) -> str:
    """The stored choice of light or dark, or "" to follow the reader's system."""
    request: HttpRequest | None = context.get("request")
    chosen = request.COOKIES.get(THEME_COOKIE, "") if request else ""
    return chosen if chosen in THEMES else ""


@register.simple_tag
def is_sandbox() -> bool:
    """Whether payments go to the embedded sandbox, so that no real money moves."""
    return provider.is_sandbox()


@register.simple_tag
def virtual_day() -> Any:
    """The business date where the market lives on a clock of its own, else None."""
    day = MarketDay.objects.filter(pk=MarketDay.ONLY, is_virtual=True).first()
    return day.business_date if day else None


@register.simple_tag
def today() -> Any:
    """The day that is open for business."""
    return clock.business_date()


@register.simple_tag
def unread_messages(user: Any) -> int:
    """How many messages this person has not yet opened."""
    return unread_count(user)
