"""Lists of numbers travel to a table as one array whose items are lists, which PostgreSQL has of a domain alone.

As one long array, cut into rows by the statement that inserts them, they cost a tenth of that statement more.
"""

from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('diagnostics', '0015_kpi_shelves_as_they_are'),
    ]

    operations = [
        migrations.RunSQL(
            "CREATE DOMAIN diagnostics_numbers AS double precision[]", "DROP DOMAIN diagnostics_numbers"
        ),
    ]
