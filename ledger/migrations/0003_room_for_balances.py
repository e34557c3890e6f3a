"""Leave room beside each account, so that a new balance stays on its page and in no index."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("ledger", "0002_only_grows")]

    operations = [
        migrations.RunSQL(
            "ALTER TABLE ledger_account SET (fillfactor = 50)",
            "ALTER TABLE ledger_account RESET (fillfactor)",
        )
    ]
