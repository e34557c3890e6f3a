"""A bad variable stops the start and is named; all of them at once."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from config.embedded.places import CODE
from config.env import ConfigurationError, Env, parse_database_url
from config.provider import ROLES, Provider, read_provider
from payments.provider import STRIPE


def problems_of(env: Env) -> str:
    with pytest.raises(ConfigurationError) as raised:
        env.finish()
    return str(raised.value)


def test_every_bad_variable_is_named_in_one_go():
    env = Env({"MANY": "several", "YES": "perhaps", "DB": "mysql://db/pari", "BROKER": "amqp://x"})
    env.number("MANY", 3)
    env.flag("YES", False)
    env.database("DB")
    env.redis("BROKER")
    env.text("SECRET")
    env.text("PLACE", "")

    told = problems_of(env)
    assert "MANY: must be a whole number" in told
    assert "YES: must be yes or no" in told
    assert "DB: must begin with postgresql://" in told
    assert "BROKER: must look like redis://" in told
    assert "SECRET: is not set (give it as SECRET or SECRET_FILE)" in told
    assert "PLACE" not in told


def test_the_value_itself_is_never_told():
    env = Env({"SECRET": "hunter2", "NUMBER": "hunter3", "DB": "hunter4"})
    env.text("SECRET", at_least=50)
    env.number("NUMBER", 1)
    env.database("DB")
    assert "hunter" not in problems_of(env)


def test_good_variables_are_read_and_missing_ones_fall_back():
    env = Env({"MANY": "7", "YES": "on", "NO": "False", "HOSTS": "a.example, b.example,"})
    assert env.number("MANY", 3) == 7
    assert env.flag("YES", False) is True
    assert env.flag("NO", True) is False
    assert env.words("HOSTS") == ["a.example", "b.example"]
    assert env.text("ABSENT", "fallback") == "fallback"
    assert env.number("ABSENT", 5) == 5
    env.finish()


def test_an_empty_variable_counts_as_unset():
    env = Env({"SECRET": ""})
    assert env.text("SECRET", "fallback") == "fallback"
    env.text("SECRET")
    assert "SECRET: is not set" in problems_of(env)


@pytest.mark.parametrize(
    ("value", "why"), [("-1", "must be at least 0"), ("1.5", "must be a whole number")]
)
def test_a_number_is_whole_and_large_enough(value, why):
    env = Env({"MANY": value})
    env.number("MANY", 3)
    assert why in problems_of(env)


def test_a_choice_outside_the_list_is_told_what_may_stand_there():
    env = Env({"MODE": "prodcution"})
    env.text("MODE", "development", choices=("development", "production"))
    assert "MODE: must be one of development, production" in problems_of(env)


def test_a_secret_may_lie_in_a_file(tmp_path: Path):
    file = tmp_path / "secret"
    file.write_text("from a file\n", encoding="utf-8")
    env = Env({"SECRET_FILE": str(file)})
    assert env.text("SECRET") == "from a file"
    env.finish()


def test_a_file_that_is_missing_and_a_variable_given_twice_are_named(tmp_path: Path):
    env = Env({"A_FILE": str(tmp_path / "absent"), "B": "x", "B_FILE": "y"})
    env.text("A", "")
    env.text("B", "")
    told = problems_of(env)
    assert "A_FILE: cannot be read" in told
    assert "B: is given twice, as B and as B_FILE" in told


def test_a_database_address_is_taken_apart():
    assert parse_database_url("postgresql://me:p%40ss@db.example:5433/pari?sslmode=require") == {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": "pari",
        "USER": "me",
        "PASSWORD": "p@ss",
        "HOST": "db.example",
        "PORT": "5433",
        "OPTIONS": {"sslmode": "require"},
    }


def test_a_database_address_may_name_a_socket_folder():
    found = parse_database_url("postgresql://pari@/pari?host=%2Fa%20b%2Frun")
    assert (found["HOST"], found["PORT"], found["OPTIONS"]) == ("/a b/run", "", {})


@pytest.mark.parametrize(
    ("url", "why"),
    [("postgresql://db", "names no database"), ("postgresql://db:port/pari", "[Pp]ort")],
)
def test_a_database_address_that_makes_no_sense_is_refused(url, why):
    with pytest.raises(ValueError, match=why):
        parse_database_url(url)


PRODUCTION = {
    "PARI_ENV": "production",
    "PARI_SECRET_KEY": "0123456789" * 5,
    "PARI_HOSTS": "pari.example",
    "DATABASE_URL": "postgresql://db/pari",
    "REDIS_URL": "redis://broker:6379/0",
    "PARI_LEDGER_HEADS": "/srv/heads",
    "PARI_LEDGER_KEY": "0123456789" * 4,
}


def load_settings(given: dict[str, str], show: str = "'fine'") -> str:
    """Load the settings in a process of their own; return what `show` is, or the error."""
    environ = {"PATH": os.environ["PATH"], **given}
    command = [sys.executable, "-c", f"from config import settings; print({show})"]
    done = subprocess.run(command, cwd=CODE, env=environ, capture_output=True, text=True)
    return done.stdout.strip() if done.returncode == 0 else done.stderr


def test_production_insists_on_what_it_needs_and_names_it():
    told = load_settings({"PARI_ENV": "production"})
    for name in PRODUCTION.keys() - {"PARI_ENV"}:
        assert f"{name}: is not set" in told


def test_production_starts_with_what_it_needs():
    assert load_settings(PRODUCTION) == "fine"
    assert load_settings(PRODUCTION, "settings.DEBUG") == "False"


def test_the_sandbox_has_a_database_of_its_own_beside_ours():
    assert load_settings(PRODUCTION, "settings.DATABASES['sandbox']['NAME']") == "pari_sandbox"


def test_a_live_payment_key_is_refused_beside_debug():
    given = {"PARI_STRIPE_KEY": "rk_live_x", "PARI_STRIPE_WEBHOOK_SECRETS": "a"}
    assert "PARI_STRIPE_KEY: is a live key" in load_settings(given)
    assert load_settings({**PRODUCTION, **given}) == "fine"


ROLE_KEY = {"PARI_STRIPE_KEY_WEB": "rk_test_w"}


def provider_of(given: dict[str, str], *, debug: bool = False, is_demo: bool = False) -> Provider:
    env = Env(given)
    found = read_provider(env, debug=debug, is_demo=is_demo)
    env.finish()
    return found


def test_each_role_has_its_key_and_a_process_only_its_own():
    keys = {**ROLE_KEY, "PARI_STRIPE_KEY": "rk_test_all"}
    assert provider_of({**keys, "PARI_ROLE": "web"}).key == "rk_test_w"
    assert provider_of(keys) == Provider("rk_test_all", "worker", STRIPE, is_live=False)
    assert provider_of({}) == Provider("", "worker", STRIPE, is_live=False)


def test_a_test_key_may_go_to_a_sandbox_on_this_machine():
    given = {"PARI_STRIPE_KEY": "sk_test_x", "PARI_STRIPE_API_BASE": "http://127.0.0.1:8420/"}
    assert provider_of(given).base == "http://127.0.0.1:8420"


def test_a_live_key_of_any_role_is_live():
    live = {f"PARI_STRIPE_KEY_{role.upper()}": f"rk_live_{role}" for role in ROLES}
    assert provider_of(live).is_live


@pytest.mark.parametrize(
    ("given", "more", "why"),
    [
        (ROLE_KEY, {}, "PARI_STRIPE_KEY_WORKER: is needed"),
        ({"PARI_STRIPE_KEY_WEB": "sk_test_x"}, {}, "PARI_STRIPE_KEY_WEB: must be a restricted"),
        ({"PARI_STRIPE_KEY": "pk_test_x"}, {}, "PARI_STRIPE_KEY: does not look like"),
        ({"PARI_STRIPE_KEY": "sk_live_x"}, {"debug": True}, "refused while PARI_DEBUG is on"),
        ({"PARI_STRIPE_KEY": "rk_live_x"}, {"is_demo": True}, "which the demo refuses"),
        ({**ROLE_KEY, "PARI_STRIPE_KEY": "rk_live_x"}, {}, "must be all live or all for tests"),
        (
            {"PARI_STRIPE_KEY": "rk_live_x", "PARI_STRIPE_API_BASE": "http://127.0.0.1:1"},
            {},
            "PARI_STRIPE_API_BASE: must be https://api.stripe.com for a live key",
        ),
        ({"PARI_STRIPE_API_BASE": "https://stripe.example"}, {}, "or a server on this machine"),
        ({"PARI_STRIPE_API_BASE": "http://localhost:1/v1"}, {}, "or a server on this machine"),
        ({"PARI_ROLE": "x"}, {}, "PARI_ROLE: must be one of web, worker, reconciler"),
    ],
)
def test_keys_that_do_not_fit_stop_the_start(given, more, why):
    with pytest.raises(ConfigurationError, match=re.escape(why)):
        provider_of(given, **more)


def test_a_payment_key_without_webhook_secrets_is_refused():
    assert "PARI_STRIPE_WEBHOOK_SECRETS" in load_settings({"PARI_STRIPE_KEY": "rk_test_x"})


def test_the_terminal_names_a_bad_variable_without_a_stack_trace():
    command = [sys.executable, "manage.py", "check"]
    environ = {"PATH": os.environ["PATH"], "PARI_ENV": "prod"}
    done = subprocess.run(command, cwd=CODE, env=environ, capture_output=True, text=True)
    assert done.returncode == 1
    assert "PARI_ENV: must be one of" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ("48", "written like"),
        ("48:x", "written like"),
        ("96:50,48:75", "ascending"),
        ("48:101", "at most 100"),
    ],
)
def test_steps_that_make_no_sense_are_refused(value, why):
    env = Env({"STEPS": value})
    assert env.steps("STEPS", ((1, 2),)) == ((1, 2),)
    with pytest.raises(ConfigurationError, match=why):
        env.finish()


def test_steps_are_read_in_order():
    assert Env({"STEPS": "24:10, 48:60"}).steps("STEPS", ()) == ((24, 10), (48, 60))
    assert Env({}).steps("STEPS", ((1, 2),)) == ((1, 2),)


def test_a_number_may_be_too_large():
    env = Env({"PART": "51"})
    assert env.number("PART", 0, at_most=50) == 0
    with pytest.raises(ConfigurationError, match="at most 50"):
        env.finish()
