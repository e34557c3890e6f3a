from django.db import migrations, models

from core.append_only import only_grows


class Migration(migrations.Migration):
    dependencies = [
        ("ledger", "0004_servicing"),
    ]

    operations = [
        migrations.CreateModel(
            name="ChainCheck",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("checked_at", models.DateTimeField(verbose_name="checked at")),
                ("seals", models.PositiveIntegerField(verbose_name="seals")),
                ("differences", models.PositiveIntegerField(verbose_name="differences")),
                ("first_difference", models.TextField(blank=True, verbose_name="first difference")),
            ],
            options={
                "verbose_name": "recount of the seals",
                "verbose_name_plural": "recounts of the seals",
            },
        ),
        migrations.CreateModel(
            name="Seal",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "chain",
                    models.CharField(
                        choices=[
                            ("ledger", "ledger"),
                            ("accounts", "accounts"),
                            ("audit", "audit trail"),
                        ],
                        max_length=8,
                        verbose_name="chain",
                    ),
                ),
                ("number", models.PositiveIntegerField(verbose_name="number")),
                ("first_id", models.BigIntegerField(verbose_name="first row")),
                ("last_id", models.BigIntegerField(verbose_name="last row")),
                ("rows", models.PositiveIntegerField(verbose_name="rows")),
                (
                    "previous_digest",
                    models.CharField(max_length=64, verbose_name="previous digest"),
                ),
                ("digest", models.CharField(max_length=64, verbose_name="digest")),
                ("sealed_at", models.DateTimeField(verbose_name="sealed at")),
            ],
            options={
                "verbose_name": "seal",
                "verbose_name_plural": "seals",
                "constraints": [
                    models.UniqueConstraint(fields=("chain", "number"), name="ledger_seal_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("last_id__gte", models.F("first_id")),
                            ("number__gt", 0),
                            ("rows__gt", 0),
                        ),
                        name="ledger_seal_covers_rows",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("chain__in", ["ledger", "accounts", "audit"])),
                        name="ledger_seal_chain_is_known",
                    ),
                ],
            },
        ),
        *only_grows("ledger_seal"),
        *only_grows("ledger_chaincheck"),
        *only_grows(
            "ledger_account", "id", "role", "holder_id", "currency", "side", "may_overdraw"
        ),
    ]
