"""Staff see how far the books are sealed and whether they still were as sealed."""

from __future__ import annotations

import pytest
from django.test import RequestFactory

from ledger import sealing
from ledger.chain import Chain
from ledger.models import ChainCheck, Seal
from lending.admin.dashboard import Card, dashboard
from tests.factories import people
from tests.ledger.accounts import AT

pytestmark = pytest.mark.django_db


def card() -> Card:
    """The last card of the overview."""
    found: Card = dashboard(RequestFactory().get("/staff/"), {})["cards"][-1]
    return found


def seal(number: int = 1) -> Seal:
    return Seal.objects.create(
        chain=Chain.LEDGER,
        number=number,
        first_id=1,
        last_id=4,
        rows=4,
        previous_digest="0" * 64,
        digest="abcdef0123456789" * 4,
        sealed_at=AT,
    )


def test_the_overview_tells_of_the_last_seal_and_of_the_last_recount() -> None:
    assert (card().figure, card().mood) == ("–", "")
    seal()
    assert card().note == "not yet recounted"
    ChainCheck.objects.create(checked_at=AT, seals=1, differences=0)
    assert card().figure.startswith("5 Jan 2026")
    assert (card().note.startswith("as sealed, recounted"), card().mood) == (True, "good")
    ChainCheck.objects.create(checked_at=AT, seals=1, differences=2, first_difference="seal 1")
    assert (card().note.startswith("2 differences"), card().mood) == (True, "bad")


def test_the_lists_show_the_seals_and_what_recounts_found(client) -> None:
    client.force_login(people.staff(), backend="django.contrib.auth.backends.ModelBackend")
    seal()
    ChainCheck.objects.create(checked_at=AT, seals=1, differences=1, first_difference="seal 1: x")
    seals = client.get("/staff/ledger/seal/").content.decode()
    assert "abcdef0123456789…" in seals and "5 Jan 2026" in seals
    assert "seal 1: x" in client.get("/staff/ledger/chaincheck/").content.decode()


def test_a_head_is_told_in_universal_time() -> None:
    assert sealing.head_of(seal()).sealed_at == "2026-01-05T09:00:00+00:00"
