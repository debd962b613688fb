"""Attacks 16, 17, 21, 22 and 25, read from the catalog: what every table, index, key and function must be."""

import re
import tokenize
from pathlib import Path

import psycopg
import pytest
from django.apps import apps
from django.db import DatabaseError, connection, models, transaction

from accounts.constraints import CompositeKey, OrganizationIsolation
from accounts.models import Organization
from accounts.models.organizations import OrganizationManager
from accounts.tenancy import TenantForeignKey, TenantManager
from tests.attacks.tables import SHARED_TABLES, all_tables, query, tenant_tables

pytestmark = pytest.mark.django_db

ROOT = Path(__file__).resolve().parent.parent.parent
ROOMS = ("phano", "accounts", "portfolio", "integrations", "diagnostics")

# The closed list: what works without, or past, an organization's policies.
DEFINERS = {
    "guard.claims()": "phano_guard",
    "guard.organization()": "phano_guard",
    "guard.memberships()": "phano_guard",
    "guard.organizations()": "phano_guard",
    "guard.find(text,bytea)": "phano_guard",
    "guard.register(text,bytea)": "phano_guard",
    "guard.release(text,bytea)": "phano_guard",
    "guard.found(bytea)": "phano_guard",
    "guard.invite(bytea)": "phano_guard",
    "guard.uninvite(bytea)": "phano_guard",
    "guard.invitations()": "phano_guard",
    "portfolio_make_usage_month(date)": "phano_owner",
}

# Indexes that do not begin with the organization, and why.
OTHER_INDEXES = {
    "accounts_membership_user_id": "the guard asks for one user's memberships",
    "accounts_invitation_invited_by_id": "a user's row is removed",
}


@pytest.fixture
def usage_month(db):
    """A partition, as imports make them; it goes with the test's transaction."""
    query("SELECT portfolio_make_usage_month('2026-01-15')")


def test_16_every_table_belongs_to_an_organization_or_says_why_not(usage_month):
    tables = tenant_tables()
    without = [table.name for table in tables if table.key not in {column.name for column in table.columns}]
    assert without == []
    assert len(tables) > 30
    assert set(SHARED_TABLES) <= set(all_tables()), "A table left: take it out of SHARED_TABLES."


def test_16_every_tenant_table_forces_row_level_security(usage_month):
    forced = {
        name
        for (name,) in query(
            "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace "
            "AND relrowsecurity AND relforcerowsecurity"
        )
    }
    tables = {table.name for table in tenant_tables()}
    assert tables - forced == set()
    assert any(table.is_partition for table in tenant_tables())


def test_16_every_tenant_table_has_the_one_policy(usage_month):
    policies = query(
        "SELECT tablename, policyname, permissive, roles::text[], cmd, qual, with_check FROM pg_policies "
        "WHERE schemaname = 'public' ORDER BY 1, 2"
    )
    expected = []
    for table in tenant_tables():
        test = f"({table.key} = ( SELECT guard.organization() AS organization))"
        expected.append((table.name, f"{table.name}_isolation", "PERMISSIVE", ["phano_app"], "ALL", test, test))
    # The guard reads memberships itself, at every statement.
    guard = ("accounts_membership", "accounts_membership_guard", "PERMISSIVE", ["phano_guard"], "SELECT", "true", None)
    assert policies == sorted([*expected, guard])


def test_16_nothing_shows_rows_beside_the_tables(db):
    views = query(
        "SELECT relname, relkind FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
        "WHERE n.nspname IN ('public', 'guard') AND relkind IN ('v', 'm', 'f')"
    )
    assert views == []
    assert query("SELECT rulename FROM pg_rules WHERE schemaname IN ('public', 'guard')") == []


def test_17_the_roles_are_what_they_must_be(db):
    roles = query(
        "SELECT rolname, rolcanlogin, rolsuper, rolbypassrls, rolcreatedb, rolcreaterole, rolreplication, rolinherit "
        "FROM pg_roles WHERE rolname LIKE 'phano%' ORDER BY 1"
    )
    assert roles == [
        ("phano_app", True, False, False, False, False, False, False),
        ("phano_backup", True, False, True, False, False, False, True),
        ("phano_guard", False, False, False, False, False, False, True),
        ("phano_owner", True, False, False, False, False, False, True),
    ]
    memberships = query(
        "SELECT m.member::regrole::text, m.roleid::regrole::text, inherit_option FROM pg_auth_members m "
        "WHERE m.member::regrole::text LIKE 'phano%'"
    )
    assert memberships == [("phano_owner", "phano_guard", False)]


