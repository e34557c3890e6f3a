"""Up to which id a table can get no further rows, though many write at once.

Ids are drawn before their transaction commits, so a lower id may appear after a higher one. An id
drawn before an instant belongs to a transaction that was running then, and each transaction holds
the lock on its own number (`virtualxid`) from its first moment to after its commit. So: read the
sequence, then list who is running, then wait until all of those have ended. Nobody is made to wait
for that, and posting needs to know nothing of it.
"""

from __future__ import annotations

import time
from typing import Final

from django.db import connection

LONGEST_WAIT: Final = 20.0
"""In seconds; a round or a day end may take longer, and the next run tries again."""
_PAUSE: Final = 0.05


def settled_through(table: str, *, patience: float = LONGEST_WAIT) -> int | None:
    """An id up to which `table` is complete; None when some transaction still runs after a while.

    Call it outside any transaction, and read the rows afterwards.
    """
    until = time.monotonic() + patience
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_get_serial_sequence(%s, 'id')", [table])
        cursor.execute(f"SELECT last_value FROM {cursor.fetchone()[0]}")  # noqa: S608
        through: int = cursor.fetchone()[0]
        cursor.execute(_RUNNING)
        running = [row[0] for row in cursor.fetchall()]
        while running:
            if time.monotonic() > until:
                return None
            time.sleep(_PAUSE)
            cursor.execute(f"{_RUNNING} AND held.virtualxid = ANY(%s)", [running])
            running = [row[0] for row in cursor.fetchall()]
    return through


# Sessions of this database; who only cleans tables up draws no ids.
_RUNNING: Final = """
SELECT held.virtualxid
FROM pg_locks AS held JOIN pg_stat_activity AS session USING (pid)
WHERE held.locktype = 'virtualxid' AND held.granted AND held.mode = 'ExclusiveLock'
    AND session.datname = current_database() AND session.pid <> pg_backend_pid()
    AND session.backend_type IS DISTINCT FROM 'autovacuum worker'
"""
