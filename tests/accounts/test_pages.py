"""The pages of this room: what each shows to whom, with and without script, and in how many queries."""

from datetime import timedelta

import pytest
from django.contrib.messages import get_messages
from django.utils import timezone

from accounts.context import organization_context, service_context
from accounts.invitations import invite_member
from accounts.models import AuditEntry, Invitation, Membership, Organization, Role, Team, User

pytestmark = pytest.mark.django_db

FOUND = {"name": "Initech", "slug": "", "currency": "EUR", "time_zone": "Europe/Paris"}


def text(response):
    return " ".join(response.content.decode().split())


def told(response):
    """The sentences that the next page will show, and what their Undo would post to."""
    return [(str(message), message.extra_tags) for message in get_messages(response.wsgi_request)]


@pytest.fixture
def bare_frame(monkeypatch):
    """Without what other rooms read for the frame, which is counted in their tests.

    The rest of a page: user, slug, savepoint, token, membership, …, restored token, release.
    """
    monkeypatch.setattr("accounts.shell.SHELL_CONTEXT", [])


def in_acme(cast):
    return organization_context(organization_id=cast.acme.id, user_id=cast.alice.id)


def member_id(cast, user):
    with service_context(cast.acme.id):
        return Membership.objects.get(user=user).pk


class TestEntrance:
    def test_signed_out_leads_to_the_sign_in(self, client):
        assert client.get("/").headers["Location"] == "/accounts/login/?next=/"

    def test_the_only_organization_opens_at_once(self, cast, client_for):
        client = client_for(cast.bob)
        assert client.get("/").headers["Location"] == "/o/acme/"
        assert client.get("/o/acme/").headers["Location"].startswith("/o/acme/")

    def test_the_organization_used_last_opens_first(self, cast, client_for):
        client = client_for(cast.dora)
        assert client.get("/").headers["Location"] == "/o/acme/"
        client.get("/o/globex/members/")
        assert client.get("/").headers["Location"] == "/o/globex/"

    def test_one_that_was_left_does_not(self, cast, client_for):
        client = client_for(cast.dora)
        client.get("/o/globex/members/")
        with service_context(cast.globex.id):
            Membership.objects.filter(user=cast.dora).update(status=Membership.Status.ENDED)
        assert client.get("/").headers["Location"] == "/o/acme/"

    def test_a_privacy_officer_lands_where_there_is_something_to_see(self, cast, client_for):
        with service_context(cast.acme.id):
            Membership.objects.filter(user=cast.bob).update(role=Role.DPO)
        landed = client_for(cast.bob).get("/o/acme/", follow=True)
        assert landed.status_code == 200
        assert landed.redirect_chain[0][0].startswith("/o/acme/")
        assert "portfolio.view" not in landed.resolver_match.func.permission

    def test_who_has_none_founds_one(self, cast, client_for):
        client = client_for(cast.eve)
        assert client.get("/").headers["Location"] == "/organizations/"
        assert "14 days, no card" in text(client.get("/organizations/"))
        founded = client.post("/organizations/new/", FOUND)
        assert founded.headers["Location"] == "/o/initech/"
        assert "Members" in text(client.get("/o/initech/members/"))

    def test_the_address_is_suggested_from_the_name(self, cast, client_for):
        client = client_for(cast.eve)
        for name, slug in (
            ("Société Générale d’Été", "societe-generale-dete"),
            ("Acme", "acme-2"),
            ("Übung & Söhne", "ubung-sohne"),
            ("漢字", "organization"),
            ("API", "api-2"),
        ):
            part = client.get("/organizations/new/", {"name": name}, headers={"HX-Request": "true"})
            assert f'value="{slug}"' in text(part), name
            assert "<html" not in text(part)

    @pytest.mark.parametrize("slug", ["Acme", "a b", "-a", "a--b", "é", "../x", "a_b", "acme\n"])
    def test_an_address_that_reads_twice_is_refused(self, cast, client_for, slug):
        refused = client_for(cast.eve).post("/organizations/new/", {**FOUND, "slug": slug})
        # A line break at the end is no more than what a form strips.
        assert refused.status_code == 422
        assert not Membership._base_manager.filter(user=cast.eve).exists()

    @pytest.mark.parametrize("slug", ["acme", "api", "new"])
    def test_a_taken_or_reserved_address_comes_back_with_a_free_one(self, cast, client_for, slug):
        refused = client_for(cast.eve).post("/organizations/new/", {**FOUND, "slug": slug})
        assert refused.status_code == 422
        assert "This address is taken. initech is free." in text(refused)


