"""What is done to members: each act under the organization's lock, with its audit row."""

import uuid

from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import audit
from accounts.models import Membership, Role
from accounts.permissions import is_allowed, permissions_of
from accounts.rules import Refused, lock_for, require_may_give
from accounts.teams import access_team

ACTIVE, ENDED = Membership.Status.ACTIVE, Membership.Status.ENDED


def change_role(*, actor: Membership, member_id: uuid.UUID, role: str) -> str:
    """Give a member another role; returns the one it had.

    Raises Http404; PermissionDenied for one's own promotion, a role above one's own, or an owner touched by another
    than an owner; Refused for the last owner.
    """
    actor = lock_for(actor, "members.manage")
    member = _access_member(actor, member_id)
    require_may_give(actor, role)
    if member.pk == actor.pk and not permissions_of(role) <= permissions_of(actor.role):
        raise PermissionDenied
    before = member.role
    if before != role:
        if before == Role.OWNER:
            _require_another_owner(member)
        member.role = role
        member.save(update_fields=["role"])
        audit.record("member.role_changed", subject="member", subject_id=member.pk, before=before, after=role)
    return before


def set_team(*, actor: Membership, member_id: uuid.UUID, team_id: uuid.UUID | None) -> uuid.UUID | None:
    """Put a member into a team, or into none; returns the one before. Raises Http404 or PermissionDenied."""
    actor = lock_for(actor, "members.manage")
    member = _access_member(actor, member_id)
    team = access_team(team_id) if team_id else None
    before = member.team_id
    if before != (team and team.pk):
        member.team = team
        member.save(update_fields=["team"])
        audit.record(
            "member.team_changed",
            subject="member",
            subject_id=member.pk,
            before=str(before or ""),
            after=str(team.pk if team else ""),
        )
    return before


def end_membership(*, actor: Membership, member_id: uuid.UUID) -> None:
    """Take a member's access away; it is gone at that person's next statement, in every process.

    Raises Http404, PermissionDenied or Refused (the last owner).
    """
    actor = lock_for(actor, "members.end")
    _end(_access_member(actor, member_id))


def leave_organization(*, member: Membership) -> None:
    """End one's own membership, whatever one's role; raises Refused for the last owner."""
    _end(lock_for(member, "organization.leave"))


def reinstate_member(*, actor: Membership, member_id: uuid.UUID) -> None:
    """Take an ended membership back, with the role it had; raises Http404 or PermissionDenied."""
    actor = lock_for(actor, "members.manage")
    member = _access_member(actor, member_id, status=ENDED)
    require_may_give(actor, member.role)
    member.status, member.ended_at = ACTIVE, None
    member.save(update_fields=["status", "ended_at"])
    audit.record("member.reinstated", subject="member", subject_id=member.pk, role=member.role)


def list_members() -> list[Membership]:
    """The organization's people, by name; the service member is no person."""
    members = Membership.objects.filter(status=ACTIVE).exclude(role=Role.SERVICE).select_related("user", "team")
    return sorted(members, key=lambda member: str(member.user).casefold())


def _access_member(actor: Membership, member_id: uuid.UUID, *, status: str = ACTIVE) -> Membership:
    member = Membership.objects.filter(pk=member_id, status=status).exclude(role=Role.SERVICE).first()
    if member is None:
        raise Http404
    if member.role == Role.OWNER and not is_allowed("owners.manage", actor):
        raise PermissionDenied
    return member


def _end(member: Membership) -> None:
    if member.role == Role.OWNER:
        _require_another_owner(member)
    # Written first: who leaves could not write it any more.
    audit.record("member.ended", subject="member", subject_id=member.pk, role=member.role)
    member.status, member.ended_at = ENDED, timezone.now()
    member.save(update_fields=["status", "ended_at"])


def _require_another_owner(member: Membership) -> None:
    if not Membership.objects.filter(role=Role.OWNER, status=ACTIVE).exclude(pk=member.pk).exists():
        raise Refused(_("This is the last owner. Make somebody else an owner first."))
