from django.db import migrations

from core.append_only import only_grows


class Migration(migrations.Migration):
    """Entries and moves are never rewritten: a correction is an entry of its own."""

    dependencies = [("ledger", "0001_initial")]
    operations = [*only_grows("ledger_entry"), *only_grows("ledger_transfer")]
