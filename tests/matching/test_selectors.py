"""What lenders and staff may see of rounds."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import translation

from core.errors import NotFound
from lending.models import Offer
from lending.services.mandates import pause_mandate
from matching.engine.explain import Filter
from matching.engine.limits import Reason
from matching.models import Receipt
from matching.round_words import gave_way, left_alone
from matching.selectors.misses import WORDS, nearest_misses
from matching.selectors.receipts import SENTENCES, receipt_for
from matching.selectors.rounds import last_booked_round, round_for, rounds_for
from tests.factories import people
from tests.factories.mandates import mandate
from tests.factories.people import AT
from tests.factories.requests import bid
from tests.matching.world import booked, on_market

pytestmark = pytest.mark.django_db


def test_a_lender_reads_why_a_stake_is_as_large_as_it_is() -> None:
    first = mandate(cash_cents=400_00)
    second = mandate(cash_cents=2_000_00, max_per_loan_cents=900_00)
    on_market(1_000_00)
    match = booked()

    receipts = [
        receipt_for(given.lender, Offer.objects.get(mandate=given).pk) for given in (first, second)
    ]

    assert {one.round_id for one in receipts} == {match.pk}
    assert {one.seed_commitment for one in receipts} == {match.seed_commitment}
    assert [one.lenders for one in receipts] == [2, 2]
    assert all(one.is_recomputed for one in receipts)
    for one in receipts:
        assert one.level_per_mille <= one.last_per_mille
        if one.reason == "level":
            assert one.next_per_mille >= one.last_per_mille
    assert sum(one.amount_cents for one in receipts) == 1_000_00


def test_a_changed_receipt_no_longer_follows_from_its_numbers() -> None:
    given = mandate(cash_cents=2_000_00, max_per_loan_cents=1_000_00)
    on_market(1_000_00)
    booked()
    Receipt.objects.update(before_cents=1)

    offer = Offer.objects.get()
    assert not receipt_for(given.lender, offer.pk).is_recomputed


def test_nobody_reads_the_receipt_of_another_or_of_a_bid_by_hand() -> None:
    given = mandate(cash_cents=1_000_00, max_per_loan_cents=1_000_00)
    request = on_market(1_000_00)
    hand = bid(people.lender(cash_cents=100_00), request, 100_00)
    booked()
    offer = Offer.objects.get(mandate=given)

    for user, offer_id in ((people.lender(), offer.pk), (hand.lender, hand.pk)):
        with pytest.raises(NotFound):
            receipt_for(user, offer_id)


def test_every_reason_and_every_filter_has_its_words() -> None:
    assert set(SENTENCES) == {reason.name.lower() for reason in Reason}
    assert set(WORDS) == {str(name.name).lower() for name in Filter}
    with translation.override("en"):
        assert all(str(words) for words in (*SENTENCES.values(), *WORDS.values()))


def test_the_nearest_misses_of_a_mandate_name_the_filters_that_refused() -> None:
    given = mandate(cash_cents=500_00, grades=["C"], min_rate=Decimal("0.09"), max_mark=3)
    near = on_market(annual_rate=Decimal("0.08"))
    far = on_market(annual_rate=Decimal("0.08"), grade="A", affordability_mark=5)
    on_market(annual_rate=Decimal("0.095"))

    misses = nearest_misses(given.lender, given.pk, at=AT)

    assert [(miss.request.pk, miss.filters) for miss in misses] == [
        (near.pk, ("rate_too_low",)),
        (far.pk, ("grade", "mark", "rate_too_low")),
    ]
    with translation.override("en"):
        assert misses[0].words == ["its rate is below your lowest"]


def test_a_paused_mandate_misses_nothing_and_a_strangers_is_not_found() -> None:
    given = mandate(cash_cents=500_00, grades=["A"])
    on_market()
    with pytest.raises(NotFound):
        nearest_misses(people.lender(), given.pk, at=AT)
    pause_mandate(lender=given.lender, mandate_id=given.pk, at=AT)

    assert nearest_misses(given.lender, given.pk, at=AT) == []


def test_staff_see_the_rounds_newest_first_and_others_see_none(
    django_assert_num_queries,
) -> None:
    for number in range(2):
        for _ in range(2):
            mandate(cash_cents=500_00)
        at = AT + timedelta(minutes=number)
        on_market(1_000_00, at=at)
        booked(at=at + timedelta(days=4))
    staff, lender = people.staff(), people.lender()
    staff.is_staff = True
    staff.save(update_fields=["is_staff"])

    with django_assert_num_queries(1):
        found = list(rounds_for(staff))
    assert [match.receipts_count for match in found] == [2, 2]
    assert found[0].pk > found[1].pk
    assert round_for(staff, found[1].pk).pk == found[1].pk
    assert last_booked_round() == found[0]
    for user in (lender, people.borrower()):
        with pytest.raises(NotFound):
            rounds_for(user)
    with pytest.raises(NotFound):
        round_for(staff, 10**9)


def test_staff_read_in_words_what_a_round_left_alone_and_what_gave_way() -> None:
    mandate(cash_cents=500_00)
    mandate(cash_cents=500_00, grades=["A"])
    request = on_market(1_000_00)
    match = booked()
    match.fallen = {"7": "request_full", "8": "another"}
    with translation.override("en"):
        assert list(left_alone(match)) == [
            f"Request {request.pk} lacked €500.00. "
            "Mandates kept out: other grades (1), cap per loan (1)."
        ]
        assert list(gave_way(match)) == [
            "Request 7: bids by hand had taken the room.",
            "Request 8: another.",
        ]


def test_staff_pages_show_rounds_receipts_and_carries_and_change_nothing(client) -> None:
    mandate(cash_cents=500_00)
    mandate(cash_cents=700_00)
    on_market(1_000_00)
    match = booked()
    staff = people.staff()
    staff.is_staff = True
    staff.save(update_fields=["is_staff"])
    client.force_login(staff)

    for name in ("matchround", "receipt", "lendercarry"):
        listed = client.get(f"/staff/matching/{name}/")
        assert listed.status_code == 200
        assert client.get(f"/staff/matching/{name}/add/").status_code == 403
    page = client.get(f"/staff/matching/matchround/{match.pk}/change/")
    assert page.status_code == 200
    assert match.output_sha256 in page.content.decode()
    assert "€1,000.00" in page.content.decode()
    assert client.post(f"/staff/matching/matchround/{match.pk}/change/").status_code == 403
