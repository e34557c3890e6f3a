from django.db import migrations

from core.append_only import only_grows


class Migration(migrations.Migration):
    """The audit trail is never rewritten."""

    dependencies = [("core", "0001_initial")]
    operations = [*only_grows("core_auditrow")]
