"""Tables that only grow: a trigger refuses to change or delete a row, whoever asks."""

from __future__ import annotations

from typing import Final

from django.db import migrations

_FUNCTION: Final = """
CREATE OR REPLACE FUNCTION pari_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% only grows: a row is never changed or deleted', TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END
$$
"""


def only_grows(table: str, *columns: str) -> list[migrations.RunSQL]:
    """Migration operations that guard `table` by a trigger.

    Args:
        columns: those that are never changed, where others may be; all of them when none is named.
    """
    update = f"UPDATE OF {', '.join(columns)}" if columns else "UPDATE"
    return [
        migrations.RunSQL(_FUNCTION, migrations.RunSQL.noop),
        migrations.RunSQL(
            f"CREATE TRIGGER {table}_only_grows BEFORE {update} OR DELETE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION pari_refuse_change()",
            f"DROP TRIGGER {table}_only_grows ON {table}",
        ),
    ]
