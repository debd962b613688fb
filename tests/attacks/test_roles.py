"""Attacks 7, 8, 48 and 49: one's own role, the last owner, foreign teams, fields that no form offers."""

import threading
import uuid

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.http import Http404

from accounts import members
from accounts.context import organization_context, service_context
from accounts.models import AuditEntry, Invitation, Membership, Organization, Role, Team, User
from accounts.rules import Refused

pytestmark = pytest.mark.django_db


def membership_of(user, organization):
    with service_context(organization.id):
        return Membership.objects.select_related("organization").get(user=user)


def role_of(user, organization):
    return membership_of(user, organization).role


def make_role(cast, name, role):
    """One more member of acme."""
    user = User.objects.create_user(f"{name}@acme.example", full_name=name)
    with service_context(cast.acme.id):
        Membership.objects.create(user=user, role=role)
    return user


def change(cast, actor, target, role):
    """`actor` gives `target` a role, as the act itself knows it."""
    with organization_context(organization_id=cast.acme.id, user_id=actor.id):
        me = Membership.objects.get(user=actor)
        members.change_role(actor=me, member_id=membership_of(target, cast.acme).pk, role=role)


@pytest.mark.parametrize("mine", ["manager", "csm", "am", "dpo", "viewer"])
@pytest.mark.parametrize("wanted", ["owner", "admin", "manager", "csm"])
def test_48_who_manages_nobody_changes_no_role(cast, client_for, mine, wanted):
    mallory = make_role(cast, "mallory", mine)
    own = membership_of(mallory, cast.acme).pk
    assert client_for(mallory).post(f"/o/acme/members/{own}/role/", {"role": wanted}).status_code == 403
    with pytest.raises(PermissionDenied):
        change(cast, mallory, mallory, wanted)
    assert role_of(mallory, cast.acme) == mine


def test_48_an_admin_makes_no_owner_and_touches_none(cast, client_for):
    adam, bob = make_role(cast, "adam", Role.ADMIN), cast.bob
    for target, role in ((adam, "owner"), (bob, "owner"), (cast.alice, "viewer"), (bob, "service"), (bob, "king")):
        with pytest.raises(PermissionDenied):
            change(cast, adam, target, role)
    alice = membership_of(cast.alice, cast.acme).pk
    client = client_for(adam)
    assert client.post(f"/o/acme/members/{alice}/end/").status_code == 403
    assert client.post(f"/o/acme/members/{alice}/team/", {"team": ""}).status_code == 403
    assert client.post("/o/acme/members/invite/", {"email": "x@y.example", "role": "owner"}).status_code == 422
    assert role_of(adam, cast.acme) == "admin"
    assert role_of(cast.alice, cast.acme) == "owner"
    # What an admin may do, with the same set-up.
    change(cast, adam, bob, "admin")
    change(cast, adam, adam, "csm")
    assert (role_of(bob, cast.acme), role_of(adam, cast.acme)) == ("admin", "csm")


def test_48_somebody_who_was_just_demoted_acts_no_more(cast):
    adam = make_role(cast, "adam", Role.ADMIN)
    before = membership_of(adam, cast.acme)
    change(cast, cast.alice, adam, "csm")
    with organization_context(organization_id=cast.acme.id, user_id=adam.id), pytest.raises(PermissionDenied):
        # As a request holds it that began before.
        members.change_role(actor=before, member_id=membership_of(cast.bob, cast.acme).pk, role="viewer")


def test_the_service_member_is_nobody_to_be_managed(cast):
    with service_context(cast.acme.id):
        service = Membership.objects.get(role=Role.SERVICE)
    with organization_context(organization_id=cast.acme.id, user_id=cast.alice.id):
        me = Membership.objects.get(user=cast.alice)
        for act in (
            lambda: members.change_role(actor=me, member_id=service.pk, role="viewer"),
            lambda: members.set_team(actor=me, member_id=service.pk, team_id=None),
            lambda: members.end_membership(actor=me, member_id=service.pk),
        ):
            with pytest.raises(Http404):
                act()
        assert service.pk not in {member.pk for member in members.list_members()}


