"""Embedded servers come up by themselves, are shared, and never outlive who needs them."""

import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
import redis

from config import embedded
from config.embedded import places, processes
from config.embedded.places import CODE, Place, find_place

_COMMAND = """
import json, os, sys
from pathlib import Path
from config import embedded
embedded.ensure(profile="test", checkout=Path(sys.argv[1]))
urls = {key: url for key, url in os.environ.items() if key.endswith("_URL")}
print(json.dumps(urls), flush=True)
if "fork" in sys.argv:
    if not (child := os.fork()):
        import time
        time.sleep(60)
        os._exit(0)
    print(child, flush=True)
sys.stdin.read()
"""


class Command:
    """A command of its own process that needs servers until its input ends."""

    def __init__(self, checkout: Path, *words: str, **given: str) -> None:
        environ = {key: value for key, value in os.environ.items() if not key.endswith("_URL")}
        self.process = subprocess.Popen(
            [sys.executable, "-c", _COMMAND, str(checkout), *words],
            cwd=CODE,
            env=environ | {"PARI_ENV": "test"} | given,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def urls(self) -> dict[str, str]:
        """Wait until the servers are up; return their addresses."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, self.process.communicate()[1]
        urls: dict[str, str] = json.loads(line)
        return urls

    def end(self) -> str:
        """End as a command should; return what it told people."""
        return self.process.communicate()[1]


def servers_of(place: Place) -> list[int]:
    """Return every server process of the place."""
    return processes.living_in(place.folder / "postgresql", "postgres") + processes.living_in(
        place.folder / "valkey", "valkey-server"
    )


def guardian_of(place: Place) -> int:
    return int(place.guardian_lock.read_text(encoding="ascii"))


def wait_until(claim: Callable[[], bool], seconds: float = 20.0) -> None:
    until = time.monotonic() + seconds
    while not claim():
        assert time.monotonic() < until, "waited in vain"
        time.sleep(0.05)


def query(urls: dict[str, str], sql: str) -> Any:
    with psycopg.connect(urls["DATABASE_URL"], autocommit=True) as connection:
        cursor = connection.execute(sql.encode())
        return cursor.fetchone() if cursor.description else None


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    """A checkout of its own without servers yet; whatever the test leaves behind is removed."""
    place = find_place("test", tmp_path)
    yield place
    wait_until(lambda: not servers_of(place))
    place.create()
    with place.guardian_lock.open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # the guardian has left, too
    shutil.rmtree(place.folder.parent)


@pytest.fixture
def started() -> Iterator[Callable[..., Command]]:
    """Starts commands, and ends those that the test has not ended."""
    commands: list[Command] = []

    def start(place: Place, *words: str, **given: str) -> Command:
        commands.append(Command(place.checkout, *words, **given))
        return commands[-1]

    yield start
    for command in commands:
        if command.process.poll() is None:
            command.process.kill()
            command.process.communicate()


Started = Callable[..., Command]


def test_first_start_sets_up_databases_and_broker_and_the_end_stops_them(
    place: Place, started: Started
) -> None:
    command = started(place)
    urls = command.urls()

    assert query(urls, "SHOW server_encoding") == ("UTF8",)
    assert query(urls, "SHOW timezone") == ("UTC",)
    assert query(urls, "SELECT lower('ÄÖ')") == ("äö",)
    with psycopg.connect(urls["SANDBOX_DATABASE_URL"]) as sandbox:
        assert sandbox.info.dbname == "pari_sandbox"
    with redis.Redis.from_url(urls["REDIS_URL"]) as broker:
        assert broker.ping()

    assert "first start only" in command.end()
    assert servers_of(place) == []
    assert not place.guardian_socket.exists()


def test_data_is_kept_from_one_command_to_the_next(place: Place, started: Started) -> None:
    first = started(place)
    query(first.urls(), "CREATE TABLE kept AS SELECT 7 AS figure")
    first.end()

    second = started(place)
    assert query(second.urls(), "SELECT figure FROM kept") == (7,)
    assert "first start" not in second.end()


def test_two_commands_share_the_servers_until_the_last_one_ends(
    place: Place, started: Started
) -> None:
    one, other = started(place), started(place)
    urls, same = one.urls(), other.urls()
    born = query(urls, "SELECT pg_postmaster_start_time()")
    assert (same, query(same, "SELECT pg_postmaster_start_time()")) == (urls, born)

    one.end()
    assert query(same, "SELECT pg_postmaster_start_time()") == born

    other.end()
    assert servers_of(place) == []


def test_servers_stop_when_the_command_is_killed(place: Place, started: Started) -> None:
    command = started(place)
    command.urls()
    command.process.kill()
    wait_until(lambda: not servers_of(place))


def test_a_forked_child_does_not_hold_the_servers(place: Place, started: Started) -> None:
    command = started(place, "fork")
    command.urls()
    child = int(command.process.stdout.readline())  # type: ignore[union-attr]
    command.process.kill()
    try:
        wait_until(lambda: not servers_of(place))
        os.kill(child, 0)  # it has outlived them
    finally:
        os.kill(child, signal.SIGKILL)


def test_servers_go_with_a_killed_guardian_and_the_next_command_starts_anew(
    place: Place, started: Started
) -> None:
    command = started(place)
    query(command.urls(), "CREATE TABLE kept AS SELECT 7 AS figure")
    os.kill(guardian_of(place), signal.SIGKILL)
    wait_until(lambda: not servers_of(place))

    assert query(started(place).urls(), "SELECT figure FROM kept") == (7,)


def test_a_command_may_start_while_the_servers_of_a_killed_guardian_are_still_there(
    place: Place, started: Started
) -> None:
    started(place).urls()
    os.kill(guardian_of(place), signal.SIGKILL)
    assert query(started(place).urls(), "SELECT 1") == (1,)


def test_a_crashed_server_is_started_again_at_the_same_address(
    place: Place, started: Started
) -> None:
    urls = started(place).urls()
    born = query(urls, "SELECT pg_postmaster_start_time()")
    postmaster = int((place.folder / "postgresql/postmaster.pid").read_text().splitlines()[0])
    os.kill(postmaster, signal.SIGKILL)

    def is_back() -> bool:
        try:
            return query(urls, "SELECT pg_postmaster_start_time()") > born
        except psycopg.OperationalError:
            return False

    wait_until(is_back)


def test_traces_of_a_crash_do_not_hinder_a_start(place: Place, started: Started) -> None:
    started(place).end()
    crashed = place.folder / "postgresql"
    (crashed / "postmaster.pid").write_text(f"{os.getpid()}\n{crashed}\n1\n5432\n", "ascii")
    crashed.with_name("postgresql.new").mkdir()
    place.guardian_socket.write_text("", "ascii")

    assert query(started(place).urls(), "SELECT 1") == (1,)


def test_a_set_up_that_was_cut_short_is_begun_again(place: Place, started: Started) -> None:
    place.create()
    half_made = place.folder / "postgresql.new"
    half_made.mkdir()
    (half_made / "PG_VERSION").write_text("18\n", "ascii")

    assert query(started(place).urls(), "SELECT 1") == (1,)


def test_only_the_server_that_is_missing_is_started(place: Place, started: Started) -> None:
    command = started(place, DATABASE_URL="postgresql://elsewhere/pari")
    urls = command.urls()
    assert urls["DATABASE_URL"] == "postgresql://elsewhere/pari"
    assert urls["REDIS_URL"].startswith("unix://")
    assert processes.living_in(place.folder / "postgresql", "postgres") == []


def test_data_of_another_version_is_refused_with_a_reason(place: Place, started: Started) -> None:
    first = started(place)
    first.urls()
    first.end()
    (place.folder / "postgresql/PG_VERSION").write_text("9\n", "ascii")

    told = started(place).end()
    assert "was written by PostgreSQL 9" in told
    assert servers_of(place) == []


@pytest.mark.parametrize(
    "environ",
    [
        {"PARI_ENV": "production"},
        {"DATABASE_URL": "postgresql://db/pari", "REDIS_URL": "redis://broker/0"},
        {"DATABASE_URL_FILE": "/run/secrets/database", "REDIS_URL": "redis://broker/0"},
    ],
)
def test_nothing_is_started_in_production_or_beside_real_servers(
    place: Place, environ: dict[str, str]
) -> None:
    before = dict(environ)
    embedded.ensure(profile="test", checkout=place.checkout, environ=environ)
    place.create()
    assert environ == before
    assert not place.guardian_lock.exists()


def test_an_ordinary_user_has_everything_in_the_checkout(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1234)
    checkout = Path("/srv/pari")
    found = find_place("main", checkout)
    assert (found.folder, found.account) == (checkout / ".pari/main", "")
    assert found.sockets == found.folder / "run"


def test_sockets_go_to_a_short_folder_when_the_checkout_lies_deep(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1234)
    deep = find_place("main", tmp_path / ("d" * 100))
    other = find_place("main", tmp_path / ("e" * 100))
    assert len(os.fsencode(deep.sockets)) <= places.LONGEST_SOCKET_FOLDER
    assert deep.sockets != other.sockets


def test_root_keeps_data_where_the_servers_account_can_reach_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    found = find_place("main", tmp_path)
    assert found.folder.is_relative_to(places.STATE_OF_ROOT)
    assert found.account == places.ACCOUNT
