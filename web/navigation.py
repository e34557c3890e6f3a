"""Where each kind of person can go: a list per role, for the top bar and the phone's bottom bar."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.models import Role


class Place(NamedTuple):
    """One entry of the navigation; `under` are further address beginnings that belong to it."""

    url_name: str
    label: Any
    icon: str
    under: tuple[str, ...] = ()

    @property
    def url(self) -> str:
        """The address of the page."""
        return reverse(self.url_name)

    def holds(self, path: str) -> bool:
        """Whether the page at `path` belongs to this place."""
        return path == self.url or path.startswith((self.url, *self.under))


_MARKET: Final = Place("web:market", _("Market"), "market")
_HELP: Final = Place("web:help", _("Help"), "help")

VISITOR: Final = (
    _MARKET,
    Place("web:how_it_works", _("How it works"), "balance"),
    Place("web:prices", _("Prices"), "document"),
    Place("web:statistics", _("Statistics"), "portfolio"),
    _HELP,
)
BORROWER: Final = (
    Place("web:borrower_home", _("Overview"), "home", ("/loans/",)),
    Place("web:my_request", _("Loan request"), "request", ("/requests/",)),
    Place("web:wallet", _("Wallet"), "wallet"),
    _MARKET,
    Place("web:messages", _("Messages"), "message"),
)
LENDER: Final = (
    Place("web:lender_home", _("Overview"), "home"),
    _MARKET,
    Place("web:mandates", _("Mandates"), "mandate"),
    Place("web:holdings", _("Portfolio"), "portfolio", ("/offers/",)),
    Place("web:wallet", _("Wallet"), "wallet"),
)
STAFF: Final = (
    Place("admin:index", _("Staff desk"), "staff"),
    _MARKET,
    Place("web:prices", _("Prices"), "document"),
    _HELP,
)
_BY_ROLE: Final = {Role.BORROWER: BORROWER, Role.LENDER: LENDER, Role.STAFF: STAFF}


def places_for(user: Any) -> tuple[Place, ...]:
    """The navigation of the person who looks at the page."""
    if not getattr(user, "is_authenticated", False):
        return VISITOR
    return _BY_ROLE[user.role]


def home_of(user: Any) -> str:
    """The address of this person's overview."""
    return {
        Role.BORROWER: reverse("web:borrower_home"),
        Role.LENDER: reverse("web:lender_home"),
        Role.STAFF: reverse("admin:index"),
    }[user.role]
