"""Give every loan the first version of its plan."""

from django.db import migrations, models
import django.db.models.deletion

PLANS = """
INSERT INTO lending_plan (loan_id, version, reason, annual_rate, made_on, made_at)
SELECT id, 1, 'disbursed', annual_rate, disbursed_on, disbursed_on FROM lending_loan
"""

INSTALMENTS = """
UPDATE lending_instalment AS instalment SET plan_id = plan.id
FROM lending_plan AS plan WHERE plan.loan_id = instalment.loan_id AND instalment.plan_id IS NULL
"""


class Migration(migrations.Migration):
    dependencies = [("lending", "0006_servicing")]

    operations = [
        migrations.RunSQL([PLANS, INSTALMENTS], migrations.RunSQL.noop),
        migrations.RunSQL("SET CONSTRAINTS ALL IMMEDIATE", migrations.RunSQL.noop),
        migrations.AlterField(
            model_name="instalment",
            name="plan",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="instalments",
                to="lending.plan",
            ),
        ),
    ]
