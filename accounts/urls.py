"""The doors of this room: entrance, members, settings, audit."""

from django.urls import path

from accounts.views import audit, entrance, invitations, members, sessions, settings

urlpatterns = [
    path("", entrance.home, name="home"),
    path("organizations/", entrance.organizations, name="organizations"),
    path("organizations/new/", entrance.found, name="organization_found"),
    path("organizations/join/", entrance.join, name="organization_join"),
    path("invitation/", invitations.invitation, name="invitation"),
    path("invitation/<str:token>/", invitations.follow_link, name="invitation_link"),
    path("accounts/sessions/", sessions.sessions, name="sessions"),
    path("preferences/", settings.preferences, name="preferences"),
    path("o/<slug:slug>/", entrance.enter, name="organization"),
    path("o/<slug:slug>/settings/", settings.settings, name="settings"),
    path("o/<slug:slug>/audit/", audit.show_audit, name="audit"),
    path("o/<slug:slug>/leave/", members.leave, name="leave"),
    path("o/<slug:slug>/members/", members.show_members, name="members"),
    path("o/<slug:slug>/members/visibility/", members.change_visibility, name="visibility"),
    path("o/<slug:slug>/members/<uuid:member_id>/role/", members.change_role, name="member_role"),
    path("o/<slug:slug>/members/<uuid:member_id>/team/", members.change_team, name="member_team"),
    path("o/<slug:slug>/members/<uuid:member_id>/end/", members.end, name="member_end"),
    path("o/<slug:slug>/members/<uuid:member_id>/reinstate/", members.reinstate, name="member_reinstate"),
    path("o/<slug:slug>/members/invite/", members.invite, name="member_invite"),
    path("o/<slug:slug>/invitations/<uuid:invitation_id>/resend/", members.resend, name="invitation_resend"),
    path("o/<slug:slug>/invitations/<uuid:invitation_id>/revoke/", members.revoke, name="invitation_revoke"),
    path("o/<slug:slug>/teams/", members.add_team, name="team_add"),
    path("o/<slug:slug>/teams/<uuid:team_id>/remove/", members.remove_team, name="team_remove"),
]