class TestTrial:
    def test_it_lasts_fourteen_days_and_is_told_quietly(self, cast, client_for):
        page = client_for(cast.alice).get("/o/acme/members/")
        assert page.context["trial_days_left"] == 14

    def test_after_it_everything_is_readable_and_nothing_writable(self, cast, client_for):
        with service_context(cast.acme.id):
            Organization.objects.update(trial_ends_at=timezone.now() - timedelta(minutes=1))
        client = client_for(cast.alice)
        for path in ("members", "settings", "audit"):
            page = client.get(f"/o/acme/{path}/")
            assert page.status_code == 200
            assert page.context["trial_days_left"] == 0
        assert "Invite" not in text(client.get("/o/acme/members/")).replace("Invited", "")
        refused = client.post("/o/acme/teams/", {"name": "Late"})
        assert refused.status_code == 403
        assert "The trial is over" in text(refused)
        assert "your role" not in text(refused)
        # One's own sign-in is not the organization's, nor are one's sessions.
        assert client.post("/preferences/", {"full_name": "Alice"}).status_code == 302
        assert client.post("/accounts/sessions/").status_code == 302

    def test_after_it_access_is_taken_away_and_never_given(self, cast, client_for):
        with organization_context(organization_id=cast.acme.id, user_id=cast.alice.id):
            me, bob = (Membership.objects.get(user=user) for user in (cast.alice, cast.bob))
            invited = [invite_member(actor=me, email=f"{name}@new.example", role="csm") for name in ("kai", "lou")]
            Organization.objects.update(trial_ends_at=timezone.now() - timedelta(minutes=1))
        client = client_for(cast.alice)
        page = text(client.get("/o/acme/members/"))
        assert f"/o/acme/members/{bob.pk}/end/" in page
        assert f"/o/acme/invitations/{invited[0].pk}/revoke/" in page
        assert not any(offered in page for offered in ("/resend/", "/role/", "/team/", "/invite/", "/visibility/"))

        ended = text(client.post(f"/o/acme/members/{bob.pk}/end/", follow=True))
        assert "The membership has ended; access is gone." in ended
        assert "/reinstate/" not in ended, "An Undo that would be refused."
        assert client_for(cast.bob).get("/o/acme/members/").status_code == 404
        assert client.post(f"/o/acme/invitations/{invited[0].pk}/revoke/", follow=True).status_code == 200
        for path in (
            f"members/{bob.pk}/reinstate/",
            f"members/{me.pk}/role/?role=viewer",
            f"invitations/{invited[1].pk}/resend/",
            "members/invite/",
        ):
            refused = client.post(f"/o/acme/{path}", {"email": "mo@new.example", "role": "csm"})
            assert (refused.status_code, "The trial is over" in text(refused)) == (403, True), path
        # An owner who is not the last one, and everybody else, may go.
        assert "last owner" in text(client.post("/o/acme/leave/", follow=True))
        assert client_for(cast.dora).post("/o/acme/leave/").status_code == 302
        with service_context(cast.acme.id):
            status = {m.user_id: m.status for m in Membership.objects.all()}
            assert [status[user.pk] for user in (cast.alice, cast.bob, cast.dora)] == ["active", "ended", "ended"]
            assert [i.revoked_at is None for i in Invitation.objects.order_by("created_at")] == [False, True]

    def test_without_one_there_is_nothing_to_count(self, cast, client_for):
        with service_context(cast.acme.id):
            Organization.objects.update(trial_ends_at=None)
        assert client_for(cast.alice).get("/o/acme/members/").context["trial_days_left"] is None


