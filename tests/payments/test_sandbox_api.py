"""The sandbox refuses what the provider refuses, and answers a repeated request as before."""

import contextlib
import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import connections, transaction
from hypothesis import given
from hypothesis import strategies as st

from payments.gateway import gateway
from payments.sandbox import control, forms, outcomes, parameters
from payments.sandbox.calendar import add_bank_days, is_bank_day
from payments.sandbox.client import SandboxClient
from payments.sandbox.dispatch import Answer, Request, answer
from payments.sandbox.errors import ApiError
from payments.sandbox.models import StoredEvent, StoredObject
from tests.payments import world

BASE = Request("POST", "/v1/customers", "", "", {"authorization": "Bearer sk_test_x"})


def ask(path: str, body: str = "", *, method: str = "POST", key: str = "", **more: str) -> Answer:
    headers = {**BASE.headers, **({"idempotency-key": key} if key else {}), **more}
    query = body if method == "GET" else ""
    return answer(
        replace(
            BASE,
            method=method,
            path=path,
            query=query,
            body="" if query else body,
            headers=headers,
        )
    )


def error(found: Answer) -> dict[str, str]:
    said: dict[str, str] = json.loads(found.body)["error"]
    return said


def customers() -> int:
    return StoredObject.objects.filter(kind="customer").count()


@pytest.mark.django_db
def test_the_same_key_with_the_same_request_replays_the_first_answer():
    first = ask("/v1/customers", "name=A", key="k1")
    again = ask("/v1/customers", "name=A", key="k1")
    assert again.body == first.body
    assert again.headers["Idempotent-Replayed"] == "true"
    assert customers() == 1


@pytest.mark.django_db
def test_the_order_of_parameters_makes_no_other_request():
    first = ask("/v1/customers", "name=A&metadata[a]=1&metadata[b]=2&email=a@b.de", key="k1")
    again = ask("/v1/customers", "email=a@b.de&metadata[b]=2&metadata[a]=1&name=A", key="k1")
    assert (again.status, again.body) == (200, first.body)


@pytest.mark.django_db
def test_the_same_key_with_another_request_is_refused():
    ask("/v1/customers", "name=A", key="k1")
    other = ask("/v1/customers", "name=B", key="k1")
    assert (other.status, error(other)["type"]) == (400, "idempotency_error")
    assert customers() == 1


@pytest.mark.django_db
def test_a_request_that_failed_its_checks_leaves_its_key_free():
    assert ask("/v1/customers", "nam=A", key="k1").status == 400
    assert ask("/v1/customers", "name=A", key="k1").status == 200


@pytest.mark.django_db
def test_a_refusal_after_the_checks_is_replayed_as_well():
    body = "amount=100&currency=eur&destination=acct_none"
    first = ask("/v1/transfers", body, key="k1")
    assert (first.status, error(first)["code"]) == (400, "resource_missing")
    assert ask("/v1/transfers", body, key="k1").headers["Idempotent-Replayed"] == "true"


@pytest.mark.django_db
def test_a_key_is_forgotten_after_a_day():
    control.start_at(date(2026, 1, 5))
    ask("/v1/customers", "name=A", key="k1")
    control.advance_to(date(2026, 1, 7))
    assert ask("/v1/customers", "name=B", key="k1").status == 200
    assert customers() == 2


@pytest.mark.django_db(transaction=True)
def test_one_key_used_by_ten_threads_at_once_makes_one_object():
    def once(_: int) -> tuple[int, str]:
        try:
            found = ask("/v1/customers", "name=A", key="k1")
            return found.status, found.body
        finally:
            connections.close_all()

    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(once, range(10)))
    assert len(set(answers)) == 1
    assert answers[0][0] == 200
    assert customers() == 1


