"""The way that bookings are compared with does the same work."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import transaction

from bench.decided import decided
from bench.idiom import django_way
from bench.round_commit import book, copy_rows, rows_of
from ledger.models import Account, Entry, Transfer
from lending.models import LoanRequest, Offer
from matching.models import Receipt

Books = dict[str, list[tuple[object, ...]]]


def books() -> Books:
    return {
        "accounts": list(Account.objects.order_by("pk").values_list("pk", "balance_cents")),
        "entries": list(Entry.objects.order_by("reference").values_list("reference", "kind")),
        "moves": sorted(Transfer.objects.values_list("debit", "credit", "cents")),
        "offers": sorted(
            Offer.objects.values_list("lender", "request", "mandate", "amount_cents", "status")
        ),
        "receipts": sorted(
            Receipt.objects.values_list("offer__lender", "offer__request", "bucket", "level")
        ),
        "requests": list(LoanRequest.objects.order_by("pk").values_list("pk", "funded_cents")),
    }


def after(write: Callable[[], object]) -> Books:
    """The books once it is written; then everything is as before."""
    with transaction.atomic():
        write()
        found = books()
        transaction.set_rollback(True)
    return found


@pytest.mark.django_db
def test_the_django_way_books_what_the_product_books():
    result = decided(lenders=60, requests=2, each=40)
    before = books()
    ours, idiom = after(lambda: book(result)), after(lambda: django_way(result, 80))
    assert ours == idiom != before
    assert len(ours["offers"]) == len(ours["receipts"]) == 80
    assert books() == before


@pytest.mark.django_db
def test_the_rows_that_are_copied_are_those_that_were_booked():
    result = decided(lenders=60, requests=2, each=40)
    with transaction.atomic():
        book(result)
        rows = rows_of()
        ours = books()
        transaction.set_rollback(True)
    copied = after(lambda: copy_rows(rows))
    assert [copied[name] for name in ("entries", "moves", "offers", "receipts")] == [
        ours[name] for name in ("entries", "moves", "offers", "receipts")
    ]
