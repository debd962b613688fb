"""Teams: groups of members whose books a manager sees together."""

import uuid

from django.http import Http404
from django.utils.translation import gettext as _

from accounts import audit
from accounts.models import Invitation, Membership, Team
from accounts.rules import Refused, lock_for

LONGEST_NAME = 80


def create_team(*, actor: Membership, name: str) -> Team:
    """Make a team; raises PermissionDenied, or Refused where the name is empty, too long or taken."""
    lock_for(actor, "members.manage")
    name = " ".join(name.split())
    if not 0 < len(name) <= LONGEST_NAME:
        raise Refused(_("Give the team a name of at most 80 characters."))
    if Team.objects.filter(name__iexact=name).exists():
        raise Refused(_("There is already a team of this name."))
    team = Team.objects.create(name=name)
    audit.record("team.created", subject="team", subject_id=team.pk)
    return team


def remove_team(*, actor: Membership, team_id: uuid.UUID) -> str:
    """Remove a team, whose name it returns; raises PermissionDenied, Http404, or Refused while members are in it."""
    lock_for(actor, "members.manage")
    team = access_team(team_id)
    if Membership.objects.filter(team=team, status=Membership.Status.ACTIVE).exists():
        raise Refused(_("Move its members to another team first."))
    Membership.objects.filter(team=team).update(team=None)
    Invitation.objects.filter(team=team).update(team=None)
    audit.record("team.removed", subject="team", subject_id=team.pk)
    team.delete()
    return team.name


def access_team(team_id: uuid.UUID) -> Team:
    """The team; raises Http404, alike for a foreign and a missing one."""
    team = Team.objects.filter(pk=team_id).first()
    if team is None:
        raise Http404
    return team


def list_teams() -> list[Team]:
    """The organization's teams, by name."""
    return list(Team.objects.order_by("name"))
