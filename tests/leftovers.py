"""Databases that a killed test run left in the embedded cluster; each bears its process id."""

import os
import re
from pathlib import Path

import psycopg

from config.embedded.places import find_place

_OF_A_RUN = re.compile(r"test_(\d+)_")


def drop_databases_of_dead_runs() -> list[str]:
    """Drop the databases of runs whose process is gone; returns their names.

    On a real server nothing is dropped: the process may run on another machine.
    """
    url = os.environ["DATABASE_URL"]
    dropped = []
    with psycopg.connect(url, autocommit=True) as admin:
        if admin.info.host != str(find_place("test").sockets):
            return []
        for (name,) in admin.execute("SELECT datname FROM pg_database").fetchall():
            run = _OF_A_RUN.match(name)
            if run and not Path(f"/proc/{run[1]}").exists():
                admin.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'.encode())
                dropped.append(name)
    return dropped
