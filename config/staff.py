"""How the staff's pages look and what their browser may do there.

django-unfold draws them with Alpine, which compiles small expressions in the page and so needs
'unsafe-eval'; that is granted below /staff/ alone. Nothing there is inline: the colours that it
would write into each page stand in a style sheet instead.
"""

from dataclasses import replace
from typing import Any

from csp.constants import SELF, UNSAFE_EVAL
from csp.middleware import CSPMiddleware, PolicyParts
from django.http import HttpRequest, HttpResponseBase
from django.templatetags.static import static
from django.utils.translation import gettext_lazy as _

STAFF_PREFIX = "/staff/"
# The one style element left: what the htmx of django-unfold adds for its progress marks.
_HTMX_MARKS = "'sha256-bsV5JivYxvGywDAZ22EZJKBFip65Ng9xoJVLbBg7bdo='"
_STAFF_POLICY = {"script-src": [SELF, UNSAFE_EVAL], "style-src": [SELF, _HTMX_MARKS]}

# Words of django-unfold that it brings no German for; named here, our catalogue says them.
THEME_WORDS = (
    _("All applications"),
    _("No results found"),
    _("Reset filters"),
    _("Search apps and models..."),
    _("This page yielded into no results. Create a new item or reset your filters."),
    _("Type to search"),
)


class ContentSecurityPolicy(CSPMiddleware):
    """The policy of the settings, and for staff's pages what django-unfold needs beyond it."""

    def get_policy_parts(
        self, request: HttpRequest, response: HttpResponseBase, report_only: bool = False
    ) -> PolicyParts:
        """Return the parts of the policy for this answer."""
        parts = super().get_policy_parts(request, response, report_only)
        if request.path_info.startswith(STAFF_PREFIX):
            return replace(parts, replace=_STAFF_POLICY | (parts.replace or {}))
        return parts


def staff_pages() -> dict[str, Any]:
    """Return the settings of django-unfold."""
    return {
        "SITE_TITLE": "Pari",
        "SITE_HEADER": "Pari",
        "SITE_SUBHEADER": _("Staff"),
        "SITE_URL": "/",
        "SITE_FAVICONS": [{"rel": "icon", "href": lambda request: static("img/pari.svg")}],
        "COLORS": "config.staff.no_inline_colours",
        "STYLES": [lambda request: static("staff/theme.css")],
        "SCRIPTS": [
            lambda request: static("staff/styles.js"),
            lambda request: static("staff/labels.js"),
        ],
        "DASHBOARD_CALLBACK": "config.overview.dashboard",
        "SIDEBAR": {
            "show_search": True,
            "show_all_applications": True,
            "navigation": "config.navigation.sidebar",
        },
    }


def no_inline_colours(request: HttpRequest) -> dict[str, dict[str, str]]:
    """Leave the page without a style element; staff/theme.css has the colours."""
    return {}
