"""The organization context: what it opens, what it closes, what it restores."""

import pytest
from django.db import connection, transaction

from accounts.context import NoOrganization, current_context, organization_context, service_context
from accounts.models import Membership, Organization


def count_memberships() -> int:
    """As PostgreSQL sees it, past the manager."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM accounts_membership")
        return cursor.fetchone()[0]


def test_a_tenant_manager_refuses_without_a_context(cast):
    with pytest.raises(NoOrganization):
        Membership.objects.count()


def test_an_inner_context_ends_inside_an_outer_one(cast):
    with organization_context(organization_id=cast.acme.id, user_id=cast.alice.id):
        assert count_memberships() == 4
        with organization_context(organization_id=cast.globex.id, user_id=cast.charlie.id):
            assert Organization.objects.get().slug == "globex"
            assert count_memberships() == 3
        assert Organization.objects.get().slug == "acme"
        assert count_memberships() == 4
    assert count_memberships() == 0


def test_a_stranger_sees_nothing(cast):
    with organization_context(organization_id=cast.acme.id, user_id=cast.charlie.id):
        assert count_memberships() == 0
        assert not Organization.objects.exists()


def test_an_exception_leaves_no_context_behind(cast):
    with pytest.raises(ZeroDivisionError), organization_context(organization_id=cast.acme.id, user_id=cast.alice.id):
        raise ZeroDivisionError
    assert count_memberships() == 0
    with pytest.raises(NoOrganization):
        current_context()


def test_the_service_member_works_in_its_own_organization(cast):
    with service_context(cast.globex.id):
        assert Organization.objects.get().slug == "globex"


@pytest.mark.django_db(transaction=True)
def test_a_reused_connection_starts_without_a_context():
    from tests.conftest import make_cast

    people = make_cast()
    with organization_context(organization_id=people.acme.id, user_id=people.alice.id):
        assert count_memberships() == 4
    assert count_memberships() == 0
    with transaction.atomic():
        assert count_memberships() == 0
