"""Payment methods: a bank account that may be debited, or a test card."""

from __future__ import annotations

import hashlib
from typing import Any

from payments.sandbox import events, outcomes
from payments.sandbox.errors import bad_parameter, invalid
from payments.sandbox.store import Record, Work


def create(work: Work, params: dict[str, Any]) -> Record:
    """POST payment_methods."""
    return make(work, params, name="")


def make(work: Work, given: dict[str, Any], *, name: str, customer_id: str = "") -> Record:
    """A payment method from what was typed in; `name` is the parameter that holds it."""
    kind = given.get("type")
    if kind == "sepa_debit":
        return _bank_account(work, given, name=name, customer_id=customer_id)
    if kind == "card":
        return of_card(work, given["card"].get("number", ""), customer_id=customer_id)
    raise bad_parameter(f"Unsupported payment method type: {kind}", param=_full(name, "type"))


def retrieve(work: Work, params: dict[str, Any], method_id: str) -> Record:
    """GET payment_methods/{id}."""
    return work.find(method_id, "payment_method")


def detach(work: Work, params: dict[str, Any], method_id: str) -> Record:
    """POST payment_methods/{id}/detach."""
    method = work.find(method_id, "payment_method")
    if not method.data["customer"]:
        raise invalid(
            "The payment method you provided is not attached to a customer so detachment is"
            " impossible."
        )
    work.change(method, customer=None)
    work.put_under(method, "")
    events.emit(work, "payment_method.detached", method)
    return method


def attach(work: Work, method: Record, customer_id: str) -> None:
    """Keep a payment method for a customer."""
    if method.data["customer"] != customer_id:
        work.change(method, customer=customer_id)
        work.put_under(method, customer_id)
        events.emit(work, "payment_method.attached", method)


def of_card(work: Work, number: str, *, customer_id: str = "") -> Record:
    """A payment method for a published test card."""
    card = outcomes.CARDS.get(number)
    if card is None:
        raise bad_parameter(
            "Your card number is incorrect.",
            param="card[number]",
            code="incorrect_number",
        )
    shown = {
        "brand": card.brand,
        "checks": None,
        "country": "DE",
        "display_brand": card.brand,
        "exp_month": 12,
        "exp_year": work.now.year + 3,
        "fingerprint": _fingerprint(number),
        "funding": card.funding,
        "generated_from": None,
        "last4": number[-4:],
        "networks": None,
        "three_d_secure_usage": None,
        "wallet": None,
    }
    hidden = {"number": number}
    data = _data("card", shown, {}, customer_id)
    return work.add("payment_method", data, parent=customer_id, hidden=hidden)


def by_id_or_token(work: Work, method_id: str, *, param: str) -> Record:
    """The stored payment method, or a new one for a published test token."""
    number = outcomes.CARD_TOKENS.get(method_id)
    if number:
        return of_card(work, number)
    return work.find(method_id, "payment_method", param=param, status=400)


def _bank_account(work: Work, given: dict[str, Any], *, name: str, customer_id: str) -> Record:
    iban = given.get("sepa_debit", {}).get("iban", "").replace(" ", "").upper()
    if not outcomes.is_iban(iban):
        raise bad_parameter(
            "The IBAN you provided is invalid.",
            param=_full(name, "sepa_debit", "iban"),
            code="invalid_bank_account_iban",
        )
    billing = given.get("billing_details", {})
    for field in ("name", "email"):
        if not billing.get(field):
            raise bad_parameter(
                f"Missing required param: {_full(name, 'billing_details', field)}.",
                param=_full(name, "billing_details", field),
                code="parameter_missing",
            )
    shown = {
        "bank_code": iban[4:12],
        "branch_code": "",
        "country": iban[:2],
        "fingerprint": _fingerprint(iban),
        "generated_from": {"charge": None, "setup_attempt": None},
        "last4": iban[-4:],
    }
    data = _data("sepa_debit", shown, billing, customer_id)
    return work.add("payment_method", data, parent=customer_id, hidden={"iban": iban})


def _data(
    kind: str, shown: dict[str, Any], billing: dict[str, Any], customer_id: str
) -> dict[str, Any]:
    details = {
        "address": None,
        "email": None,
        "name": None,
        "phone": None,
        "tax_id": None,
    }
    return {
        "allow_redisplay": "unspecified",
        "billing_details": details | billing,
        kind: shown,
        "customer": customer_id or None,
        "metadata": {},
        "type": kind,
    }


def _fingerprint(number: str) -> str:
    return hashlib.sha256(f"sandbox:{number}".encode()).hexdigest()[:16]


def _full(name: str, *parts: str) -> str:
    return f"{name}[{']['.join(parts)}]" if name else f"{parts[0]}[{']['.join(parts[1:])}]"
