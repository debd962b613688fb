"""What stands on the shelves is kept as it is: compressing it took PostgreSQL five times as long as writing it.

It makes the shelves a sixth larger, and they are read a little faster. What stands already changes when it is written
again.
"""

from django.db import migrations

TABLES = {"diagnostics_kpishelf": ("sums", "people"), "diagnostics_kpishelfperiod": ("tables", "parts")}


def say(storage: str) -> list[str]:
    return [
        f"ALTER TABLE {table} " + ", ".join(f"ALTER COLUMN {column} SET STORAGE {storage}" for column in columns)
        for table, columns in TABLES.items()
    ]


class Migration(migrations.Migration):
    dependencies = [("diagnostics", "0014_kpi_shelf_tables")]

    operations = [migrations.RunSQL(say("EXTERNAL"), say("EXTENDED"))]
