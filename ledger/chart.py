"""The chart of accounts: which accounts there are, whose they are, and which way they may run.

Every account is kept in the direction of its own side: an asset or a cost (debit) grows when it is
debited, a debt or an income (credit) grows when it is credited. A balance below zero is an
overdraft; only clearing and suspense accounts may stand there.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final, NamedTuple

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Side(StrEnum):
    """The side on which an account grows."""

    DEBIT = "debit"
    CREDIT = "credit"


class Holder(StrEnum):
    """What kind of thing an account belongs to; `holder_id` is that thing's primary key."""

    PERSON = "person"
    LOAN = "loan"
    PLATFORM = "platform"


class Role(TextChoices):
    """What an account is for; with its holder it names one account."""

    CASH = "cash", _("available cash")
    RESERVED = "reserved", _("reserved for offers")
    INVESTED = "invested", _("invested in loans")
    IN_TRANSIT_OUT = "in_transit_out", _("on its way out")
    PRINCIPAL = "principal", _("principal outstanding")
    PROVIDER = "provider", _("held at the payment provider")
    CLEARING_IN = "clearing_in", _("clearing: money in")
    CLEARING_OUT = "clearing_out", _("clearing: money out")
    FEES = "fees", _("fees earned")
    INTEREST_PASSED = "interest_passed", _("interest passed through")
    PROVIDER_COSTS = "provider_costs", _("provider's charges")
    CAPITAL = "capital", _("operator's own money")
    SUSPENSE = "suspense", _("suspense")
    RECEIVABLE = "receivable", _("owed by a person after a late return")
    DEFAULT_INTEREST = "default_interest", _("default interest passed through")
    RECOVERIES_PASSED = "recoveries_passed", _("recoveries passed through")
    COLLECTION_COSTS = "collection_costs", _("costs of collection laid out")
    POOL_PASSED = "pool_passed", _("shared within a pool")


class Rule(NamedTuple):
    """How accounts of one role behave."""

    holder: Holder
    side: Side
    may_overdraw: bool = False


RULES: Final[dict[Role, Rule]] = {
    Role.CASH: Rule(Holder.PERSON, Side.CREDIT),
    Role.RESERVED: Rule(Holder.PERSON, Side.CREDIT),
    Role.INVESTED: Rule(Holder.PERSON, Side.CREDIT),
    Role.IN_TRANSIT_OUT: Rule(Holder.PERSON, Side.CREDIT),
    Role.PRINCIPAL: Rule(Holder.LOAN, Side.DEBIT),
    Role.PROVIDER: Rule(Holder.PLATFORM, Side.DEBIT),
    Role.CLEARING_IN: Rule(Holder.PLATFORM, Side.CREDIT, may_overdraw=True),
    Role.CLEARING_OUT: Rule(Holder.PLATFORM, Side.CREDIT, may_overdraw=True),
    Role.FEES: Rule(Holder.PLATFORM, Side.CREDIT),
    Role.INTEREST_PASSED: Rule(Holder.PLATFORM, Side.CREDIT),
    Role.PROVIDER_COSTS: Rule(Holder.PLATFORM, Side.DEBIT),
    Role.CAPITAL: Rule(Holder.PLATFORM, Side.CREDIT),
    Role.SUSPENSE: Rule(Holder.PLATFORM, Side.CREDIT, may_overdraw=True),
    Role.RECEIVABLE: Rule(Holder.PERSON, Side.DEBIT),
    Role.DEFAULT_INTEREST: Rule(Holder.PLATFORM, Side.CREDIT),
    Role.RECOVERIES_PASSED: Rule(Holder.PLATFORM, Side.CREDIT),
    Role.COLLECTION_COSTS: Rule(Holder.PLATFORM, Side.DEBIT),
    Role.POOL_PASSED: Rule(Holder.PLATFORM, Side.CREDIT),
}

PLATFORM_ID: Final = 0
"""The holder of the platform's own accounts."""


class EntryKind(TextChoices):
    """Why money moved; every entry has one."""

    PAY_IN = "pay_in", _("Pay-in")
    WITHDRAWAL_REQUESTED = "withdrawal_requested", _("Withdrawal requested")
    WITHDRAWAL_RETURNED = "withdrawal_returned", _("Withdrawal returned")
    PAYOUT = "payout", _("Paid out")
    PAYOUT_REOPENED = "payout_reopened", _("Payout came back")
    RESERVATION = "reservation", _("Reserved for an offer")
    RELEASE = "release", _("Offer released")
    DISBURSEMENT = "disbursement", _("Loan disbursed")
    COLLECTION = "collection", _("Instalment collected")
    REPAYMENT = "repayment", _("Repayment shared out")
    WRITE_OFF = "write_off", _("Written off")
    PROVIDER_CHARGE = "provider_charge", _("Provider's charge")
    CAPITAL = "capital", _("Operator's capital")
    SUSPENSE = "suspense", _("Put in suspense")
    CORRECTION = "correction", _("Correction")
    REVERSAL = "reversal", _("Payment taken back")
    RECEIVABLE_SETTLED = "receivable_settled", _("Debt after a late return settled")
    COLLECTION_COST = "collection_cost", _("Cost of collection")
    RECOVERY = "recovery", _("Recovery shared out")
    CONTRACT_WITHDRAWN = "contract_withdrawn", _("Withdrawal from the contract")
    POOL = "pool", _("Shared within a pool")
