"""Which organizations invited me, and two tighter functions of the guard.

The guard reads the signed-in user's verified addresses itself: nobody can ask for another person's invitations.
"""

from django.db import migrations

AS_GUARD = "SET LOCAL ROLE phano_guard;"
AS_OWNER = "RESET ROLE;"

INVITEE = """
CREATE TABLE guard.invitee (
    digest bytea NOT NULL, organization_id uuid NOT NULL, PRIMARY KEY (digest, organization_id)
);
"""

ADDRESSES = "GRANT SELECT (user_id, email, verified) ON public.account_emailaddress TO phano_guard;"

INVITATIONS = """
CREATE FUNCTION guard.invite(new_digest bytea) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = '' AS $$
DECLARE
    here uuid := guard.organization();
BEGIN
    IF here IS NULL THEN RAISE insufficient_privilege USING MESSAGE = 'No organization context.'; END IF;
    INSERT INTO guard.invitee (digest, organization_id) VALUES (new_digest, here) ON CONFLICT DO NOTHING;
END $$;
CREATE FUNCTION guard.uninvite(old_digest bytea) RETURNS void
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = '' AS $$
    DELETE FROM guard.invitee i WHERE i.digest = old_digest AND i.organization_id = guard.organization()
$$;
CREATE FUNCTION guard.invitations() RETURNS SETOF uuid
LANGUAGE sql STABLE SECURITY DEFINER PARALLEL RESTRICTED SET search_path = '' AS $$
    SELECT i.organization_id FROM guard.invitee i
    WHERE i.digest IN (
        SELECT sha256(convert_to('invitee:' || lower(e.email), 'UTF8')) FROM public.account_emailaddress e
        WHERE e.user_id = (SELECT c.user_id FROM guard.claims() c) AND e.verified
    )
    ORDER BY i.organization_id
$$;
REVOKE ALL ON FUNCTION guard.invite(bytea), guard.uninvite(bytea), guard.invitations() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION guard.invite(bytea), guard.uninvite(bytea), guard.invitations() TO phano_app;
"""

# The founder is let in without a membership only until the first one exists. Without this, a dump restored into a
# younger cluster would let a founder in once more, when its transaction numbers reach the founding's.
ORGANIZATION = """
CREATE OR REPLACE FUNCTION guard.organization() RETURNS uuid
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
        AND f.transaction = pg_current_xact_id_if_assigned()
        AND NOT EXISTS (
            SELECT 1 FROM public.accounts_membership m WHERE m.organization_id = claim.organization_id
        );
    IF FOUND THEN RETURN claim.organization_id; END IF;
    RETURN NULL;
END $$;
"""

# The nil UUID is what a context without an organization carries: it must never become one.
FOUND = """
CREATE OR REPLACE FUNCTION guard.found(slug_digest bytea) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = '' AS $$
DECLARE
    claim record;
BEGIN
    SELECT * INTO claim FROM guard.claims();
    IF claim.organization_id IS NULL OR claim.organization_id = '00000000-0000-0000-0000-000000000000'
    THEN RAISE insufficient_privilege USING MESSAGE = 'No signed context.'; END IF;
    -- Both raise unique_violation: an organization is founded once, a slug belongs to one organization.
    INSERT INTO guard.founding (organization_id, user_id, transaction)
      VALUES (claim.organization_id, claim.user_id, pg_current_xact_id());
    INSERT INTO guard.handle (kind, digest, organization_id) VALUES ('slug', slug_digest, claim.organization_id);
END $$;
"""

# Only migrations write here, as the owner.
MIGRATIONS = "REVOKE INSERT, UPDATE, DELETE ON public.django_migrations FROM phano_app;"


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0002_guard"),
        ("account", "0009_emailaddress_unique_primary_email"),
    ]

    operations = [
        migrations.RunSQL(ADDRESSES, migrations.RunSQL.noop),
        migrations.RunSQL([AS_GUARD, INVITEE, INVITATIONS, ORGANIZATION, FOUND, AS_OWNER], migrations.RunSQL.noop),
        migrations.RunSQL(MIGRATIONS, migrations.RunSQL.noop),
    ]
