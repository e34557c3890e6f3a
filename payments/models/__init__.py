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
from payments.models.disputes import Dispute, DisputeLine
from payments.models.events import EventMark, WebhookEvent
from payments.models.operations import OperationKind, ProviderOperation
from payments.models.pay_ins import PayIn
from payments.models.payouts import Payout
from payments.models.refunds import Refund

__all__ = [
    "BooksMark",
    "CapitalPayment",
    "Collection",
    "Difference",
    "DifferenceKind",
    "Dispute",
    "DisputeLine",
    "EventMark",
    "OperationKind",
    "PayIn",
    "PaymentCard",
    "Payout",
    "ProviderLine",
    "ProviderOperation",
    "ProviderStatement",
    "Refund",
    "StatementRow",
    "SuspenseCause",
    "SuspenseItem",
    "WebhookEvent",
]
