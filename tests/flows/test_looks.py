"""Every page fits its window, says nothing to the console and shuts nobody out.

Seen at 390 and 1280 pixels in both languages, in German by night as well: colours move nothing,
so a page need not be measured in each of them. With PARI_SCREENSHOTS
naming a folder, a picture of each is kept there.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connections
from django.test import Client
from pytest_django import DjangoDbBlocker
from pytest_django.live_server_helper import LiveServer

from accounts.models import User
from config.staff import STAFF_PREFIX
from tests.flows import scenery
from tests.flows.browser import DESK, PHONE, Browser, Visitor
from tests.seeds import IS_SOAK

pytestmark = pytest.mark.django_db

WIDTHS: Final = (DESK, PHONE)
DAY: Final = [("light", width) for width in WIDTHS]
NIGHT: Final = [("dark", width) for width in reversed(WIDTHS)]
LOOKS: Final = {"en": DAY, "de": [*DAY, NIGHT[0]]}
SEARCHED: Final = {"en": DAY[0], "de": NIGHT[0]}
"""In which look axe searches for barriers: between them both widths and both schemes.

Every second page in one of them and the others in the other; in a soak every page in both.
"""
ALBUM: Final = os.environ.get("PARI_SCREENSHOTS", "")


Pages = dict[str, dict[str, scenery.Page]]


class Windows:
    """A window per person and language, opened when it is first needed."""

    def __init__(self, browser: Browser, site: str, sessions: dict[int, str]) -> None:
        self._browser, self._site, self._sessions = browser, site, sessions
        self._opened: dict[tuple[int | None, str], Visitor] = {}

    def of(self, user: User | None, language: str) -> Visitor:
        """The window of this person, who is logged in there."""
        key = user.pk if user else None, language
        if key not in self._opened:
            self._opened[key] = Visitor(self._browser, self._site, language=language)
            if user:
                cookie = settings.SESSION_COOKIE_NAME
                self._opened[key].log_in_as(self._sessions[user.pk], cookie=cookie)
        return self._opened[key]

    def close(self) -> None:
        """Close them all."""
        for visitor in self._opened.values():
            visitor.leave()


@pytest.fixture(scope="module")
def pages(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Pages]:
    """The pages of one market that all tests here look at; its tables are emptied in the end.

    It is committed before the first test opens a transaction of its own, so that the site sees it.
    """
    with django_db_blocker.unblock():
        try:
            yield scenery.pages()
        finally:
            for alias in connections:
                call_command("flush", database=alias, interactive=False, verbosity=0)


@pytest.fixture(scope="module")
def windows(pages: Pages, browser: Browser) -> Iterator[Windows]:
    """Windows on a site that shows that market."""
    seeing = {user for group in pages.values() for user, _ in group.values() if user}
    sessions = {user.pk: _session_of(user) for user in seeing}
    server = LiveServer("localhost")
    opened = Windows(browser, server.url, sessions)
    yield opened
    opened.close()
    server.stop()


def _session_of(user: User) -> str:
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client.cookies[settings.SESSION_COOKIE_NAME].value


@pytest.mark.soak
@pytest.mark.parametrize("language", ["en", "de"])
@pytest.mark.parametrize("group", scenery.GROUPS)
def test_pages_fit_are_silent_and_open_to_all(
    pages: Pages, windows: Windows, group: str, language: str
) -> None:
    wrong = []
    for place, (name, (user, path)) in enumerate(pages[group].items()):
        visitor = windows.of(user, language)
        is_searched = IS_SOAK or place % 2 == list(SEARCHED).index(language)
        faults = _faults(visitor, path, f"{group}-{name}", is_searched=is_searched)
        wrong += [f"{name}: {fault}" for fault in faults]
    assert wrong == [], "\n".join(wrong)


def _faults(visitor: Visitor, path: str, name: str, *, is_searched: bool) -> list[str]:
    """What is wrong with a page, in every look of it."""
    found: list[str] = []
    for scheme, width in [*DAY, *NIGHT] if ALBUM else LOOKS[visitor.language]:
        visitor.look(width=width, scheme=scheme)
        if _is_fresh(path, scheme, width) and (status := visitor.open(path)) != 200:
            found.append(f"status {status}")
        found += [f"at {width}, {scheme}: {misfit}" for misfit in visitor.misfits()]
        if is_searched and SEARCHED[visitor.language] == (scheme, width):
            found += visitor.barriers()
        if ALBUM:
            _keep(visitor, f"{name}-{visitor.language}-{width}-{scheme}")
    found += visitor.troubles
    visitor.troubles.clear()
    return found


def _is_fresh(path: str, scheme: str, width: int) -> bool:
    """Whether a look needs a new load: staff's pages choose day or night when they are opened."""
    looks = DAY if scheme == "light" else NIGHT
    return looks[0] == (scheme, width) and (looks == DAY or path.startswith(STAFF_PREFIX))


def _keep(visitor: Visitor, name: str) -> None:
    folder = Path(ALBUM)
    folder.mkdir(parents=True, exist_ok=True)
    visitor.photograph(str(folder / f"{name}.png"))


def test_language_and_appearance_are_chosen_in_the_menu(pages: Pages, windows: Windows) -> None:
    visitor = windows.of(None, "en")
    visitor.look(width=PHONE, scheme="light")
    visitor.open("/prices/")
    by_day = visitor.background

    visitor.unfold("Menu")
    visitor.press("Dark")
    assert visitor.path == "/prices/"
    assert visitor.marked("data-theme") == "dark"
    assert visitor.background != by_day
    visitor.unfold("Menu")
    assert visitor.barriers() == []
    visitor.press("Deutsch")
    assert visitor.marked("lang") == "de"
    assert visitor.marked("data-theme") == "dark"
    assert visitor.troubles == []
