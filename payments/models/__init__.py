"""Tables of payments, one file per noun."""

from payments.models.capital import CapitalPayment
from payments.models.collections import Collection
from payments.models.events import WebhookEvent
from payments.models.operations import OperationKind, ProviderOperation
from payments.models.pay_ins import PayIn
from payments.models.payouts import Payout

__all__ = [
    "CapitalPayment",
    "Collection",
    "OperationKind",
    "PayIn",
    "Payout",
    "ProviderOperation",
    "WebhookEvent",
]
