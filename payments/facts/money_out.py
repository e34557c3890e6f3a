"""What the provider tells of money that leaves."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Self

from payments.facts.base import Fact, Raw, id_of, instant


@dataclass(frozen=True)
class Transfer(Fact):
    """Money sent to a connected account; it has no status, only what was taken back of it."""

    amount_cents: int
    reversed_cents: int
    destination_id: str
    transaction_id: str

    @classmethod
    def read(cls, raw: Raw) -> Self:
        """From the provider's JSON."""
        return cls(
            raw["id"],
            raw,
            amount_cents=raw["amount"],
            reversed_cents=raw["amount_reversed"],
            destination_id=id_of(raw["destination"]),
            transaction_id=id_of(raw["balance_transaction"]),
        )


@dataclass(frozen=True)
class Reversal(Fact):
    """Money taken back from a connected account."""

    amount_cents: int
    transfer_id: str
    transaction_id: str

    @classmethod
    def read(cls, raw: Raw) -> Self:
        """From the provider's JSON."""
        return cls(
            raw["id"],
            raw,
            amount_cents=raw["amount"],
            transfer_id=id_of(raw["transfer"]),
            transaction_id=id_of(raw["balance_transaction"]),
        )


@dataclass(frozen=True)
class PayoutFact(Fact):
    """Money on its way from a connected account to a bank."""

    status: str
    amount_cents: int
    arrives_on: date
    failure_code: str
    transaction_id: str

    @classmethod
    def read(cls, raw: Raw) -> Self:
        """From the provider's JSON."""
        return cls(
            raw["id"],
            raw,
            status=raw["status"],
            amount_cents=raw["amount"],
            arrives_on=instant(raw["arrival_date"]).date(),
            failure_code=raw.get("failure_code") or "",
            transaction_id=id_of(raw["balance_transaction"]),
        )
