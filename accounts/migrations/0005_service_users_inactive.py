"""Service users cannot be signed in: not even by a reset link, should somebody read that mail."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("accounts", "0004_invitation_sent")]

    operations = [
        migrations.RunSQL("UPDATE accounts_user SET is_active = false WHERE is_service", migrations.RunSQL.noop),
    ]
