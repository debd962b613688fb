"""A published model version is read for as long as its diagnoses are: the app role may add one, never change one."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("diagnostics", "0001_initial")]

    operations = [
        migrations.RunSQL(
            "REVOKE UPDATE ON public.diagnostics_modelversion FROM phano_app;",
            "GRANT UPDATE ON public.diagnostics_modelversion TO phano_app;",
        ),
    ]
