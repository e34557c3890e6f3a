"""Instalments by debit card: saved on the provider's page, charged when due, refused."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client

from accounts.models import Role
from accounts.selectors import active_bank_account
from core import clock
from ledger.chart import Role as Money
from ledger.selectors import balance_cents
from lending.domain.due_dates import payable_on
from notifications.models import Message
from payments import seasoning, selectors
from payments.errors import NoCard, WrongRole
from payments.limits import MAX_TRIES
from payments.models import Collection, PaymentCard
from payments.retries import next_try_on
from payments.sandbox import control
from payments.services import cards, collections, forgetting
from payments.states import CardStatus, CollectionStatus
from tests.factories import people
from tests.flows.money import assert_money
from tests.payments import world

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _time_begins(db: None) -> None:
    world.begin()


def save(borrower, on=world.MONDAY, *, number=world.DEBIT_CARD) -> PaymentCard:
    card = cards.save_card(user=borrower, accepted=world.PROOF, at=world.at(on))
    control.pay_session(card.session_id, card=number)
    world.hear(on)
    card.refresh_from_db()
    return card


@pytest.fixture
def owing():
    """A loan whose borrower saved a debit card, its first instalment, lender and day."""
    loan, borrower, lender, on = world.paid_out_loan()
    card = save(borrower, on)
    assert card.status == CardStatus.ACTIVE
    first = world.first_instalment(loan)
    return card, first, lender, on, payable_on(first.due_on)


def test_an_instalment_is_charged_on_its_day_and_is_final_at_once(owing):
    card, first, lender, on, due = owing
    world.live_until(due - timedelta(days=1), on)
    assert not Collection.objects.exists()
    world.live_until(due, due)
    collection = Collection.objects.get()
    assert (collection.status, collection.card, collection.target_on) == (
        CollectionStatus.SUCCEEDED,
        card,
        due,
    )
    first.refresh_from_db()
    assert first.paid_on == due
    assert seasoning.waiting_money(lender, due) == []
    assert balance_cents(Money.CASH, lender.pk) > 500_00
    assert_money("ledger", "payments")


def test_credit_cards_and_lenders_are_refused():
    borrower = world.ready(Role.BORROWER)
    card = save(borrower, number=world.CREDIT_CARD)
    assert (card.status, card.failure_code) == (CardStatus.FAILED, "credit_card")
    assert control.shown("checkout.session", card.session_id)["status"] == "complete"
    with pytest.raises(WrongRole):
        cards.save_card(user=world.ready(Role.LENDER), accepted=world.PROOF, at=world.at())
    with pytest.raises(NoCard):
        cards.remove_card(user=borrower, at=world.at())


@pytest.mark.parametrize("code", ["authentication_required", "insufficient_funds", "expired_card"])
def test_a_refused_card_is_told_of_and_tried_again_by_plan(owing, code, client: Client):
    card, first, _, on, due = owing
    control.set_fate(card.provider_method, code, from_date=world.MONDAY)
    control.set_fate(card.provider_method, "succeeds", from_date=due + timedelta(days=2))
    world.live_until(due + timedelta(days=1), on)
    tries = list(Collection.objects.order_by("number"))
    assert [row.status for row in tries[:2]] == [CollectionStatus.FAILED] * 2 or (
        code == "expired_card" and tries[0].status == CollectionStatus.FAILED
    )
    assert tries[0].failure_code == code
    card.refresh_from_db()
    borrower = first.loan.borrower
    clock.set_business_date(due + timedelta(days=1), is_virtual=True)
    client.force_login(borrower)
    client.cookies["django_language"] = "en"
    page = client.get(f"/loans/{first.loan_id}/").content.decode()
    if code == "authentication_required":
        assert Message.objects.filter(kind="card_needs_you", person=borrower).exists()
        assert f"/wallet/pay-in/?amount={tries[0].amount_cents}" in page
        prefilled = client.get(f"/wallet/pay-in/?amount={tries[0].amount_cents}").content.decode()
        assert f'value="{tries[0].amount_cents // 100}' in prefilled
    elif code == "insufficient_funds":
        assert "There was not enough money on the account. We try again on" in page
        assert Message.objects.filter(kind="collection_returned", person=borrower).exists()
    if code == "expired_card":
        assert card.status == CardStatus.FAILED
        assert Message.objects.filter(kind="card_is_over", person=borrower).count() == 1
    else:
        assert card.status == CardStatus.ACTIVE
    world.live_until(due + timedelta(days=12), due + timedelta(days=2))
    first.refresh_from_db()
    assert first.paid_on is not None
    last = Collection.objects.order_by("-number").first()
    assert (last.card is None) == (code == "expired_card")
    assert_money("ledger", "payments")


def test_a_removed_card_leaves_the_instalments_to_the_bank_account(owing):
    card, first, _, on, due = owing
    cards.remove_card(user=first.loan.borrower, at=world.at(on))
    assert forgetting.forget_waiting(at=world.at(on)) == 1
    assert selectors.card_of(first.loan.borrower) is None
    assert control.shown("payment_method", card.provider_method)["customer"] is None
    world.live_until(due, on)
    assert Collection.objects.get().card is None
    assert active_bank_account(first.loan.borrower) is not None


def test_a_debit_is_tried_eight_times_by_itself():
    assert MAX_TRIES == 8
    waits = [(next_try_on(tries, world.MONDAY) - world.MONDAY).days for tries in range(1, 8)]
    assert waits == [0, 4, 11, 27, 27, 27, 27]
    assert next_try_on(8, world.MONDAY) is None
    loan, borrower, _, on = world.paid_out_loan()
    first = world.first_instalment(loan)
    account = active_bank_account(borrower)
    for number in range(1, MAX_TRIES + 1):
        Collection.objects.create(
            instalment=first,
            number=number,
            bank_account=account,
            amount_cents=first.total_cents,
            status=CollectionStatus.FAILED,
            failure_code="insufficient_funds",
            target_on=first.due_on,
            settled_on=first.due_on,
            created_at=world.at(on),
        )
    later = first.due_on + timedelta(days=60)
    done = collections.collect_due(on=later, at=world.at(later))
    assert not Collection.objects.filter(instalment=first, number__gt=MAX_TRIES).exists()
    assert done["debits"] >= 0
    newest = selectors.debits_of(borrower, loan.pk)[-1]
    assert isinstance(newest.collection, Collection)
    of_first = [row for row in selectors.debits_of(borrower, loan.pk, most=20) if row.is_last]
    assert [row.collection.number for row in of_first] == [MAX_TRIES]


def test_a_card_is_saved_and_removed_on_the_profile_page(client: Client):
    borrower = world.ready(Role.BORROWER)
    client.force_login(borrower)
    assert "Debit" in client.get("/profile/", headers={"accept-language": "en"}).content.decode()
    assert client.post("/profile/card/")["Location"].endswith("/profile/#card")
    begun = client.post("/profile/card/", {"agrees": "on"})
    assert begun.status_code == 302
    page = begun["Location"].partition("testserver")[2]
    assert client.get(page).status_code == 200
    saved = client.post(page, {"method": "card", "card": world.DEBIT_CARD})
    assert saved["Location"].endswith("/profile/card/return/")
    assert client.get("/profile/card/return/").status_code == 302
    assert "5556" in client.get("/profile/").content.decode()
    assert client.post("/profile/card/remove/").status_code == 302
    assert selectors.card_of(borrower) is None
    assert selectors.card_of(people.person(Role.BORROWER)) is None
