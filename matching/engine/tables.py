"""CSV files of whole numbers and words; a bad cell is named by file, line and column."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Final

import numpy as np

from matching.engine.problem import Ints

_FOREIGN: Final = re.compile(r"[^0-9,\-]")
_WHOLE: Final = re.compile(r"-?[0-9]{1,18}")


class FileError(ValueError):
    """A file is not as it must be; line 0 stands for the file as a whole."""

    def __init__(self, file: str, line: int, column: str, complaint: str) -> None:
        spot = f"{file}, line {line}, column {column}" if line else file
        super().__init__(f"{spot}: {complaint}")
        self.file = file
        self.line = line
        self.column = column
        self.complaint = complaint


@dataclass(frozen=True, slots=True)
class Table:
    """The cells of a file by column, with the line on which each row ended."""

    file: str
    columns: dict[str, list[str]]
    lines: list[int]

    def __len__(self) -> int:
        """The number of rows."""
        return len(self.lines)

    def has(self, column: str) -> bool:
        """Whether the file has the column."""
        return column in self.columns

    def error(self, row: int, column: str, complaint: str) -> FileError:
        """The refusal of one cell."""
        return FileError(self.file, self.lines[row], column, complaint)

    def words(self, column: str) -> list[str]:
        """The cells of a column as they stand."""
        return self.columns[column]

    def whole(self, column: str, *, empty: int | None = None) -> Ints:
        """A column of whole numbers; `empty` stands for an empty cell, which else is refused."""
        cells = self.columns[column]
        if empty is not None:
            cells = [cell or str(empty) for cell in cells]
        if cells and _FOREIGN.search(",".join(cells)):
            raise self._first_bad(column, cells)
        try:
            return np.array([int(cell) for cell in cells], np.int64)
        except (ValueError, OverflowError):
            raise self._first_bad(column, cells) from None

    def _first_bad(self, column: str, cells: Sequence[str]) -> FileError:
        row = next(row for row, cell in enumerate(cells) if not _WHOLE.fullmatch(cell))
        return self.error(row, column, f"{cells[row]!r} is no whole number")


def read_table(path: Path, needed: Sequence[str], optional: Sequence[str] = ()) -> Table:
    """Read a file with a header line; its columns may stand in any order. Raises FileError."""
    rows = csv.reader(StringIO(_text(path), newline=""), strict=True)
    try:
        header = next(rows, [])
        _check_header(path.name, header, needed, optional)
        cells: list[list[str]] = []
        lines: list[int] = []
        for row in rows:
            if len(row) != len(header):
                raise _ragged(path.name, rows.line_num, header, row)
            cells.append(row)
            lines.append(rows.line_num)
    except csv.Error as error:
        raise FileError(path.name, rows.line_num, "1", str(error)) from error
    columns = [list(column) for column in zip(*cells, strict=True)] or [[] for _ in header]
    return Table(path.name, dict(zip(header, columns, strict=True)), lines)


def _text(path: Path) -> str:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise FileError(path.name, 0, "", f"cannot be read ({error.strerror})") from error
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        column = data.count(b",", data.rfind(b"\n", 0, error.start) + 1, error.start) + 1
        raise FileError(path.name, line, str(column), "is not UTF-8") from error


def _check_header(
    file: str, header: Sequence[str], needed: Sequence[str], optional: Sequence[str]
) -> None:
    for column in needed:
        if column not in header:
            raise FileError(file, 1, column, "is missing from the header")
    for place, column in enumerate(header):
        if column in header[:place]:
            raise FileError(file, 1, column, "stands in the header twice")
        if column not in needed and column not in optional:
            raise FileError(file, 1, column, "is not known")


def _ragged(file: str, line: int, header: Sequence[str], row: Sequence[str]) -> FileError:
    if len(row) < len(header):
        return FileError(file, line, header[len(row)], "is missing from this line")
    return FileError(file, line, str(len(header) + 1), "is beyond the last column of the header")
