"""What goes out and what the sandbox sends back, held against the SDK's own descriptions.

The check is independent of the sandbox's; see `recorded`.
"""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import stripe
import stripe.checkout
import stripe.identity
import stripe.params.checkout
import stripe.params.identity
import stripe.params.v2.core
import stripe.v2.core
from typing_extensions import is_typeddict

import payments.gateway
from accounts.models import Role
from payments.gateway import gateway
from payments.models import Payout
from payments.sandbox import control
from payments.sandbox.models import StoredObject
from payments.sandbox.routes import ROUTES
from payments.services import collections, payouts
from payments.services.sweep import sweep
from tests.payments import world
from tests.payments.recorded import (
    faults_of,
    main,
    operation_of,
    params_class,
    secrets_in,
    told_twice,
)


@pytest.fixture
def recording(tmp_path: Path, settings: Any):
    """A world lived through with the recorder on; the lines that it wrote."""
    settings.PROVIDER_RECORD = str(tmp_path / "requests.jsonl")
    payments.gateway.gateway.cache_clear()
    yield Path(settings.PROVIDER_RECORD)
    payments.gateway.gateway.cache_clear()


def live() -> None:
    """Use everything that the gateway offers."""
    world.begin()
    loan, borrower, lender, on = world.paid_out_loan()
    payout = world.withdraw(lender, 100_00, on)
    control.set_fate(world.method_of(borrower), "late:insufficient_funds", from_date=on)
    world.live_until(world.first_instalment(loan).due_on, on)
    collections.collect_due(on=on, at=world.at(on))
    end = world.later(75)
    world.play(end)
    control.break_payout(Payout.objects.get(pk=payout.pk).payout_id)
    world.hear(end)
    payouts.send_due(on=end, at=world.at(end))
    sweep(at=world.at(end))
    provider, key = gateway(), f"op-{payout.uuid}-"
    late = world.pay_in(world.ready(Role.LENDER, end), 50_00, end)
    provider.refund(key=f"{key}901", payment_id=late.payment_id, amount_cents=1_00, metadata={})
    customer = provider.create_customer(
        key=f"{key}902", email="a@b.de", name="A", metadata={"a": "b"}
    )
    setup = provider.create_bank_setup(key=f"{key}903", customer_id=customer.id, metadata={})
    named = provider.confirm_bank_setup(
        setup.id, key=f"{key}904", iban=control.GOOD_IBAN, holder_name="A B",
        email="a@b.de", ip="127.0.0.1", user_agent="x",
    )  # fmt: skip
    provider.mandate(named.mandate_id)
    provider.detach_method(named.method_id, key=f"{key}905")
    page = provider.create_checkout(
        key=f"{key}906", customer_id=customer.id, amount_cents=5000, label="x", reference="r",
        success_url="http://localhost/a", cancel_url="http://localhost/b",
        expires_at=control.now() + world.timedelta(hours=1), metadata={},
    )  # fmt: skip
    provider.expire_checkout(page.id, key=f"{key}907")
    account = world.active_bank_account(borrower)
    assert account is not None
    debit = provider.collect(
        key=f"{key}908", customer_id=account.provider_customer, method_id=account.provider_method,
        mandate_id=account.provider_mandate, amount_cents=1000,
        target_on=end + world.timedelta(days=5), description="x", metadata={},
    )  # fmt: skip
    assert debit.status == "processing"
    provider.payments_since(world.at(end))
    provider.transfers_to(account.provider_recipient, since=world.at())
    provider.payouts_of(account.provider_recipient, since=world.at())
    provider.top_ups_since(world.at())
    provider.events_since(world.at(), kinds=["payout.paid"])
    lines = provider.balance_transactions()
    provider.balance_transaction(lines[0].id)
    refund = StoredObject.objects.filter(kind="refund").get()
    provider.refund_state(refund.object_id)
    taken_back = StoredObject.objects.filter(kind="dispute").first()
    assert taken_back is not None
    provider.dispute(taken_back.object_id)
    topup = StoredObject.objects.filter(kind="topup").get()
    provider.top_up_state(topup.object_id)
    transfer = StoredObject.objects.filter(kind="transfer").first()
    assert transfer is not None
    provider.transfer_state(transfer.object_id)


@pytest.mark.django_db
def test_every_request_is_one_that_the_provider_describes(recording):
    live()
    text = recording.read_text()
    lines = [json.loads(line) for line in text.splitlines()]
    assert [fault for line in lines for fault in faults_of(line)] == []
    assert len({operation_of(line) for line in lines}) >= 30
    assert len(lines) >= 60
    assert told_twice(lines) == []
    assert secrets_in(text) == []


