"""The panel of the sandbox, and the pages on which staff answer disputes and give pay-ins back."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from accounts.models import Role, User
from core import clock
from core.models import AuditRow
from lending.selectors.wallet import wallet_of
from payments.gateway import Gateway
from payments.models import Dispute, PayIn, Payout, Refund
from payments.sandbox import control
from payments.sandbox.client import SandboxClient
from payments.sandbox.models import Fate, Mail, StoredObject
from payments.services import refunds, sandbox_progress
from payments.services.sweep import sweep
from payments.states import RefundStatus
from payments.tasks import advance_sandbox
from tests.factories import people
from tests.flows.money import assert_money
from tests.payments import world

pytestmark = pytest.mark.django_db

PANEL = "/staff/payments_sandbox/clock/"
BANNER = "no real money moves on this site"


@pytest.fixture
def staff() -> User:
    return people.staff()


@pytest.fixture
def desk(staff: User) -> Client:
    client = Client()
    client.force_login(staff)
    return client


def press(desk: Client, act: str, **given: object) -> str:
    """Do one act and return the page that follows."""
    answer = desk.post(PANEL, {"act": act} | given, follow=True)
    assert answer.status_code == 200
    return answer.content.decode()


def test_it_shows_its_books_and_lets_faults_happen(desk, staff):
    world.begin()
    assert "Nothing was booked yet" in desk.get(PANEL).content.decode()
    world.cover_charges()
    pay_in = world.pay_in(world.ready(Role.LENDER), 500_00)
    world.play(world.later(3))
    payout = world.withdraw(pay_in.lender, 100_00, world.later(3))
    page = desk.get(PANEL).content.decode()
    assert "They sum to zero and recount" in page

    assert "Jana Sommer" in press(desk, "payout", id=payout.payout_id)
    press(desk, "dispute", id=pay_in.payment_id)
    press(desk, "deliver", id="")
    assert Payout.objects.get().status in ("failed", "returned")
    assert Dispute.objects.get().pay_in == pay_in
    press(desk, "fate", subject="de89 3704 0044 0532 0130 00", outcome="late:insufficient_funds")
    assert Fate.objects.get().subject == control.GOOD_IBAN
    press(
        desk,
        "mail",
        form="thin",
        copies=2,
        is_shuffled="on",
        delay_minutes=5,
        lost_share=10,
        seed=4,
    )
    mail = Mail.objects.get()
    assert (mail.form, mail.copies, mail.is_shuffled, mail.lost_share) == ("thin", 2, True, 10)
    rows = AuditRow.objects.filter(subject="payments_sandbox.clock:1")
    assert {row.action for row in rows} >= {
        "sandbox_payout", "sandbox_dispute", "sandbox_deliver", "sandbox_fate", "sandbox_mail",
    }  # fmt: skip
    assert {row.actor_id for row in rows} == {staff.pk}
    assert control.GOOD_IBAN not in str(list(rows.values_list("data", flat=True)))
    assert "Enter a whole number" in press(desk, "mail", form="thin", copies="many")


def test_days_pass_in_the_background_and_the_page_tells_how_far(desk):
    world.begin()
    clock.set_business_date(world.MONDAY, is_virtual=False)
    press(desk, "advance", days=3)
    running = desk.get(f"{PANEL}progress/").content.decode()
    assert "0 of 3 days" in running
    assert "hx-get" in running
    before = control.today()
    assert advance_sandbox(days=3) == 3
    assert control.today() == before + timedelta(days=3)
    over = desk.get(f"{PANEL}progress/").content.decode()
    assert "3 days have passed" in over
    assert "hx-get" not in over


def test_a_market_on_a_virtual_clock_closes_its_day_as_well(settings):
    world.begin()
    settings.DAY_END_STEPS = ("payments.services.sandbox_day.play",)
    clock.set_business_date(world.MONDAY, is_virtual=True)
    assert advance_sandbox(days=2) == 2
    assert clock.business_date() == world.later(2)
    assert control.today() == world.later(1)
    told = sandbox_progress.told()
    assert told is not None
    assert told.is_over


def test_only_staff_with_the_right_and_only_in_the_sandbox(desk, settings):
    assert Client().get(PANEL).status_code == 302
    stranger = people.person(Role.STAFF)
    stranger.is_superuser = False
    stranger.save(update_fields=["is_superuser"])
    other = Client()
    other.force_login(stranger)
    for address in (PANEL, f"{PANEL}progress/"):
        assert other.get(address).status_code == 403
    assert other.post(PANEL, {"act": "deliver"}).status_code == 403
    stranger.user_permissions.set(Permission.objects.filter(codename="run_sandbox"))
    assert other.get(PANEL).status_code == 200
    settings.STRIPE_KEY = "sk_test_real"
    assert desk.get(PANEL).status_code == 404
    assert desk.post(PANEL, {"act": "deliver"}).status_code == 404
    assert BANNER not in desk.get("/staff/").content.decode()


def test_the_banner_stands_on_every_kind_of_page(desk):
    for address in ("/staff/", PANEL, "/staff/payments/payin/"):
        assert desk.get(address).content.decode().count(BANNER) == 1
    for address in ("/", "/accounts/login/", "/nothing/", "/staff/login/"):
        assert BANNER in Client().get(address).content.decode()


def test_staff_answer_and_accept_disputes(desk, staff):
    world.begin()
    world.cover_charges()
    paid = world.pay_in(world.ready(Role.LENDER), 500_00)
    world.play(world.later(3))
    ids = [control.open_dispute(paid.payment_id, amount_cents=cents) for cents in (100_00, 50_00)]
    world.hear()
    listed = desk.get(reverse("admin:payments_dispute_changelist")).content.decode()
    assert listed.count(str(paid.lender)) >= 2
    assert "Waits for our answer" in listed
    first, second = (Dispute.objects.get(provider_id=name) for name in ids)
    where = reverse("admin:payments_dispute_change", args=[first.pk])
    assert "Contest it" in desk.get(where).content.decode()
    empty = desk.post(where, {"act": "answer", "evidence": " "})
    assert empty.status_code == 200
    desk.post(where, {"act": "answer", "evidence": "They agreed on 5 January."})
    first.refresh_from_db()
    assert (first.status, first.decided_by) == ("under_review", staff)
    page = desk.get(where).content.decode()
    assert "They agreed on 5 January." in page
    assert "Nothing can be done about it now" in page
    other = reverse("admin:payments_dispute_change", args=[second.pk])
    desk.post(other, {"act": "accept", "why": "A mistake of ours."})
    second.refresh_from_db()
    assert second.status == "lost"
    assert AuditRow.objects.filter(action="dispute_accept", actor_id=staff.pk).count() == 1
    dispute = StoredObject.objects.get(object_id=ids[0])
    assert dispute.data["evidence"] == {"uncategorized_text": "They agreed on 5 January."}


def test_who_may_only_look_decides_nothing(desk):
    world.begin()
    world.cover_charges()
    paid = world.pay_in(world.ready(Role.LENDER), 500_00)
    world.play(world.later(3))
    control.open_dispute(paid.payment_id)
    world.hear()
    dispute = Dispute.objects.get()
    looker = people.person(Role.STAFF)
    looker.is_superuser = False
    looker.save(update_fields=["is_superuser"])
    looker.user_permissions.set(Permission.objects.filter(codename="view_dispute"))
    client = Client()
    client.force_login(looker)
    where = reverse("admin:payments_dispute_change", args=[dispute.pk])
    assert "not decide on them" in client.get(where).content.decode()
    assert client.post(where, {"act": "accept", "why": "x"}).status_code == 403
    assert client.get(reverse("admin:payments_refund_for", args=[paid.pk])).status_code == 403


def test_staff_give_a_pay_in_back_once(desk):
    world.begin()
    world.cover_charges()
    paid = world.pay_in(world.ready(Role.LENDER), 500_00)
    world.play(world.later(3))
    link = reverse("admin:payments_refund_for", args=[paid.pk])
    assert link in desk.get(reverse("admin:payments_payin_change", args=[paid.pk])).content.decode()
    key = "11111111-1111-4111-8111-111111111111"
    given = {"act": "refund", "amount_cents": "120.50", "why": "Twice", "request_key": key}
    for _ in range(2):
        assert desk.post(link, given).status_code == 302
    assert Refund.objects.get().amount_cents == 120_50
    too_much = given | {"amount_cents": "400", "request_key": key.replace("1111-4", "2222-4")}
    assert desk.post(link, too_much).status_code == 200
    assert Refund.objects.count() == 1
    assert PayIn.objects.get().status == "confirmed"


def test_a_refund_that_the_site_may_not_send_is_sent_by_the_sweep(desk, monkeypatch):
    world.begin()
    world.cover_charges()
    paid = world.pay_in(world.ready(Role.LENDER), 500_00)
    world.play(world.later(3))
    link = reverse("admin:payments_refund_for", args=[paid.pk])
    site = Gateway("rk_test_web_key", SandboxClient(), "https://pari.example")
    with monkeypatch.context() as patch:
        patch.setattr(refunds, "gateway", lambda: site)
        patch.setattr(clock, "now", lambda: world.at(world.later(3)))
        given = {"act": "refund", "amount_cents": "120", "why": "Twice", "request_key": uuid4()}
        answer = desk.post(link, given, follow=True)
    assert "goes back" in answer.content.decode()
    refund = Refund.objects.get()
    assert (refund.status, wallet_of(paid.lender).cash_cents) == (RefundStatus.REQUESTED, 380_00)
    sweep(at=world.at(world.later(4)))
    refund.refresh_from_db()
    assert (refund.status, wallet_of(paid.lender).cash_cents) == (RefundStatus.DONE, 380_00)
    assert_money("ledger", "payments")
