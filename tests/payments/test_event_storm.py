"""Three hundred events, delivered a thousand times in disorder, some late and some never.

The world is lived through once at the provider, and nothing is heard of it. Then its news is told:
once in order, and in each storm out of order. What we hold in the end must be the same to the cent.
"""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Iterable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db.models import F

from accounts.models import BankAccount, Role, User
from ledger.models import Account, Transfer
from lending.models import Holding, Instalment, Repayment
from payments.gateway import gateway
from payments.models import (
    Collection,
    Dispute,
    DisputeLine,
    PayIn,
    Payout,
    Refund,
    WebhookEvent,
)
from payments.sandbox import control
from payments.sandbox.delivery import _Parcel, _send
from payments.sandbox.events import thin_of
from payments.sandbox.models import StoredEvent
from payments.services import inbox, missed_events, pay_ins, payouts, refunds
from payments.services.sweep import sweep
from payments.services.withdrawals import request_withdrawal
from payments.states import EventStatus
from tests.factories import people
from tests.flows.money import assert_money
from tests.payments import world
from tests.seeds import IS_SOAK

SEEDS = (1, 2, 3, 4, 5) if IS_SOAK else (1, 2)
EVENTS, DELIVERIES, LOST_PERCENT = 300, 1_000, 20
CARDS = ["4000056655665556", "4000000000000259", "4000000000001976"]
DECLINED = "5200828282828210"
IBANS = [
    control.GOOD_IBAN,
    "DE65370400440002222227",  # comes back
    "DE35370400440532013002",  # is taken back late
]


def live(on: Any) -> tuple[Any, list[StoredEvent]]:
    """Let the provider live through three weeks of which we hear nothing; returns its news."""
    lenders = [world.ready(Role.LENDER, on) for _ in range(4)]
    back = [world.pay_in(lenders[0], 40_00, on) for _ in range(3)]
    on += timedelta(days=3)
    world.play(on)  # their money may be used from here on
    staff = people.staff()
    sent = [
        refunds.refund_pay_in(
            pay_in_id=pay_in.pk, staff=staff, amount_cents=30_00, why="Twice",
            at=world.at(on), request_key=pay_in.uuid,
        )
        for pay_in in back
    ]  # fmt: skip
    world.hear(on)
    missed_events.take_up(at=world.at(on))
    control.fail_refund(sent[0].refund_id)
    control.set_fate(DECLINED, "generic_decline", from_date=on)
    numbers = [{"card": card} for card in CARDS] + [{"iban": iban} for iban in IBANS]
    opened = [_opened(lenders[n % 4], numbers[n % 6], on) for n in range(24)]
    withdrawn = [payouts.send(payout_id=_asked(lenders[0], 10_00, on), at=world.at(on))]
    control.advance_to(on + timedelta(days=8))
    _decide(opened)
    control.break_payout(withdrawn[0].payout_id)
    control.advance_to(on + timedelta(days=24))
    return on + timedelta(days=24), list(
        StoredEvent.objects.filter(delivered_at=None).order_by("id")
    )


def _opened(lender: User, number: dict[str, str], on: Any) -> PayIn:
    """A pay-in that is paid at the eleventh try."""
    started = pay_ins.start_pay_in(lender=lender, amount_cents=25_00, at=world.at(on))
    for _ in range(10):
        control.pay_session(started.session_id, card=DECLINED)
    control.pay_session(started.session_id, **number)
    return started


def _asked(lender: User, cents: int, on: Any) -> int:
    asked = request_withdrawal(
        lender=lender, amount_cents=cents, at=world.at(on), request_key=uuid4()
    )
    return asked.pk


def _decide(opened: list[PayIn]) -> None:
    """Answer some of the disputes at the provider, well or badly."""
    told = StoredEvent.objects.filter(kind="charge.dispute.created").order_by("id")
    for number, row in enumerate(told):
        dispute = json.loads(row.payload)["data"]["object"]
        if dispute["status"] in ("needs_response", "warning_needs_response") and number % 3:
            evidence = "true" if number % 3 == 1 else "losing_evidence"
            gateway().answer_dispute(dispute["id"], key=world.key(), evidence=evidence)


def parcels_of(row: StoredEvent, chance: random.Random) -> list[_Parcel]:
    """An event as a snapshot or thin, or as both."""
    form = (
        "thin"
        if row.kind.startswith("v2.")
        else chance.choice(["snapshot", "snapshot", "thin", "both"])
    )
    thin = json.dumps(thin_of(json.loads(row.payload)))
    kinds = {"snapshot": [False], "thin": [True], "both": [False, True]}[form]
    return [_Parcel(row.pk, is_thin, thin if is_thin else row.payload) for is_thin in kinds]


