"""What the guard reads, and what the app role must not rewrite."""

from django.db import migrations

# The one table with a second policy: the guard reads it at every statement.
MEMBERSHIP_POLICY = """
GRANT SELECT ON public.accounts_membership TO phano_guard;
CREATE POLICY accounts_membership_guard ON public.accounts_membership FOR SELECT TO phano_guard USING (true);
"""

APPEND_ONLY = "REVOKE UPDATE, DELETE ON public.accounts_auditentry FROM phano_app;"


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial")]

    operations = [
        migrations.RunSQL(MEMBERSHIP_POLICY, migrations.RunSQL.noop),
        migrations.RunSQL(APPEND_ONLY, migrations.RunSQL.noop),
    ]
