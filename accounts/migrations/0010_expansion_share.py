import django.core.validators
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("accounts", "0009_priorities_a_day"),
    ]

    operations = [
        migrations.AddField(
            model_name="organization",
            name="expansion_share",
            field=models.DecimalField(
                blank=True,
                decimal_places=2,
                max_digits=5,
                null=True,
                validators=[
                    django.core.validators.MinValueValidator(0),
                    django.core.validators.MaxValueValidator(100),
                ],
                verbose_name="rate on expansion closed, in per cent",
            ),
        ),
    ]
