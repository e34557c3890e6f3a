"""Charts as plain shapes, worked out on the server.

A plot is 1,000 units wide and 300 high and is stretched to its place, so coordinates say nothing
about pixels. Words stand beside the plot in HTML; every chart comes with its figures as a table.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, NamedTuple

WIDTH: Final = 1000
HEIGHT: Final = 300
_LINES: Final = 4
_EURO: Final = 100
_ROUND_TOPS: Final = (4, 8, 10, 20)
"""Tops whose quarters are round: 1, 2, 2.5 and 5 times a power of ten."""


class Tick(NamedTuple):
    """A line across the plot at a round amount."""

    cents: int
    y: str


class ShareTick(NamedTuple):
    """A line across the plot at a round share."""

    share: Decimal
    y: str


class Box(NamedTuple):
    """A rectangle in units of the plot, ready for an SVG."""

    x: str
    y: str
    width: str
    height: str


@dataclass(frozen=True)
class LineChart:
    """One line with the area under it, and a second line to compare it with."""

    line: str
    area: str
    second: str
    ticks: list[Tick]


@dataclass(frozen=True)
class ColumnChart:
    """Columns of two parts, the second on top of the first, and a mark across each."""

    lower: list[Box]
    upper: list[Box]
    ticks: list[Tick]
    marks: Sequence[Box] = ()


@dataclass(frozen=True)
class Step:
    """One row of a bridge: an amount to start or end with, or what is added and taken away.

    Only what is added or taken away has a bar: to the right or to the left of the middle.
    """

    label: str
    cents: int
    is_sum: bool
    box: Box | None


class Gauge(NamedTuple):
    """A range on a row, and where marks stand on it; None for a mark that is missing."""

    box: Box
    marks: list[str | None]


def line_chart(values: Sequence[int], second: Sequence[int]) -> LineChart:
    """Draw two rows of amounts over the same days, evenly spaced, from zero up.

    Where one of them lies below zero, the scale goes down as far by the same steps.
    """
    amounts = [*values, *second, 1]
    step = nice_top(max(max(amounts), -min(amounts))) // _LINES
    below = -(min([*amounts, 0]) // step)
    above = -(-max(amounts) // step) if below else _LINES
    top, bottom = step * above, -step * below
    points = _points(values, top, bottom)
    last_x = points[-1][0] if points else 0
    line, zero = _path(points), _n(_y(0, top, bottom))
    return LineChart(
        line=line,
        area=f"{line} L{_n(last_x)} {zero} L0 {zero} Z" if points else "",
        second=_path(_points(second, top, bottom)),
        ticks=[
            Tick(step * place, _n(_y(step * place, top, bottom)))
            for place in range(above, -below - 1, -1)
        ],
    )


def column_chart(
    lower: Sequence[int], upper: Sequence[int], marks: Sequence[int] = ()
) -> ColumnChart:
    """Draw columns made of two parts, with a mark at the height of another amount."""
    top = nice_top(max([low + high for low, high in zip(lower, upper, strict=True)], default=1))
    slot = WIDTH / max(len(lower), 1)
    lower_boxes, upper_boxes = [], []
    for place, (low, high) in enumerate(zip(lower, upper, strict=True)):
        x, width = slot * place + slot * 0.18, slot * 0.64
        lower_boxes.append(_box(x, width, 0, low, top))
        upper_boxes.append(_box(x, width, low, low + high, top))
    mark_boxes = [
        _box(slot * place + slot * 0.1, slot * 0.8, cents, cents, top)
        for place, cents in enumerate(marks)
    ]
    return ColumnChart(lower_boxes, upper_boxes, ticks(top), mark_boxes)


def paired_chart(first: Sequence[int], second: Sequence[int]) -> ColumnChart:
    """Draw two rows of amounts over the same months, side by side: first (lower) and second."""
    top = nice_top(max([*first, *second, 1]))
    slot = WIDTH / max(len(first), 1)
    pairs = zip(first, second, strict=True)
    boxes = [
        (
            _box(slot * (place + 0.12), slot * 0.36, 0, old, top),
            _box(slot * (place + 0.52), slot * 0.36, 0, new, top),
        )
        for place, (old, new) in enumerate(pairs)
    ]
    return ColumnChart([old for old, _ in boxes], [new for _, new in boxes], ticks(top))


def bridge(rows: Sequence[tuple[str, int, bool]]) -> list[Step]:
    """Lay out the way from one sum to another; bars are in proportion to the largest step.

    Args:
        rows: label, cents, and whether it is a sum.
    """
    reach = max([abs(cents) for _, cents, is_sum in rows if not is_sum], default=0) or 1
    return [
        Step(label, cents, is_sum, None if is_sum else _bar(cents, reach))
        for label, cents, is_sum in rows
    ]


def curves(rows: Sequence[Sequence[Decimal]]) -> tuple[list[str], list[ShareTick], int]:
    """Draw shares by month, one line per row, all from the left edge up.

    Returns the paths, the lines across, and the months from edge to edge.
    """
    months = max([len(row) for row in rows], default=0)
    top = _nice_share(max([share for row in rows for share in row], default=Decimal(0)))
    gap = WIDTH / max(months - 1, 1)
    paths = [
        _path(
            [(gap * place, HEIGHT - HEIGHT * float(share / top)) for place, share in enumerate(row)]
        )
        for row in rows
    ]
    lines = [
        ShareTick(top * part / _LINES, _n(HEIGHT - HEIGHT * part / _LINES))
        for part in range(_LINES, -1, -1)
    ]
    return paths, lines, months


def _nice_share(highest: Decimal) -> Decimal:
    """The first share at or above `highest` whose quarters are round: 2 % to 100 %."""
    tops = (Decimal(top) / 100 for top in (2, 4, 10, 20, 40))
    return next((top for top in tops if top >= highest), Decimal(1))


def gauge(scale: Decimal, low: Decimal, high: Decimal, *marks: Decimal | None) -> Gauge:
    """Place a range and marks on a row that runs from 0 to `scale`."""

    def x(share: Decimal) -> float:
        return WIDTH * float(min(share / scale, Decimal(1)))

    left, right = x(low), x(high)
    placed = [None if mark is None else _n(x(mark)) for mark in marks]
    return Gauge(Box(_n(left), "0", _n(max(right - left, 4)), "20"), placed)


def steps_in_points(rows: Sequence[tuple[int, bool]]) -> list[Box | None]:
    """Bars for the steps of a bridge in hundredths of a point; None for a level."""
    reach = max([abs(part) for part, is_level in rows if not is_level], default=0) or 1
    return [
        None if is_level else _bar(part, reach) if part else Box(_n(WIDTH / 2), "0", "0", "20")
        for part, is_level in rows
    ]


def nice_top(cents: int) -> int:
    """The first round amount at or above `cents` that splits into quarters of whole euros."""
    step = _EURO
    while True:
        for top in _ROUND_TOPS:
            if step * top >= cents and step * top % (_LINES * _EURO) == 0:
                return step * top
        step *= 10


def ticks(top: int) -> list[Tick]:
    """Lines at the quarters of the height, from the top down to zero."""
    return [
        Tick(top * part // _LINES, _n(HEIGHT - HEIGHT * part / _LINES))
        for part in range(_LINES, -1, -1)
    ]


def _points(values: Sequence[int], top: int, bottom: int) -> list[tuple[float, float]]:
    gap = WIDTH / max(len(values) - 1, 1)
    return [(gap * place, _y(value, top, bottom)) for place, value in enumerate(values)]


def _y(cents: int, top: int, bottom: int) -> float:
    """How far below the upper edge an amount stands."""
    return HEIGHT * (top - cents) / (top - bottom)


def _path(points: Sequence[tuple[float, float]]) -> str:
    return " ".join(
        f"{'L' if place else 'M'}{_n(x)} {_n(y)}" for place, (x, y) in enumerate(points)
    )


def _box(x: float, width: float, low: int, high: int, top: int) -> Box:
    height = HEIGHT * (high - low) / top
    return Box(_n(x), _n(HEIGHT - HEIGHT * high / top), _n(width), _n(height))


def _bar(cents: int, reach: int) -> Box:
    """A bar from the middle outward, at least a hair wide so that it can be seen."""
    middle = WIDTH / 2
    width = max(middle * abs(cents) / reach, 6)
    return Box(_n(middle if cents >= 0 else middle - width), "0", _n(width), "20")


def _n(number: float) -> str:
    """A coordinate with one decimal, whatever the language of the page."""
    return f"{number:.1f}".removesuffix(".0")
