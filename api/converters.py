"""Ids in addresses: what cannot be an id of ours is not found, never an error of the database."""

from __future__ import annotations

from typing import Final

LARGEST_ID: Final = 2**63 - 1


class IdConverter:
    """A row's id: ASCII digits, no sign, no zero in front, within the range of a bigint."""

    regex = "[1-9][0-9]{0,18}"

    def to_python(self, value: str) -> int:
        """Return the id; ValueError lets the address count as unknown."""
        number = int(value)
        if number > LARGEST_ID:
            raise ValueError("beyond the range of ids")
        return number

    def to_url(self, value: int) -> str:
        """Write the id."""
        return str(value)
