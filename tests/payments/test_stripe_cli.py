"""The provider's own command line drives our sandbox: a client that we have not written."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from config.embedded.places import CODE
from payments.gateway import gateway
from payments.sandbox import control
from payments.sandbox.models import StoredEvent
from tests.payments import world
from tests.payments.served import sandbox_server

INSTALLED = CODE / ".venv/stripe-cli/node_modules/.bin/stripe"
STRIPE = str(INSTALLED) if (INSTALLED.parents[2] / "installed").exists() else ""
Ask = Callable[..., dict[str, Any]]


@pytest.fixture
def cli(tmp_path: Path) -> Callable[[str], Ask]:
    """Runs a command of the provider's command line against a server; returns what it prints."""
    environ = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "XDG_CONFIG_HOME": str(tmp_path),
        "STRIPE_CLI_TELEMETRY_OPTOUT": "1",
    }

    def to(base: str) -> Ask:
        def run(*words: str) -> dict[str, Any]:
            flags = ["--api-base", base, "--api-key", "sk_test_of_the_command_line"]
            command = [STRIPE, *words, *flags]
            done = subprocess.run(
                command, env=environ, capture_output=True, text=True, timeout=60, check=False
            )
            assert done.returncode == 0, done.stdout + done.stderr
            found: dict[str, Any] = json.loads(done.stdout)
            return found

        return run

    return to


@pytest.mark.skipif(not STRIPE, reason="the Stripe CLI is not installed: make stripe-cli")
@pytest.mark.django_db(transaction=True)
def test_the_command_line_of_the_provider_finds_the_sandbox_to_be_one(cli):
    world.begin()
    provider = gateway()
    provider.top_up(key=world.key(), amount_cents=500_00, metadata={})
    payee = provider.create_recipient(
        key=world.key(), email="a@b.de", given_name="A", surname="B", country="DE", metadata={}
    )
    control.finish_onboarding(payee.id)
    control.advance_to(world.later(2))
    with sandbox_server() as base:
        stripe = cli(base)
        customer = stripe("customers", "create", "--name", "Jana Sommer", "-d", "metadata[a]=b")
        assert (customer["object"], customer["metadata"]) == ("customer", {"a": "b"})
        intent = stripe(
            "payment_intents", "create", "--amount", "2500", "--currency", "eur",
            "--customer", customer["id"], "-d", "automatic_payment_methods[enabled]=true",
        )  # fmt: skip
        assert intent["status"] == "requires_payment_method"
        paid = stripe(
            "payment_intents", "confirm", intent["id"],
            "--payment-method", "pm_card_visa", "--return-url", "http://localhost/",
            "--expand", "latest_charge.balance_transaction",
        )  # fmt: skip
        assert (paid["status"], paid["amount_received"]) == ("succeeded", 2500)
        assert paid["latest_charge"]["balance_transaction"]["net"] == 2500 - 25 - 38
        sent = stripe(
            "transfers", "create", "--amount", "1000", "--currency", "eur",
            "--destination", payee.id, "-i", "once",
        )  # fmt: skip
        again = stripe(
            "transfers", "create", "--amount", "1000", "--currency", "eur",
            "--destination", payee.id, "-i", "once",
        )  # fmt: skip
        assert sent["id"] == again["id"]
        listed = stripe("events", "list", "--limit", "50")
    told = {event["type"]: event["data"]["object"]["id"] for event in listed["data"]}
    assert told["customer.created"] == customer["id"]
    assert told["payment_intent.created"] == told["payment_intent.succeeded"] == intent["id"]
    assert told["charge.succeeded"] == paid["latest_charge"]["id"]
    assert told["transfer.created"] == sent["id"]
    ours = StoredEvent.objects.filter(account="")
    stored = set(ours.values_list("event_id", flat=True))
    assert {event["id"] for event in listed["data"]} <= stored
    assert control.book_faults() == []
    waiting = StoredEvent.objects.filter(delivered_at__isnull=True).values_list("kind", flat=True)
    assert "customer.created" not in waiting
    assert "payment_intent.succeeded" in waiting
