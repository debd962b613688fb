"""The plan and the product of a diagnosis lose their keys: they are checked 500 times a night to name two words."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("diagnostics", "0003_priority_also")]

    operations = [
        migrations.RemoveConstraint("diagnosis", "diagnostics_diagnosis_next_plan_key"),
        migrations.RemoveConstraint("diagnosis", "diagnostics_diagnosis_voiced_product_key"),
        migrations.SeparateDatabaseAndState(
            # The columns stay as they are: next_plan_id and voiced_product_id, uuid, NULL.
            state_operations=[
                migrations.RemoveField("diagnosis", "next_plan"),
                migrations.RemoveField("diagnosis", "voiced_product"),
                migrations.AddField("diagnosis", "next_plan_id", models.UUIDField(null=True)),
                migrations.AddField("diagnosis", "voiced_product_id", models.UUIDField(null=True)),
            ],
        ),
    ]
