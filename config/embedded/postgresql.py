"""The embedded PostgreSQL: one cluster, reached by a Unix socket only, in UTF-8 and UTC."""

import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

from config.embedded import processes
from config.embedded.places import Place
from config.embedded.programs import Programs

USER = "pari"
# The payment sandbox keeps the provider's books, and keeps them apart.
DATABASES = {"DATABASE_URL": "pari", "SANDBOX_DATABASE_URL": "pari_sandbox"}
_SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "shared_buffers": "256MB",
    "max_wal_size": "2GB",
    "synchronous_commit": "off",
    "jit": "off",
    # Pages are in memory or on flash: reading one out of order costs little more than the next.
    "random_page_cost": "1.1",
    "timezone": "UTC",
    "log_timezone": "UTC",
}
# For data that a crash may spoil: the test cluster, where only speed counts.
_CARELESS = {"fsync": "off", "full_page_writes": "off", "autovacuum_naptime": "10min"}
_MEMORY_MB = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") >> 20
# For measurements: as a server of its own is set, with a quarter of the memory, 4 GB at most.
_ROOMY = {"shared_buffers": f"{min(_MEMORY_MB // 4, 4096)}MB", "max_wal_size": "16GB"}
_OF_PROFILE = {"test": _CARELESS, "bench": _ROOMY}
_FAST_STOP = ((signal.SIGINT, 30.0), (signal.SIGQUIT, 10.0))
_START_SECONDS = 180.0


class PostgreSQL:
    """Starts, watches and stops the cluster of one place."""

    name = "postgresql"

    def __init__(self, place: Place, programs: Programs) -> None:
        self.place = place
        self.programs = programs
        self.data = place.folder / "postgresql"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, tell: Callable[[str], None]) -> None:
        """Bring the cluster up, creating it and its databases at the first start."""
        self._clear_leftovers()
        if not self.data.exists():
            tell(f"Setting up PostgreSQL in {self.place.folder} (first start only) ...")
            self._create_cluster()
        self._refuse_other_version()
        settings = _SETTINGS | _OF_PROFILE.get(self.place.profile, {})
        options = [part for key, value in settings.items() for part in ("-c", f"{key}={value}")]
        with self.place.log(self.name).open("wb") as log:
            self.process = processes.start(
                [self.programs.postgres, "-D", self.data, "-k", self.place.sockets, *options],
                place=self.place,
                folder=self.data,
                log=log,
                dies_by=signal.SIGINT,
            )
        self._wait_and_create_databases()

    def stop(self) -> None:
        """Stop fast: sessions are rolled back, the data is written out."""
        if self.process is not None:
            processes.stop(self.process, _FAST_STOP)
            processes.clear(self.data, "postgres", ())
            self.process = None

    def is_running(self) -> bool:
        """Say whether the server process lives."""
        return self.process is not None and self.process.poll() is None

    def urls(self) -> dict[str, str]:
        """Return the address of each database under its variable's name."""
        host = quote(str(self.place.sockets), safe="")
        return {key: f"postgresql://{USER}@/{name}?host={host}" for key, name in DATABASES.items()}

    def _clear_leftovers(self) -> None:
        processes.clear(self.data, "postgres", _FAST_STOP)
        (self.data / "postmaster.pid").unlink(missing_ok=True)

    def _create_cluster(self) -> None:
        new = self.data.with_name("postgresql.new")
        processes.remove_folder(new)
        command: list[str | Path] = [
            self.programs.initdb,
            "-D",
            new,
            "--username",
            USER,
            "--auth",
            "trust",
        ]
        command += ["--encoding", "UTF8", "--locale", "C"]
        command += ["--locale-provider", "builtin", "--builtin-locale", "C.UTF-8"]
        with self.place.log("initdb").open("wb") as log:
            initdb = processes.start(
                command, place=self.place, folder=self.place.folder, log=log, dies_by=signal.SIGKILL
            )
            if initdb.wait():
                raise RuntimeError(
                    f"PostgreSQL cannot be set up:\n{self.place.end_of_log('initdb')}"
                )
        new.rename(self.data)

    def _refuse_other_version(self) -> None:
        version = (self.data / "PG_VERSION").read_text(encoding="ascii").strip()
        if not self.programs.postgres_version.startswith(f"{version}."):
            raise RuntimeError(
                f"The data in {self.data} was written by PostgreSQL {version}, but version "
                f"{self.programs.postgres_version} is installed; move the folder away to start anew"
            )

    def _wait_and_create_databases(self) -> None:
        import psycopg

        until = time.monotonic() + _START_SECONDS
        while True:
            try:
                admin = psycopg.connect(
                    host=str(self.place.sockets), user=USER, dbname="postgres", autocommit=True
                )
                break
            except psycopg.OperationalError as error:
                if not self.is_running() or time.monotonic() > until:
                    end = self.place.end_of_log(self.name)
                    raise RuntimeError(f"PostgreSQL does not start: {error}\n{end}") from error
                time.sleep(0.05)
        with admin:
            there = {name for (name,) in admin.execute("SELECT datname FROM pg_database")}
            for name in set(DATABASES.values()) - there:
                admin.execute(f'CREATE DATABASE "{name}"'.encode())
