"""Transfers to recipients and payouts to their banks; the provider's books about us."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from payments import facts
from payments.gateway.sdk import (
    CURRENCY,
    PAGE,
    Caller,
    keyed,
    on_behalf,
    read,
    read_all,
    reading,
    writing,
)

MOST_KINDS: Final = 20
"""So many kinds of events may be asked for in one request."""
THE_BEGINNING: Final = datetime(2000, 1, 1, tzinfo=UTC)


class MoneyOut(Caller):
    """Money that leaves, and the provider's own account of it all."""

    def transfer(
        self,
        *,
        key: str,
        account_id: str,
        amount_cents: int,
        group: str,
        metadata: dict[str, str],
    ) -> facts.Transfer:
        """Move money from our balance to a recipient's."""
        with writing():
            found = self._v1.transfers.create(
                {
                    "amount": amount_cents,
                    "currency": CURRENCY,
                    "destination": account_id,
                    "transfer_group": group,
                    "metadata": metadata,
                },
                keyed(key),
            )
            return read(facts.Transfer, found)

    def transfer_state(self, transfer_id: str) -> facts.Transfer:
        """A transfer and what was taken back of it."""
        with reading():
            return read(facts.Transfer, self._v1.transfers.retrieve(transfer_id))

    def transfers_to(self, account_id: str, *, since: datetime) -> list[facts.Transfer]:
        """Transfers to a recipient since an instant; to look for one whose answer was lost."""
        first = int(since.timestamp())
        with reading():
            page = self._v1.transfers.list(
                {"destination": account_id, "created": {"gte": first}, "limit": PAGE}
            )
            return read_all(facts.Transfer, page)

    def reverse_transfer(
        self, transfer_id: str, *, key: str, amount_cents: int, metadata: dict[str, str]
    ) -> facts.Reversal:
        """Take money back from a recipient's balance."""
        with writing():
            found = self._v1.transfers.reversals.create(
                transfer_id, {"amount": amount_cents, "metadata": metadata}, keyed(key)
            )
            return read(facts.Reversal, found)

    def pay_out(
        self,
        *,
        key: str,
        account_id: str,
        amount_cents: int,
        words: str,
        metadata: dict[str, str],
    ) -> facts.PayoutFact:
        """Send a recipient's balance to their bank."""
        with writing():
            found = self._v1.payouts.create(
                {
                    "amount": amount_cents,
                    "currency": CURRENCY,
                    "statement_descriptor": words[:22],
                    "metadata": metadata,
                },
                keyed(key, account_id),
            )
            return read(facts.PayoutFact, found)

    def payouts_of(self, account_id: str, *, since: datetime) -> list[facts.PayoutFact]:
        """A recipient's payouts since an instant; to look for one whose answer was lost."""
        first = int(since.timestamp())
        with reading():
            page = self._v1.payouts.list(
                {"created": {"gte": first}, "limit": PAGE}, on_behalf(account_id)
            )
            return read_all(facts.PayoutFact, page)

    def payout(self, payout_id: str, *, account_id: str) -> facts.PayoutFact:
        """How far a payout has come."""
        with reading():
            found = self._v1.payouts.retrieve(payout_id, {}, on_behalf(account_id))
            return read(facts.PayoutFact, found)

    def balance(self, *, account_id: str = "") -> facts.Balance:
        """What the provider holds for us, or for a recipient."""
        with reading():
            found = self._v1.balance.retrieve({}, on_behalf(account_id))
            return read(facts.Balance, found)

    def balance_transactions(
        self, *, since: datetime = THE_BEGINNING, account_id: str = ""
    ) -> list[facts.BalanceTransaction]:
        """Every line of the provider's books about an account, newest first."""
        first = int(since.timestamp())
        with reading():
            page = self._v1.balance_transactions.list(
                {"limit": PAGE, "created": {"gte": first}}, on_behalf(account_id)
            )
            return read_all(facts.BalanceTransaction, page)

    def balance_transaction(self, transaction_id: str) -> facts.BalanceTransaction:
        """One line of the provider's books."""
        with reading():
            found = self._v1.balance_transactions.retrieve(transaction_id)
            return read(facts.BalanceTransaction, found)

    def events_since(
        self, created_from: datetime, *, kinds: Sequence[str], account_id: str = ""
    ) -> list[facts.Event]:
        """Events of ours, or of a recipient, since an instant, oldest first."""
        first = int(created_from.timestamp())
        found: list[facts.Event] = []
        with reading():
            for start in range(0, len(kinds), MOST_KINDS):
                page = self._v1.events.list(
                    {
                        "limit": PAGE,
                        "created": {"gte": first},
                        "types": list(kinds[start : start + MOST_KINDS]),
                    },
                    on_behalf(account_id),
                )
                found += read_all(facts.Event, page)
        return sorted(found, key=lambda event: event.created_at)

    def thin_events_since(
        self, created_from: datetime, *, kinds: Sequence[str]
    ) -> list[facts.Event]:
        """Thin events since an instant, oldest first; of at most twenty kinds."""
        since = created_from.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
        with reading():
            page = self._v2.core.events.list(
                {"limit": PAGE, "created": {"gte": since}, "types": list(kinds)}
            )
            found = read_all(facts.Event, page)
        return sorted(found, key=lambda event: event.created_at)
