"""What holds for the house as a whole: settings, routing, log lines, the size of modules."""

import subprocess
from pathlib import Path

import pytest
from django.conf import settings
from django.core.checks import Warning
from django.db import connections, transaction
from django.utils.module_loading import import_string

from config.checks import check_payment_provider
from config.embedded.places import CODE
from config.logs import without_personal_data
from config.routers import SandboxRouter
from core.shards import Partitioned
from ledger.models import Entry
from manage import needs_servers
from payments.sandbox.models import Clock

LONGEST_MODULE = 400


def modules() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "*.py"], cwd=CODE, capture_output=True, text=True, check=False
    ).stdout.split()
    found = [CODE / name for name in listed] or [
        path for path in CODE.rglob("*.py") if not {".venv", ".git"} & set(path.parts)
    ]
    return [path for path in found if path.exists() and "migrations" not in path.parts]


def test_no_module_hides_a_second_noun():
    lengths = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in modules()}
    assert len(lengths) > 50
    assert {path for path, lines in lengths.items() if lines > LONGEST_MODULE} == set()


def test_the_sandbox_keeps_its_rows_apart_and_everything_else_is_ours():
    router = SandboxRouter()
    assert router.db_for_write(Clock) == "sandbox"
    assert router.db_for_read(Entry) == "default"
    assert router.allow_migrate("sandbox", "payments_sandbox")
    assert not router.allow_migrate("default", "payments_sandbox")
    assert not router.allow_migrate("sandbox", "ledger")
    assert not router.allow_relation(Entry(), Clock())


@pytest.mark.django_db
def test_the_two_databases_are_not_one():
    names = {alias: connections[alias].settings_dict["NAME"] for alias in ("default", "sandbox")}
    assert names["default"] != names["sandbox"]
    with connections["sandbox"].cursor() as cursor:
        cursor.execute("SELECT to_regclass('ledger_entry')")
        assert cursor.fetchone() == (None,)


@pytest.mark.django_db
def test_what_the_sandbox_wrote_outlives_a_rollback_of_ours():
    sandbox = connections["sandbox"]
    with transaction.atomic():
        with sandbox.cursor() as cursor:
            cursor.execute("CREATE TABLE bank_note AS SELECT 1 AS figure")
        transaction.set_rollback(True)
    with sandbox.cursor() as cursor:
        cursor.execute("SELECT figure FROM bank_note")
        assert cursor.fetchone() == (1,)


@pytest.mark.parametrize(
    ("words", "needs"),
    [
        ([], False),
        (["help"], False),
        (["makemessages", "-l", "de"], False),
        (["check"], False),
        (["check", "--database", "default"], True),
        (["migrate"], True),
        (["migrate", "--help"], False),
        (["demo", "--once"], True),
    ],
)
def test_servers_are_started_for_the_commands_that_need_them(words, needs):
    assert needs_servers(words) is needs


def test_personal_data_never_reaches_a_log_line():
    event = {"event": "sign_up", "email": "a@b.example", "iban": "DE00", "person_id": 7}
    assert without_personal_data(None, "info", event) == {
        "event": "sign_up",
        "email": "[hidden]",
        "iban": "[hidden]",
        "person_id": 7,
    }


def test_a_sandbox_in_production_is_warned_of(monkeypatch):
    monkeypatch.setattr(settings, "IN_PRODUCTION", True, raising=False)
    monkeypatch.setattr(settings, "STRIPE_KEY", "")
    found = check_payment_provider()
    assert [(type(each), each.id) for each in found] == [(Warning, "pari.W001")]


def test_a_live_key_beside_debug_is_an_error(monkeypatch):
    monkeypatch.setattr(settings, "DEBUG", True)
    monkeypatch.setattr(settings, "STRIPE_KEY", "rk_live_x")
    monkeypatch.setattr(settings, "STRIPE_IS_LIVE", True)
    assert [each.id for each in check_payment_provider()] == ["pari.E001"]


@pytest.mark.parametrize(
    ("changed", "found"),
    [
        ({"STRIPE_API_BASE": "http://127.0.0.1:1"}, "pari.E002"),
        ({"PARI_ENV": "demo"}, "pari.E003"),
        ({"IN_PRODUCTION": True, "STRIPE_KEY": "sk_live_x"}, "pari.W004"),
    ],
)
def test_a_live_key_in_the_wrong_place_is_found(monkeypatch, changed, found):
    live = {"DEBUG": False, "STRIPE_KEY": "rk_live_x", "STRIPE_IS_LIVE": True}
    live |= {"STRIPE_THIN_WEBHOOK_SECRETS": ["whsec_x"]}
    for name, value in (live | changed).items():
        monkeypatch.setattr(settings, name, value, raising=False)
    assert [each.id for each in check_payment_provider()] == [found]


@pytest.mark.parametrize("name", [*settings.DAY_END_STEPS, *settings.MONEY_CHECKS])
def test_every_act_and_proof_that_is_named_exists(name):
    named = import_string(name)
    assert callable(named) or isinstance(named, Partitioned)
