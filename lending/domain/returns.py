"""What a lender's money earned, and what claims that are late may still be worth."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Final, Literal, NamedTuple

from core.money import to_cents
from lending.domain.discounting import log_roots, net_by_time
from lending.domain.due_dates import days_past_due

Bucket = Literal["current", "1-30", "31-60", "61-90", "over-90"]

HAIRCUTS: Final[Mapping[Bucket, Decimal]] = {
    "current": Decimal("0"),
    "1-30": Decimal("0.05"),
    "31-60": Decimal("0.30"),
    "61-90": Decimal("0.55"),
    "over-90": Decimal("0.80"),
}
"""Published starting values; own recoveries replace them once there are enough."""

_BUCKET_ENDS: Final[tuple[tuple[int, Bucket], ...]] = (
    (0, "current"),
    (30, "1-30"),
    (60, "31-60"),
    (90, "61-90"),
)
_WIDEST: Final = 1e6  # log rates: even a thousandfold gain overnight is 2,521


class Claim(NamedTuple):
    """Claims alike in their bucket of arrears; each was cut and rounded by itself."""

    bucket: Bucket
    principal_cents: int
    value_cents: int
    holdings: int


class Valuation(NamedTuple):
    """What claims are worth: late loans at nothing, at the published haircuts, at par."""

    low_cents: int
    fair_cents: int
    high_cents: int


class ReturnRange(NamedTuple):
    """A money-weighted return per year at the three values of a `Valuation`."""

    low: float | None
    fair: float | None
    high: float | None


def xirr(flows: Sequence[tuple[date, float | int | Decimal]]) -> float | None:
    """Return the yearly rate at which dated flows are worth nothing, days counted actual/365.

    Flows may come in any order; one direction is negative, the other positive. Of several
    solutions the one nearest zero is given, and infinity where no float could hold it.
    None when money flows one way only, all on one day, or so that no rate fits.
    """
    netted = net_by_time((day, _exact(amount)) for day, amount in flows)
    if not netted:
        return None
    first_day = min(netted)
    timed = [((day - first_day).days / 365, float(amount)) for day, amount in netted.items()]
    roots = log_roots(timed, -_WIDEST, _WIDEST)
    if not roots:
        return None
    nearest = min(roots, key=abs)
    return math.expm1(nearest) if nearest < 709 else math.inf


def _exact(amount: float | int | Decimal) -> Decimal:
    """Take a float for the number it was written as, so that opposite flows cancel."""
    return Decimal(repr(amount)) if isinstance(amount, float) else Decimal(amount)


def arrears_bucket(days_late: int) -> Bucket:
    """Return the bucket of arrears that a loan falls in; 0 days past due is current."""
    return next((name for end, name in _BUCKET_ENDS if days_late <= end), "over-90")


def claim_bucket(oldest_due_on: date | None, on: date, *, in_default: bool) -> Bucket:
    """Return the bucket of a claim: "over-90" for all in default, whatever was paid since."""
    return "over-90" if in_default else arrears_bucket(days_past_due(oldest_due_on, on))


def haircut_value(principal_cents: int, bucket: Bucket) -> int:
    """Return what the outstanding principal of one claim is worth after its haircut."""
    return to_cents(principal_cents * (1 - HAIRCUTS[bucket]))


def value_claims(claims: Iterable[Claim]) -> Valuation:
    """Value claims: the late ones at nothing, each at its haircut, all at par."""
    low_cents = fair_cents = high_cents = 0
    for claim in claims:
        low_cents += claim.principal_cents if claim.bucket == "current" else 0
        fair_cents += claim.value_cents
        high_cents += claim.principal_cents
    return Valuation(low_cents, fair_cents, high_cents)


def lender_return(
    flows: Sequence[tuple[date, int]], *, on: date, cash_cents: int, claims: Valuation
) -> ReturnRange:
    """Return the money-weighted return of a lender up to `on`, as a range.

    Args:
        flows: deposits (negative) and withdrawals (positive) in cents; money that lies
            idle counts, as the lender sees it.
        cash_cents: all cash at the end, reserved money included.
    """
    low, fair, high = (xirr([*flows, (on, cash_cents + value)]) for value in claims)
    return ReturnRange(low, fair, high)
