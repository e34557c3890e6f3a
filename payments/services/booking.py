"""How confirmed money is written to the ledger; every reference can be used once."""

from __future__ import annotations

from datetime import datetime

from core.clock import day_of
from ledger.chart import PLATFORM_ID, EntryKind, Role
from ledger.services import Move, account_id, locked_accounts, post_entry, reverse_moves
from lending.services.receivables import settle_receivables
from payments.facts import BalanceTransaction


def money_in(
    *, reference: str, kind: EntryKind, person_id: int, line: BalanceTransaction, at: datetime
) -> None:
    """Money came to the provider for a person: into the wallet, by way of clearing.

    What the person owes after a late return is settled from a pay-in first.
    What the provider kept for itself is a cost of ours, never of the person's.
    """
    platform = [PLATFORM_ID]
    accounts = locked_accounts(
        {
            Role.PROVIDER: platform,
            Role.CLEARING_IN: platform,
            Role.CASH: [person_id],
            Role.PROVIDER_COSTS: platform,
        }
    )
    provider = accounts[Role.PROVIDER][PLATFORM_ID]
    clearing = accounts[Role.CLEARING_IN][PLATFORM_ID]
    moves = [
        Move(provider, clearing, line.amount_cents),
        Move(clearing, accounts[Role.CASH][person_id], line.amount_cents),
    ]
    post_entry(reference=reference, kind=kind, effective_on=day_of(at), at=at, moves=moves)
    if kind == EntryKind.PAY_IN:
        settle_receivables(person_ids=[person_id], cause=reference, on=day_of(at), at=at)
    charge(transaction_id=line.id, cents=line.fee_cents, at=at)


def charge(*, transaction_id: str, cents: int, at: datetime) -> None:
    """What the provider kept for itself of a line of its books; less than nothing: gave back."""
    if not cents:
        return
    costs, provider = account_id(Role.PROVIDER_COSTS), account_id(Role.PROVIDER)
    move = Move(costs, provider, cents) if cents > 0 else Move(provider, costs, -cents)
    post_entry(
        reference=f"charge:{transaction_id}",
        kind=EntryKind.PROVIDER_CHARGE,
        effective_on=day_of(at),
        at=at,
        moves=[move],
    )


def capital(*, reference: str, cents: int, at: datetime) -> None:
    """The operator's own money came to the provider."""
    move = Move(account_id(Role.PROVIDER), account_id(Role.CAPITAL), cents)
    post_entry(
        reference=reference,
        kind=EntryKind.CAPITAL,
        effective_on=day_of(at),
        at=at,
        moves=[move],
    )


def withdrawal_requested(*, reference: str, person_id: int, cents: int, at: datetime) -> None:
    """Money leaves the wallet and waits to be sent."""
    move = Move(account_id(Role.CASH, person_id), account_id(Role.IN_TRANSIT_OUT, person_id), cents)
    post_entry(
        reference=reference,
        kind=EntryKind.WITHDRAWAL_REQUESTED,
        effective_on=day_of(at),
        at=at,
        moves=[move],
    )


def withdrawal_returned(*, reference: str, person_id: int, cents: int, at: datetime) -> None:
    """Money that could not be sent is back in the wallet."""
    move = Move(account_id(Role.IN_TRANSIT_OUT, person_id), account_id(Role.CASH, person_id), cents)
    post_entry(
        reference=reference,
        kind=EntryKind.WITHDRAWAL_RETURNED,
        effective_on=day_of(at),
        at=at,
        moves=[move],
    )


def refund_asked(*, reference: str, person_id: int, cents: int, at: datetime) -> None:
    """Money of a pay-in leaves the wallet and waits to go back to where it came from."""
    move = Move(account_id(Role.CASH, person_id), account_id(Role.IN_TRANSIT_OUT, person_id), cents)
    _take_back(reference, [move], at=at)


def refund_dropped(*, reference: str, person_id: int, cents: int, at: datetime) -> None:
    """The provider did not take it: the money is in the wallet again."""
    move = Move(account_id(Role.IN_TRANSIT_OUT, person_id), account_id(Role.CASH, person_id), cents)
    _take_back(reference, [move], at=at)


def refund_left(*, reference: str, person_id: int, cents: int, at: datetime) -> None:
    """The provider has taken it."""
    _take_back(reference, _way_out(person_id, cents), at=at)


def refund_came_back(*, reference: str, person_id: int, cents: int, at: datetime) -> None:
    """The payer's bank sent it back: the money is in the wallet again."""
    waiting = account_id(Role.IN_TRANSIT_OUT, person_id)
    into_wallet = Move(waiting, account_id(Role.CASH, person_id), cents)
    _take_back(reference, [*reverse_moves(_way_out(person_id, cents)), into_wallet], at=at)


def _take_back(reference: str, moves: list[Move], *, at: datetime) -> None:
    post_entry(
        reference=reference,
        kind=EntryKind.REVERSAL,
        effective_on=day_of(at),
        at=at,
        moves=moves,
    )


def paid_out(*, reference: str, person_id: int, cents: int, at: datetime) -> None:
    """A bank has taken the money."""
    post_entry(
        reference=reference,
        kind=EntryKind.PAYOUT,
        effective_on=day_of(at),
        at=at,
        moves=_way_out(person_id, cents),
    )


def payout_reopened(*, reference: str, person_id: int, cents: int, at: datetime) -> None:
    """A bank sent back what it had taken."""
    post_entry(
        reference=reference,
        kind=EntryKind.PAYOUT_REOPENED,
        effective_on=day_of(at),
        at=at,
        moves=reverse_moves(_way_out(person_id, cents)),
    )


def _way_out(person_id: int, cents: int) -> list[Move]:
    clearing = account_id(Role.CLEARING_OUT)
    return [
        Move(account_id(Role.IN_TRANSIT_OUT, person_id), clearing, cents),
        Move(clearing, account_id(Role.PROVIDER), cents),
    ]
