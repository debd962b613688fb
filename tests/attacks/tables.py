"""The tables as PostgreSQL knows them, and rows in every one of them, whatever rooms add."""

import uuid
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from typing import Any

import psycopg
from django.db import connection
from psycopg import sql

from tests.databases import admin_connection

A_DAY = date(2026, 1, 15)

# Tables that belong to no organization, each with the reason why it may be so.
SHARED_TABLES = {
    "accounts_browsersession": "sessions of users, under the digest of their key",
    "accounts_user": "people sign in before there is an organization",
    "account_emailaddress": "allauth: addresses of users",
    "account_emailconfirmation": "allauth: unused, its links are signed instead",
    "auth_group": "Django: unused",
    "auth_group_permissions": "Django: unused",
    "auth_permission": "Django: unused",
    "django_content_type": "Django: names of models",
    "django_migrations": "Django: which migrations ran",
    "mfa_authenticator": "allauth: second factors of users, sealed",
}


@dataclass
class Column:
    """One column, as the information schema describes it."""

    name: str
    type: str
    nullable: bool
    longest: int | None


@dataclass
class Table:
    """One tenant table; a partition is a table as well."""

    name: str
    is_partitioned: bool
    is_partition: bool
    columns: list[Column] = field(default_factory=list)

    @property
    def key(self) -> str:
        """The column that names the organization."""
        return "id" if self.name == "accounts_organization" else "organization_id"


def all_tables() -> list[str]:
    """Every table of the public schema."""
    return [row[0] for row in query("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")]


def tenant_tables() -> list[Table]:
    """Every table that is not shared: also one that forgot its organization_id."""
    tables = [
        Table(*row)
        for row in query(
            "SELECT relname, relkind = 'p', relispartition FROM pg_class "
            "WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') ORDER BY relname"
        )
        if row[0] not in SHARED_TABLES
    ]
    by_name = {table.name: table for table in tables}
    for name, *column in query(
        "SELECT table_name, column_name, data_type, is_nullable = 'YES', character_maximum_length "
        "FROM information_schema.columns WHERE table_schema = 'public' AND is_generated = 'NEVER' "
        "ORDER BY table_name, ordinal_position"
    ):
        if name in by_name:
            by_name[name].columns.append(Column(*column))
    return tables


def query(statement: str, parameters: list[Any] | None = None) -> list[tuple]:
    """Rows, as the app role sees them."""
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return cursor.fetchall()


def test_database_as_admin() -> psycopg.Connection:
    """The administrator, inside this process's test database."""
    return admin_connection(connection.settings_dict["NAME"])


test_database_as_admin.__test__ = False  # type: ignore[attr-defined]  # no test, for all its name


def fill_tenant_tables(organization_id: uuid.UUID, mark: str) -> dict[str, uuid.UUID]:
    """One row of the organization in every tenant table, its texts full of `mark`; the row's id by table.

    Written by the administrator with keys and policies asleep, so that tables of any room can be filled unknown.
    """
    ids: dict[str, uuid.UUID] = {}
    tables = tenant_tables()
    with test_database_as_admin() as admin:
        admin.execute("SELECT portfolio_make_usage_month(%s)", [A_DAY])
        admin.execute("SET session_replication_role = replica")
        for table in tables:
            if table.is_partition or table.name == "accounts_organization":
                continue
            ids[table.name] = uuid.uuid4()
            values = {column.name: value_for(column, f"{mark}-{table.name}-{column.name}") for column in table.columns}
            values |= {"organization_id": organization_id}
            if "id" in values:
                values["id"] = ids[table.name]
            admin.execute(
                sql.SQL("INSERT INTO {} ({}) VALUES ({})").format(
                    sql.Identifier(table.name),
                    sql.SQL(", ").join(map(sql.Identifier, values)),
                    sql.SQL(", ").join(sql.Placeholder() * len(values)),
                ),
                list(values.values()),
            )
    return ids


def value_for(column: Column, mark: str) -> Any:
    """A value that the column's type takes; None for a reference that may be missing."""
    if column.type == "uuid":
        return None if column.nullable else uuid.uuid4()
    return {
        "text": mark,
        "character varying": mark[: column.longest],
        "smallint": 1,
        "integer": 1,
        "bigint": 1,
        "numeric": 1,
        "real": 1.0,
        "double precision": 1.0,
        "boolean": True,
        "date": A_DAY,
        "timestamp with time zone": datetime(2026, 1, 15, tzinfo=UTC),
        "time without time zone": time(3, 30),
        "bytea": b"\x01",
        "jsonb": psycopg.types.json.Jsonb({}),
        "ARRAY": "{}",
    }[column.type]
