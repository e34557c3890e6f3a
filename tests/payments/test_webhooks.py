"""The address where the provider reports: quick, unforgeable, and each event once."""

import json
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import stripe
from django.db import connections
from django.test import Client
from django.urls import reverse

from accounts.models import Role
from accounts.selectors import is_identified
from ledger.chart import Role as Money
from ledger.models import Entry
from ledger.selectors import balance_cents
from payments.models import EventMark, PayIn, WebhookEvent
from payments.sandbox import control
from payments.sandbox.delivery import Mischief
from payments.sandbox.models import Mail, StoredEvent
from payments.services import inbox, missed_events, pay_ins
from payments.services.sweep import sweep
from payments.signatures import webhook_secrets
from payments.states import EventStatus, PayInStatus, PayoutStatus
from tests.payments import world

ADDRESS = "/hooks/stripe/"


def payload(**changes: object) -> str:
    event = {
        "id": "evt_test",
        "object": "event",
        "api_version": "2026-10-28.endive",
        "created": 1_767_600_000,
        "data": {"object": {"id": "pi_nobodys", "object": "payment_intent"}},
        "livemode": False,
        "type": "payment_intent.succeeded",
    }
    return json.dumps(event | changes)


def post(body: str, *, secret: str = "", at: int | None = None, header: str | None = None):
    made = stripe.WebhookSignature.generate_signature_header(
        body, secret or webhook_secrets()[0], at or int(time.time())
    )
    return Client().post(
        ADDRESS,
        data=body,
        content_type="application/json",
        headers={"Stripe-Signature": made if header is None else header},
    )


@pytest.mark.django_db
def test_an_event_is_kept_and_answered():
    assert reverse("payments:stripe-webhook") == ADDRESS
    assert post(payload()).status_code == 200
    kept = WebhookEvent.objects.get()
    assert (kept.event_id, kept.object_id) == ("evt_test", "pi_nobodys")
    assert kept.status == EventStatus.RECEIVED


@pytest.mark.django_db
def test_the_same_event_five_times_is_kept_once():
    assert [post(payload()).status_code for _ in range(5)] == [200] * 5
    assert WebhookEvent.objects.count() == 1


@pytest.mark.django_db
def test_an_event_about_nothing_of_ours_is_put_aside():
    post(payload())
    assert inbox.handle_waiting(at=world.at()) == 1
    assert WebhookEvent.objects.get().status == EventStatus.IGNORED


@pytest.mark.django_db
def test_a_kind_of_event_that_we_do_not_know_is_put_aside():
    post(payload(type="moon.landed"))
    inbox.handle_waiting(at=world.at())
    assert WebhookEvent.objects.get().status == EventStatus.IGNORED


@pytest.mark.django_db
@pytest.mark.parametrize(
    "forged",
    [
        {"body": payload(livemode=True)},
        {"body": "not json"},
        {"body": "[]"},
        {"body": "null"},
        {"body": "{}"},
        {"body": '"text"'},
        {"body": payload(object="v2.core.event")},
        {"body": payload(data={})},
        {"body": payload(data=None)},
        {"body": payload(created="yesterday")},
        {"body": payload(created=10**30)},
        {"body": payload(id=None)},
        {"body": payload(id=7)},
        {"body": payload(type=["x"])},
        {"body": payload(account={"id": "acct_1"})},
        {"body": payload(story="\u0000")},
        {"body": payload(), "secret": "whsec_other"},
        {"body": payload(), "at": int(time.time()) - 3600},
        {"body": payload(), "at": int(time.time()) + 3600},
        {"body": payload(), "header": ""},
        {"body": payload(), "header": "t=1,v1=" + "0" * 64},
        {"body": payload(story="x" * 5_000_000)},
        {"body": "[" * 100_000},
    ],
)
def test_what_is_not_the_providers_is_refused_and_never_breaks_us(forged):
    assert post(**forged).status_code == 400
    assert not WebhookEvent.objects.exists()


@pytest.mark.django_db
def test_only_posts_are_taken():
    assert Client().get(ADDRESS).status_code == 405