@pytest.mark.django_db(transaction=True)
def test_ten_transfers_at_once_never_take_more_than_there_is():
    control.start_at(date(2026, 1, 5))
    provider = gateway()
    provider.top_up(key=world.key(), amount_cents=550, metadata={})
    account = provider.create_recipient(
        key=world.key(), email="a@b.de", given_name="A", surname="B", country="DE", metadata={}
    )
    control.finish_onboarding(account.id)
    control.advance_to(date(2026, 1, 7))

    def transfer(number: int) -> int:
        try:
            body = f"amount=100&currency=eur&destination={account.id}"
            while (found := ask("/v1/transfers", body, key=f"t{number}")).status == 409:
                pass
            return found.status
        finally:
            connections.close_all()

    with ThreadPoolExecutor(10) as pool:
        statuses = list(pool.map(transfer, range(10)))
    assert sorted(statuses) == [200] * 5 + [400] * 5
    assert provider.balance().total_cents == 50
    assert provider.balance(account_id=account.id).total_cents == 500
    assert control.book_faults() == []


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("path", "body", "code", "param"),
    [
        ("/v1/customers", "bogus=1", "parameter_unknown", "bogus"),
        ("/v1/customers", "address[bogus]=1", "parameter_unknown", "address[bogus]"),
        ("/v1/payment_intents", "amount=1000", "parameter_missing", "currency"),
        ("/v1/payment_intents", "amount=ten&currency=eur", "parameter_invalid_integer", "amount"),
        ("/v1/payment_intents", "amount=49&currency=eur", "amount_too_small", "amount"),
        (
            "/v1/payment_intents",
            "amount=1000&currency=eur&payment_method_types[0]=sepa_debit",
            "payment_method_types_no_longer_supported",
            "payment_method_types",
        ),
        ("/v1/setup_intents", "usage=never", "", "usage"),
        ("/v1/payouts", "amount=5&currency=eur&method=fast", "", "method"),
        ("/v1/transfers", "currency=eur", "parameter_missing", "destination"),
        ("/v1/checkout/sessions", "mode=payment", "parameter_missing", "success_url"),
        ("/v1/refunds", "amount=5", "parameter_missing", "payment_intent"),
    ],
)
def test_unsound_parameters_are_refused_by_name(path, body, code, param):
    found = ask(path, body)
    said = error(found)
    assert (found.status, said.get("code", ""), said["param"]) == (400, code, param)
    assert said["type"] == "invalid_request_error"


@pytest.mark.django_db
def test_json_of_the_second_version_is_checked_by_type_as_well():
    assert ask("/v2/core/accounts", "{").status == 400
    assert ask("/v2/core/accounts", "[]").status == 400
    said = error(ask("/v2/core/accounts", '{"dashboard": "everything"}'))
    assert said["param"] == "dashboard"
    said = error(ask("/v2/core/accounts", '{"display_name": 5}'))
    assert said["param"] == "display_name"


@pytest.mark.django_db
def test_a_wrong_key_an_unknown_path_and_a_missing_object_have_their_own_status():
    assert ask("/v1/customers", authorization="Bearer sk_live_x").status == 401
    assert ask("/v1/customers", authorization="").status == 401
    assert ask("/v1/moons").status == 404
    missing = ask("/v1/customers/cus_none", method="GET")
    assert (missing.status, error(missing)["code"]) == (404, "resource_missing")


@pytest.mark.django_db
def test_lists_come_newest_first_in_pages():
    ids = [json.loads(ask("/v1/topups", f"amount={n}&currency=eur").body)["id"] for n in (1, 2, 3)]
    page = json.loads(ask("/v1/topups", "limit=2", method="GET").body)
    assert [row["id"] for row in page["data"]] == [ids[2], ids[1]]
    assert page["has_more"] is True
    rest = json.loads(ask("/v1/topups", f"starting_after={ids[1]}", method="GET").body)
    assert [row["id"] for row in rest["data"]] == [ids[0]]
    assert ask("/v1/topups", "limit=101", method="GET").status == 400


@pytest.mark.django_db
def test_one_account_does_not_see_anothers_objects():
    account = gateway().create_recipient(
        key=world.key(), email="a@b.de", given_name="A", surname="B", country="DE", metadata={}
    )
    topup = json.loads(ask("/v1/topups", "amount=500&currency=eur").body)["id"]
    theirs = {"stripe-account": account.id}
    assert ask(f"/v1/topups/{topup}", method="GET").status == 200
    assert ask(f"/v1/topups/{topup}", method="GET", **theirs).status == 404
    assert json.loads(ask("/v1/topups", "limit=5", method="GET", **theirs).body)["data"] == []


