"""Attacks 13, 15, 19 and 21 on every tenant table, each with a row that could leak."""

import re
import uuid
from dataclasses import dataclass

import psycopg
import pytest
from django.db import DatabaseError, connection, transaction
from psycopg import sql
from psycopg.errors import ForeignKeyViolation, InsufficientPrivilege

from accounts import context as contexts
from accounts.context import organization_context, sign_token
from tests.attacks.tables import Table, fill_tenant_tables, query, tenant_tables, test_database_as_admin

pytestmark = pytest.mark.django_db(transaction=True)


@dataclass
class World:
    """Both organizations with a row in every table."""

    cast: object
    tables: list[Table]
    acme_rows: dict[str, uuid.UUID]
    globex_rows: dict[str, uuid.UUID]


@pytest.fixture
def world(transactional_db):
    from tests.conftest import make_cast

    cast = make_cast()
    acme_rows = fill_tenant_tables(cast.acme.id, "ACME")
    globex_rows = fill_tenant_tables(cast.globex.id, "GLOBEX")
    return World(cast, tenant_tables(), acme_rows, globex_rows)


def count_rows(table: Table) -> int:
    return query(f'SELECT count(*) FROM "{table.name}"')[0][0]


def count_all_rows(tables: list[Table]) -> dict[str, int]:
    """What is really there."""
    with test_database_as_admin() as admin:
        return {t.name: admin.execute(f'SELECT count(*) FROM "{t.name}"').fetchone()[0] for t in tables}


def organizations_seen(table: Table) -> set[uuid.UUID]:
    return {row[0] for row in query(f'SELECT DISTINCT "{table.key}" FROM "{table.name}"')}


def attempt(statement: str, parameters: list | None = None) -> int | type[Exception]:
    """The number of rows the statement touched, or psycopg's error; nothing of it stays."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement, parameters)
            transaction.set_rollback(True)
            return cursor.rowcount
    except DatabaseError as error:
        return type(error.__cause__)


def copy_row(table: Table, organization_id: uuid.UUID, *, source: uuid.UUID) -> tuple[str, list]:
    """The INSERT of a copy of one of `source`'s rows, as a row of another organization."""
    names = [column.name for column in table.columns]
    with test_database_as_admin() as admin:
        columns = sql.SQL(", ").join(map(sql.Identifier, names))
        find = sql.SQL("SELECT {} FROM {} WHERE {} = %s LIMIT 1").format(
            columns, sql.Identifier(table.name), sql.Identifier(table.key)
        )
        found = admin.execute(find, [source]).fetchone()
        insert = sql.SQL("INSERT INTO {} ({}) VALUES ({})").format(
            sql.Identifier(table.name), columns, sql.SQL(", ").join(sql.Placeholder() * len(names))
        )
        statement = insert.as_string(admin)
    values = dict(zip(names, found, strict=True))
    if "id" in values:
        values["id"] = uuid.uuid4()
    values[table.key] = organization_id
    return statement, [psycopg.types.json.Jsonb(v) if isinstance(v, dict) else v for v in values.values()]


def test_15_without_a_context_no_row_shows_and_none_is_taken(world):
    stored = count_all_rows(world.tables)
    assert all(stored.values()), "Every table holds rows that could leak."
    inserts = {t.name: copy_row(t, world.cast.acme.id, source=world.cast.acme.id) for t in world.tables}
    for table in world.tables:
        assert count_rows(table) == 0, table.name
        assert attempt(*inserts[table.name]) is InsufficientPrivilege, table.name
        # A table that takes no change at all (the audit trail) refuses; the others find no row.
        for act in (f'UPDATE "{table.name}" SET "{table.key}" = "{table.key}"', f'DELETE FROM "{table.name}"'):
            assert attempt(act) in (0, InsufficientPrivilege), act
    assert count_all_rows(world.tables) == stored


def test_15_a_member_sees_and_writes_the_own_organization_only(world):
    acme, globex = world.cast.acme.id, world.cast.globex.id
    inserts = {t.name: copy_row(t, globex, source=acme) for t in world.tables}
    with organization_context(organization_id=acme, user_id=world.cast.alice.id):
        for table in world.tables:
            assert organizations_seen(table) == {acme}, table.name
            assert attempt(*inserts[table.name]) is InsufficientPrivilege, table.name
            # Handing an own row over to another organization is a write there.
            handed_over = attempt(f'UPDATE "{table.name}" SET "{table.key}" = %s', [globex])
            assert handed_over is InsufficientPrivilege, table.name


def test_13_an_empty_or_forged_context_shows_no_row_of_any_table(world, settings):
    forger = "another secret"
    with transaction.atomic():
        pid = connection.connection.info.backend_pid
        true_secret, settings.CONTEXT_SECRET = settings.CONTEXT_SECRET, forger
        forged = sign_token(world.cast.globex.id, world.cast.charlie.id, backend_pid=pid, lifetime=60)
        settings.CONTEXT_SECRET = true_secret
        for token in ("", str(world.cast.globex.id), forged):
            contexts._set(token)
            for table in world.tables:
                assert count_rows(table) == 0, (table.name, token)