@pytest.mark.django_db
def test_a_worker_is_told_once_for_a_burst_of_events(django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks() as told:
        for number in range(20):
            post(payload(id=f"evt_{number}"))
    assert len(told) == 1


@pytest.mark.django_db(transaction=True)
def test_a_webhook_delivered_five_times_at_once_moves_money_once():
    world.begin()
    lender = world.ready(Role.LENDER)
    started = pay_ins.start_pay_in(lender=lender, amount_cents=500_00, at=world.at())
    control.pay_session(started.session_id, card=world.DEBIT_CARD)
    event = StoredEvent.objects.get(kind="checkout.session.completed")

    def deliver_and_handle(_: int) -> int:
        try:
            status = post(event.payload).status_code
            inbox.handle_waiting(at=world.at())
            return status
        finally:
            connections.close_all()

    with ThreadPoolExecutor(5) as pool:
        assert list(pool.map(deliver_and_handle, range(5))) == [200] * 5
    assert balance_cents(Money.CASH, lender.pk) == 500_00
    assert Entry.objects.filter(kind="pay_in").count() == 1
    assert PayIn.objects.get().status == PayInStatus.CONFIRMED


@pytest.mark.django_db
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_events_shuffled_doubled_and_lost_end_in_the_same_state(seed):
    world.begin()
    lender = world.ready(Role.LENDER)
    opened = [
        pay_ins.start_pay_in(lender=lender, amount_cents=100_00, at=world.at()) for _ in range(6)
    ]
    for number, pay_in in enumerate(opened):
        good, bad = {"iban": control.GOOD_IBAN}, {"iban": world.FAILING_IBAN}
        control.pay_session(
            pay_in.session_id, **[good, bad, {"card": world.DEBIT_CARD}][number % 3]
        )
    control.advance_to(world.later(9))
    control.deliver_events(mischief=Mischief(copies=3, shuffled_by=seed, lost_share=20))
    inbox.handle_waiting(at=world.at(world.later(9)))
    sweep(at=world.at(world.later(9)))
    statuses = [PayIn.objects.get(pk=pay_in.pk).status for pay_in in opened]
    assert statuses == ["confirmed", "failed", "confirmed"] * 2
    assert balance_cents(Money.CASH, lender.pk) == 400_00


@pytest.mark.django_db
def test_a_thousand_events_are_delivered_in_seconds():
    world.begin()
    row = {"kind": "payment_intent.succeeded", "created_at": world.at()}
    StoredEvent.objects.bulk_create(
        StoredEvent(event_id=f"evt_{n}", payload=payload(id=f"evt_{n}"), **row) for n in range(1000)
    )
    started = time.process_time()
    assert control.deliver_events() == 1000
    assert time.process_time() - started < 6
    assert WebhookEvent.objects.count() == 1000
    assert control.deliver_events() == 0


@pytest.mark.django_db
def test_the_mail_of_the_sandbox_follows_its_settings():
    world.begin()
    lender = world.person(Role.LENDER)
    Mail.objects.create(
        pk=Mail.ONLY, form="both", copies=2, is_shuffled=True, delay_minutes=60, seed=3
    )
    world.identify(lender)
    assert not WebhookEvent.objects.exists()
    control.advance_to(world.later(1))
    assert control.deliver_events() > 0
    sources = WebhookEvent.objects.values_list("source", flat=True)
    assert sorted(sources) == sorted(["snapshot", "thin"] * (len(sources) // 2))
    assert inbox.handle_waiting(at=world.at()) == len(sources)
    assert is_identified(lender)


@pytest.mark.django_db
def test_a_payout_that_fails_after_it_was_paid_is_found_though_no_word_came():
    world.begin()
    lender = world.rich_lender(200_00)
    on = world.later(3)
    world.play(on)
    payout = world.withdraw(lender, 100_00, on)
    world.play(world.later(8))
    payout.refresh_from_db()
    assert payout.status == PayoutStatus.PAID
    sweep(at=world.at(world.later(8)))
    Mail.objects.create(pk=Mail.ONLY, lost_share=100)
    control.break_payout(payout.payout_id)
    world.hear(world.later(8))
    payout.refresh_from_db()
    assert payout.status == PayoutStatus.PAID
    assert sweep(at=world.at(world.later(8)))["missed"] >= 1
    payout.refresh_from_db()
    assert payout.status == PayoutStatus.RETURNED
    assert WebhookEvent.objects.get(kind="payout.failed").source == "listed"


@pytest.mark.django_db
def test_the_lists_are_read_from_where_we_stopped_over_many_pages(wire):
    world.begin()
    row = {"kind": "v2.core.account.closed", "created_at": control.now()}
    body = {"object": "v2.core.event", "type": row["kind"], "livemode": False}
    body |= {"created": control.now().isoformat(), "related_object": {"id": "acct_0"}}
    StoredEvent.objects.bulk_create(
        StoredEvent(event_id=f"evt_{n}", payload=json.dumps(body | {"id": f"evt_{n}"}), **row)
        for n in range(230)
    )
    assert missed_events.take_up(at=world.at()) == 230
    assert missed_events.take_up(at=world.at()) == 0
    pages = [path for _, path, _, _ in wire.seen if path.startswith("/v2/core/events")]
    assert len(pages) == 6
    assert EventMark.objects.get(account="thin").read_until > row["created_at"]
    control.advance_to(world.later(40))
    assert missed_events.take_up(at=world.at(world.later(40))) == 0
