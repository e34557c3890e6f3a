"""Over five hundred forgeries: none is kept, and none breaks either address."""

from __future__ import annotations

import hashlib
import hmac
import json
import random
import time
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest
import stripe
from django.test import Client

from payments.models import WebhookEvent
from payments.signatures import thin_webhook_secrets, webhook_secrets

SNAPSHOT, THIN = "/hooks/stripe/", "/hooks/stripe/thin/"
EVENT = {
    "id": "evt_1",
    "object": "event",
    "api_version": "2026-10-28.endive",
    "created": 1_767_600_000,
    "data": {"object": {"id": "pi_1", "object": "payment_intent"}},
    "livemode": False,
    "type": "payment_intent.succeeded",
}
THIN_EVENT = {
    "id": "evt_2",
    "object": "v2.core.event",
    "created": "2026-01-05T08:00:00.000Z",
    "livemode": False,
    "related_object": {
        "id": "acct_1",
        "type": "v2.core.account",
        "url": "/v2/core/accounts/acct_1",
    },
    "type": "v2.core.account[requirements].updated",
}
GOOD = {SNAPSHOT: EVENT, THIN: THIN_EVENT}


class Forgery(NamedTuple):
    """One request that must be refused."""

    name: str
    address: str
    body: bytes
    header: str | None


def secret_of(address: str) -> str:
    return (webhook_secrets if address == SNAPSHOT else thin_webhook_secrets)()[0]


