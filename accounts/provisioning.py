"""Roles, database, schema and key of a cluster, made by its administrator; safe to run again at any time.

Migrations cannot make roles. The app role owns nothing and gains no right here beyond rows it is let see.
"""

from typing import Any

import psycopg
from psycopg import sql

from accounts.context import KEY_ID, pads

ROLES = {
    "phano_owner": "LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE NOREPLICATION",
    "phano_app": "LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE NOREPLICATION NOINHERIT",
    "phano_backup": "LOGIN NOSUPERUSER BYPASSRLS NOCREATEDB NOCREATEROLE",
    "phano_guard": "NOLOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE NOREPLICATION",
}


def provision_roles(admin: psycopg.Connection, passwords: dict[str, str]) -> None:
    """Make or mend the cluster's roles; `passwords` by role, a role without one keeps what it has."""
    for role, attributes in ROLES.items():
        exists = admin.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone()
        verb = sql.SQL("ALTER" if exists else "CREATE")
        statement = sql.SQL("{} ROLE {} {}").format(verb, sql.Identifier(role), sql.SQL(attributes))
        if passwords.get(role):
            statement += sql.SQL(" PASSWORD {}").format(sql.Literal(passwords[role]))
        admin.execute(statement)
    # The owner may hand functions to the guard, but does not act as it by default.
    admin.execute("GRANT phano_guard TO phano_owner WITH INHERIT FALSE, SET TRUE")


def provision_database(admin: psycopg.Connection, name: str) -> None:
    """Make the database, owned by phano_owner, where it does not exist; `admin` must be in autocommit."""
    if not admin.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
        admin.execute(
            sql.SQL(
                "CREATE DATABASE {} OWNER phano_owner TEMPLATE template0 ENCODING 'UTF8' "
                "LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8' LOCALE 'C'"
            ).format(sql.Identifier(name))
        )
    grant_database(admin, name)


def grant_database(admin: psycopg.Connection, name: str) -> None:
    """What the roles may do with the database itself; a clone from a template needs this again."""
    database = sql.Identifier(name)
    admin.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(database))
    admin.execute(sql.SQL("GRANT CONNECT ON DATABASE {} TO phano_app, phano_owner, phano_backup").format(database))


def provision_schema(database: psycopg.Connection, context_secret: str) -> bool:
    """Schemas, default privileges and the guard's signing key, inside the database; what hide_statements answers."""
    for statement in (
        "ALTER SCHEMA public OWNER TO phano_owner",
        "REVOKE ALL ON SCHEMA public FROM PUBLIC",
        "GRANT USAGE ON SCHEMA public TO phano_app, phano_guard, phano_backup",
        "CREATE SCHEMA IF NOT EXISTS guard AUTHORIZATION phano_guard",
        "GRANT USAGE ON SCHEMA guard TO phano_app, phano_owner",
        "ALTER DEFAULT PRIVILEGES FOR ROLE phano_owner IN SCHEMA public "
        "GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO phano_app",
        "ALTER DEFAULT PRIVILEGES FOR ROLE phano_owner IN SCHEMA public GRANT SELECT ON TABLES TO phano_backup",
        "ALTER DEFAULT PRIVILEGES FOR ROLE phano_owner REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC",
        "ALTER DEFAULT PRIVILEGES FOR ROLE phano_guard REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC",
        "CREATE TABLE IF NOT EXISTS guard.signing_key (kid text PRIMARY KEY, ikey bytea NOT NULL, okey bytea NOT NULL)",
        "ALTER TABLE guard.signing_key OWNER TO phano_guard",
        "CREATE EXTENSION IF NOT EXISTS pg_trgm",
        "CREATE EXTENSION IF NOT EXISTS unaccent",
    ):
        database.execute(statement)  # type: ignore[arg-type]  # literals above, no input
    ikey, okey = pads(context_secret)
    database.execute(
        "INSERT INTO guard.signing_key (kid, ikey, okey) VALUES (%s, %s, %s) "
        "ON CONFLICT (kid) DO UPDATE SET ikey = excluded.ikey, okey = excluded.okey",
        [KEY_ID, ikey, okey],
    )
    return hide_statements(database)


def hide_statements(database: psycopg.Connection) -> bool:
    """Let no role but monitors read what other connections run; False where the administrator may not change that.

    All organizations' statements run as phano_app, values included: pg_stat_activity would show them to one another.
    """
    functions = "pg_catalog.pg_stat_get_activity(integer), pg_catalog.pg_stat_get_backend_activity(integer)"
    try:
        database.execute(f"REVOKE EXECUTE ON FUNCTION {functions} FROM PUBLIC")  # type: ignore[arg-type]  # literal
        database.execute(f"GRANT EXECUTE ON FUNCTION {functions} TO pg_monitor")  # type: ignore[arg-type]  # literal
    except psycopg.errors.InsufficientPrivilege:
        return False
    return True


def provision_cluster(admin_conninfo: dict[str, Any], *, name: str, passwords: dict[str, str], secret: str) -> bool:
    """Everything, in order; `admin_conninfo` are psycopg's keyword arguments of an administrator's connection.

    False where the administrator could not hide other connections' statements (a managed cluster).
    """
    with psycopg.connect(**{**admin_conninfo, "dbname": "postgres"}, autocommit=True) as admin:
        provision_roles(admin, passwords)
        provision_database(admin, name)
    with psycopg.connect(**{**admin_conninfo, "dbname": name}, autocommit=True) as database:
        return provision_schema(database, secret)
