"""What the provider tells of money that comes in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Self

from payments.facts.base import Fact, Raw, id_of, instant
from payments.facts.books import BalanceTransaction


@dataclass(frozen=True)
class Payment(Fact):
    """A payment intent; `charge_id` and `transaction` belong to its latest attempt."""

    status: str
    amount_cents: int
    received_cents: int
    charge_id: str
    transaction: BalanceTransaction | None
    method_kind: str
    failure_code: str
    failure_message: str

    @classmethod
    def read(cls, raw: Raw) -> Self:
        """From the provider's JSON; charge and transaction only where they were sent whole."""
        charge = raw.get("latest_charge")
        whole = charge if isinstance(charge, dict) else {}
        line = whole.get("balance_transaction")
        error = raw.get("last_payment_error") or {}
        return cls(
            raw["id"],
            raw,
            status=raw["status"],
            amount_cents=raw["amount"],
            received_cents=raw["amount_received"],
            charge_id=id_of(charge),
            transaction=BalanceTransaction.read(line) if isinstance(line, dict) else None,
            method_kind=(whole.get("payment_method_details") or {}).get("type", ""),
            failure_code=error.get("decline_code") or error.get("code") or "",
            failure_message=error.get("message") or "",
        )


@dataclass(frozen=True)
class CheckoutSession(Fact):
    """A hosted page on which someone pays."""

    url: str
    status: str
    payment_status: str
    amount_cents: int
    reference: str
    payment: Payment | None
    expires_at: datetime

    @classmethod
    def read(cls, raw: Raw) -> Self:
        """From the provider's JSON; the payment only where it was sent whole."""
        payment = raw.get("payment_intent")
        return cls(
            raw["id"],
            raw,
            url=raw.get("url") or "",
            status=raw["status"] or "",
            payment_status=raw["payment_status"],
            amount_cents=raw["amount_total"] or 0,
            reference=raw.get("client_reference_id") or "",
            payment=Payment.read(payment) if isinstance(payment, dict) else None,
            expires_at=instant(raw["expires_at"]),
        )


@dataclass(frozen=True)
class Refund(Fact):
    """Money given back to whoever paid it; `failure_id` is the line with which it came back."""

    status: str
    amount_cents: int
    payment_id: str
    failure_code: str
    transaction_id: str
    failure_id: str

    @classmethod
    def read(cls, raw: Raw) -> Self:
        """From the provider's JSON."""
        return cls(
            raw["id"],
            raw,
            status=raw.get("status") or "",
            amount_cents=raw["amount"],
            payment_id=id_of(raw["payment_intent"]),
            failure_code=raw.get("failure_reason") or "",
            transaction_id=id_of(raw.get("balance_transaction")),
            failure_id=id_of(raw.get("failure_balance_transaction")),
        )


@dataclass(frozen=True)
class Dispute(Fact):
    """A payment that the payer's bank contests.

    Attributes:
        status: one of the provider's words, whose list grows.
        lines: what the provider booked for it so far, oldest first; money that left is negative.
        due_by: until when evidence is taken; None where none is.
    """

    status: str
    amount_cents: int
    payment_id: str
    reason: str
    lines: tuple[BalanceTransaction, ...]
    due_by: datetime | None
    has_evidence: bool
    created_at: datetime

    @classmethod
    def read(cls, raw: Raw) -> Self:
        """From the provider's JSON."""
        lines = [BalanceTransaction.read(line) for line in raw["balance_transactions"]]
        details = raw.get("evidence_details") or {}
        return cls(
            raw["id"],
            raw,
            status=raw["status"],
            amount_cents=raw["amount"],
            payment_id=id_of(raw["payment_intent"]),
            reason=raw["reason"],
            lines=tuple(sorted(lines, key=lambda line: (line.created_at, line.id))),
            due_by=instant(details["due_by"]) if details.get("due_by") else None,
            has_evidence=bool(details.get("has_evidence")),
            created_at=instant(raw["created"]),
        )


@dataclass(frozen=True)
class TopUp(Fact):
    """The operator's own money on its way into the balance."""

    status: str
    amount_cents: int
    transaction_id: str

    @classmethod
    def read(cls, raw: Raw) -> Self:
        """From the provider's JSON."""
        return cls(
            raw["id"],
            raw,
            status=raw["status"],
            amount_cents=raw["amount"],
            transaction_id=id_of(raw["balance_transaction"]),
        )