def test_49_the_last_owner_stays(cast, client_for):
    with organization_context(organization_id=cast.acme.id, user_id=cast.alice.id):
        me = Membership.objects.get(user=cast.alice)
        for act in (
            lambda: members.change_role(actor=me, member_id=me.pk, role="admin"),
            lambda: members.end_membership(actor=me, member_id=me.pk),
            lambda: members.leave_organization(member=me),
        ):
            with pytest.raises(Refused, match="last owner"):
                act()
        # An owner whose membership has ended does not count.
        other = Membership.objects.create(user=cast.eve, role=Role.OWNER, status=Membership.Status.ENDED)
        with pytest.raises(Refused):
            members.leave_organization(member=me)
        members.reinstate_member(actor=me, member_id=other.pk)
        members.leave_organization(member=me)
    assert client_for(cast.alice).get("/o/acme/members/").status_code == 404
    assert client_for(cast.eve).get("/o/acme/members/").status_code == 200


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("act", ["leave", "demote each other"])
def test_49_two_owners_who_go_at_once_leave_one(act):
    from tests.conftest import make_cast

    cast = make_cast()
    with service_context(cast.acme.id):
        Membership.objects.filter(user=cast.bob).update(role=Role.OWNER)
    owners = {user.id: membership_of(user, cast.acme).pk for user in (cast.alice, cast.bob)}
    together, outcomes = threading.Barrier(2), []

    def go(user_id, other_id):
        try:
            with organization_context(organization_id=cast.acme.id, user_id=user_id):
                me = Membership.objects.get(pk=owners[user_id])
                together.wait(timeout=10)
                if act == "leave":
                    members.leave_organization(member=me)
                else:
                    members.change_role(actor=me, member_id=owners[other_id], role="admin")
            outcomes.append("done")
        except (Refused, PermissionDenied) as refusal:
            outcomes.append(type(refusal).__name__)
        finally:
            connection.close()

    threads = [
        threading.Thread(target=go, args=pair) for pair in ((cast.alice.id, cast.bob.id), (cast.bob.id, cast.alice.id))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == sorted(["done", "Refused" if act == "leave" else "PermissionDenied"])
    with service_context(cast.acme.id):
        assert Membership.objects.filter(role=Role.OWNER, status=Membership.Status.ACTIVE).count() == 1


def test_7_a_foreign_team_is_no_choice(cast, client_for):
    with service_context(cast.globex.id):
        foreign = Team.objects.create(name="Globex team")
    bob = membership_of(cast.bob, cast.acme)
    client = client_for(cast.alice)
    for team in (foreign.pk, uuid.uuid4()):
        assert client.post(f"/o/acme/members/{bob.pk}/team/", {"team": str(team)}).status_code == 404
        form = {"email": "new@acme.example", "role": "csm", "team": str(team)}
        refused = client.post("/o/acme/members/invite/", form)
        assert refused.status_code == 422
        assert b"Globex team" not in refused.content
    assert membership_of(cast.bob, cast.acme).team_id is None
    with service_context(cast.acme.id):
        assert not Invitation.objects.exists()
        own = Team.objects.create(name="Acme team")
    assert client.post(f"/o/acme/members/{bob.pk}/team/", {"team": str(own.pk)}).status_code == 302
    assert membership_of(cast.bob, cast.acme).team_id == own.pk


def test_8_fields_that_no_form_offers_are_ignored(cast, client_for):
    client = client_for(cast.alice)
    forged = {
        "organization": str(cast.globex.id),
        "organization_id": str(cast.globex.id),
        "id": str(uuid.uuid4()),
        "pk": str(uuid.uuid4()),
        "slug": "stolen",
        "trial_ends_at": "2099-01-01",
        "is_staff": "1",
        "is_superuser": "1",
        "is_service": "1",
        "is_active": "",
        "email": "stolen@acme.example",
        "password": "x",
        "status": "active",
        "user": str(cast.eve.id),
        "owner": str(cast.eve.id),
        "with_trial": "",
    }
    settings = {
        "name": "Acme SAS",
        "visibility": "own",
        "currency": "USD",
        "time_zone": "Europe/Oslo",
        "night_at": "04:00",
        "fiscal_year_first_month": "4",
        "defense_arr": "50000",
        "late_renewal_grace_days": "10",
    }
    trial = cast.acme.trial_ends_at
    assert client.post("/o/acme/settings/", forged | settings).status_code == 302
    with service_context(cast.acme.id):
        acme = Organization.objects.get()
        assert (acme.pk, acme.slug, acme.trial_ends_at) == (cast.acme.id, "acme", trial)
        assert (acme.name, acme.currency, acme.visibility) == ("Acme SAS", "USD", "own")
    with service_context(cast.globex.id):
        assert Organization.objects.get().name == "Globex"

    preferences = {"full_name": "Alice A.", "language": "fr", "theme": "dark", "single_key_shortcuts": "on"}
    assert client.post("/preferences/", forged | preferences).status_code == 302
    alice = User.objects.get(pk=cast.alice.pk)
    assert (alice.email, alice.is_service, alice.is_active) == ("alice@acme.example", False, True)
    assert (alice.full_name, alice.language) == ("Alice A.", "fr")
    assert alice.check_password("correct horse battery")

    founded = {"name": "Third", "slug": "third", "currency": "EUR", "time_zone": "Europe/Paris"}
    assert (
        client.post("/organizations/new/", {k: v for k, v in forged.items() if k != "slug"} | founded).status_code
        == 302
    )
    assert role_of(cast.alice, _organization("third")) == "owner"
    third = _organization("third")
    assert third.trial_ends_at is not None
    with service_context(third.id):
        assert not Membership.objects.filter(user=cast.eve).exists()


def _organization(slug):
    from accounts.directory import find_organization

    with service_context(find_organization("slug", slug)):
        return Organization.objects.get()


def test_acts_leave_a_trail_that_nobody_rewrites(cast):
    bob = membership_of(cast.bob, cast.acme)
    change(cast, cast.alice, cast.bob, "manager")
    with organization_context(organization_id=cast.acme.id, user_id=cast.alice.id):
        entry = AuditEntry.objects.latest("at")
        assert (entry.action, entry.actor_id, entry.subject_id, entry.details) == (
            "member.role_changed",
            cast.alice.id,
            str(bob.pk),
            {"before": "csm", "after": "manager"},
        )
        # A refused act leaves none.
        count = AuditEntry.objects.count()
        with pytest.raises(PermissionDenied):
            members.change_role(actor=Membership.objects.get(user=cast.alice), member_id=bob.pk, role="service")
        assert AuditEntry.objects.count() == count
