"""Attack 18: a view that hands its parameter to PostgreSQL still shows one organization only."""

import pytest
from django.db import connection

from accounts.context import sign_token
from accounts.models import Team
from portfolio.models import Account
from tests.attacks.tables import A_DAY, fill_tenant_tables, test_database_as_admin

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.urls("tests.attacks.urls")]

SHOW = "SELECT name FROM portfolio_account"

PAYLOADS = {
    "or": "' OR '1'='1",
    "union": f"' UNION {SHOW} --",
    "union all organizations": "' UNION SELECT slug FROM accounts_organization --",
    "union explicit organization": "' UNION SELECT name FROM portfolio_account WHERE organization_id = '{globex}' --",
    "union members": "' UNION SELECT role || user_id FROM accounts_membership WHERE organization_id = '{globex}' --",
    "union partition": "' UNION SELECT metric FROM portfolio_usage_202601 --",
    "common table expression": f"'; WITH x AS ({SHOW}) SELECT * FROM x --",
    "subquery": f"' UNION SELECT (SELECT string_agg(name, ',') FROM ({SHOW}) x) --",
    "lateral": f"' UNION SELECT b.name FROM portfolio_account a, LATERAL ({SHOW}) b --",
    "stacked": f"'; {SHOW} --",
    "emptied context": f"'; SET LOCAL phano.context = ''; {SHOW} --",
    "reset context": f"'; RESET phano.context; {SHOW} --",
    "reset all": f"'; RESET ALL; {SHOW} --",
    "discard": f"'; DISCARD ALL; {SHOW} --",
    "context in the select": "' UNION SELECT set_config('phano.context', '{forged}', true) UNION " + SHOW + " --",
    "forged context": f"'; SELECT set_config('phano.context', '{{forged}}', true); {SHOW} --",
    "forged for the session": f"'; SELECT set_config('phano.context', '{{forged}}', false); COMMIT; {SHOW} --",
    "own token, other organization": "'; SELECT set_config('phano.context', "
    f"replace(current_setting('phano.context'), '{{acme}}', '{{globex}}'), true); {SHOW} --",
    "committed": f"'; COMMIT; {SHOW} --",
    "rolled back": f"'; ROLLBACK; {SHOW} --",
    "row security off": f"'; SET row_security = off; {SHOW} --",
    "other role": f"'; SET ROLE phano_owner; {SHOW} --",
    "reset role": f"'; RESET ROLE; {SHOW} --",
    "other session": f"'; SET SESSION AUTHORIZATION DEFAULT; {SHOW} --",
    "keys asleep": f"'; SET session_replication_role = replica; {SHOW} --",
    "disabled policy": f"'; ALTER TABLE portfolio_account DISABLE ROW LEVEL SECURITY; {SHOW} --",
    "own policy": f"'; CREATE POLICY p ON portfolio_account USING (true); {SHOW} --",
    "guard replaced": "'; CREATE OR REPLACE FUNCTION guard.organization() RETURNS uuid LANGUAGE sql AS "
    f"$$ SELECT '{{globex}}'::uuid $$; {SHOW} --",
    "guard beside": "'; CREATE SCHEMA evil; --",
    "signing key": "' UNION SELECT encode(okey, 'hex') FROM guard.signing_key --",
    "founding": "'; SELECT guard.found('\\x01'); " + SHOW + " --",
    "founding nobody": "'; SELECT set_config('phano.context', '{forged}', true); SELECT guard.found('\\x01') --",
    "copy": "'; COPY portfolio_account TO STDOUT --",
    "copy query": f"'; COPY ({SHOW}) TO '/tmp/x' --",
    "large object": "'; SELECT lo_export(1, '/tmp/x') --",
    "raised": f"'; DO $$ BEGIN RAISE EXCEPTION '%', (SELECT string_agg(name, ',') FROM ({SHOW}) x); END $$ --",
    "raised by a cast": f"' UNION SELECT (SELECT string_agg(name, ',') FROM ({SHOW}) x)::int::text --",
    "prepared": f"'; PREPARE p AS {SHOW}; EXECUTE p --",
    "cursor": f"'; DECLARE c CURSOR FOR {SHOW}; FETCH ALL FROM c --",
    "explained": "'; EXPLAIN ANALYZE SELECT * FROM portfolio_account WHERE organization_id = '{globex}' --",
    "statistics": "' UNION SELECT most_common_vals::text || histogram_bounds::text FROM pg_stats --",
    "raw statistics": "' UNION SELECT stavalues1::text FROM pg_statistic --",
    "what others run": "' UNION SELECT query FROM pg_stat_activity --",
    "locks and rows": "'; SELECT * FROM portfolio_account FOR UPDATE --",
    "leaking operator": "'; SELECT name FROM portfolio_account WHERE 1 / (length(name) - length(name)) > 0 --",
    "xml of the table": "' UNION SELECT table_to_xml('portfolio_account', true, false, '')::text --",
    "xml of the schema": "' UNION SELECT database_to_xml(true, false, '')::text --",
    "xml of a query": f"' UNION SELECT query_to_xml('{SHOW.replace(chr(39), chr(39) * 2)}', true, false, '')::text --",
    "inherited": "' UNION SELECT name FROM ONLY portfolio_account --",
    "deleted and shown": "'; DELETE FROM portfolio_account WHERE organization_id = '{globex}' RETURNING name --",
    "updated and shown": "'; UPDATE portfolio_account SET name = name RETURNING name --",
    "merged": "'; MERGE INTO portfolio_account t USING portfolio_account s ON t.id = s.id "
    "WHEN MATCHED THEN UPDATE SET name = s.name RETURNING t.name --",
    "on conflict": "'; INSERT INTO portfolio_account SELECT * FROM portfolio_account ON CONFLICT (id) "
    "DO UPDATE SET name = excluded.name RETURNING name --",
}


