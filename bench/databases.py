"""Databases that a measurement fills, clones for each run and drops, beside the usual one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


def ready() -> None:
    """Servers and settings; harmless where they are up."""
    import os

    import django
    from django.apps import apps

    from config import embedded

    if apps.ready:
        return
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    os.environ.setdefault("PARI_ENV", "demo")
    embedded.ensure(profile="bench")
    django.setup()


@contextmanager
def base(name: str = "bench_round_commit") -> Iterator[str]:
    """A fresh database with all tables, dropped at the end."""
    from django.core.management import call_command
    from django.db import connection

    usual = connection.settings_dict["NAME"]
    _admin(f"DROP DATABASE IF EXISTS {name}", f"CREATE DATABASE {name}")
    try:
        _use(name)
        call_command("migrate", verbosity=0)
        yield name
    finally:
        _use(usual)
        _admin(f"DROP DATABASE IF EXISTS {name}")


@contextmanager
def clone(of: str) -> Iterator[None]:
    """A copy of the base, used inside and dropped afterwards."""
    name = f"{of}_run"
    _use("postgres")
    _admin(f"DROP DATABASE IF EXISTS {name}", f"CREATE DATABASE {name} TEMPLATE {of}")
    try:
        _use(name)
        yield
    finally:
        _use("postgres")
        _admin(f"DROP DATABASE IF EXISTS {name}")


def _use(name: str) -> None:
    from django.db import connection

    connection.close()
    connection.settings_dict["NAME"] = name


def _admin(*statements: str) -> None:
    """Statements about whole databases, from outside of them."""
    from django.db import connection

    before = connection.settings_dict["NAME"]
    _use("postgres")
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
    _use(before)
