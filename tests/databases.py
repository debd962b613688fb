"""One migrated template database per state of the migrations; each test process works in a clone of it."""

import fcntl
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from django.conf import settings
from django.core.management import call_command
from django.db import connections
from django.test import TransactionTestCase
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from accounts.provisioning import grant_database, provision_database, provision_roles, provision_schema

ROOT = Path(__file__).resolve().parent.parent


def admin_connection(database: str = "postgres") -> psycopg.Connection:
    """The cluster administrator's own connection, in autocommit: for what no test may do as the app."""
    return psycopg.connect(**{**conninfo_to_dict(settings.ADMIN_URL), "dbname": database}, autocommit=True)


def _name_connections(name: str) -> None:
    for connection in connections.all():
        connection.settings_dict["NAME"] = name


def _fingerprint() -> str:
    digest = hashlib.sha256((ROOT / "accounts/provisioning.py").read_bytes())
    for path in sorted([*ROOT.glob("*/migrations/*.py"), ROOT / "requirements/dev.txt"]):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def make_template() -> str:
    """The template's name, made and migrated if it is not there; call under the lock."""
    name = f"phano_template_{_fingerprint()}"
    with admin_connection() as admin:
        passwords = {settings.DATABASES[a]["USER"]: settings.DATABASES[a]["PASSWORD"] for a in ("default", "owner")}
        # Two runs on one cluster take turns; the lock goes with the connection.
        admin.execute("SELECT pg_advisory_lock(hashtext('phano_template'))")
        provision_roles(admin, passwords)
        if admin.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
            return name
        building = f"{name}_building"
        admin.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(building)))
        provision_database(admin, building)
        with admin_connection(building) as database:
            provision_schema(database, settings.CONTEXT_SECRET)
        _name_connections(building)
        call_command("migrate", verbosity=0)
        for connection in connections.all():
            connection.close()
            if connection.alias == "default":
                connection.close_pool()
        # Renamed last: a run that dies half-way leaves nothing that looks finished.
        admin.execute(sql.SQL("ALTER DATABASE {} RENAME TO {}").format(sql.Identifier(building), sql.Identifier(name)))
    return name


@contextmanager
def test_database(worker: str, lock: Path) -> Iterator[str]:
    """A clone of the template for one test process, with production's grants; dropped at the end."""
    name = f"phano_test_{worker}_{hashlib.sha256(str(lock).encode()).hexdigest()[:8]}"
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        template = make_template()
        with admin_connection() as admin:
            admin.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
            admin.execute(
                sql.SQL("CREATE DATABASE {} TEMPLATE {} OWNER phano_owner").format(
                    sql.Identifier(name), sql.Identifier(template)
                )
            )
            grant_database(admin, name)
    _name_connections(name)
    try:
        yield name
    finally:
        for connection in connections.all():
            connection.close()
        connections["default"].close_pool()
        with admin_connection() as admin:
            admin.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


KEPT_TABLES = ("django_migrations", "django_content_type", "auth_permission")


def empty_tables() -> None:
    """Empty every table as the administrator: the app role cannot TRUNCATE, and must not."""
    with admin_connection(connections["default"].settings_dict["NAME"]) as admin:
        tables = admin.execute(
            "SELECT format('%%I.%%I', schemaname, tablename) FROM pg_tables "
            "WHERE (schemaname = 'public' AND tablename <> ALL(%s)) "
            "OR (schemaname = 'guard' AND tablename <> 'signing_key')",
            [list(KEPT_TABLES)],
        ).fetchall()
        admin.execute("TRUNCATE " + ", ".join(row[0] for row in tables) + " RESTART IDENTITY CASCADE")
        # Months of usage that a test made are no part of the template; who walks every table would find them empty.
        for (month,) in admin.execute(
            "SELECT inhrelid::regclass::text FROM pg_inherits JOIN pg_class ON oid = inhrelid "
            "WHERE inhparent = 'portfolio_usage'::regclass"
        ).fetchall():
            admin.execute(sql.SQL("DROP TABLE {}").format(sql.Identifier(month)))


def truncate_after_transaction_tests() -> None:
    """Put `empty_tables` in the place of Django's flush, which would need a right that the app role must not have."""
    TransactionTestCase._fixture_teardown = lambda self: empty_tables()
