"""Money in a wallet that may be lent but not yet leave: its payer's bank may still take it back.

Two kinds of it come by direct debit: what a person paid in, and what a borrower's instalment
brought. Each has its own time in the settings; a card payment is final at once.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Final, NamedTuple

from django.db.models import F, Sum, TextChoices
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from core.dates import business_days_after
from lending.models import RepaymentShare
from payments.limits import instalment_seasoning_days
from payments.models import PayIn
from payments.states import CollectionStatus, PayInStatus


class Source(TextChoices):
    """Where waiting money came from."""

    PAY_IN = "pay_in", _("Paid in by direct debit")
    INSTALMENT = "instalment", _("Instalments received by direct debit")


class Waiting(NamedTuple):
    """Money that is final, and may leave, from a day on."""

    from_on: date
    source: Source
    cents: int


_LONGEST_GAP: Final = 7
"""Days that the longest row of bank holidays adds to a business day or two."""


def waiting_money(user: User, on: date) -> list[Waiting]:
    """What of a person's money may not leave on `on`, by the day from which it may."""
    sums: dict[tuple[date, Source], int] = defaultdict(int)
    for each in (*_paid_in(user, on), *_received(user, on)):
        sums[each.from_on, each.source] += each.cents
    return [Waiting(*key, cents) for key, cents in sorted(sums.items())]


def instalment_final_on(settled_on: date) -> date:
    """The day from which an instalment that was debited on a day may leave a lender's wallet."""
    return business_days_after(settled_on, instalment_seasoning_days())


def _paid_in(user: User, on: date) -> Iterator[Waiting]:
    rows = PayIn.objects.filter(lender=user, status=PayInStatus.CONFIRMED, seasoned_on__gt=on)
    for from_on, cents in rows.values_list("seasoned_on", "amount_cents"):
        if from_on is not None:
            yield Waiting(from_on, Source.PAY_IN, cents)


def _received(user: User, on: date) -> Iterator[Waiting]:
    """Shares of instalments debited so lately that the borrower's bank may be late with a no."""
    days = instalment_seasoning_days()
    rows = RepaymentShare.objects.filter(
        holding__lender=user,
        repayment__reversed_on=None,
        repayment__collection__status=CollectionStatus.SUCCEEDED,
        repayment__collection__card=None,
        repayment__collection__settled_on__gt=on - timedelta(days=2 * days + _LONGEST_GAP),
    )
    parts = F("principal_cents") + F("interest_cents") + F("default_interest_cents")
    sums = rows.values_list("repayment__collection__settled_on").annotate(
        cents=Sum(parts + F("recovered_cents") - F("fee_cents"))
    )
    for settled_on, cents in sums.order_by():
        from_on = instalment_final_on(settled_on)
        if from_on > on and cents:
            yield Waiting(from_on, Source.INSTALMENT, cents)
