"""What is locked in the database of the test."""

from typing import Final

LOCKS_HELD: Final = """
SELECT count(*) FROM pg_locks
WHERE locktype = 'advisory'
  AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""
"""Advisory locks; those of other databases, where other tests run, are none of ours."""
