"""Checks of single given values, shared by every service that takes a form's worth of input.

Each returns the value as it is to be stored, or raises an `InvalidInput` that names the field and
has a code of its own, so that a page can put the sentence beside the field and a program can tell
one fault from another.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from datetime import date
from decimal import Decimal
from typing import Any, Final, TypeVar

from django.utils.translation import gettext_lazy as _

from core.errors import InvalidInput

Amount = TypeVar("Amount", int, Decimal, date)
Choice = TypeVar("Choice", str, int)

_SPACES: Final = re.compile(r"[^\S\n]+")
_KEPT: Final = "\n\t\u200c\u200d"  # lines, and the two joiners that some scripts cannot do without


class Missing(InvalidInput):
    """Nothing was given where something is needed."""

    code = "missing"
    sentence = _("Please fill this in.")


class TooSmall(InvalidInput):
    """Below the smallest value that is allowed."""

    code = "too_small"
    sentence = _("At least %(minimum)s, please.")


class TooLarge(InvalidInput):
    """Above the largest value that is allowed."""

    code = "too_large"
    sentence = _("At most %(maximum)s, please.")


class OffStep(InvalidInput):
    """Between two steps."""

    code = "off_step"
    sentence = _("Only in steps of %(step)s.")


class NotAChoice(InvalidInput):
    """Not one of the values on offer."""

    code = "not_a_choice"
    sentence = _("Please choose one of the values on offer.")


class TooShort(InvalidInput):
    """A text that says too little."""

    code = "too_short"
    sentence = _("Please write at least %(minimum)s characters.")


class TooLong(InvalidInput):
    """A text that does not fit."""

    code = "too_long"
    sentence = _("Please write at most %(maximum)s characters.")


def given(field: str, value: Amount | None) -> Amount:
    """Return `value`; raises Missing when there is none."""
    if value is None:
        raise Missing(field=field)
    return value


def within(field: str, value: Amount | None, minimum: Amount, maximum: Amount) -> Amount:
    """Return `value` when it lies between two bounds, both included.

    The bounds are told in the unit that the field's name ends with (`_cents`, `_rate`).
    Raises Missing, TooSmall or TooLarge.
    """
    known = given(field, value)
    unit = next((unit for unit in ("_cents", "_rate") if field.endswith(unit)), "")
    if known < minimum:
        raise TooSmall(field=field, **_bound("minimum", unit, minimum))
    if known > maximum:
        raise TooLarge(field=field, **_bound("maximum", unit, maximum))
    return known


def _bound(name: str, unit: str, value: object) -> dict[str, Any]:
    return {f"{name}{unit}": value}


def on_step(field: str, value_cents: int, step_cents: int) -> int:
    """Return an amount that is a multiple of `step_cents`; raises OffStep."""
    if value_cents % step_cents:
        raise OffStep(field=field, step_cents=step_cents)
    return value_cents


def one_of(field: str, value: Choice | None, choices: Collection[Choice]) -> Choice:
    """Return `value` when it is on offer; raises Missing or NotAChoice."""
    if value is None or value == "":
        raise Missing(field=field)
    if value not in choices:
        raise NotAChoice(field=field)
    return value


def text(field: str, value: str, *, minimum: int = 1, maximum: int) -> str:
    """Return a text in one spelling of Unicode, without stray spaces and control characters.

    Lines stay lines. Raises Missing, TooShort or TooLong.
    """
    kept = "".join(
        sign
        for sign in unicodedata.normalize("NFC", value.replace("\r\n", "\n"))
        if sign in _KEPT or unicodedata.category(sign) not in ("Cc", "Cf", "Cs", "Co", "Cn")
    )
    tidy = "\n".join(_SPACES.sub(" ", line).strip() for line in kept.split("\n")).strip()
    if not tidy and minimum:
        raise Missing(field=field)
    if len(tidy) < minimum:
        raise TooShort(field=field, minimum=minimum)
    if len(tidy) > maximum:
        raise TooLong(field=field, maximum=maximum)
    return tidy


def line(field: str, value: str, *, minimum: int = 1, maximum: int) -> str:
    """Return a text of a single line; raises like `text`."""
    return text(field, " ".join(value.split()), minimum=minimum, maximum=maximum)
