"""Connected accounts: where a person's money goes before it leaves for their bank."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from payments.sandbox import events, outcomes
from payments.sandbox.errors import bad_parameter, invalid
from payments.sandbox.ids import new_id
from payments.sandbox.operations.checkout import page
from payments.sandbox.store import PLATFORM, Record, Work

_KIND = "v2.core.account"
_TERMS = "identity.attestations.terms_of_service.account"


def create(work: Work, params: dict[str, Any]) -> Record:
    """POST v2/core/accounts; a recipient of transfers."""
    configuration = params.get("configuration", {})
    if list(configuration) != ["recipient"]:
        raise bad_parameter("Only recipients are held here.", param="configuration")
    data = {
        "applied_configurations": ["recipient"],
        "closed": False,
        "configuration": {"recipient": {"applied": True, "capabilities": _capabilities(params)}},
        "contact_email": params.get("contact_email"),
        "created": _iso(work.now),
        "dashboard": params.get("dashboard", "none"),
        "defaults": params.get("defaults"),
        "display_name": params.get("display_name"),
        "identity": params.get("identity"),
        "metadata": params.get("metadata", {}),
        "requirements": _requirements([_TERMS]),
    }
    return work.add(_KIND, data)


def retrieve(work: Work, params: dict[str, Any], account_id: str) -> Record:
    """GET v2/core/accounts/{id}."""
    return work.find(account_id, _KIND, account=PLATFORM)


def create_link(work: Work, params: dict[str, Any]) -> dict[str, Any]:
    """POST v2/core/account_links; a link is for one use and soon stale."""
    account = work.find(params["account"], _KIND, account=PLATFORM, param="account", status=400)
    use = params["use_case"]
    chosen = use.get(use["type"])
    if chosen is None:
        raise bad_parameter(f"Missing required param: use_case.{use['type']}.", param="use_case")
    token = new_id("request")[4:]
    expires_at = work.now + timedelta(minutes=10)
    link = {"token": token, "until": expires_at.isoformat()}
    work.hide(account, link=link, return_url=chosen.get("return_url", chosen["refresh_url"]))
    return {
        "account": account.id,
        "created": _iso(work.now),
        "expires_at": _iso(expires_at),
        "livemode": False,
        "object": "v2.core.account_link",
        "url": f"{page(chosen['refresh_url'], 'onboarding', account.id)}?token={token}",
        "use_case": use,
    }


def add_bank_account(work: Work, params: dict[str, Any], account_id: str) -> Record:
    """POST accounts/{id}/external_accounts."""
    account = work.find(account_id, _KIND, account=PLATFORM)
    given = params["external_account"]
    if not isinstance(given, dict) or given.get("object") != "bank_account":
        raise bad_parameter("Only bank accounts are held here.", param="external_account")
    iban = given["account_number"].replace(" ", "").upper()
    if not outcomes.is_iban(iban):
        raise bad_parameter(
            "The account number is invalid.",
            param="external_account[account_number]",
            code="account_number_invalid",
        )
    data = {
        "account": account.id,
        "account_holder_name": given.get("account_holder_name"),
        "account_holder_type": given.get("account_holder_type"),
        "account_type": None,
        "bank_name": "SANDBOX BANK",
        "country": given["country"],
        "currency": given.get("currency", "eur"),
        "customer": None,
        "default_for_currency": True,
        "fingerprint": new_id("request")[4:20],
        "last4": iban[-4:],
        "metadata": params.get("metadata", {}),
        "routing_number": iban[4:12],
        "status": "new",
    }
    bank = work.add(
        "bank_account",
        data,
        parent=account.id,
        account=account.id,
        hidden={"iban": iban},
    )
    work.hide(account, bank_account=bank.id)
    events.emit(work, "account.external_account.created", bank)
    return bank


def update_balance_settings(work: Work, params: dict[str, Any]) -> dict[str, Any]:
    """POST balance_settings; on behalf of a connected account."""
    if work.account == PLATFORM:
        raise invalid("Name a connected account in the Stripe-Account header.")
    account = work.find(work.account, _KIND, account=PLATFORM)
    payments = params.get("payments", {})
    interval = payments.get("payouts", {}).get("schedule", {}).get("interval")
    if interval is not None:
        work.hide(account, payout_interval=interval)
    return _settings(account)


def retrieve_balance_settings(work: Work, params: dict[str, Any]) -> dict[str, Any]:
    """GET balance_settings."""
    return _settings(work.find(work.account, _KIND, account=PLATFORM))


def finish_onboarding(work: Work, account: Record) -> None:
    """The person agreed to the terms on the hosted page: transfers may come."""
    recipient = account.data["configuration"]["recipient"]
    active = {"requested": True, "status": "active", "status_details": []}
    recipient["capabilities"]["stripe_balance"]["stripe_transfers"] = active
    work.change(account, requirements=_requirements([]))
    work.hide(account, link=None)
    older = {
        "id": account.id,
        "object": "account",
        "business_type": "individual",
        "charges_enabled": False,
        "details_submitted": True,
        "metadata": account.data["metadata"],
        "payouts_enabled": True,
        "type": "none",
    }
    events.emit(work, "account.updated", account, shown=older, account=account.id)
    events.emit_thin(work, "v2.core.account[requirements].updated", account)
    kind = "v2.core.account[configuration.recipient].capability_status_updated"
    events.emit_thin(work, kind, account)


def may_receive(account: Record) -> bool:
    """Whether transfers to the account are allowed."""
    capability = account.data["configuration"]["recipient"]["capabilities"]["stripe_balance"]
    return bool(capability["stripe_transfers"]["status"] == "active")


def _capabilities(params: dict[str, Any]) -> dict[str, Any]:
    asked = params["configuration"]["recipient"].get("capabilities", {})
    wants = asked.get("stripe_balance", {}).get("stripe_transfers", {}).get("requested", False)
    details = [{"code": "requirements_past_due", "resolution": "provide_info"}] if wants else []
    status = "restricted" if wants else "unsupported"
    shown = {"requested": wants, "status": status, "status_details": details}
    return {"stripe_balance": {"stripe_transfers": shown}}


def _requirements(names: list[str]) -> dict[str, Any]:
    return {
        "entries": [
            {
                "awaiting_action_from": "user",
                "description": name,
                "errors": [],
                "minimum_deadline": {"status": "past_due"},
                "requested_reasons": [{"code": "routine_onboarding"}],
            }
            for name in names
        ]
    }


def _settings(account: Record) -> dict[str, Any]:
    interval = account.hidden.get("payout_interval", "daily")
    return {
        "object": "balance_settings",
        "payments": {
            "debit_negative_balances": False,
            "payouts": {
                "minimum_balance_by_currency": None,
                "schedule": {"interval": interval},
                "statement_descriptor": None,
                "status": "enabled",
            },
            "settlement_timing": {"delay_days": 2},
        },
    }


def _iso(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
