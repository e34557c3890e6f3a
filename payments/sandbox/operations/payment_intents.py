"""Payment intents: an amount that is to be paid, over as many attempts as it takes."""

from __future__ import annotations

from typing import Any

from payments.sandbox import calendar, clock, events, outcomes
from payments.sandbox.errors import bad_parameter, declined, invalid
from payments.sandbox.ids import new_id
from payments.sandbox.operations import charges, disputes, payment_methods, setup_intents
from payments.sandbox.store import Record, Work

_OPEN = frozenset({"requires_payment_method", "requires_confirmation", "requires_action"})
_CANCELABLE = _OPEN | {"requires_capture"}


def create(work: Work, params: dict[str, Any]) -> Record:
    """POST payment_intents."""
    _check(work, params)
    intent = new(work, params)
    events.emit(work, "payment_intent.created", intent)
    return _confirm(work, intent, params) if params.get("confirm") else intent


def new(work: Work, params: dict[str, Any]) -> Record:
    """A payment that nobody has tried to make yet."""
    customer_id = params.get("customer", "")
    kinds = params.get("allowed_payment_method_types") or ["card", "sepa_debit"]
    automatic = params.get("automatic_payment_methods")
    data = {
        "allowed_payment_method_types": params.get("allowed_payment_method_types"),
        "amount": params["amount"],
        "amount_capturable": 0,
        "amount_received": 0,
        "application": None,
        "automatic_payment_methods": automatic and {"allow_redirects": "always"} | automatic,
        "canceled_at": None,
        "cancellation_reason": None,
        "capture_method": params.get("capture_method", "automatic_async"),
        "client_secret": None,
        "confirmation_method": "automatic",
        "currency": params["currency"],
        "customer": customer_id or None,
        "description": params.get("description"),
        "last_payment_error": None,
        "latest_charge": None,
        "metadata": params.get("metadata", {}),
        "next_action": None,
        "on_behalf_of": None,
        "payment_method": params.get("payment_method"),
        "payment_method_options": params.get("payment_method_options", {}),
        "payment_method_types": kinds,
        "payment_record": None,
        "processing": None,
        "receipt_email": None,
        "review": None,
        "setup_future_usage": params.get("setup_future_usage"),
        "source": None,
        "statement_descriptor": params.get("statement_descriptor"),
        "status": "requires_confirmation"
        if params.get("payment_method")
        else "requires_payment_method",
        "transfer_group": params.get("transfer_group"),
    }
    intent = work.add("payment_intent", data, parent=customer_id)
    work.change(intent, client_secret=f"{intent.id}_secret_{new_id('request')[4:]}")
    return intent


def retrieve(work: Work, params: dict[str, Any], intent_id: str) -> Record:
    """GET payment_intents/{id}."""
    return work.find(intent_id, "payment_intent", param="intent")


def confirm(work: Work, params: dict[str, Any], intent_id: str) -> Record:
    """POST payment_intents/{id}/confirm."""
    intent = work.find(intent_id, "payment_intent", param="intent")
    if intent.data["status"] not in _OPEN:
        raise _unexpected(intent, "confirm")
    return _confirm(work, intent, params)


def cancel(work: Work, params: dict[str, Any], intent_id: str) -> Record:
    """POST payment_intents/{id}/cancel."""
    intent = work.find(intent_id, "payment_intent", param="intent")
    if intent.data["status"] not in _CANCELABLE:
        raise _unexpected(intent, "cancel")
    work.change(
        intent,
        status="canceled",
        canceled_at=clock.seconds(work.now),
        cancellation_reason=params.get("cancellation_reason"),
    )
    events.emit(work, "payment_intent.canceled", intent)
    return intent


