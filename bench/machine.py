"""What the figures were measured on."""

from __future__ import annotations

import os
import platform
from importlib.metadata import version
from pathlib import Path

import numpy as np


def machine() -> dict[str, str]:
    """Hardware and versions, as far as this process can tell."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version")
        [postgres] = cursor.fetchone()
        cursor.execute("SELECT current_setting('fsync'), current_setting('shared_buffers')")
        fsync, buffers = cursor.fetchone()
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30
    return {
        "processor": _processor(),
        "cores": str(os.cpu_count()),
        "memory": f"{memory:.0f} GiB",
        "load when the run began": f"{os.getloadavg()[0]:.1f}",
        "system": f"{platform.system()} {platform.release()}",
        "Python": platform.python_version(),
        "numpy": np.__version__,
        "PostgreSQL": f"{postgres.split()[0]}, fsync {fsync}, shared_buffers {buffers}",
        "Django, psycopg": f"{version('django')}, {version('psycopg')}",
        "OR-Tools, SciPy": f"{version('ortools')}, {version('scipy')}",
    }


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()