def test_19_a_token_opens_only_as_it_was_signed(world, settings):
    acme, globex = world.cast.acme.id, world.cast.globex.id
    alice, charlie, eve = world.cast.alice.id, world.cast.charlie.id, world.cast.eve.id
    team = next(table for table in world.tables if table.name == "accounts_team")
    with transaction.atomic():
        pid = connection.connection.info.backend_pid

        def sign(organization=acme, user=alice, *, pid=pid, lifetime=60, key="k1", secret=settings.CONTEXT_SECRET):
            was, settings.CONTEXT_SECRET = settings.CONTEXT_SECRET, secret
            was_key, contexts.KEY_ID = contexts.KEY_ID, key
            try:
                return sign_token(organization, user, backend_pid=pid, lifetime=lifetime)
            finally:
                settings.CONTEXT_SECRET, contexts.KEY_ID = was, was_key

        good = sign()
        contexts._set(good)
        assert organizations_seen(team) == {acme}

        kid, organization, user, expiry, process, mac = good.split(".")
        others = sign(globex, charlie).split(".")
        bad = {
            "expired": sign(lifetime=-1),
            "other process": sign(pid=pid + 1),
            "other secret": sign(secret="guessed"),
            "unknown key": sign(key="k2"),
            "no key": sign(key=""),
            "not a member": sign(acme, eve),
            "member of another": sign(acme, charlie),
            "organization swapped": ".".join([kid, str(globex), user, expiry, process, mac]),
            "user swapped": ".".join([kid, organization, str(charlie), expiry, process, mac]),
            "expiry pushed": ".".join([kid, organization, user, str(int(expiry) + 1), process, mac]),
            "mac of another": ".".join([kid, organization, user, expiry, process, others[5]]),
            "body of another": ".".join([*others[:5], mac]),
            "mac in capitals": good[: -len(mac)] + mac.upper(),
            "mac shortened": good[:-1],
            "mac lengthened": good + "0",
            "no mac": good[: -len(mac)],
            "mac left out": good[: -len(mac) - 1],
            "one part more": good + ".",
            "parts shifted": f"{kid}.{organization}.{user}{expiry}..{process}.{mac}",
            "blank at the end": good + " ",
            "empty": "",
            "dots": ".....",
            "words": "a.b.c.d.e.f",
            "quotes": "'.'.'.'.'.'",
            "huge": "9" * 10_000,
            "expiry too large": f"{kid}.{organization}.{user}.{'9' * 40}.{process}.{mac}",
            "not hexadecimal": good[: -len(mac)] + "g" * 64,
        }
        for name, token in bad.items():
            contexts._set(token)
            assert count_rows(team) == 0, name
            assert query("SELECT guard.organization()") == [(None,)], name
        contexts._set(good)
        assert organizations_seen(team) == {acme}


def test_21_a_foreign_id_and_a_missing_one_give_the_same_error(world):
    keys = query(
        "SELECT conrelid::regclass::text, confrelid::regclass::text, "
        "(SELECT attname::text FROM pg_attribute WHERE attrelid = conrelid AND attnum = conkey[2]) "
        "FROM pg_constraint WHERE contype = 'f' AND array_length(conkey, 1) = 2 AND conparentid = 0"
    )
    assert len(keys) > 20
    for table, target, column in keys:
        answers = []
        for wanted in (world.globex_rows[target], uuid.uuid4()):
            with (
                organization_context(organization_id=world.cast.acme.id, user_id=world.cast.alice.id),
                pytest.raises(DatabaseError) as refused,
                transaction.atomic(),
                connection.cursor() as cursor,
            ):
                cursor.execute(f'UPDATE "{table}" SET "{column}" = %s', [wanted])
            assert type(refused.value.__cause__) in (ForeignKeyViolation, InsufficientPrivilege), (table, column)
            answers.append(re.sub(str(wanted), "…", str(refused.value)))
        assert answers[0] == answers[1]


def test_22_what_another_organization_uses_is_free_to_use(transactional_db):
    """No error tells that a value is taken elsewhere."""
    from tests.conftest import make_cast

    cast = make_cast()
    fill_tenant_tables(cast.globex.id, "GLOBEX")
    tables = [t for t in tenant_tables() if t.name not in ("accounts_organization", "accounts_membership")]
    inserts = {t.name: copy_row(t, cast.acme.id, source=cast.globex.id) for t in tables}
    with organization_context(organization_id=cast.acme.id, user_id=cast.alice.id):
        # A required reference points nowhere in acme, and is refused for that alone.
        answers = {name: attempt(*insert) for name, insert in inserts.items()}
    assert set(answers.values()) == {1, ForeignKeyViolation}
