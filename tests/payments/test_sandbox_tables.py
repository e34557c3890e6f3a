"""The sandbox's tables come from its models in tests and from its migrations elsewhere."""

from __future__ import annotations

from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connections
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations.special import RunPython, RunSQL

from payments.sandbox.apps import SandboxConfig


def _own() -> list[object]:
    loader = MigrationLoader(None, ignore_no_migrations=True)
    return [one for (app, _), one in loader.disk_migrations.items() if app == SandboxConfig.label]


@pytest.mark.django_db
def test_the_migrations_say_what_the_models_say() -> None:
    call_command("makemigrations", SandboxConfig.label, check=True, dry_run=True, stdout=StringIO())


def test_the_migrations_do_nothing_that_models_cannot_say() -> None:
    steps = [step for one in _own() for step in one.operations]  # type: ignore[attr-defined]
    assert len(steps) >= 5
    assert not [step for step in steps if isinstance(step, RunSQL | RunPython)]


@pytest.mark.django_db
def test_the_sandbox_has_its_tables_and_none_of_the_house() -> None:
    tables = connections["sandbox"].introspection.table_names()
    assert [name for name in tables if name.startswith(SandboxConfig.label)]
    assert not [name for name in tables if name.startswith(("ledger_", "lending_"))]
