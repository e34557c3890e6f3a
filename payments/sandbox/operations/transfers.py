"""Transfers: money from the platform to a connected account, and back."""

from __future__ import annotations

from typing import Any

from payments.sandbox import books, events
from payments.sandbox.errors import bad_parameter, invalid
from payments.sandbox.operations import accounts
from payments.sandbox.store import PLATFORM, Record, Work


def create(work: Work, params: dict[str, Any]) -> Record:
    """POST transfers."""
    amount = params.get("amount", 0)
    if amount < 1:
        raise bad_parameter(
            "This value must be greater than or equal to 1.",
            param="amount",
            code="parameter_invalid_integer",
        )
    account_id = params["destination"]
    account = work.find(
        account_id, "v2.core.account", account=PLATFORM, param="destination", status=400
    )
    if not accounts.may_receive(account):
        raise invalid(
            "Your destination account needs to have at least one of the following capabilities"
            " enabled: transfers, crypto_transfers, legacy_payments",
            code="insufficient_capabilities_for_transfer",
        )
    books.require(work, work.account, amount)
    transfer = work.add("transfer", _data(params), parent=account.id)
    there = work.add(
        "charge",
        _arrival(transfer),
        parent=transfer.id,
        account=account.id,
        prefix="payment",
    )
    away = books.transact(work, "transfer", transfer, -amount, against=_way(transfer))
    come = books.transact(
        work, "payment", there, amount, against=_way(transfer), account=account.id
    )
    work.change(there, balance_transaction=come.id)
    work.change(transfer, balance_transaction=away.id, destination_payment=there.id)
    events.emit(work, "transfer.created", transfer)
    return transfer


def retrieve(work: Work, params: dict[str, Any], transfer_id: str) -> Record:
    """GET transfers/{id}."""
    return work.find(transfer_id, "transfer", param="transfer")


def reverse(work: Work, params: dict[str, Any], transfer_id: str) -> Record:
    """POST transfers/{id}/reversals."""
    transfer = work.find(transfer_id, "transfer", param="transfer")
    left = transfer.data["amount"] - transfer.data["amount_reversed"]
    amount = params.get("amount", left)
    if not 0 < amount <= left:
        raise invalid(
            f"Reversal amount ({amount}) is greater than the unreversed amount ({left}).",
            param="amount",
        )
    account_id = transfer.data["destination"]
    books.require(work, account_id, amount)
    reversal = work.add(
        "transfer_reversal", _reversal(params, transfer, amount), parent=transfer.id
    )
    there = work.find(transfer.data["destination_payment"], "charge", account=account_id)
    books.transact(
        work,
        "payment_refund",
        there,
        -amount,
        against=_way(transfer),
        account=account_id,
    )
    back = books.transact(work, "transfer_refund", transfer, amount, against=_way(transfer))
    work.change(reversal, balance_transaction=back.id)
    reversed_cents = transfer.data["amount_reversed"] + amount
    listing = transfer.data["reversals"]
    listing["data"].insert(0, dict(reversal.data))
    listing["total_count"] = len(listing["data"])
    work.change(
        transfer,
        amount_reversed=reversed_cents,
        reversed=reversed_cents == transfer.data["amount"],
    )
    events.emit(work, "transfer.reversed", transfer)
    return reversal


def _data(params: dict[str, Any]) -> dict[str, Any]:
    return {
        "amount": params["amount"],
        "amount_reversed": 0,
        "balance_transaction": None,
        "currency": "eur",
        "description": params.get("description"),
        "destination": params["destination"],
        "destination_payment": None,
        "metadata": params.get("metadata", {}),
        "reversals": {
            "object": "list",
            "data": [],
            "has_more": False,
            "total_count": 0,
            "url": "/v1/transfers/reversals",
        },
        "reversed": False,
        "source_transaction": params.get("source_transaction"),
        "source_type": "card",
        "transfer_group": params.get("transfer_group"),
    }


def _reversal(params: dict[str, Any], transfer: Record, amount: int) -> dict[str, Any]:
    return {
        "amount": amount,
        "balance_transaction": None,
        "currency": "eur",
        "destination_payment_refund": None,
        "metadata": params.get("metadata", {}),
        "source_refund": None,
        "transfer": transfer.id,
    }


def _arrival(transfer: Record) -> dict[str, Any]:
    """The payment that the receiving account sees."""
    amount = transfer.data["amount"]
    return {
        "amount": amount,
        "amount_captured": amount,
        "amount_refunded": 0,
        "application": None,
        "application_fee": None,
        "balance_transaction": None,
        "billing_details": {
            "address": None,
            "email": None,
            "name": None,
            "phone": None,
        },
        "captured": True,
        "currency": "eur",
        "customer": None,
        "disputed": False,
        "failure_balance_transaction": None,
        "metadata": {},
        "on_behalf_of": None,
        "paid": True,
        "payment_intent": None,
        "refunded": False,
        "review": None,
        "source": None,
        "source_transfer": transfer.id,
        "status": "succeeded",
        "transfer": None,
    }


def _way(transfer: Record) -> str:
    return f"between:{transfer.data['destination']}"
