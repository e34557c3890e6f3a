"""The provider's own books, and the balance transactions that its customers see of them.

Each account has a pending and an available book; the outside world, the provider's charges and
money on its way to a bank have one each. Every balance transaction posts lines that sum to zero.
"""

from __future__ import annotations

from datetime import date
from typing import Any, Final

from payments.sandbox import clock
from payments.sandbox.errors import ApiError, invalid
from payments.sandbox.sql import rows
from payments.sandbox.store import Record, Work

OUTSIDE: Final = "outside"
CHARGES: Final = "charges"
_CATEGORIES = {
    "payment": "charge",
    "payment_refund": "refund",
    "transfer_refund": "transfer",
}


def available(account: str) -> str:
    """The book of money that an account may use."""
    return f"available:{account or 'platform'}"


def pending(account: str) -> str:
    """The book of money that an account has, but may not use yet."""
    return f"pending:{account or 'platform'}"


def transact(
    work: Work,
    kind: str,
    source: Record,
    cents: int,
    *,
    against: str,
    fee_cents: int = 0,
    account: str | None = None,
    available_on: date | None = None,
) -> Record:
    """Book a balance transaction of `cents` (minus when it leaves the account).

    Args:
        against: the book on the other side.
        available_on: the day from which incoming money may be used; at once when not given.
    """
    owner = work.account if account is None else account
    today = clock.day_of(work.now)
    waits = available_on is not None and available_on > today
    net = cents - fee_cents
    data: dict[str, Any] = {
        "amount": cents,
        "balance_type": "payments",
        "available_on": clock.seconds(clock.bank_hour(available_on or today)),
        "currency": "eur",
        "description": None,
        "exchange_rate": None,
        "fee": fee_cents,
        "fee_details": _fee_details(fee_cents),
        "net": net,
        "reporting_category": _CATEGORIES.get(kind, kind),
        "source": source.id,
        "status": "pending" if waits else "available",
        "type": kind,
    }
    txn = work.add("balance_transaction", data, parent=source.id, account=owner)
    _post(work, txn, pending(owner) if waits else available(owner), net)
    _post(work, txn, CHARGES, fee_cents)
    _post(work, txn, against, -cents)
    if waits and available_on is not None:
        work.schedule("settle", txn, clock.bank_hour(available_on))
    return txn


def settle(work: Work, txn: Record) -> None:
    """Make waiting money available."""
    _post(work, txn, pending(txn.account), -txn.data["net"])
    _post(work, txn, available(txn.account), txn.data["net"])
    work.change(txn, status="available")


def require(work: Work, account: str, cents: int) -> None:
    """Refuse when the account may use less than `cents`, now or when this call is written."""
    book = available(account)
    found = rows("SELECT cents FROM payments_sandbox_book WHERE name = %s", [book])
    if not found or found[0][0] < cents:
        raise insufficient(account)
    work.keep_above(book, 0)


def insufficient(account: str) -> ApiError:
    """The refusal for want of money that may be used."""
    whose = "your Stripe account" if not account else "this account"
    return invalid(
        f"You have insufficient available funds in {whose}.",
        code="balance_insufficient",
    )


def balances() -> dict[str, int]:
    """Every book and its balance."""
    found = rows("SELECT name, cents FROM payments_sandbox_book ORDER BY name")
    return {name: int(cents) for name, cents in found}


def faults() -> list[str]:
    """What is wrong with the books: lines that do not sum to zero, balances that do not recount."""
    uneven = rows(
        "SELECT transaction, sum(cents) FROM payments_sandbox_posting"
        " GROUP BY 1 HAVING sum(cents) <> 0"
    )
    recounted = rows(
        "SELECT book.name, book.cents, coalesce(sum(posting.cents), 0)"
        " FROM payments_sandbox_book AS book"
        " LEFT JOIN payments_sandbox_posting AS posting ON posting.book = book.name"
        " GROUP BY 1, 2 HAVING book.cents <> coalesce(sum(posting.cents), 0)"
    )
    return [f"{txn}: lines sum to {cents}" for txn, cents in uneven] + [
        f"{name}: {kept}, recounted {cents}" for name, kept, cents in recounted
    ]


def _post(work: Work, txn: Record, book: str, cents: int) -> None:
    if cents:
        work.add_to_book(book, cents)
        work.append(
            "postings",
            {
                "transaction": txn.id,
                "book": book,
                "cents": cents,
                "posted_at": work.now.isoformat(),
            },
        )


def _fee_details(fee_cents: int) -> list[dict[str, Any]]:
    if not fee_cents:
        return []
    return [
        {
            "amount": fee_cents,
            "application": None,
            "currency": "eur",
            "description": "Processing fee",
            "type": "stripe_fee",
        }
    ]
