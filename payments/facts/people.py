"""What the provider tells of people, their bank accounts and the accounts that receive money."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Self

from payments.facts.base import Fact, Raw, id_of


@dataclass(frozen=True)
class Customer(Fact):
    """Someone who pays."""

    @classmethod
    def read(cls, raw: Raw) -> Self:
        """From the provider's JSON."""
        return cls(raw["id"], raw)


@dataclass(frozen=True)
class BankDetails:
    """What may be shown of a bank account."""

    last4: str
    country: str
    bank_code: str
    fingerprint: str


@dataclass(frozen=True)
class BankSetup(Fact):
    """A setup intent: leave to debit a bank account."""

    status: str
    method_id: str
    mandate_id: str
    bank: BankDetails | None
    failure_code: str

    @classmethod
    def read(cls, raw: Raw) -> Self:
        """From the provider's JSON; bank details only where the method was sent whole."""
        method = raw.get("payment_method")
        shown = method.get("sepa_debit") if isinstance(method, dict) else None
        error = raw.get("last_setup_error") or {}
        return cls(
            raw["id"],
            raw,
            status=raw["status"],
            method_id=id_of(method),
            mandate_id=id_of(raw.get("mandate")),
            bank=BankDetails(
                last4=shown["last4"] or "",
                country=shown["country"] or "",
                bank_code=shown["bank_code"] or "",
                fingerprint=shown["fingerprint"] or "",
            )
            if shown
            else None,
            failure_code=error.get("code") or "",
        )


@dataclass(frozen=True)
class CardSetup(Fact):
    """A hosted page on which someone saves a card; the card once it was saved."""

    url: str
    status: str
    method_id: str
    brand: str
    funding: str
    last4: str
    expires_month: int
    expires_year: int

    @classmethod
    def read(cls, raw: Raw) -> Self:
        """From the provider's JSON; the card only where the setup was sent whole."""
        setup = raw.get("setup_intent")
        method = setup.get("payment_method") if isinstance(setup, dict) else None
        shown = method.get("card") if isinstance(method, dict) else None
        is_saved = bool(shown) and setup["status"] == "succeeded"
        card = shown if shown and is_saved else {}
        return cls(
            raw["id"],
            raw,
            url=raw.get("url") or "",
            status=raw["status"] or "",
            method_id=id_of(method) if is_saved else "",
            brand=card.get("brand") or "",
            funding=card.get("funding") or "",
            last4=card.get("last4") or "",
            expires_month=card.get("exp_month") or 0,
            expires_year=card.get("exp_year") or 0,
        )


@dataclass(frozen=True)
class Mandate(Fact):
    """Leave to debit: pending, active or inactive."""

    status: str
    method_id: str

    @classmethod
    def read(cls, raw: Raw) -> Self:
        """From the provider's JSON."""
        return cls(raw["id"], raw, status=raw["status"], method_id=id_of(raw["payment_method"]))


@dataclass(frozen=True)
class Method(Fact):
    """A way to pay, such as a bank account; `customer_id` is empty once it was forgotten."""

    customer_id: str

    @classmethod
    def read(cls, raw: Raw) -> Self:
        """From the provider's JSON."""
        return cls(raw["id"], raw, customer_id=id_of(raw["customer"]))


@dataclass(frozen=True)
class Verification(Fact):
    """A check of identity; names and birth date only where they were asked for."""

    status: str
    url: str
    reference: str
    failure_code: str
    first_name: str
    last_name: str
    born_on: date | None

    @classmethod
    def read(cls, raw: Raw) -> Self:
        """From the provider's JSON."""
        outputs = raw.get("verified_outputs") or {}
        born = outputs.get("dob")
        return cls(
            raw["id"],
            raw,
            status=raw["status"],
            url=raw.get("url") or "",
            reference=raw.get("client_reference_id") or "",
            failure_code=(raw.get("last_error") or {}).get("code") or "",
            first_name=outputs.get("first_name") or "",
            last_name=outputs.get("last_name") or "",
            born_on=date(born["year"], born["month"], born["day"]) if born else None,
        )


@dataclass(frozen=True)
class Recipient(Fact):
    """A connected account that receives transfers, and what it still has to tell."""

    transfers_status: str
    requirements: tuple[str, ...]

    @classmethod
    def read(cls, raw: Raw) -> Self:
        """From the provider's JSON, asked for with its configuration and requirements."""
        recipient = (raw.get("configuration") or {}).get("recipient") or {}
        balance = (recipient.get("capabilities") or {}).get("stripe_balance") or {}
        entries = (raw.get("requirements") or {}).get("entries") or []
        return cls(
            raw["id"],
            raw,
            transfers_status=(balance.get("stripe_transfers") or {}).get("status", ""),
            requirements=tuple(entry["description"] for entry in entries),
        )


@dataclass(frozen=True)
class Link:
    """An address for one use; never stored."""

    url: str
    expires_at: datetime

    @classmethod
    def read(cls, raw: Raw) -> Self:
        """From the provider's JSON."""
        return cls(raw["url"], datetime.fromisoformat(raw["expires_at"]))


@dataclass(frozen=True)
class BankDestination(Fact):
    """The bank account to which a recipient's payouts go."""

    last4: str
    status: str

    @classmethod
    def read(cls, raw: Raw) -> Self:
        """From the provider's JSON."""
        return cls(raw["id"], raw, last4=raw["last4"], status=raw["status"])