def signed(body: bytes, secret: str, at: int | None = None) -> str:
    """A signature as the provider makes it, over any bytes."""
    text = body.decode("latin-1")
    moment = at or int(time.time())
    if text.isascii():
        return stripe.WebhookSignature.generate_signature_header(text, secret, moment)
    digest = hmac.new(secret.encode(), f"{moment}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={moment},v1={digest}"


def altered(address: str, chance: random.Random) -> Iterator[Forgery]:
    """Good requests of which one thing was changed after they were signed."""
    body = json.dumps(GOOD[address]).encode()
    header = signed(body, secret_of(address))
    for _ in range(60):
        place = chance.randrange(len(body))
        changed = body[:place] + bytes([body[place] ^ 1 << chance.randrange(7)]) + body[place + 1 :]
        yield Forgery(f"byte {place}", address, changed, header)
    for _ in range(40):
        cut = chance.randrange(len(body))
        yield Forgery(f"cut at {cut}", address, body[:cut], header)
    for _ in range(60):
        place = chance.randrange(len(header))
        letter = chance.choice("0123456789abcdef=,tv")
        if header[place] != letter:
            changed = header[:place] + letter + header[place + 1 :]
            yield Forgery(f"header {place}", address, body, changed)
    yield Forgery("more after it", address, body + b" ", header)


def unsigned(address: str, chance: random.Random) -> Iterator[Forgery]:
    """Requests whose signature is none of the provider's, or not of now."""
    body, now = json.dumps(GOOD[address]).encode(), int(time.time())
    good = signed(body, secret_of(address))
    digest = good.partition("v1=")[2]
    for _ in range(20):
        secret = f"whsec_{chance.randrange(10**12)}"
        yield Forgery("wrong secret", address, body, signed(body, secret))
        off = chance.choice([-1, 1]) * chance.randrange(400, 10**7)
        yield Forgery(f"{off} s off", address, body, signed(body, secret_of(address), now + off))
    headers = [
        None,
        "",
        "nonsense",
        f"t={now}",
        f"v1={digest}",
        f"t={now},v0={digest}",
        f"t={now},v2={digest}",
        f"t={now},v1=",
        f"t={now},v1={digest[:-1]}",
        f"t={now},v1={digest.upper()}",
        f"t={now},v1={'0' * 64},v1={'f' * 64}",
        f"t={now},v1={'0' * 64}," * 500,
        f"t={now},t={now},v1={digest}",
        f"t=-{now},v1={digest}",
        f"t={now}.0,v1={digest}",
        f"t=1e9,v1={digest}",
        f"t={'9' * 400},v1={digest}",
        f"t=,v1={digest}",
        f" ,=,=,{digest}",
    ]
    yield from (Forgery(f"header {text!r:.40}", address, body, text) for text in headers)
    other = THIN if address == SNAPSHOT else SNAPSHOT
    yield Forgery("the other's secret", address, body, signed(body, secret_of(other)))
    theirs = json.dumps(GOOD[other]).encode()
    yield Forgery("the other's event", address, theirs, signed(theirs, secret_of(address)))
    yield Forgery("the other's all", address, theirs, signed(theirs, secret_of(other)))


def malformed(address: str, chance: random.Random) -> Iterator[Forgery]:
    """Well signed, and yet no event that we could keep."""
    good = GOOD[address]
    bodies: list[bytes] = [
        b"",
        b"null",
        b"true",
        b"[]",
        b"{}",
        b'"text"',
        b"{",
        b"\xff\xfe\x00",
        json.dumps(good).encode("utf-16"),
        json.dumps(good).encode()[:-1],
        b"[" * 100_000,
        b'{"a":' * 50_000,
        json.dumps(good | {"livemode": True}).encode(),
        json.dumps(good | {"story": "\u0000"}).encode(),
        json.dumps(good | {"story": "x" * 600_000}).encode(),
        json.dumps(good | {"sum": 1}).encode().replace(b"1}", b"1" * 6_000 + b"}"),
        json.dumps(good | {"sum": 1}).encode().replace(b'"sum": 1', b'"sum": NaN'),
        json.dumps(good | {"sum": 1}).encode().replace(b'"sum": 1', b'"sum": 1e999'),
        json.dumps(good | {"sum": 1}).encode().replace(b'"sum": 1', b'"sum": -Infinity'),
        json.dumps(good | {"a": "b"}).encode().replace(b'"b"', b'"\\ud800"'),
        json.dumps(good | {"a": "b"}).encode().replace(b'"b"', b'"\xc3\x28"'),
        (b'{"a":' * 60 + b"1" + b"}" * 60),
        json.dumps(good | {"deep": _nested(45)}).encode(),
    ]
    strange: list[Any] = [None, 0, -1, 10**30, 1.5, True, "", [], {}, ["x"], {"id": 1}, "x" * 81]
    needed = ["id", "type", "object", "livemode", "created"]
    for name in needed:
        bodies.append(json.dumps({key: good[key] for key in good if key != name}).encode())
        for value in strange:
            is_fine = (name == "id" or name == "type") and isinstance(value, str) and value == "x"
            is_same = name == "created" and value is True and address == SNAPSHOT
            is_live = name == "livemode" and value is False
            if not (is_fine or is_same or is_live):
                bodies.append(json.dumps(good | {name: value}).encode())
    inner = "data" if address == SNAPSHOT else "related_object"
    wrong = [value for value in strange if not (address == THIN and value in (None, {}))]
    bodies += [json.dumps(good | {inner: value}).encode() for value in wrong]
    if address == THIN:
        words = ["yesterday", "2026-01-05", "2026-01-05T08:00:00", "0001-01-01T00:00:00+23:59"]
        bodies += [json.dumps(good | {"created": word}).encode() for word in words]
    bodies += [chance.randbytes(chance.randrange(1, 400)) for _ in range(40)]
    for body in bodies:
        yield Forgery(f"signed {body!r:.60}", address, body, signed(body, secret_of(address)))


def _nested(depth: int) -> Any:
    return [] if not depth else [_nested(depth - 1)]


def post(client: Client, forgery: Forgery) -> int:
    headers = {} if forgery.header is None else {"Stripe-Signature": forgery.header}
    kind = "application/json"
    return client.post(
        forgery.address, forgery.body, content_type=kind, headers=headers
    ).status_code


@pytest.mark.django_db
def test_no_forgery_is_kept_and_none_breaks_us():
    chance, client = random.Random(5), Client(raise_request_exception=False)
    forgeries = [
        forgery
        for address in GOOD
        for make in (altered, unsigned, malformed)
        for forgery in make(address, chance)
    ]
    assert len(forgeries) >= 500
    wrong = {
        forgery.name: status for forgery in forgeries if (status := post(client, forgery)) != 400
    }
    assert wrong == {}
    assert not WebhookEvent.objects.exists()
    for address, event in GOOD.items():
        body = json.dumps(event).encode()
        good = Forgery("good", address, body, signed(body, secret_of(address)))
        assert post(client, good) == 200
    kept = dict(WebhookEvent.objects.values_list("source", "object_id"))
    assert kept == {"snapshot": "pi_1", "thin": "acct_1"}
    assert WebhookEvent.objects.get(source="snapshot").api_version == "2026-10-28.endive"


@pytest.mark.django_db
def test_the_sdk_reads_what_the_sandbox_sends_and_both_secrets_count(settings):
    settings.STRIPE_KEY = "sk_test_1"
    settings.STRIPE_WEBHOOK_SECRETS = ["whsec_new", "whsec_old"]
    settings.STRIPE_THIN_WEBHOOK_SECRETS = ["whsec_thin_new", "whsec_thin_old"]
    client = Client()
    for address, secrets in {
        SNAPSHOT: settings.STRIPE_WEBHOOK_SECRETS,
        THIN: settings.STRIPE_THIN_WEBHOOK_SECRETS,
    }.items():
        for secret in secrets:
            event = GOOD[address] | {"id": f"evt_{secret}"}
            body = json.dumps(event).encode()
            sent = Forgery("good", address, body, signed(body, secret))
            assert post(client, sent) == 200
    assert WebhookEvent.objects.count() == 4
    settings.STRIPE_THIN_WEBHOOK_SECRETS = []
    body = json.dumps(THIN_EVENT).encode()
    assert post(client, Forgery("none", THIN, body, signed(body, ""))) == 400
