"""Makes the roles, the database, the schemas and the guard's key; run by the cluster's administrator."""

from typing import Any

import psycopg
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from psycopg.conninfo import conninfo_to_dict

from accounts.provisioning import provision_cluster


class Command(BaseCommand):
    help = "Make or mend the roles, the database and the guard's key. Needs DATABASE_ADMIN_URL; safe to run again."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.ADMIN_URL:
            raise CommandError("Set DATABASE_ADMIN_URL to the cluster administrator's address.")
        passwords = {
            settings.DATABASES[alias]["USER"]: settings.DATABASES[alias]["PASSWORD"] for alias in ("default", "owner")
        }
        try:
            hidden = provision_cluster(
                conninfo_to_dict(settings.ADMIN_URL),
                name=settings.DATABASES["default"]["NAME"],
                passwords=passwords,
                secret=settings.CONTEXT_SECRET,
            )
        except psycopg.OperationalError as error:
            raise CommandError(f"The database server does not answer: {error}") from error
        if not hidden:
            self.stderr.write("This administrator may not close pg_stat_activity: ask the provider to, for phano_app.")
        self.stdout.write("Roles, database and guard are in place.")
