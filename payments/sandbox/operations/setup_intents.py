"""Setup intents and mandates: leave to debit a bank account later."""

from __future__ import annotations

from typing import Any

from payments.sandbox import clock, events
from payments.sandbox.errors import bad_parameter, invalid
from payments.sandbox.ids import new_id
from payments.sandbox.operations import payment_methods
from payments.sandbox.store import Record, Work


def create(work: Work, params: dict[str, Any]) -> Record:
    """POST setup_intents."""
    customer_id = params.get("customer", "")
    if customer_id:
        work.find(customer_id, "customer", param="customer", status=400)
    kinds = params.get("allowed_payment_method_types") or ["card"]
    data = {
        "allowed_payment_method_types": params.get("allowed_payment_method_types"),
        "application": None,
        "automatic_payment_methods": params.get("automatic_payment_methods"),
        "cancellation_reason": None,
        "client_secret": None,
        "customer": customer_id or None,
        "description": params.get("description"),
        "flow_directions": None,
        "last_setup_error": None,
        "latest_attempt": None,
        "mandate": None,
        "metadata": params.get("metadata", {}),
        "next_action": None,
        "on_behalf_of": None,
        "payment_method": None,
        "payment_method_options": params.get("payment_method_options", {}),
        "payment_method_types": kinds,
        "single_use_mandate": None,
        "status": "requires_payment_method",
        "usage": params.get("usage", "off_session"),
    }
    intent = work.add("setup_intent", data, parent=customer_id)
    work.change(intent, client_secret=f"{intent.id}_secret_{new_id('request')[4:]}")
    events.emit(work, "setup_intent.created", intent)
    return _confirm(work, intent, params) if params.get("confirm") else intent


def retrieve(work: Work, params: dict[str, Any], intent_id: str) -> Record:
    """GET setup_intents/{id}."""
    return work.find(intent_id, "setup_intent", param="intent")


def confirm(work: Work, params: dict[str, Any], intent_id: str) -> Record:
    """POST setup_intents/{id}/confirm."""
    intent = work.find(intent_id, "setup_intent", param="intent")
    if intent.data["status"] not in (
        "requires_payment_method",
        "requires_confirmation",
    ):
        raise invalid(
            "You cannot confirm this SetupIntent because it has already succeeded.",
            code="setup_intent_unexpected_state",
        )
    return _confirm(work, intent, params)


def keep(work: Work, intent: Record, method: Record) -> None:
    """Keep a payment method that was given on a page for the customer."""
    if intent.data["customer"]:
        payment_methods.attach(work, method, intent.data["customer"])
    work.change(intent, payment_method=method.id, status="succeeded")
    events.emit(work, "setup_intent.succeeded", intent)


def retrieve_mandate(work: Work, params: dict[str, Any], mandate_id: str) -> Record:
    """GET mandates/{id}."""
    return work.find(mandate_id, "mandate", param="mandate")


def new_mandate(work: Work, method: Record, acceptance: dict[str, Any]) -> Record:
    """A mandate for a bank account, with the proof that its holder agreed."""
    reference = new_id("mandate")[-16:].upper()
    shown = {
        "reference": reference,
        "url": f"https://hooks.stripe.com/adapter/sepa/{reference}",
    }
    accepted = {
        "accepted_at": clock.seconds(work.now),
        "type": acceptance.get("type", "online"),
    }
    for how in ("online", "offline"):
        if how in acceptance:
            accepted[how] = acceptance[how]
    data = {
        "customer_acceptance": accepted,
        "multi_use": {},
        "on_behalf_of": None,
        "payment_method": method.id,
        "payment_method_details": {"sepa_debit": shown, "type": "sepa_debit"},
        "status": "active",
        "type": "multi_use",
    }
    return work.add("mandate", data, parent=method.id)


def _confirm(work: Work, intent: Record, params: dict[str, Any]) -> Record:
    method = _method(work, intent, params)
    customer_id = intent.data["customer"] or ""
    mandate_id = None
    if method.data["type"] == "sepa_debit":
        acceptance = (params.get("mandate_data") or {}).get("customer_acceptance")
        if not acceptance:
            raise bad_parameter(
                "Missing required param: mandate_data.",
                param="mandate_data",
                code="parameter_missing",
            )
        mandate_id = new_mandate(work, method, acceptance).id
    if customer_id:
        payment_methods.attach(work, method, customer_id)
    work.change(intent, mandate=mandate_id, payment_method=method.id, status="succeeded")
    events.emit(work, "setup_intent.succeeded", intent)
    return intent


def _method(work: Work, intent: Record, params: dict[str, Any]) -> Record:
    if "payment_method_data" in params:
        given = params["payment_method_data"]
        method = payment_methods.make(work, given, name="payment_method_data")
    elif "payment_method" in params:
        chosen = params["payment_method"]
        method = payment_methods.by_id_or_token(work, chosen, param="payment_method")
    else:
        raise bad_parameter(
            "You cannot confirm this SetupIntent because it's missing a payment method.",
            param="payment_method",
            code="setup_intent_unexpected_state",
        )
    if method.data["type"] not in intent.data["payment_method_types"]:
        raise invalid(
            f"The payment method type {method.data['type']} is not allowed for this SetupIntent.",
            code="payment_intent_invalid_parameter",
            param="payment_method",
        )
    return method
