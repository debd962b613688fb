import django.core.validators
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("accounts", "0008_kpi_switches"),
    ]

    operations = [
        migrations.AddField(
            model_name="organization",
            name="priorities_a_day",
            field=models.PositiveSmallIntegerField(
                db_default=10,
                default=10,
                validators=[
                    django.core.validators.MinValueValidator(1),
                    django.core.validators.MaxValueValidator(50),
                ],
                verbose_name="priorities a person and day",
            ),
        ),
    ]
