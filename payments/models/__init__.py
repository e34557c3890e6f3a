"""Tables of payments, one file per noun."""

from payments.models.books import BooksMark, ProviderLine, ProviderStatement, StatementRow
from payments.models.capital import CapitalPayment
from payments.models.cards import PaymentCard
from payments.models.collections import Collection
from payments.models.differences import (
    Difference,
    DifferenceKind,
    SuspenseCause,
    SuspenseItem,
)
from payments.models.events import WebhookEvent
from payments.models.operations import OperationKind, ProviderOperation
from payments.models.pay_ins import PayIn
from payments.models.payouts import Payout

__all__ = [
    "BooksMark",
    "CapitalPayment",
    "Collection",
    "Difference",
    "DifferenceKind",
    "OperationKind",
    "PayIn",
    "PaymentCard",
    "Payout",
    "ProviderLine",
    "ProviderOperation",
    "ProviderStatement",
    "StatementRow",
    "SuspenseCause",
    "SuspenseItem",
    "WebhookEvent",
]
