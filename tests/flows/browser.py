"""A real browser at the running site, and the people who sit at it.

Playwright keeps an event loop in the thread that starts it, and Django refuses the database to
such a thread; so the browser lives in a thread of its own, and the test stays where it is.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Any, Final, TypeVar

from axe_playwright_python.sync_playwright import Axe
from django.utils import translation
from playwright.sync_api import BrowserContext, ConsoleMessage, Page, expect, sync_playwright

Result = TypeVar("Result")

PHONE: Final = 390
DESK: Final = 1280
HEIGHT: Final = 900
PATIENCE_MS: Final = 30_000
_ARGUMENTS: Final = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run "
    "--disable-background-networking --disable-component-update --disable-sync"
).split()
_PAINTED: Final = "() => new Promise(then => requestAnimationFrame(() => setTimeout(then, 20)))"
"""Waits until a change of colours has reached every element."""
_MISFITS: Final = """
() => {
  const found = [];
  const wide = document.scrollingElement.scrollWidth - window.innerWidth;
  if (wide > 0) found.push(`the page is ${wide} pixels too wide`);
  const named = (element) => {
    const words = element.textContent.trim().replace(/\\s+/g, " ").slice(0, 60);
    return `${element.tagName.toLowerCase()}.${element.className} "${words}"`;
  };
  const style = (element) => getComputedStyle(element);
  const scrolls = (element) => style(element).overflowX !== "visible";
  for (const box of document.querySelectorAll("main, main *")) {
    const { overflowX, textOverflow } = style(box);
    const hides = /hidden|clip/.test(overflowX) && textOverflow !== "ellipsis";
    const isTyped = box.matches("input, select, textarea");
    if (hides && !isTyped && box.clientWidth > 1 && box.scrollWidth > box.clientWidth + 1)
      found.push(`cut off: ${named(box)}`);
  }
  for (const column of document.querySelectorAll("main .wrap")) {
    const edge = column.getBoundingClientRect().right - parseFloat(style(column).paddingRight);
    const walk = (element) => {
      for (const child of element.children) {
        if (child.getBoundingClientRect().right > edge + 1 && child.clientWidth > 1)
          found.push(`sticks out: ${named(child)}`);
        else if (!scrolls(child)) walk(child);
      }
    };
    walk(column);
  }
  return found;
}
"""
_LEFT: Final = "net::ERR_ABORTED"
"""A request that the browser itself gave up, because the page was left or became a download."""
_LEFT_IN_WORDS: Final = "htmx:sendAbort"
"""The same as the page's own script says it."""


def plain(words: str) -> str:
    """The same words with every kind of space made a single plain one."""
    return " ".join(words.split())


def _is_trouble(said: ConsoleMessage) -> bool:
    return said.type == "error" and _LEFT_IN_WORDS not in said.text


class Browser:
    """Chromium, in a thread of its own; a context manager that leaves nothing behind."""

    def __enter__(self) -> Browser:
        path = shutil.which("chromium")
        assert path, "the browser tests need Debian's chromium: apt-get install chromium"
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="browser")
        self._playwright = self.do(lambda: sync_playwright().start())
        self._chromium = self.do(
            lambda: self._playwright.chromium.launch(executable_path=path, args=list(_ARGUMENTS))
        )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.do(self._chromium.close)
        self.do(self._playwright.stop)
        self._thread.shutdown()

    def do(self, act: Callable[[], Result]) -> Result:
        """Do something in the browser's thread and wait for it."""
        return self._thread.submit(act).result()

    def context(self, **options: Any) -> BrowserContext:
        """A window that shares nothing with others: no cookie, no cache."""
        return self.do(lambda: self._chromium.new_context(**options))


