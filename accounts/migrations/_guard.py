"""The guard: the closed list of functions that see past row-level security, each with one narrow answer.

Counted by a test. All are SECURITY DEFINER with an empty search path and no right for PUBLIC. They are made before
the tables they read, because every table's policy names guard.organization().
"""

AS_GUARD = "SET LOCAL ROLE phano_guard;"
AS_OWNER = "RESET ROLE;"

TABLES = """
CREATE TABLE guard.handle (
    kind text NOT NULL, digest bytea NOT NULL, organization_id uuid NOT NULL, PRIMARY KEY (kind, digest)
);
CREATE INDEX handle_organization ON guard.handle (organization_id);
-- One row per organization, made at its founding. While its transaction runs, the founder is let in without a
-- membership, which does not exist yet.
CREATE TABLE guard.founding (
    organization_id uuid PRIMARY KEY, user_id uuid NOT NULL, transaction xid8 NOT NULL
);
"""

# Who the signed token speaks for; NULLs for anything wrong, never an error that tells something.
CLAIMS = """
CREATE FUNCTION guard.claims(OUT organization_id uuid, OUT user_id uuid)
LANGUAGE plpgsql STABLE SECURITY DEFINER PARALLEL RESTRICTED SET search_path = '' AS $$
DECLARE
    part text[] := string_to_array(current_setting('phano.context', true), '.');
    signing guard.signing_key;
BEGIN
    IF cardinality(part) IS DISTINCT FROM 6 THEN RETURN; END IF;
    SELECT * INTO signing FROM guard.signing_key k WHERE k.kid = part[1];
    IF NOT FOUND THEN RETURN; END IF;
    IF encode(sha256(signing.okey || sha256(
        signing.ikey || convert_to(array_to_string(part[1:5], '.'), 'UTF8'))), 'hex') <> part[6]
    THEN RETURN; END IF;
    -- From here on the text is our own, so that the casts cannot fail.
    IF part[4]::bigint < extract(epoch FROM clock_timestamp()) OR part[5]::int <> pg_backend_pid()
    THEN RETURN; END IF;
    organization_id := part[2]::uuid;
    user_id := part[3]::uuid;
END $$;
"""

ORGANIZATION = """
CREATE FUNCTION guard.organization() RETURNS uuid
LANGUAGE plpgsql STABLE SECURITY DEFINER PARALLEL RESTRICTED SET search_path = '' AS $$
DECLARE
    claim record;
BEGIN
    SELECT * INTO claim FROM guard.claims();
    IF claim.organization_id IS NULL THEN RETURN NULL; END IF;
    PERFORM 1 FROM public.accounts_membership m
      WHERE m.organization_id = claim.organization_id AND m.user_id = claim.user_id AND m.status = 'active';
    IF FOUND THEN RETURN claim.organization_id; END IF;
    PERFORM 1 FROM guard.founding f
      WHERE f.organization_id = claim.organization_id AND f.user_id = claim.user_id
        AND f.transaction = pg_current_xact_id_if_assigned();
    IF FOUND THEN RETURN claim.organization_id; END IF;
    RETURN NULL;
END $$;
"""

MEMBERSHIPS = """
CREATE FUNCTION guard.memberships() RETURNS SETOF uuid
LANGUAGE plpgsql STABLE SECURITY DEFINER PARALLEL RESTRICTED SET search_path = '' AS $$
BEGIN
    RETURN QUERY SELECT m.organization_id FROM public.accounts_membership m
      WHERE m.user_id = (SELECT c.user_id FROM guard.claims() c) AND m.status = 'active' AND m.role <> 'service'
      ORDER BY m.joined_at, m.organization_id;
END $$;
"""

DIRECTORY = """
CREATE FUNCTION guard.organizations() RETURNS SETOF uuid
LANGUAGE sql STABLE SECURITY DEFINER PARALLEL RESTRICTED SET search_path = '' AS $$
    SELECT f.organization_id FROM guard.founding f ORDER BY f.organization_id
$$;
CREATE FUNCTION guard.find(wanted_kind text, wanted bytea) RETURNS uuid
LANGUAGE sql STABLE SECURITY DEFINER PARALLEL RESTRICTED SET search_path = '' AS $$
    SELECT h.organization_id FROM guard.handle h WHERE h.kind = wanted_kind AND h.digest = wanted
$$;
CREATE FUNCTION guard.register(new_kind text, new_digest bytea) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = '' AS $$
DECLARE
    here uuid := guard.organization();
BEGIN
    IF here IS NULL THEN RAISE insufficient_privilege USING MESSAGE = 'No organization context.'; END IF;
    INSERT INTO guard.handle (kind, digest, organization_id) VALUES (new_kind, new_digest, here);
END $$;
CREATE FUNCTION guard.release(old_kind text, old_digest bytea) RETURNS void
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = '' AS $$
    DELETE FROM guard.handle h
    WHERE h.kind = old_kind AND h.digest = old_digest AND h.organization_id = guard.organization()
$$;
"""

FOUND = """
CREATE FUNCTION guard.found(slug_digest bytea) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = '' AS $$
DECLARE
    claim record;
BEGIN
    SELECT * INTO claim FROM guard.claims();
    IF claim.organization_id IS NULL THEN RAISE insufficient_privilege USING MESSAGE = 'No signed context.'; END IF;
    -- Both raise unique_violation: an organization is founded once, a slug belongs to one organization.
    INSERT INTO guard.founding (organization_id, user_id, transaction)
      VALUES (claim.organization_id, claim.user_id, pg_current_xact_id());
    INSERT INTO guard.handle (kind, digest, organization_id) VALUES ('slug', slug_digest, claim.organization_id);
END $$;
"""

GRANTS = """
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA guard FROM PUBLIC;
GRANT EXECUTE ON FUNCTION guard.organization(), guard.memberships(), guard.organizations(),
    guard.find(text, bytea), guard.register(text, bytea), guard.release(text, bytea), guard.found(bytea)
    TO phano_app;
"""

# The owner's own migrations and checks ask the policies too, so it must be able to call the function.
OWNER_GRANTS = "GRANT EXECUTE ON FUNCTION guard.organization() TO phano_owner;"

STATEMENTS = [AS_GUARD, TABLES, CLAIMS, ORGANIZATION, MEMBERSHIPS, DIRECTORY, FOUND, GRANTS, OWNER_GRANTS, AS_OWNER]
