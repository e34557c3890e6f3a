"""Checkout sessions: a page on which someone pays."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import urlsplit

from payments.sandbox import clock, events
from payments.sandbox.errors import bad_parameter, invalid
from payments.sandbox.operations import payment_intents, payment_methods, setup_intents
from payments.sandbox.store import Record, Work

LIFE: Final = timedelta(hours=24)


def create(work: Work, params: dict[str, Any]) -> Record:
    """POST checkout/sessions: a payment of named lines, or a card to be saved for later."""
    if params.get("mode") not in ("payment", "setup"):
        raise bad_parameter("Only modes `payment` and `setup` are held here.", param="mode")
    if not params.get("success_url"):
        raise bad_parameter(
            "Missing required param: success_url.",
            param="success_url",
            code="parameter_missing",
        )
    customer_id = params.get("customer", "")
    if customer_id:
        work.find(customer_id, "customer", param="customer", status=400)
    expires_at = _expiry(work, params)
    is_setup = params["mode"] == "setup"
    data = _data(params, None if is_setup else _total(params))
    data["expires_at"] = clock.seconds(expires_at)
    if is_setup:
        data |= {"payment_status": "no_payment_required", "setup_intent": _setup(work, params)}
    session = work.add("checkout.session", data, parent=customer_id, hidden=_hidden(params))
    work.change(session, url=page(params["success_url"], "checkout", session.id))
    work.schedule("expire_session", session, expires_at)
    return session


def retrieve(work: Work, params: dict[str, Any], session_id: str) -> Record:
    """GET checkout/sessions/{id}."""
    return work.find(session_id, "checkout.session", param="session")


def expire(work: Work, params: dict[str, Any], session_id: str) -> Record:
    """POST checkout/sessions/{id}/expire."""
    session = work.find(session_id, "checkout.session", param="session")
    if session.data["status"] != "open":
        raise invalid(
            f'Only Checkout Sessions with a status in ["open"] can be expired. This one has a'
            f" status of `{session.data['status']}`."
        )
    close_unpaid(work, session)
    return session


def close_unpaid(work: Work, session: Record) -> None:
    """Nobody paid in time."""
    if session.data["status"] == "open":
        work.change(session, status="expired", url=None)
        events.emit(work, "checkout.session.expired", session)


def pay(work: Work, session: Record, given: dict[str, Any], *, ip: str, user_agent: str) -> Record:
    """Someone pays on the page; returns the payment, which a declined card leaves open.

    Raises ApiError when the session is closed or a kind of card is not taken.
    """
    if session.data["status"] != "open":
        raise invalid("This Checkout Session is no longer open.")
    method = payment_methods.make(work, given, name="payment_method_data")
    _check_method(session, method)
    if session.data["mode"] == "setup":
        return _save(work, session, method)
    intent = _intent(work, session)
    mandate_id = ""
    if method.data["type"] == "sepa_debit":
        proof = {
            "type": "online",
            "online": {"ip_address": ip, "user_agent": user_agent},
        }
        mandate_id = setup_intents.new_mandate(work, method, proof).id
    payment_intents.pay(work, intent, method, mandate_id=mandate_id)
    if intent.data["status"] == "requires_payment_method":
        work.hide(session, payment_intent=intent.id)
        return intent
    is_paid = intent.data["status"] == "succeeded"
    work.put_under(intent, intent.parent or session.id)
    work.hide(intent, session=session.id)
    work.change(
        session,
        payment_intent=intent.id,
        payment_status="paid" if is_paid else "unpaid",
        status="complete",
        url=None,
    )
    events.emit(work, "checkout.session.completed", session)
    return intent


def follow(work: Work, intent: Record) -> None:
    """Tell of a debit that was paid for on a page, once the bank has worked it off."""
    session_id = intent.hidden.get("session")
    if session_id is None:
        return
    session = work.find(session_id, "checkout.session", account=intent.account)
    if intent.data["status"] == "succeeded":
        work.change(session, payment_status="paid")
        events.emit(work, "checkout.session.async_payment_succeeded", session)
    else:
        events.emit(work, "checkout.session.async_payment_failed", session)


def page(address: str, noun: str, object_id: str) -> str:
    """The address of a hosted page: on the same site as the page that sends people there."""
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}/sandbox/{noun}/{object_id}/"


def _setup(work: Work, params: dict[str, Any]) -> str:
    """The setup intent of a page on which a card is saved."""
    given = {
        "allowed_payment_method_types": params.get("allowed_payment_method_types"),
        "customer": params.get("customer", ""),
        "metadata": params.get("setup_intent_data", {}).get("metadata", {}),
        "usage": "off_session",
    }
    return setup_intents.create(work, given).id


def _save(work: Work, session: Record, method: Record) -> Record:
    """Someone saves a card on the page."""
    intent = work.find(session.data["setup_intent"], "setup_intent", account=session.account)
    setup_intents.keep(work, intent, method)
    work.change(session, status="complete", url=None)
    events.emit(work, "checkout.session.completed", session)
    return intent


def _data(params: dict[str, Any], total_cents: int | None) -> dict[str, Any]:
    kinds = params.get("allowed_payment_method_types") or ["card", "sepa_debit"]
    return {
        "allowed_payment_method_types": params.get("allowed_payment_method_types"),
        "amount_subtotal": total_cents,
        "amount_total": total_cents,
        "automatic_tax": {
            "enabled": False,
            "liability": None,
            "provider": None,
            "status": None,
        },
        "billing_address_collection": params.get("billing_address_collection"),
        "cancel_url": params.get("cancel_url"),
        "client_reference_id": params.get("client_reference_id"),
        "currency": "eur",
        "custom_fields": [],
        "custom_text": {},
        "customer": params.get("customer"),
        "customer_creation": None,
        "customer_email": params.get("customer_email"),
        "invoice": None,
        "locale": params.get("locale"),
        "metadata": params.get("metadata", {}),
        "mode": params["mode"],
        "origin_context": None,
        "payment_intent": None,
        "payment_link": None,
        "payment_method_collection": "if_required",
        "payment_method_options": params.get("payment_method_options", {}),
        "payment_method_types": kinds,
        "payment_status": "unpaid",
        "redirect_on_completion": "always",
        "setup_intent": None,
        "shipping_options": [],
        "status": "open",
        "submit_type": params.get("submit_type"),
        "subscription": None,
        "success_url": params["success_url"],
        "ui_mode": "hosted_page",
        "url": None,
    }


def _hidden(params: dict[str, Any]) -> dict[str, Any]:
    items = params.get("line_items") or []
    lines = [line.get("price_data", {}).get("product_data", {}) for line in items]
    return {
        "payment_intent_data": params.get("payment_intent_data", {}),
        "words": ", ".join(line.get("name", "") for line in lines),
    }


def _total(params: dict[str, Any]) -> int:
    total = 0
    for number, line in enumerate(params.get("line_items") or []):
        price = line.get("price_data")
        name = f"line_items[{number}][price_data]"
        if not price or "unit_amount" not in price:
            raise bad_parameter(
                f"Missing required param: {name}.", param=name, code="parameter_missing"
            )
        total += price["unit_amount"] * line.get("quantity", 1)
    if total < 50:
        raise bad_parameter(
            "The total amount due must add up to at least €0.50 eur.",
            param="line_items",
            code="amount_too_small",
        )
    return total


def _expiry(work: Work, params: dict[str, Any]) -> datetime:
    if "expires_at" not in params:
        return work.now + LIFE
    expires_at = datetime.fromtimestamp(params["expires_at"], UTC)
    if not timedelta(minutes=30) <= expires_at - work.now <= LIFE:
        raise bad_parameter(
            "The `expires_at` timestamp must be between 30 minutes and 24 hours ahead.",
            param="expires_at",
        )
    return expires_at


def _check_method(session: Record, method: Record) -> None:
    kind = method.data["type"]
    if kind not in session.data["payment_method_types"]:
        raise invalid("This kind of payment is not taken here.", param="payment_method")
    options = session.data["payment_method_options"].get(kind) or {}
    blocked = options.get("restrictions", {}).get("funding_types_blocked", [])
    if kind == "card" and method.data["card"]["funding"] in blocked:
        raise invalid("Your card type is not supported.", code="card_not_supported")


def _intent(work: Work, session: Record) -> Record:
    """The payment of a session, kept over several tries."""
    earlier = session.hidden.get("payment_intent")
    if earlier:
        return work.find(earlier, "payment_intent", account=session.account)
    params: dict[str, Any] = {
        "amount": session.data["amount_total"],
        "currency": "eur",
        "payment_method_options": {},
        **session.hidden["payment_intent_data"],
    }
    if session.data["customer"]:
        params["customer"] = session.data["customer"]
    params["allowed_payment_method_types"] = session.data["payment_method_types"]
    intent = payment_intents.new(work, params)
    events.emit(work, "payment_intent.created", intent)
    return intent