def test_17_the_app_role_owns_nothing_and_may_only_read_and_write_rows(usage_month):
    assert query("SELECT current_user, session_user") == [("phano_app", "phano_app")]
    owned = query(
        "SELECT classid::regclass, objid FROM pg_shdepend WHERE refobjid = 'phano_app'::regrole AND deptype = 'o'"
    )
    assert owned == []
    rights = {
        row[0]
        for row in query(
            "SELECT DISTINCT privilege_type FROM information_schema.role_table_grants WHERE grantee = 'phano_app'"
        )
    }
    assert rights == {"SELECT", "INSERT", "UPDATE", "DELETE"}
    assert query("SELECT * FROM information_schema.role_usage_grants WHERE grantee = 'phano_app'") == []
    schemas = query(
        "SELECT nspname FROM pg_namespace WHERE has_schema_privilege('phano_app', oid, 'CREATE') "
        "AND nspname NOT LIKE 'pg_%'"
    )
    assert schemas == []
    assert query("SELECT has_database_privilege('phano_app', current_database(), 'TEMP, CREATE')") == [(False,)]
    # A partition is a table by its own name as well.
    assert (
        query(
            "SELECT relname FROM pg_class WHERE relispartition AND relkind = 'r' "
            "AND has_table_privilege('phano_app', oid, 'TRUNCATE, TRIGGER, REFERENCES, MAINTAIN')"
        )
        == []
    )


@pytest.mark.parametrize(
    "statement",
    [
        "TRUNCATE accounts_team",
        "CREATE TEMP TABLE loot (x int)",
        "CREATE TABLE loot (x int)",
        "CREATE FUNCTION loot() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "ALTER TABLE accounts_team DISABLE ROW LEVEL SECURITY",
        "DROP POLICY accounts_team_isolation ON accounts_team",
        "SET ROLE phano_owner",
        "SET ROLE phano_guard",
        "SET SESSION AUTHORIZATION phano_owner",
        "SET session_replication_role = replica",
        "SELECT * FROM guard.signing_key",
        "SELECT * FROM guard.handle",
        "SELECT * FROM guard.founding",
        "SELECT * FROM guard.invitee",
        "SELECT guard.claims()",
        "SELECT query FROM pg_stat_activity",
        "SELECT pg_stat_get_backend_activity(1)",
        "SELECT rolpassword FROM pg_authid",
        "SELECT pg_read_file('/etc/passwd')",
        "COPY accounts_team TO '/dev/null'",
        "COPY accounts_team TO PROGRAM 'cat'",
        "UPDATE accounts_auditentry SET action = ''",
        "DELETE FROM accounts_auditentry",
        "DELETE FROM django_migrations",
    ],
)
def test_17_the_app_role_is_refused(db, statement):
    with pytest.raises(DatabaseError) as refused, transaction.atomic():
        query(statement)
    assert isinstance(refused.value.__cause__, psycopg.errors.InsufficientPrivilege)


def test_21_every_reference_between_tenant_tables_is_composite(usage_month):
    tenants = {table.name for table in tenant_tables()}
    keys = query(
        "SELECT conrelid::regclass::text, confrelid::regclass::text, condeferrable, "
        "(SELECT array_agg(attname::text ORDER BY at) FROM unnest(conkey) WITH ORDINALITY u(num, at) "
        " JOIN pg_attribute ON attrelid = conrelid AND attnum = num), "
        "(SELECT array_agg(attname::text ORDER BY at) FROM unnest(confkey) WITH ORDINALITY u(num, at) "
        " JOIN pg_attribute ON attrelid = confrelid AND attnum = num) "
        "FROM pg_constraint WHERE contype = 'f'"
    )
    between = [key for key in keys if key[0] in tenants and key[1] in tenants]
    simple = [key for key in between if len(key[3]) == 1 and key[3] != ["organization_id"]]
    assert simple == []
    composite = [key for key in between if len(key[3]) > 1]
    assert [key for key in composite if key[3][0] != "organization_id" or key[4] != ["organization_id", "id"]] == []
    assert [key for key in composite if key[2]] == [], "A deferred key raises only at commit."
    declared = {
        (model._meta.db_table, constraint.column)
        for model in apps.get_models()
        for constraint in model._meta.constraints
        if isinstance(constraint, CompositeKey)
    }
    assert declared - {(table, columns[1]) for table, _to, _deferred, columns, _there in composite} == set()
    assert len(declared) > 20