def storm(rows: list[StoredEvent], seed: int, on: Any) -> None:
    """A thousand deliveries, with some work in between; what is lost the sweep finds."""
    chance = random.Random(seed)
    lost = {row.pk for row in chance.sample(rows, len(rows) * LOST_PERCENT // 100)}
    first = [part for row in rows if row.pk not in lost for part in parcels_of(row, chance)]
    sent = first + chance.choices(first, k=DELIVERIES - len(first))
    chance.shuffle(sent)
    before = set(_listed())
    for start in range(0, DELIVERIES, 250):
        taken = [_send(parcel) for parcel in sent[start : start + 250]]
        assert all(taken)
        inbox.handle_waiting(at=world.at(on))
    assert not any(_is_kept(row.event_id) for row in rows if row.pk in lost)
    sweep(at=world.at(on))
    ours = {row.event_id for row in rows if row.pk in lost and not row.account}
    listed = set(_listed()) - before
    assert ours <= listed
    assert listed <= {row.event_id for row in rows if row.pk in lost}


def _listed() -> Iterable[str]:
    """The events that a list told us of."""
    return WebhookEvent.objects.filter(source="listed").values_list("event_id", flat=True)


def _is_kept(event_id: str) -> bool:
    thin = event_id.replace("evt_", "evt_thin_", 1)
    return WebhookEvent.objects.filter(event_id__in=[event_id, thin]).exists()


def digest() -> str:
    """Every row of ours that has to do with money, in one number."""
    found = [
        [*row]
        for rows in (
            PayIn.objects.order_by("id").values_list(
                "id", "status", "amount_cents", "fee_cents", "transaction_id", "failure_code",
                "return_transaction_id", "returned_on"),
            Collection.objects.order_by("id").values_list(
                "id", "status", "amount_cents", "fee_cents", "is_passed_on", "settled_on"),
            Payout.objects.order_by("id").values_list("id", "status", "round", "failure_code"),
            Refund.objects.order_by("id").values_list("id", "status", "failure_id"),
            Dispute.objects.order_by("provider_id").values_list(
                "provider_id", "status", "word", "amount_cents", "pay_in", "collection"),
            DisputeLine.objects.order_by("transaction_id").values_list(
                "transaction_id", "amount_cents", "fee_cents"),
            BankAccount.objects.order_by("id").values_list("id", "status"),
            Instalment.objects.order_by("id").values_list(
                "id", "paid_principal_cents", "paid_interest_cents", "paid_on"),
            Holding.objects.order_by("id").values_list(
                "id", "outstanding_cents", "interest_cents", "fee_cents"),
            Repayment.objects.order_by("reference").values_list(
                "reference", "amount_cents", "reversed_on"),
            Account.objects.order_by("role", "holder_id").exclude(balance_cents=0).values_list(
                "role", "holder_id", "balance_cents"),
            _moves(),
        )
        for row in rows
    ]  # fmt: skip
    return hashlib.sha256(repr(found).encode()).hexdigest()


def _moves() -> Iterable[Any]:
    """What was booked, but for what went through a debt, which hangs on the order of things."""
    rows = Transfer.objects.exclude(entry__kind="receivable_settled").exclude(
        debit__role="receivable"
    )
    ordered = rows.order_by("entry__reference", "debit__role", "credit__role", "cents")
    return ordered.values_list(
        "entry__reference", "entry__kind", "debit__role", "credit__role", "cents",
        F("entry__effective_on"),
    )  # fmt: skip


@pytest.mark.django_db
@pytest.mark.soak
def test_any_storm_of_news_ends_where_the_news_in_order_ends():
    world.begin()
    world.cover_charges()
    loan, borrower, _lender, on = world.paid_out_loan()
    on = world.first_instalment(loan).due_on - timedelta(days=5)
    world.live_until(on, world.later(8))
    control.set_fate(world.method_of(borrower), "late:insufficient_funds", from_date=on)
    assert Collection.objects.get().status == "processing"
    end, rows = live(on)
    assert len(rows) >= EVENTS
    with world.undone():
        for number, row in enumerate(rows):
            assert _send(parcels_of(row, random.Random(0))[0])
            if number % 10 == 0:
                inbox.handle_waiting(at=world.at(end))
        inbox.handle_waiting(at=world.at(end))
        assert not WebhookEvent.objects.filter(status=EventStatus.RECEIVED).exists()
        sweep(at=world.at(end))
        assert_money("ledger", "payments")
        in_order = digest()
        shown = _statuses()
    assert set(shown) >= {"won", "lost", "closed", "taken_back", "confirmed", "failed"}
    ends = set()
    for seed in SEEDS:
        with world.undone():
            storm(rows, seed, end)
            ends.add(digest())
    assert ends == {in_order}


def _statuses() -> set[str]:
    found = [
        model.objects.values_list("status", flat=True) for model in (PayIn, Dispute, Refund, Payout)
    ]
    return {status for rows in found for status in rows}