@pytest.mark.django_db
def test_credit_cards_are_not_taken_and_declined_cards_leave_the_page_open():
    session = gateway().create_checkout(
        key=world.key(),
        customer_id=gateway().create_customer(key=world.key(), email="", name="", metadata={}).id,
        amount_cents=5000,
        label="x",
        reference="r",
        success_url="http://localhost/a",
        cancel_url="http://localhost/b",
        expires_at=datetime.now(UTC) + timedelta(hours=1),
        metadata={},
    )
    with pytest.raises(ApiError) as refusal:
        control.pay_session(session.id, card="4242424242424242")
    assert refusal.value.code == "card_not_supported"
    with pytest.raises(ApiError) as refusal:
        control.pay_session(session.id, card="1234")
    assert refusal.value.code == "incorrect_number"
    assert control.pay_session(session.id, card="4000056655665556") == "succeeded"
    with pytest.raises(ApiError):
        control.pay_session(session.id, card="4000056655665556")
    assert gateway().checkout(session.id).payment_status == "paid"


@pytest.mark.django_db
def test_every_card_and_iban_of_the_tables_ends_as_published():
    control.start_at(date(2026, 1, 5))
    customer = ask("/v1/customers", "name=A")
    who = json.loads(customer.body)["id"]
    for iban, code in outcomes.DEBIT_FAILURES.items():
        body = (
            f"customer={who}&confirm=true&allowed_payment_method_types[0]=sepa_debit"
            f"&amount=1000&currency=eur&payment_method_data[type]=sepa_debit"
            f"&payment_method_data[sepa_debit][iban]={iban}"
            "&payment_method_data[billing_details][name]=A"
            "&payment_method_data[billing_details][email]=a@b.de"
            "&mandate_data[customer_acceptance][type]=offline"
        )
        made = json.loads(ask("/v1/payment_intents", body).body)
        assert made["status"] == "processing"
        control.advance_to(control.now().date() + timedelta(days=12))
        found = json.loads(ask(f"/v1/payment_intents/{made['id']}", method="GET").body)
        assert found["last_payment_error"]["code"] == code


@pytest.mark.django_db(transaction=True)
def test_what_the_bank_did_stays_when_we_roll_back():
    with transaction.atomic():
        gateway().create_customer(key=world.key(), email="a@b.de", name="A", metadata={})
        transaction.set_rollback(True)
    assert customers() == 1
    assert StoredEvent.objects.count() == 0


@pytest.mark.django_db
def test_the_bank_never_goes_back_in_time():
    control.start_at(date(2026, 1, 5))
    control.advance_to(date(2026, 2, 1))
    control.advance_to(date(2026, 1, 10))
    assert control.now().date() == date(2026, 2, 1)
    ask("/v1/customers", "name=A")
    with pytest.raises(ValueError, match="forward"):
        control.start_at(date(2025, 1, 1))


def test_the_sandbox_does_not_load_next_to_a_live_key(settings):
    settings.STRIPE_IS_LIVE = True
    with pytest.raises(ImproperlyConfigured):
        SandboxClient()


def test_bank_days_skip_weekends_and_holidays():
    assert add_bank_days(date(2026, 4, 2), 1) == date(2026, 4, 7)  # Good Friday, Easter Monday
    assert not is_bank_day(date(2026, 5, 1))
    assert is_bank_day(date(2026, 10, 3 + 2))


@given(st.text(max_size=40))
def test_any_text_is_an_iban_or_not_and_never_an_error(text):
    assert outcomes.is_iban(text) in (True, False)


@given(st.text(max_size=60))
def test_any_body_is_read_or_refused(text):
    with contextlib.suppress(ApiError):
        given = forms.decode(text)
        assert set(parameters.table("CustomerCreateParams").read(given)) == set(given)


def test_a_form_nests_as_its_names_say():
    text = "a[b][0][c]=1&a[b][1][c]=2&d[]=x&d[]=y&e="
    assert forms.decode(text) == {
        "a": {"b": {"0": {"c": "1"}, "1": {"c": "2"}}},
        "d": {"0": "x", "1": "y"},
        "e": "",
    }


@pytest.mark.django_db
def test_every_write_needs_a_key_of_ours():
    with pytest.raises(ValueError, match="idempotency key"):
        gateway().create_customer(key="", email="a@b.de", name="A", metadata={})
    gateway().create_customer(key=world.key(), email="a@b.de", name="A", metadata={})