class Visitor:
    """A person in front of the site: goes to pages, fills in, presses, reads.

    Words of buttons and links are given in English and looked for in the person's language.
    What goes wrong on the way is gathered in `troubles`.
    """

    def __init__(
        self, browser: Browser, site: str, *, language: str = "en", width: int = DESK
    ) -> None:
        self.site, self.language, self._do = site, language, browser.do
        self.troubles: list[str] = []
        self._context = browser.context(
            viewport={"width": width, "height": HEIGHT},
            locale={"de": "de-DE", "en": "en-GB"}[language],
            reduced_motion="reduce",
        )
        self._page: Page = self._do(self._open_page)

    def _open_page(self) -> Page:
        page = self._context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        page.on("console", lambda said: self._note(_is_trouble(said), said.text))
        page.on("pageerror", lambda error: self._note(True, str(error)))
        page.on("response", lambda got: self._note(got.status >= 400, f"{got.status} {got.url}"))
        page.on(
            "requestfailed",
            lambda gone: self._note(gone.failure != _LEFT, f"{gone.failure} {gone.url}"),
        )
        return page

    def _note(self, is_trouble: bool, words: str) -> None:
        if is_trouble:
            self.troubles.append(f"{self._page.url}: {words}")

    def leave(self) -> None:
        """Close the window."""
        self._do(self._context.close)

    # --- Going ------------------------------------------------------------------------------------

    def open(self, path: str) -> int:
        """Go to an address of the site and return the status of its answer."""
        answer = self._do(lambda: self._page.goto(f"{self.site}{path}", wait_until="load"))
        assert answer is not None
        self._measure()
        return answer.status

    def log_in_as(self, session_key: str, *, cookie: str) -> None:
        """Take over a session that was opened elsewhere."""
        told: Any = {"name": cookie, "value": session_key, "url": self.site}
        self._do(lambda: self._context.add_cookies([told]))

    def follow(self, label: str) -> None:
        """Click a link."""
        words = self.said(label)
        self._leaving(lambda: self._page.get_by_role("link", name=words, exact=True).click())

    def press(self, label: str) -> None:
        """Press a button that sends a form."""
        words = self.said(label)
        self._leaving(lambda: self._page.get_by_role("button", name=words, exact=True).click())

    def unfold(self, label: str) -> None:
        """Open what is folded up under these words."""
        words = self.said(label)
        self._do(lambda: self._page.locator("summary", has_text=words).first.click())

    def enter(self, name: str) -> None:
        """Press Enter in a field, which sends its form."""
        self._leaving(lambda: self._field(name).press("Enter"))

    def _leaving(self, act: Callable[[], None]) -> None:
        def there() -> None:
            with self._page.expect_navigation(wait_until="load"):
                act()

        self._do(there)
        self._measure()

    def _measure(self) -> None:
        for misfit in self.misfits():
            self._note(True, misfit)

    def download(self, label: str) -> bytes:
        """Click a link that leads to a document, and return the document."""
        words = self.said(label)

        def fetched() -> bytes:
            with self._page.expect_download() as coming:
                self._page.get_by_role("link", name=words, exact=True).click()
            return coming.value.path().read_bytes()

        return self._do(fetched)

    # --- Filling in -------------------------------------------------------------------------------

    def fill(self, **values: str) -> None:
        """Type into the fields of these names."""
        for name, value in values.items():
            self._do(lambda name=name, value=value: self._field(name).fill(value))

    def choose(self, **values: str) -> None:
        """Choose from lists and rows of buttons."""
        for name, value in values.items():
            self._do(lambda name=name, value=value: self._choose(name, value))

    def _choose(self, name: str, value: str) -> None:
        button = self._page.locator(f'input[type=radio][name="{name}"][value="{value}"]')
        if button.count():
            button.check()
        else:
            self._field(name).select_option(value)

    def tick(self, *names: str) -> None:
        """Tick boxes."""
        for name in names:
            self._do(lambda name=name: self._field(name).check())

    def _field(self, name: str) -> Any:
        return self._page.locator(f'[name="{name}"]')

    # --- Reading ----------------------------------------------------------------------------------

    def said(self, words: str) -> str:
        """Words of ours in the language of this person."""
        with translation.override(self.language):
            return translation.gettext(words)

    @property
    def path(self) -> str:
        """The address of the page without the site."""
        return self._do(lambda: self._page.url).removeprefix(self.site)

    @property
    def text(self) -> str:
        """What the page says, in plain spaces."""
        return plain(self._do(lambda: self._page.locator("body").inner_text()))

    def marked(self, name: str) -> str:
        """An attribute of the whole page, such as its language."""
        return self._do(lambda: self._page.locator("html").get_attribute(name)) or ""

    @property
    def background(self) -> str:
        """The colour behind everything."""
        script = "getComputedStyle(document.body).backgroundColor"
        return str(self._do(lambda: self._page.evaluate(script)))

    def rows(self, table: str = "table") -> list[list[str]]:
        """The words of each row of a table's body, cell by cell, in plain spaces."""
        found = self._do(
            lambda: self._page.locator(f"{table} tbody tr").evaluate_all(
                "rows => rows.map(row => [...row.cells].map(cell => cell.textContent))"
            )
        )
        return [[plain(cell) for cell in row] for row in found]

    def wait_for(self, words: str, *, within: str = "body") -> None:
        """Wait until the page, which changes by itself, shows these words."""

        def there() -> None:
            expect(self._page.locator(within)).to_contain_text(words, timeout=PATIENCE_MS)

        self._do(there)

    # --- Looking ----------------------------------------------------------------------------------

    def look(self, *, width: int, scheme: str) -> None:
        """Look at the same page in another width, by day (light) or night (dark)."""

        def changed() -> None:
            self._page.set_viewport_size({"width": width, "height": HEIGHT})
            self._page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            self._page.evaluate(_PAINTED)

        self._do(changed)

    def misfits(self) -> list[str]:
        """What reaches beyond the window, is cut off, or sticks out of the page's column."""
        return [str(words) for words in self._do(lambda: self._page.evaluate(_MISFITS))]

    def barriers(self) -> list[str]:
        """What axe holds to be serious or critical for people with disabilities."""
        found = self._do(lambda: Axe().run(self._page)).response["violations"]
        return [
            f"{rule['id']}: {node['target']} {node.get('failureSummary', '')}"
            for rule in found
            if rule["impact"] in ("serious", "critical")
            for node in rule["nodes"]
        ]

    def photograph(self, file: str) -> None:
        """Keep a picture of the whole page."""
        self._do(lambda: self._page.screenshot(path=file, full_page=True))
