"""What the provider tells of its books, and of what happened."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, Self

from payments.facts.base import Fact, Raw, id_of, instant

THIN: Final = "v2.core.event"
"""What the provider calls an event that holds no copy of its object."""


@dataclass(frozen=True)
class BalanceTransaction(Fact):
    """One line of the provider's books about us; `net_cents` is amount less fee."""

    kind: str
    source_id: str
    amount_cents: int
    fee_cents: int
    net_cents: int
    created_at: datetime
    available_on: date

    @classmethod
    def read(cls, raw: Raw) -> Self:
        """From the provider's JSON."""
        return cls(
            raw["id"],
            raw,
            kind=raw["type"],
            source_id=id_of(raw["source"]),
            amount_cents=raw["amount"],
            fee_cents=raw["fee"],
            net_cents=raw["net"],
            created_at=instant(raw["created"]),
            available_on=instant(raw["available_on"]).date(),
        )


@dataclass(frozen=True)
class Balance:
    """What the provider holds, in euro cents."""

    available_cents: int
    pending_cents: int

    @classmethod
    def read(cls, raw: Raw) -> Self:
        """From the provider's JSON; other currencies are not ours."""
        return cls(_euros(raw["available"]), _euros(raw["pending"]))

    @property
    def total_cents(self) -> int:
        """All of it."""
        return self.available_cents + self.pending_cents


@dataclass(frozen=True)
class Event(Fact):
    """Something that happened, and to which object; the object is fetched before we act.

    A snapshot event holds a copy of the object, which is old by the time we read it, and names the
    version of the API that it is written in. A thin one holds neither; it may name its twin, the
    snapshot event of the same news.
    """

    kind: str
    account_id: str
    object_id: str
    is_live: bool
    api_version: str
    created_at: datetime
    twin_id: str = ""

    @classmethod
    def read(cls, raw: Raw) -> Self:
        """From the provider's JSON of either form."""
        if raw["object"] == THIN:
            return cls._read_thin(raw)
        return cls(
            raw["id"],
            raw,
            kind=raw["type"],
            account_id=raw.get("account") or "",
            object_id=raw["data"]["object"].get("id") or "",
            is_live=raw["livemode"],
            api_version=raw.get("api_version") or "",
            created_at=instant(raw["created"]),
        )

    @classmethod
    def _read_thin(cls, raw: Raw) -> Self:
        """A thin event; its context ends with the account."""
        return cls(
            raw["id"],
            raw,
            kind=raw["type"],
            account_id=(raw.get("context") or "").rpartition("/")[2],
            object_id=(raw.get("related_object") or {}).get("id") or "",
            is_live=raw["livemode"],
            api_version="",
            created_at=datetime.fromisoformat(raw["created"]),
            twin_id=raw.get("snapshot_event") or "",
        )


def _euros(lines: list[Raw]) -> int:
    return sum(line["amount"] for line in lines if line["currency"] == "eur")
