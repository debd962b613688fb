"""Causes of a priority are read from its diagnosis when shown; a night counts what it left out without a row."""

from django.db import migrations, models

CHANGE = """
ALTER TABLE diagnostics_priority DROP COLUMN IF EXISTS causes;
ALTER TABLE diagnostics_night ADD COLUMN IF NOT EXISTS unlisted jsonb NOT NULL DEFAULT '{}';
"""


class Migration(migrations.Migration):
    dependencies = [("diagnostics", "0004_plain_references")]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunSQL(CHANGE, migrations.RunSQL.noop)],
            state_operations=[
                migrations.RemoveField("priority", "causes"),
                migrations.AddField("night", "unlisted", models.JSONField(default=dict)),
            ],
        ),
    ]
