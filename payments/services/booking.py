"""How confirmed money is written to the ledger; every reference can be used once."""

from __future__ import annotations

from datetime import datetime

from core.clock import day_of
from ledger.chart import EntryKind, Role
from ledger.services import Move, account_id, post_entry, reverse_moves


def money_in(*, reference: str, kind: EntryKind, person_id: int, cents: int, at: datetime) -> None:
    """Money came to the provider for a person: into the wallet, by way of clearing."""
    clearing = account_id(Role.CLEARING_IN)
    moves = [
        Move(account_id(Role.PROVIDER), clearing, cents),
        Move(clearing, account_id(Role.CASH, person_id), cents),
    ]
    post_entry(reference=reference, kind=kind, effective_on=day_of(at), at=at, moves=moves)


def charge(*, transaction_id: str, cents: int, at: datetime) -> None:
    """The provider kept a charge for itself; it is a cost of ours, never of the person's."""
    if cents:
        move = Move(account_id(Role.PROVIDER_COSTS), account_id(Role.PROVIDER), cents)
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