class TestMembers:
    def test_a_member_reads_an_owner_manages(self, cast, client_for):
        assert "<select" not in text(client_for(cast.bob).get("/o/acme/members/"))
        page = text(client_for(cast.alice).get("/o/acme/members/"))
        assert page.count("<select") >= 3
        assert "service+" not in page

    @pytest.mark.parametrize("members", [1, 30])
    def test_the_list_costs_the_same_with_one_and_with_thirty(
        self, bare_frame, cast, client_for, django_assert_num_queries, members
    ):
        with in_acme(cast):
            team = Team.objects.create(name="North")
            for number in range(members):
                user = User.objects.create_user(f"m{number}@acme.example")
                Membership.objects.create(user=user, role=Role.CSM, team=team)
        client = client_for(cast.alice)
        client.get("/o/acme/members/")
        with django_assert_num_queries(10):
            client.get("/o/acme/members/")

    def test_a_role_changes_and_comes_back(self, cast, client_for):
        client, bob = client_for(cast.alice), member_id(cast, cast.bob)
        changed = client.post(f"/o/acme/members/{bob}/role/", {"role": "manager"})
        ((sentence, undo),) = told(changed)
        assert sentence == "The role is now Manager."
        client.post(undo)
        with in_acme(cast):
            assert Membership.objects.get(pk=bob).role == "csm"
            assert AuditEntry.objects.filter(action="member.role_changed").count() == 2

    def test_a_membership_ends_and_comes_back(self, cast, client_for):
        client, bob = client_for(cast.alice), member_id(cast, cast.bob)
        ended = client.post(f"/o/acme/members/{bob}/end/")
        assert client_for(cast.bob).get("/o/acme/members/").status_code == 404
        ((_sentence, undo),) = told(ended)
        client.post(undo)
        assert client_for(cast.bob).get("/o/acme/members/").status_code == 200

    def test_the_last_owner_is_told_why_not(self, cast, client_for):
        client = client_for(cast.alice)
        refused = client.post("/o/acme/leave/", follow=True)
        assert "This is the last owner." in text(refused)
        assert refused.status_code == 200

    def test_a_member_leaves(self, cast, client_for):
        client = client_for(cast.bob)
        assert client.post("/o/acme/leave/").headers["Location"] == "/organizations/"
        assert client.get("/o/acme/members/").status_code == 404
        with in_acme(cast):
            assert AuditEntry.objects.get(action="member.ended").actor_id == cast.bob.id

    def test_invited_sent_again_and_withdrawn_on_one_page(self, cast, client_for):
        client = client_for(cast.alice)
        done = client.post("/o/acme/members/invite/", {"email": "New@Acme.example", "role": "am"})
        ((sentence, undo),) = told(done)
        assert sentence == "new@acme.example is invited."
        assert "new@acme.example" in text(client.get("/o/acme/members/"))
        twice = client.post("/o/acme/members/invite/", {"email": "new@acme.example", "role": "am"})
        assert twice.status_code == 422
        assert "is invited already" in text(twice)
        with in_acme(cast):
            invitation = Invitation.objects.get()
        assert client.post(f"/o/acme/invitations/{invitation.pk}/resend/").status_code == 302
        client.post(undo)
        page = text(client.get("/o/acme/members/"))
        assert "new@acme.example" not in page.split("toasts")[0]
        assert client.post(f"/o/acme/invitations/{invitation.pk}/resend/").status_code == 404

    def test_teams_are_made_given_and_removed(self, cast, client_for):
        client, bob = client_for(cast.alice), member_id(cast, cast.bob)
        client.post("/o/acme/teams/", {"name": "  North   sea "})
        assert "There is already a team of this name." in text(
            client.post("/o/acme/teams/", {"name": "north sea"}, follow=True)
        )
        assert "at most 80 characters" in text(client.post("/o/acme/teams/", {"name": " "}, follow=True))
        with in_acme(cast):
            team = Team.objects.get()
            assert team.name == "North sea"
        client.post(f"/o/acme/members/{bob}/team/", {"team": str(team.pk)})
        refused = client.post(f"/o/acme/teams/{team.pk}/remove/", follow=True)
        assert "Move its members to another team first." in text(refused)
        client.post(f"/o/acme/members/{bob}/end/")
        assert client.post(f"/o/acme/teams/{team.pk}/remove/").status_code == 302
        with in_acme(cast):
            assert not Team.objects.exists()

    def test_whose_accounts_members_see(self, cast, client_for):
        client = client_for(cast.alice)
        done = client.post("/o/acme/members/visibility/", {"visibility": "own"})
        ((sentence, undo),) = told(done)
        assert sentence == "Members now see: Their own book."
        client.post(undo)
        with in_acme(cast):
            assert Organization.objects.get().visibility == "all"
        assert client.post("/o/acme/members/visibility/", {"visibility": "everything"}).status_code == 404