def pay(work: Work, intent: Record, method: Record, *, mandate_id: str = "") -> Record:
    """Try to take the money: a card answers at once, a debit takes bank days."""
    charge = charges.start(work, intent, method, mandate_id=mandate_id)
    work.change(
        intent,
        latest_charge=charge.id,
        payment_method=method.id,
        last_payment_error=None,
    )
    if method.data["type"] == "sepa_debit":
        _debit(work, intent, charge, method)
        return charge
    number, today = method.hidden["number"], clock.day_of(work.now)
    outcome = outcomes.of_card(method.id, number, today)
    if outcome == outcomes.SUCCEEDS:
        charges.succeed(work, charge)
        _succeed(work, intent)
        _contest(work, charge, *outcomes.card_dispute(method.id, number, today))
    else:
        charges.fail(work, charge, "card_declined")
        _fail(work, intent, method, outcomes.card_error(outcome), "Your card was declined.")
    return charge


def _contest(work: Work, charge: Record, reason: str, is_inquiry: bool) -> None:
    """Let the holder of a card contest the payment some days later, where there is a reason."""
    if reason:
        work.hide(charge, **{disputes.REASON: reason, disputes.INQUIRY: is_inquiry})
        day = calendar.add_bank_days(clock.day_of(work.now), disputes.CONTESTED_DAYS)
        work.schedule("dispute", charge, clock.bank_hour(day))


def finish_debit(work: Work, charge: Record) -> None:
    """The bank works off a debit: the money comes, or its return is on the way."""
    intent = work.find(charge.data["payment_intent"], "payment_intent", account=charge.account)
    method = work.find(charge.data["payment_method"], "payment_method", account=charge.account)
    today = clock.day_of(work.now)
    outcome = outcomes.of_debit(method.id, method.hidden["iban"], today)
    if outcome == outcomes.SUCCEEDS:
        charges.succeed(work, charge)
        _succeed(work, intent)
        _return_late(work, charge, outcomes.late_return(method.id, method.hidden["iban"], today))
        return
    work.hide(charge, failure_code=outcome)
    back_on = calendar.add_bank_days(today, charges.RETURN_DELAY_DAYS)
    work.schedule("return_debit", charge, clock.bank_hour(back_on))


def _return_late(work: Work, charge: Record, reason: str) -> None:
    """Let the bank take a debit that succeeded back some days later, where there is a reason."""
    if reason:
        work.hide(charge, **{disputes.REASON: reason})
        back_on = calendar.add_bank_days(clock.day_of(work.now), disputes.LATE_RETURN_DAYS)
        work.schedule("dispute", charge, clock.bank_hour(back_on))


def return_debit(work: Work, charge: Record) -> None:
    """The failed debit comes back."""
    intent = work.find(charge.data["payment_intent"], "payment_intent", account=charge.account)
    method = work.find(charge.data["payment_method"], "payment_method", account=charge.account)
    code = charge.hidden["failure_code"]
    charges.fail(work, charge, code)
    _fail(work, intent, method, {"code": code}, outcomes.explain(code))


def _check(work: Work, params: dict[str, Any]) -> None:
    if params["amount"] < 50:
        raise bad_parameter(
            "Amount must be at least €0.50 eur.",
            param="amount",
            code="amount_too_small",
        )
    if params["currency"] != "eur":
        raise bad_parameter("Only eur is held here.", param="currency")
    if "automatic_payment_methods" in params and "allowed_payment_method_types" in params:
        raise bad_parameter(
            "You cannot combine `allowed_payment_method_types` with `automatic_payment_methods`.",
            param="allowed_payment_method_types",
        )
    wanted = [
        params.get("customer", ""),
        params.get("payment_method", ""),
        params.get("mandate", ""),
    ]
    work.load(wanted)
    if params.get("customer"):
        work.find(params["customer"], "customer", param="customer", status=400)
    sepa = params.get("payment_method_options", {}).get("sepa_debit") or {}
    target = sepa.get("target_date")
    if target is not None and not charges.is_target_allowed(work, target):
        raise bad_parameter(
            "The target date must lie between 3 and 15 days ahead.",
            param="payment_method_options[sepa_debit][target_date]",
        )


