"""A decided round as a typical Django project would write it: `bulk_create` and `F()` updates."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.decided import AT

if TYPE_CHECKING:
    from matching.engine.result import Result


def django_way(result: Result, count: int) -> None:
    """Write the first `count` stakes of the round, which end with a whole request."""
    from django.db import transaction
    from django.db.models import F

    from ledger.chart import EntryKind, Role
    from ledger.models import Account, Entry, Transfer
    from ledger.services import account_ids
    from lending.models import LoanRequest, Offer
    from matching.models import MatchRound, Receipt
    from matching.services.booking import decided_rows

    match = MatchRound.objects.get()
    rows = decided_rows(result, slice(0, count)).lists()
    with transaction.atomic():
        stakes = list(
            zip(
                rows["mandate_ids"],
                rows["lender_ids"],
                rows["request_ids"],
                rows["amount_cents"],
                strict=True,
            )
        )
        cash = account_ids(Role.CASH, rows["lender_ids"])
        reserved = account_ids(Role.RESERVED, rows["lender_ids"])
        offers = Offer.objects.bulk_create(
            (
                Offer(
                    request_id=request,
                    lender_id=lender,
                    mandate_id=mandate,
                    round_id=match.pk,
                    source="mandate",
                    amount_cents=cents,
                    placed_at=AT,
                    firm_on=AT.date(),
                )
                for mandate, lender, request, cents in stakes
            ),
            batch_size=1_000,
        )
        facts = ("bucket", "level", "base", "before_cents", "last_cents", "reason")
        Receipt.objects.bulk_create(
            (
                Receipt(offer=offer, round=match, **dict(zip(facts, values, strict=True)))
                for offer, values in zip(
                    offers, zip(*(rows[name] for name in facts), strict=True), strict=True
                )
            ),
            batch_size=1_000,
        )
        wanted = sorted(set(rows["request_ids"]))
        entries = Entry.objects.bulk_create(
            Entry(
                reference=f"round:{match.pk}:{request}",
                kind=EntryKind.RESERVATION,
                effective_on=AT.date(),
                posted_at=AT,
            )
            for request in wanted
        )
        entry_of = dict(zip(wanted, entries, strict=True))
        Transfer.objects.bulk_create(
            (
                Transfer(
                    entry=entry_of[request],
                    debit_id=cash[lender],
                    credit_id=reserved[lender],
                    cents=cents,
                )
                for _, lender, request, cents in stakes
            ),
            batch_size=1_000,
        )
        for _, lender, _, cents in stakes:
            Account.objects.filter(pk=cash[lender]).update(balance_cents=F("balance_cents") - cents)
            Account.objects.filter(pk=reserved[lender]).update(
                balance_cents=F("balance_cents") + cents
            )
        for request in wanted:
            LoanRequest.objects.filter(pk=request).update(funded_cents=F("amount_cents"))
