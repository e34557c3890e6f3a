"""Room beside each holding, so that what it is paid stays on its page and in no index; and no
index whose columns another one begins with."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('lending', '0026_first_period'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RunSQL(
            'ALTER TABLE lending_holding SET (fillfactor = 50)',
            'ALTER TABLE lending_holding RESET (fillfactor)',
        ),
        migrations.RemoveIndex(
            model_name='offer',
            name='lending_offer_of_round',
        ),
        migrations.AlterField(
            model_name='holding',
            name='loan',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='holdings', to='lending.loan'),
        ),
        migrations.AlterField(
            model_name='loanevent',
            name='loan',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='events', to='lending.loan'),
        ),
        migrations.AlterField(
            model_name='offer',
            name='lender',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='offers', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AlterField(
            model_name='repayment',
            name='loan',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='repayments', to='lending.loan'),
        ),
        migrations.AlterField(
            model_name='repaymentpart',
            name='repayment',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='parts', to='lending.repayment'),
        ),
        migrations.AlterField(
            model_name='repaymentshare',
            name='repayment',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='shares', to='lending.repayment'),
        ),
    ]