def _confirm(work: Work, intent: Record, params: dict[str, Any]) -> Record:
    method = _method(work, intent, params)
    mandate_id = ""
    if method.data["type"] == "sepa_debit":
        mandate_id = _mandate(work, method, params)
    pay(work, intent, method, mandate_id=mandate_id)
    error = intent.data["last_payment_error"]
    if error and method.data["type"] == "card":
        raise declined(
            error["message"],
            code=error["code"],
            decline_code=error["decline_code"],
            payment_intent=dict(intent.data),
        )
    return intent


def _method(work: Work, intent: Record, params: dict[str, Any]) -> Record:
    if "payment_method_data" in params:
        given = params["payment_method_data"]
        method = payment_methods.make(work, given, name="payment_method_data")
    else:
        chosen = params.get("payment_method") or intent.data["payment_method"]
        if not chosen:
            raise invalid(
                "You cannot confirm this PaymentIntent because it's missing a payment method.",
                code="payment_intent_unexpected_state",
            )
        method = payment_methods.by_id_or_token(work, chosen, param="payment_method")
    owner = method.data["customer"]
    if owner and owner != intent.data["customer"]:
        raise invalid(
            "The provided PaymentMethod belongs to another Customer.",
            code="payment_method_customer_decline",
            param="payment_method",
        )
    if method.data["type"] not in intent.data["payment_method_types"]:
        raise invalid(
            f"The payment method type {method.data['type']} is not allowed here.",
            code="payment_intent_invalid_parameter",
            param="payment_method",
        )
    return method


def _mandate(work: Work, method: Record, params: dict[str, Any]) -> str:
    """The mandate to debit under: the one named, or a new one from the proof given."""
    if params.get("mandate_data"):
        acceptance = params["mandate_data"]["customer_acceptance"]
        return setup_intents.new_mandate(work, method, acceptance).id
    if not params.get("mandate"):
        raise bad_parameter(
            "Missing required param: mandate_data.",
            param="mandate",
            code="parameter_missing",
        )
    mandate = work.find(params["mandate"], "mandate", param="mandate", status=400)
    if mandate.data["payment_method"] != method.id:
        raise invalid("The mandate is for another payment method.", param="mandate")
    if mandate.data["status"] != "active":
        raise invalid(
            "The mandate is not active.",
            code="payment_intent_mandate_invalid",
            param="mandate",
        )
    return mandate.id


def _debit(work: Work, intent: Record, charge: Record, method: Record) -> None:
    options = intent.data["payment_method_options"].get("sepa_debit") or {}
    day = charges.debit_day(work, options.get("target_date") or "")
    work.schedule("debit", charge, clock.bank_hour(day))
    work.change(intent, status="processing", processing={"type": "sepa_debit"})
    events.emit(work, "payment_intent.processing", intent)


def _succeed(work: Work, intent: Record) -> None:
    work.change(
        intent,
        status="succeeded",
        amount_received=intent.data["amount"],
        processing=None,
    )
    events.emit(work, "payment_intent.succeeded", intent)


def _fail(work: Work, intent: Record, method: Record, code: dict[str, Any], message: str) -> None:
    error = {
        "charge": intent.data["latest_charge"],
        "message": message,
        "payment_method": dict(method.data),
        "type": "card_error" if "decline_code" in code else "invalid_request_error",
        **code,
    }
    work.change(
        intent,
        status="requires_payment_method",
        last_payment_error=error,
        payment_method=None,
        processing=None,
    )
    events.emit(work, "payment_intent.payment_failed", intent)


def _unexpected(intent: Record, act: str) -> Exception:
    return invalid(
        f"You cannot {act} this PaymentIntent because it has a status of {intent.data['status']}.",
        code="payment_intent_unexpected_state",
    )
