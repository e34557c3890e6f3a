"""Who gets which cent of a payment: between what is owed, and between those it is owed to."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Final, Literal, NamedTuple

from core.money import split_cents, to_cents

Order = Literal["bgb_497", "bgb_367"]

_ORDERS: Final[dict[str, tuple[str, str, str]]] = {
    "bgb_497": ("legal_costs_cents", "amount_owed_cents", "default_interest_cents"),
    "bgb_367": ("legal_costs_cents", "default_interest_cents", "amount_owed_cents"),
}


class Allocation(NamedTuple):
    """A payment in default, laid out over what it settles."""

    legal_costs_cents: int
    amount_owed_cents: int
    default_interest_cents: int
    left_over_cents: int


class Due(NamedTuple):
    """What is still unpaid of one instalment."""

    number: int
    due_on: date
    principal_cents: int
    interest_cents: int


class DuePart(NamedTuple):
    """What a payment settles of one instalment."""

    number: int
    principal_cents: int
    interest_cents: int

    @property
    def total_cents(self) -> int:
        """Principal and interest together."""
        return self.principal_cents + self.interest_cents


class HoldingShare(NamedTuple):
    """What one holding gets of a payment; the fee is taken out of it, not added."""

    principal_cents: int
    interest_cents: int
    fee_cents: int
    default_interest_cents: int = 0


def allocate_payment(
    payment_cents: int,
    *,
    legal_costs_cents: int,
    amount_owed_cents: int,
    default_interest_cents: int,
    order: Order = "bgb_497",
) -> Allocation:
    """Lay a payment in default out over costs, the amount owed and default interest.

    A consumer's payment settles the costs of legal pursuit, then the amount owed (overdue
    instalments with their contract interest), and default interest last: section 497(3)
    BGB. "bgb_367" is the general order of section 367, with interest before the amount.

    Raises:
        ValueError: a negative amount or an unknown order.
    """
    if order not in _ORDERS:
        raise ValueError(f"unknown order {order!r}")
    claims = {
        "legal_costs_cents": legal_costs_cents,
        "amount_owed_cents": amount_owed_cents,
        "default_interest_cents": default_interest_cents,
    }
    if payment_cents < 0 or min(claims.values()) < 0:
        raise ValueError("amounts must not be negative")
    left_cents, settled = payment_cents, {}
    for name in _ORDERS[order]:
        settled[name] = min(left_cents, claims[name])
        left_cents -= settled[name]
    return Allocation(**settled, left_over_cents=left_cents)


def allocate_to_dues(payment_cents: int, dues: Sequence[Due]) -> list[DuePart]:
    """Settle dues in the normal course: oldest first, inside each interest, then principal.

    Returns:
        A part for each due that gets something, oldest first; what the parts leave of
        the payment is surplus, which the caller must hold or refund.
    """
    if payment_cents < 0:
        raise ValueError("a payment must not be negative")
    left_cents, parts = payment_cents, []
    for due in sorted(dues, key=lambda due: (due.due_on, due.number)):
        interest_cents = min(left_cents, due.interest_cents)
        principal_cents = min(left_cents - interest_cents, due.principal_cents)
        left_cents -= interest_cents + principal_cents
        if interest_cents or principal_cents:
            parts.append(DuePart(due.number, principal_cents, interest_cents))
    return parts


def share_out(amount_cents: int, owed_cents: Sequence[int]) -> list[int]:
    """Divide an amount by what each is still owed, so that nobody gets more than that.

    Raises:
        ValueError: more than is owed altogether; that is a surplus, not a share.
    """
    if not 0 <= amount_cents <= sum(owed_cents):
        raise ValueError("the amount must lie between nothing and all that is owed")
    return split_cents(amount_cents, owed_cents)


def split_repayment(
    *,
    principal_cents: int,
    interest_cents: int,
    outstanding_cents: Sequence[int],
    fee_rate: Decimal,
    default_interest_cents: int = 0,
    lent_cents: Sequence[int] = (),
) -> list[HoldingShare]:
    """Share a repayment over the holdings of a loan, with the lenders' fee on each share.

    Principal goes by what each holding is still owed, so that the last payment closes
    every one at zero; interest by the same outstanding principal, which earned it. The
    fee is a part of each share, rounded half up, so no lender pays for money not received.

    Args:
        outstanding_cents: principal of each holding before this payment.
        lent_cents: principal of each holding at first; interest goes by it where nothing is
            outstanding any more.
    """
    weights = outstanding_cents if any(outstanding_cents) else lent_cents or outstanding_cents
    parts = zip(
        share_out(principal_cents, outstanding_cents),
        split_cents(interest_cents, weights),
        split_cents(default_interest_cents, weights),
        strict=True,
    )
    return [
        HoldingShare(principal, interest, to_cents((principal + interest + late) * fee_rate), late)
        for principal, interest, late in parts
    ]
