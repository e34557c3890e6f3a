"""The reader's choice of light or dark, kept in a cookie so that the first paint is right."""

from __future__ import annotations

from typing import Final

THEME_COOKIE: Final = "pari_theme"
THEMES: Final = ("light", "dark")
