"""A database of the benchmark's own on the cluster in use, with every table, dropped at the end."""

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from django.conf import settings
from django.core.management import call_command
from django.db import connections
from django.test.utils import override_settings
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from accounts.provisioning import provision_database, provision_schema


def connect_admin(database: str = "postgres") -> psycopg.Connection:
    """The cluster administrator's connection, in autocommit: row-level security does not slow the making of data."""
    return psycopg.connect(**{**conninfo_to_dict(settings.ADMIN_URL), "dbname": database}, autocommit=True)


@contextmanager
def scratch_database() -> Iterator[psycopg.Connection]:
    """Point Django at a new, migrated database; yields the administrator's connection to it."""
    name = f"phano_bench_{os.getpid()}"
    before = {connection.alias: connection.settings_dict["NAME"] for connection in connections.all()}
    with connect_admin() as admin:
        provision_database(admin, name)
        try:
            with connect_admin(name) as database:
                provision_schema(database, settings.CONTEXT_SECRET)
                _point_at(dict.fromkeys(before, name))
                call_command("migrate", verbosity=0)
                yield database
        finally:
            _point_at(before)
            admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@contextmanager
def screen_database() -> Iterator[psycopg.Connection]:
    """The same for screens: the product's pages and the empty one, without logs and without hashed static names."""
    logging.disable(logging.WARNING)
    plain = {**settings.STORAGES, "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
    with (
        scratch_database() as admin,
        override_settings(ROOT_URLCONF="benchmarks.empty_page", ALLOWED_HOSTS=["*"], STORAGES=plain),
    ):
        yield admin


def _point_at(names: dict[str, str]) -> None:
    for connection in connections.all():
        connection.close()
        if connection.alias == "default":
            connection.close_pool()
        connection.settings_dict["NAME"] = names[connection.alias]
