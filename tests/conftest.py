"""What every test may use; the servers themselves come from tests/settings.py."""

import os
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack
from pathlib import Path
from shutil import rmtree
from tempfile import gettempdir
from typing import Any
from uuid import uuid4

import pytest
from django.conf import settings as django_settings
from django.db import transaction
from django.utils import translation
from hypothesis import settings

from tests import seeds
from tests.keeping import Keep, Made
from tests.leftovers import drop_databases_of_dead_runs

# The same examples in every run, however slow the machine: a red run can be run again.
settings.register_profile("house", deadline=None, derandomize=True)
# Thousands of fresh ones for `make soak`; what fails is printed, so that it can become a test.
settings.register_profile("soak", deadline=None, max_examples=5_000, print_blob=True)
settings.load_profile(os.environ.get("PARI_EXAMPLES", "house"))

# These take longest for a file; begun last, one of two workers would wait for the other.
_LONG = ("tests/flows/", "tests/lending/model/", "tests/matching/", "tests/lending/test_day_end")

_NEEDS_DATABASE = frozenset({"db", "transactional_db", "django_db_reset_sequences", "live_server"})


def pytest_configure(config: pytest.Config) -> None:
    """Make the mark of `make soak` known."""
    config.addinivalue_line("markers", "soak: tries more, and fresh, examples in `make soak`")


def pytest_sessionstart() -> None:
    """Clear what killed runs left, once for all workers."""
    if "PYTEST_XDIST_WORKER" not in os.environ:
        drop_databases_of_dead_runs()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give each test that uses the database both of ours: the house's and the sandbox's.

    And put the long files first, each file as it is.
    """
    items.sort(key=lambda item: not item.nodeid.startswith(_LONG))
    for item in items:
        marker = item.get_closest_marker("django_db")
        if marker is None and not _NEEDS_DATABASE & set(getattr(item, "fixturenames", ())):
            continue
        given = marker.kwargs if marker else {}
        item.add_marker(pytest.mark.django_db(**{"databases": "__all__", **given}), append=False)


def pytest_runtest_setup() -> None:
    """Begin every test in the language of the settings, whatever the one before has spoken.

    And with a folder of heads of its own: what an earlier one sealed is gone with its rows.
    """
    translation.deactivate()
    seeds.forget()
    django_settings.LEDGER_HEADS = Path(gettempdir()) / f"pari-heads-{os.getpid()}" / uuid4().hex


def pytest_sessionfinish() -> None:
    """Take away the folders of heads."""
    rmtree(Path(gettempdir()) / f"pari-heads-{os.getpid()}", ignore_errors=True)


@pytest.fixture(scope="module")
def kept(django_db_setup: None, django_db_blocker: Any) -> Iterator[Keep]:
    """Makes what all tests of a module begin with, see `Keep`."""
    stack = ExitStack()
    with django_db_blocker.unblock():
        for alias in django_settings.DATABASES:
            stack.enter_context(transaction.atomic(using=alias))

    def keep(make: Callable[[], Made]) -> Made:
        with django_db_blocker.unblock():
            return make()

    yield keep
    with django_db_blocker.unblock(), stack:
        for alias in django_settings.DATABASES:
            transaction.set_rollback(True, using=alias)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Tell with each failure of a random test how to have the same examples again."""
    report = yield
    if report.failed and item.get_closest_marker("soak"):
        report.sections.append(("random examples", seeds.told()))
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Close a soak with the seed that it began at."""
    if seeds.IS_SOAK:
        terminalreporter.write_line(seeds.told())