@pytest.fixture
def ask(client_for, settings):
    """Alice asks in acme; both organizations hold rows, statistics of them are collected."""
    from accounts.context import organization_context
    from tests.conftest import make_cast

    cast = make_cast()
    fill_tenant_tables(cast.globex.id, "GLOBEX-CANARY")
    with organization_context(organization_id=cast.acme.id, user_id=cast.alice.id):
        Account.objects.create(source_id="1", name="ACME-ROW")
        Team.objects.create(name="ACME-TEAM")
    with organization_context(organization_id=cast.globex.id, user_id=cast.charlie.id):
        for number in range(20):
            Account.objects.create(source_id=str(number), name="GLOBEX-CANARY")
    with test_database_as_admin() as admin:
        admin.execute("ANALYZE")
    connection.ensure_connection()
    was, settings.CONTEXT_SECRET = settings.CONTEXT_SECRET, "guessed"
    pid = connection.connection.info.backend_pid
    forged = sign_token(cast.globex.id, cast.charlie.id, backend_pid=pid, lifetime=60)
    settings.CONTEXT_SECRET = was
    client = client_for(cast.alice)

    def send(payload):
        for name, value in (("{acme}", cast.acme.id), ("{globex}", cast.globex.id), ("{forged}", forged)):
            payload = payload.replace(name, str(value))
        return client.get("/o/acme/vulnerable/", {"q": payload}).content.decode()

    return send


def test_18_injected_sql_sees_one_organization(ask):
    assert "ACME-ROW" in ask(PAYLOADS["or"]), "The view is as vulnerable as it should be."
    assert "ACME-ROW" in ask(PAYLOADS["stacked"]), "Several statements do go through."
    assert A_DAY.strftime("%Y%m") == "202601"
    with test_database_as_admin() as admin:
        stored = admin.execute("SELECT count(*) FROM portfolio_account WHERE name = 'GLOBEX-CANARY'").fetchone()[0]
    assert stored == 20
    leaks = {}
    for name, payload in PAYLOADS.items():
        answer = ask(payload)
        # An error may quote the payload itself, never a row.
        if "CANARY" in answer.replace(payload, ""):
            leaks[name] = answer
        # Whatever the payload left behind, the next request is Alice's in acme again.
        assert "ACME-ROW" in ask(PAYLOADS["or"]), name
        assert "CANARY" not in ask(PAYLOADS["stacked"]), name
    assert leaks == {}
    with test_database_as_admin() as admin:
        assert admin.execute("SELECT count(*) FROM portfolio_account WHERE name LIKE 'GLOBEX%'").fetchone()[0] == 21


def test_18_another_members_token_is_worth_nothing_elsewhere(ask):
    """The token can be read by who injects; it names the own membership, and dies with connection or hour."""
    token = ask("' UNION SELECT current_setting('phano.context') --")
    assert token.count(".") == 5
    assert "ACME-ROW" in ask(f"'; SELECT set_config('phano.context', '{token[2:-3]}', true); {SHOW} --")
    connection.close()
    connection.close_pool()
    assert "ACME-ROW" not in ask(f"'; SELECT set_config('phano.context', '{token[2:-3]}', true); {SHOW} --")
