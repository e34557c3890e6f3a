"""What the provider tells us, as plain values of ours.

Each class reads the raw JSON of one kind of object and keeps it for the record. Words that the
provider may add to are kept as text: whoever decides by them treats an unknown word as an alarm.
"""

from payments.facts.base import Fact
from payments.facts.books import Balance, BalanceTransaction, Event
from payments.facts.money_in import CheckoutSession, Dispute, Payment, Refund, TopUp
from payments.facts.money_out import PayoutFact, Reversal, Transfer
from payments.facts.people import (
    BankDestination,
    BankDetails,
    BankSetup,
    CardSetup,
    Customer,
    Link,
    Mandate,
    Method,
    Recipient,
    Verification,
)

__all__ = [
    "Balance",
    "BalanceTransaction",
    "BankDestination",
    "BankDetails",
    "BankSetup",
    "CardSetup",
    "CheckoutSession",
    "Customer",
    "Dispute",
    "Event",
    "Fact",
    "Link",
    "Mandate",
    "Method",
    "Payment",
    "PayoutFact",
    "Recipient",
    "Refund",
    "Reversal",
    "TopUp",
    "Transfer",
    "Verification",
]
