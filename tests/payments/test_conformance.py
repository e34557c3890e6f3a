"""What goes out and what the sandbox sends back, held against the SDK's own descriptions.

The check here is independent of the sandbox's: it walks the SDK's typed classes itself.
"""

import json
import re
import types
from collections import defaultdict
from pathlib import Path
from typing import Any, Literal, NotRequired, Union, get_args, get_origin

import pytest
import stripe
import stripe.checkout
import stripe.identity
import stripe.params.checkout
import stripe.params.identity
import stripe.params.v2.core
import stripe.v2.core
from typing_extensions import get_type_hints, is_typeddict

import payments.gateway
from accounts.models import Role
from payments.gateway import gateway
from payments.models import Payout
from payments.sandbox import control, forms
from payments.sandbox.models import StoredObject
from payments.sandbox.routes import ROUTES, match
from payments.services import collections, payouts
from payments.services.sweep import sweep
from tests.payments import world

KEY = re.compile(r"^op-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}-[1-9][0-9]*$")
OPTIONS = frozenset(stripe.RequestOptions.__annotations__)


def params_class(name: str) -> Any:
    found: Any = stripe.params
    for part in name.split("."):
        found = getattr(found, part)
    return found


def hints_of(typed: Any) -> dict[str, Any]:
    own = {name: hint for name, hint in typed.__annotations__.items() if name not in OPTIONS}
    holder = type("Holder", (), {"__annotations__": own})
    module = __import__(typed.__module__, fromlist=["x"])
    return get_type_hints(holder, vars(module), include_extras=True)


def complaints(typed: Any, value: Any, name: str = "") -> list[str]:
    """What is wrong with a value, by the SDK's description of it."""
    origin, inside = get_origin(typed), get_args(typed)
    if origin is NotRequired:
        return complaints(inside[0], value, name)
    if is_typeddict(typed):
        return _table(typed, value, name)
    if origin in (Union, types.UnionType):
        words = [word for part in inside if get_origin(part) is Literal for word in get_args(part)]
        is_closed = isinstance(value, str) and any(words)
        ways = [complaints(part, value, name) for part in inside if not (is_closed and part is str)]
        return [] if [] in ways else max(ways, key=len)
    if origin is Literal:
        return [] if value in inside else [f"{name}: {value} is no word of {inside[:5]}"]
    if origin is list:
        values = (
            [value[key] for key in sorted(value, key=int)] if isinstance(value, dict) else value
        )
        return [text for part in values for text in complaints(inside[0], part, f"{name}[]")]
    if origin is not None:
        return [] if isinstance(value, dict) else [f"{name}: not a table"]
    return _plain(typed, value, name)


def _table(typed: Any, value: Any, name: str) -> list[str]:
    if not isinstance(value, dict):
        return [f"{name}: not a table"]
    hints = hints_of(typed)
    found = [f"{name}.{key}: unknown" for key in value if key not in hints]
    found += [
        f"{name}.{key}: missing"
        for key, hint in hints.items()
        if get_origin(hint) is not NotRequired and key not in value
    ]
    for key, part in value.items():
        if key in hints:
            found += complaints(hints[key], part, f"{name}.{key}")
    return found


def _plain(typed: Any, value: Any, name: str) -> list[str]:
    fits = {
        int: lambda: re.match(r"^-?\d+$", str(value)),
        bool: lambda: str(value).lower() in ("true", "false"),
        str: lambda: isinstance(value, str),
    }
    return [] if fits[typed]() else [f"{name}: {value!r} is no {typed.__name__}"]


def faults_of(line: dict[str, Any]) -> list[str]:
    """What is wrong with one recorded request."""
    found = match(line["method"], line["path"])
    if found is None:
        return [f"{line['path']}: no such operation"]
    body = line["query"] if line["method"] == "GET" else line["body"]
    is_json = line["path"].startswith("/v2/") and line["method"] == "POST"
    given = json.loads(body) if is_json else forms.decode(body)
    faults = complaints(params_class(found[0].params), given)
    key = line["headers"].get("Idempotency-Key", "")
    if line["method"] == "POST" and not KEY.match(key):
        faults.append(f"key {key!r}")
    return faults


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
    used = {match(line["method"], line["path"])[0] for line in lines}
    assert len(used) >= 30
    assert len(lines) >= 60
    bodies = defaultdict(set)
    for line in lines:
        if line["method"] == "POST":
            bodies[line["headers"]["Idempotency-Key"]].add((line["path"], line["body"]))
    assert all(len(said) == 1 for said in bodies.values())
    assert "Bearer" not in text
    assert "sk_test" not in text
    assert "Authorization" not in text


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
    ],
)
def test_a_planted_fault_is_found(path, body, fault):
    key = {"Idempotency-Key": "op-00000000-0000-4000-8000-000000000000-1"}
    line = {"method": "POST", "path": path, "query": "", "body": body, "headers": key}
    assert any(fault in found for found in faults_of(line))


@pytest.mark.parametrize("key", ["", "op-1", "op-00000000-0000-4000-8000-000000000000-0", "x"])
def test_a_planted_key_is_found(key):
    line = {"method": "POST", "path": "/v1/customers", "query": "", "body": ""}
    assert faults_of(line | {"headers": {"Idempotency-Key": key}}) == [f"key {key!r}"]


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