def test_22_no_unique_index_can_tell_of_another_organization(usage_month):
    tenants = {table.name for table in tenant_tables()} - {"accounts_organization"}
    unique = query(
        "SELECT indrelid::regclass::text, indexrelid::regclass::text, indisprimary, "
        "(SELECT array_agg(attname::text ORDER BY at) FROM unnest(indkey) WITH ORDINALITY u(num, at) "
        " JOIN pg_attribute ON attrelid = indrelid AND attnum = num) FROM pg_index WHERE indisunique"
    )
    global_ones = [
        row
        for row in unique
        # A random id tells nothing, and is never taken from input.
        if row[0] in tenants and row[3][0] != "organization_id" and not (row[2] and row[3] == ["id"])
    ]
    assert global_ones == []


def test_16_every_index_begins_with_the_organization(usage_month):
    tenants = {table.name for table in tenant_tables()}
    indexes = query(
        "SELECT indrelid::regclass::text, indexrelid::regclass::text, "
        "(SELECT attname::text FROM pg_attribute WHERE attrelid = indrelid AND attnum = indkey[0]) "
        "FROM pg_index WHERE NOT indisprimary"
    )
    others = {index for table, index, first in indexes if table in tenants and first != "organization_id"}
    # Django ends a name that it made itself with eight hexadecimal digits.
    assert {re.sub(r"_[0-9a-f]{8}$", "", index) for index in others} == set(OTHER_INDEXES)


def test_25_the_definer_functions_are_a_closed_list(db):
    functions = query(
        "SELECT p.oid::regprocedure::text, proowner::regrole::text, proconfig, proacl::text "
        "FROM pg_proc p WHERE prosecdef AND pronamespace::regnamespace::text NOT LIKE 'pg_%' "
        "AND pronamespace::regnamespace::text <> 'information_schema'"
    )
    assert {name: owner for name, owner, _config, _acl in functions} == DEFINERS
    for name, _owner, config, acl in functions:
        assert config == ['search_path=""'], name
        # An entry without a role before "=" is PUBLIC.
        assert acl is not None, name
        assert not re.search(r"[{,]=", acl), name
        assert ("phano_app=X" in acl) == (name != "guard.claims()"), name


def tenant_models():
    """Every model with an organization, and the organization itself."""
    return [
        model
        for model in apps.get_models()
        if model is Organization or any(f.name == "organization" for f in model._meta.concrete_fields)
    ]


def test_every_tenant_model_has_manager_policy_and_composite_keys():
    walked = tenant_models()
    assert {model._meta.db_table for model in walked} == {t.name for t in tenant_tables() if not t.is_partition}
    for model in walked:
        label = model._meta.label
        manager = OrganizationManager if model is Organization else TenantManager
        assert isinstance(model._default_manager, manager), label
        assert all(isinstance(one, manager) for one in model._meta.managers), label
        constraints = model._meta.constraints
        assert sum(isinstance(one, OrganizationIsolation) for one in constraints) == 1, label
        keys = {one.column for one in constraints if isinstance(one, CompositeKey)}
        for field in model._meta.concrete_fields:
            if isinstance(field, models.ForeignKey) and field.related_model in walked and field.name != "organization":
                assert isinstance(field, TenantForeignKey), f"{label}.{field.name}"
                assert field.column in keys, f"{label}.{field.name}"
            assert not isinstance(field, models.OneToOneField), f"{label}.{field.name}: a unique column is an oracle"
        assert not model._meta.many_to_many, f"{label}: a hidden table has no policy"


def test_no_way_out_of_the_context_is_used():
    """A context manager that leaves the organization would be named unsafe_…; today there is none."""
    used = []
    for room in ROOMS:
        for path in (ROOT / room).rglob("*.py"):
            with tokenize.open(path) as source:
                used += [
                    f"{path.relative_to(ROOT)}:{token.start[0]}"
                    for token in tokenize.generate_tokens(source.readline)
                    if token.type == tokenize.NAME and token.string.startswith("unsafe_")
                ]
    assert used == []


def test_no_room_asks_for_the_owners_connection():
    """The owner's alias is for migrations: a query through it would meet no policy of the app's."""
    used = []
    for room in ROOMS:
        for path in (ROOT / room).rglob("*.py"):
            if path.name in {"routers.py", "migrate.py", "settings.py", "provision.py"} or "migrations" in path.parts:
                continue
            text = path.read_text()
            if re.search(r"""using\(["']owner|connections\[["']owner|using=["']owner|database=["']owner""", text):
                used.append(str(path.relative_to(ROOT)))
    assert used == []
    assert connection.alias == "default"
