"""Databases of killed test runs go; those of living ones stay."""

import os
import subprocess
import sys

import psycopg
import pytest

from tests.leftovers import drop_databases_of_dead_runs


@pytest.mark.django_db
def test_only_databases_of_dead_runs_are_dropped():
    gone = subprocess.Popen([sys.executable, "-c", "pass"])
    gone.wait()
    dead, alive = f"test_{gone.pid}_pari", f"test_{os.getpid()}_spare"
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as admin:
        for name in (dead, alive):
            admin.execute(f'CREATE DATABASE "{name}"'.encode())
        try:
            assert dead in drop_databases_of_dead_runs()
            names = {name for (name,) in admin.execute("SELECT datname FROM pg_database")}
            assert dead not in names
            assert alive in names
        finally:
            admin.execute(f'DROP DATABASE "{alive}"'.encode())
