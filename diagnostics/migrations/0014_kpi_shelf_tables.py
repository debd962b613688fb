"""What tables of groups say stands apart on the shelves. What was on them is emptied: the next rebuild fills them."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('diagnostics', '0013_kpi_shelves'),
    ]

    operations = [
        migrations.RunSQL("TRUNCATE diagnostics_kpishelf, diagnostics_kpishelfperiod", migrations.RunSQL.noop),
        migrations.AddField(
            model_name='kpishelfperiod',
            name='tables',
            field=models.BinaryField(default=b''),
            preserve_default=False,
        ),
    ]