class TestSettings:
    def test_a_bad_value_is_named_and_nothing_is_saved(self, cast, client_for):
        client = client_for(cast.alice)
        form = client.get("/o/acme/settings/").context["form"].initial | {"night_at": "03:30", "expansion_share": ""}
        for name, bad in (
            ("currency", "euro"),
            ("time_zone", "Mars/Base"),
            ("defense_arr", "-1"),
            ("name", ""),
            ("fiscal_year_first_month", "13"),
            ("late_renewal_grace_days", "999"),
        ):
            refused = client.post("/o/acme/settings/", form | {name: bad})
            assert refused.status_code == 422, name
            assert list(refused.context["form"].errors) == [name]
            # The frame shows the organization as it is.
            assert refused.context["organization"].name == "Acme"
        with in_acme(cast):
            assert not AuditEntry.objects.filter(action="organization.changed").exists()

    def test_a_whole_amount_is_shown_whole_and_a_share_with_its_cents(self, cast, client_for):
        with in_acme(cast):
            Organization.objects.update(defense_arr="40000.00", expansion_share="2.50")
        page = text(client_for(cast.alice).get("/o/acme/settings/"))
        assert 'name="defense_arr" value="40000"' in page
        assert 'name="expansion_share" value="2.50"' in page

    def test_the_name_changes_everywhere_at_once(self, cast, client_for):
        client = client_for(cast.alice)
        shown = client.get("/o/acme/settings/").context["form"].initial
        form = shown | {"name": "Acme Europe", "night_at": "03:30", "expansion_share": ""}
        assert "Acme Europe" in text(client.post("/o/acme/settings/", form, follow=True))
        assert "name: Acme → Acme Europe" in text(client.get("/o/acme/audit/"))

    def test_preferences_speak_the_chosen_language(self, cast, client_for):
        client = client_for(cast.bob)
        client.post("/preferences/", {"full_name": "Bob Lund", "language": "fr", "theme": "dark"})
        page = client.get("/preferences/")
        assert '<html lang="fr" data-theme="dark" data-single-keys="off"' in text(page)
        assert "Bob Lund" in text(page)


class TestAudit:
    @pytest.mark.parametrize("entries", [1, 30])
    def test_the_list_costs_the_same_with_one_and_with_thirty(
        self, bare_frame, cast, client_for, django_assert_num_queries, entries
    ):
        with in_acme(cast):
            for _ in range(entries):
                AuditEntry.objects.create(
                    actor_id=cast.bob.id, action="member.ended", subject="member", subject_id=member_id(cast, cast.dora)
                )
        client = client_for(cast.alice)
        client.get("/o/acme/audit/")
        with django_assert_num_queries(10):
            page = client.get("/o/acme/audit/")
        assert "Bob" in text(page)
        assert "ended a membership" in text(page)

    def test_it_is_read_in_pages(self, cast, client_for):
        with in_acme(cast):
            for _ in range(60):
                AuditEntry.objects.create(actor_id=cast.alice.id, action="team.created")
        client = client_for(cast.alice)
        assert len(client.get("/o/acme/audit/").context["lines"]) == 50
        assert len(client.get("/o/acme/audit/?page=2").context["lines"]) == 11
        assert len(client.get("/o/acme/audit/?page=nonsense").context["lines"]) == 50

    def test_a_person_who_was_never_here_has_no_name(self, cast, client_for):
        with in_acme(cast):
            AuditEntry.objects.create(actor_id=cast.charlie.id, action="member.ended")
        page = text(client_for(cast.alice).get("/o/acme/audit/"))
        assert "a former member" in page
        assert "Charlie" not in page