@pytest.mark.parametrize(
    ("path", "body", "fault"),
    [
        ("/v1/customers", "email=a&bogus=1", ".bogus: unknown"),
        ("/v1/payment_intents", "amount=5", ".currency: missing"),
        ("/v1/payment_intents", "amount=x&currency=eur", ".amount: 'x' is no int"),
        ("/v1/payment_intents", "amount=5&currency=eur&payment_method_types[0]=card", "unknown"),
        ("/v1/refunds", "reason=because", "is no word"),
        ("/v2/core/accounts", '{"dashboard": "all"}', ".dashboard"),
        ("/v1/moons", "", "no such operation"),
        ("/v1/topups", "amount=1.5&currency=eur", ".amount: '1.5' is no int"),
        ("/v1/topups", "amount=5&currency=eur&expand=source", ".expand: no list"),
        ("/v1/topups", "amount=5&currency=eur&metadata=x", ".metadata: x"),
        ("/v1/checkout/sessions", "line_items[0][price]=a&line_items[0][colour]=b", ".colour"),
        ("/v1/checkout/sessions", "mode=gift", "is no word"),
        ("/v1/setup_intents", "allowed_payment_method_types[0]=shells", "is no word"),
        ("/v1/setup_intents", "confirm=perhaps", "is no bool"),
        ("/v1/transfers", "currency=eur&amount=5", ".destination: missing"),
        (
            "/v2/core/account_links",
            '{"account": "a", "use_case": {"type": "account_onboarding", "more": 1}}',
            ".use_case.more: unknown",
        ),
    ],
)
def test_a_planted_fault_is_found(path, body, fault):
    key = {"Idempotency-Key": "op-00000000-0000-4000-8000-000000000000-1"}
    line = {"method": "POST", "path": path, "query": "", "body": body, "headers": key}
    assert any(fault in found for found in faults_of(line)), faults_of(line)


@pytest.mark.parametrize("key", ["", "op-1", "op-00000000-0000-4000-8000-000000000000-0", "x"])
def test_a_planted_key_is_found(key):
    line = {"method": "POST", "path": "/v1/customers", "query": "", "body": ""}
    found = faults_of(line | {"headers": {"Idempotency-Key": key}})
    assert found == [f"POST /v1/customers: key {key!r}"]


def test_a_recording_is_judged_as_a_whole(tmp_path, capsys):
    def line(number: int, body: str = "", path: str = "/v1/customers") -> str:
        key = f"op-00000000-0000-4000-8000-{number:012}-1"
        told = {"method": "POST", "path": path, "query": "", "body": body}
        return json.dumps(told | {"headers": {"Idempotency-Key": key}})

    file = tmp_path / "requests.jsonl"
    paths = [route.path.replace("*", "x") for route in ROUTES if route.method == "GET"]
    reads = [
        json.dumps({"method": "GET", "path": path, "query": "", "body": "", "headers": {}})
        for path in paths
    ]
    given = [*reads, *(line(n, "name=A") for n in range(300))]
    file.write_text("\n".join(given))
    assert main([str(file)]) in (0, 1)
    few = capsys.readouterr().out
    assert "0 faults" in few
    file.write_text("\n".join([*given, line(7, "name=B")]))
    assert main([str(file)]) == 1
    assert "for 2 requests" in capsys.readouterr().out
    file.write_text("\n".join([*given, line(301, "nam=B")]))
    assert main([str(file)]) == 1
    assert ".nam: unknown" in capsys.readouterr().out
    file.write_text("\n".join(given[:40]))
    assert main([str(file)]) == 1
    assert "too few" in capsys.readouterr().out


CLASSES = {
    "balance_transaction": stripe.BalanceTransaction,
    "bank_account": stripe.BankAccount,
    "charge": stripe.Charge,
    "checkout.session": stripe.checkout.Session,
    "customer": stripe.Customer,
    "dispute": stripe.Dispute,
    "identity.verification_session": stripe.identity.VerificationSession,
    "mandate": stripe.Mandate,
    "payment_intent": stripe.PaymentIntent,
    "payment_method": stripe.PaymentMethod,
    "payout": stripe.Payout,
    "refund": stripe.Refund,
    "setup_intent": stripe.SetupIntent,
    "topup": stripe.Topup,
    "transfer": stripe.Transfer,
    "transfer_reversal": stripe.TransferReversal,
    "v2.core.account": stripe.v2.core.Account,
}


@pytest.mark.django_db
def test_every_object_has_the_fields_of_the_sdks_class(recording):
    live()
    kinds = set(StoredObject.objects.values_list("kind", flat=True))
    assert kinds == set(CLASSES)
    for kind, described in CLASSES.items():
        names = set(described.__annotations__)
        needed = {
            name
            for name, hint in described.__annotations__.items()
            if not re.match(r"^(ForwardRef\('|typing\.)?(Optional|ClassVar)", str(hint))
        }
        for record in StoredObject.objects.filter(kind=kind):
            assert set(record.data) - names == set(), kind
            assert needed - set(record.data) == set(), kind


def test_every_route_names_a_class_of_the_sdk():
    assert len(ROUTES) >= 40
    for route in ROUTES:
        assert is_typeddict(params_class(route.params)), route.path
