"""Which path is which operation, and what it may be given."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from typing import Any, Final, NamedTuple

from payments.sandbox.operations import (
    accounts,
    balance,
    charges,
    checkout,
    customers,
    disputes,
    identity,
    payment_intents,
    payment_methods,
    payouts,
    refunds,
    setup_intents,
    transfers,
)
from payments.sandbox.operations import listings as lists

Handler = Callable[..., Any]


class Route(NamedTuple):
    """One operation: `path` has a `*` for each id, `params` names a class of `stripe.params`."""

    method: str
    path: str
    params: str
    handler: Handler


ROUTES: Final = (
    Route("POST", "/v1/customers", "CustomerCreateParams", customers.create),
    Route("GET", "/v1/customers/*", "CustomerRetrieveParams", customers.retrieve),
    Route("POST", "/v1/customers/*", "CustomerUpdateParams", customers.update),
    Route(
        "GET",
        "/v1/customers/*/payment_methods",
        "CustomerPaymentMethodListParams",
        lists.methods_of_customer,
    ),
    Route(
        "POST",
        "/v1/payment_methods",
        "PaymentMethodCreateParams",
        payment_methods.create,
    ),
    Route(
        "GET",
        "/v1/payment_methods/*",
        "PaymentMethodRetrieveParams",
        payment_methods.retrieve,
    ),
    Route(
        "POST",
        "/v1/payment_methods/*/detach",
        "PaymentMethodDetachParams",
        payment_methods.detach,
    ),
    Route(
        "POST",
        "/v1/payment_intents",
        "PaymentIntentCreateParams",
        payment_intents.create,
    ),
    Route(
        "GET",
        "/v1/payment_intents",
        "PaymentIntentListParams",
        lists.listing("payment_intent", "/v1/payment_intents", parent="customer"),
    ),
    Route(
        "GET",
        "/v1/payment_intents/*",
        "PaymentIntentRetrieveParams",
        payment_intents.retrieve,
    ),
    Route(
        "POST",
        "/v1/payment_intents/*/confirm",
        "PaymentIntentConfirmParams",
        payment_intents.confirm,
    ),
    Route(
        "POST",
        "/v1/payment_intents/*/cancel",
        "PaymentIntentCancelParams",
        payment_intents.cancel,
    ),
    Route("GET", "/v1/charges/*", "ChargeRetrieveParams", charges.retrieve),
    Route(
        "GET",
        "/v1/charges",
        "ChargeListParams",
        lists.listing("charge", "/v1/charges", parent="payment_intent"),
    ),
    Route("POST", "/v1/setup_intents", "SetupIntentCreateParams", setup_intents.create),
    Route(
        "GET",
        "/v1/setup_intents/*",
        "SetupIntentRetrieveParams",
        setup_intents.retrieve,
    ),
    Route(
        "POST",
        "/v1/setup_intents/*/confirm",
        "SetupIntentConfirmParams",
        setup_intents.confirm,
    ),
    Route("GET", "/v1/mandates/*", "MandateRetrieveParams", setup_intents.retrieve_mandate),
    Route("POST", "/v1/checkout/sessions", "checkout.SessionCreateParams", checkout.create),
    Route(
        "GET",
        "/v1/checkout/sessions",
        "checkout.SessionListParams",
        lists.listing("checkout.session", "/v1/checkout/sessions", parent="customer"),
    ),
    Route(
        "GET",
        "/v1/checkout/sessions/*",
        "checkout.SessionRetrieveParams",
        checkout.retrieve,
    ),
    Route(
        "POST",
        "/v1/checkout/sessions/*/expire",
        "checkout.SessionExpireParams",
        checkout.expire,
    ),
    Route(
        "POST",
        "/v1/identity/verification_sessions",
        "identity.VerificationSessionCreateParams",
        identity.create,
    ),
    Route(
        "GET",
        "/v1/identity/verification_sessions/*",
        "identity.VerificationSessionRetrieveParams",
        identity.retrieve,
    ),
    Route(
        "POST",
        "/v1/identity/verification_sessions/*/cancel",
        "identity.VerificationSessionCancelParams",
        identity.cancel,
    ),
    Route(
        "POST",
        "/v1/identity/verification_sessions/*/redact",
        "identity.VerificationSessionRedactParams",
        identity.redact,
    ),
    Route("POST", "/v2/core/accounts", "v2.core.AccountCreateParams", accounts.create),
    Route("GET", "/v2/core/accounts/*", "v2.core.AccountRetrieveParams", accounts.retrieve),
    Route(
        "POST",
        "/v2/core/account_links",
        "v2.core.AccountLinkCreateParams",
        accounts.create_link,
    ),
    Route(
        "POST",
        "/v1/accounts/*/external_accounts",
        "AccountExternalAccountCreateParams",
        accounts.add_bank_account,
    ),
    Route(
        "GET",
        "/v1/balance_settings",
        "BalanceSettingsRetrieveParams",
        accounts.retrieve_balance_settings,
    ),
    Route(
        "POST",
        "/v1/balance_settings",
        "BalanceSettingsUpdateParams",
        accounts.update_balance_settings,
    ),
    Route("POST", "/v1/transfers", "TransferCreateParams", transfers.create),
    Route(
        "GET",
        "/v1/transfers",
        "TransferListParams",
        lists.listing("transfer", "/v1/transfers", parent="destination"),
    ),
    Route("GET", "/v1/transfers/*", "TransferRetrieveParams", transfers.retrieve),
    Route(
        "POST",
        "/v1/transfers/*/reversals",
        "TransferReversalCreateParams",
        transfers.reverse,
    ),
    Route("POST", "/v1/payouts", "PayoutCreateParams", payouts.create),
    Route("GET", "/v1/payouts", "PayoutListParams", lists.listing("payout", "/v1/payouts")),
    Route("GET", "/v1/payouts/*", "PayoutRetrieveParams", payouts.retrieve),
    Route("POST", "/v1/payouts/*/cancel", "PayoutCancelParams", payouts.cancel),
    Route("GET", "/v1/balance", "BalanceRetrieveParams", balance.retrieve),
    Route(
        "GET",
        "/v1/balance_transactions",
        "BalanceTransactionListParams",
        lists.listing("balance_transaction", "/v1/balance_transactions", parent="source"),
    ),
    Route(
        "GET",
        "/v1/balance_transactions/*",
        "BalanceTransactionRetrieveParams",
        balance.retrieve_transaction,
    ),
    Route("POST", "/v1/topups", "TopupCreateParams", balance.create_topup),
    Route("GET", "/v1/topups", "TopupListParams", lists.listing("topup", "/v1/topups")),
    Route("GET", "/v1/topups/*", "TopupRetrieveParams", balance.retrieve_topup),
    Route("GET", "/v1/events", "EventListParams", lists.events),
    Route("GET", "/v1/events/*", "EventRetrieveParams", lists.event),
    Route("GET", "/v2/core/events", "v2.core.EventListParams", lists.thin_events),
    Route("GET", "/v1/disputes/*", "DisputeRetrieveParams", disputes.retrieve),
    Route("POST", "/v1/disputes/*", "DisputeUpdateParams", disputes.update),
    Route("POST", "/v1/disputes/*/close", "DisputeCloseParams", disputes.close),
    Route(
        "GET",
        "/v1/disputes",
        "DisputeListParams",
        lists.listing("dispute", "/v1/disputes", parent="charge"),
    ),
    Route("POST", "/v1/refunds", "RefundCreateParams", refunds.create),
    Route("GET", "/v1/refunds/*", "RefundRetrieveParams", refunds.retrieve),
    Route(
        "GET",
        "/v1/refunds",
        "RefundListParams",
        lists.listing("refund", "/v1/refunds", parent="charge"),
    ),
)


def _by_length() -> dict[tuple[str, int], list[tuple[list[str], Route]]]:
    found: dict[tuple[str, int], list[tuple[list[str], Route]]] = defaultdict(list)
    for route in ROUTES:
        parts = route.path.split("/")
        found[route.method, len(parts)].append((parts, route))
    return found


_BY_LENGTH = _by_length()


def match(method: str, path: str) -> tuple[Route, list[str]] | None:
    """The operation at a path and the ids in it, or None."""
    given = path.split("/")
    for parts, route in _BY_LENGTH.get((method, len(given)), []):
        pairs = list(zip(parts, given, strict=True))
        if all(part in ("*", one) for part, one in pairs):
            return route, [one for part, one in pairs if part == "*"]
    return None
