"""The page of members, invitations and teams: one view a page, one a form on it."""

import uuid
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts import invitations, members, teams
from accounts.forms import InvitationForm, team_choices
from accounts.models import Membership, Role, Visibility
from accounts.organizations import change_organization
from accounts.permissions import is_allowed
from accounts.rules import Refused, grantable_roles
from accounts.web import MemberRequest, organization_view

Act = Callable[..., HttpResponse]


@organization_view("members.view")
@require_GET
def show_members(request: MemberRequest) -> HttpResponse:
    """Who is here, with which role and team; with the forms, for those who manage members."""
    return _show(request)


def _show(request: MemberRequest, form: InvitationForm | None = None, status: int = 200) -> HttpResponse:
    me = request.membership
    manages = is_allowed("members.manage", me) and request.organization.is_writable
    ends = is_allowed("members.end", me)
    all_teams = teams.list_teams()
    roles = grantable_roles(me)
    content: dict[str, Any] = {
        "members": [_row(me, member, manages=manages, ends=ends) for member in members.list_members()],
        "teams": all_teams,
        "team_choices": team_choices(all_teams),
        "roles": roles,
        "manages": manages,
        "ends": ends,
        "visibilities": Visibility.choices,
    }
    if ends:
        content["invitations"] = invitations.list_open_invitations()
    if manages:
        content["form"] = form or InvitationForm(actor=me, teams=all_teams)
    return render(request, "accounts/members.html", content, status=status)


def _row(me: Membership, member: Membership, *, manages: bool, ends: bool) -> dict[str, Any]:
    is_me = member.pk == me.pk
    is_mine_to_touch = member.role != Role.OWNER or is_allowed("owners.manage", me)
    return {
        "member": member,
        "is_me": is_me,
        "may_touch": manages and is_mine_to_touch,
        "may_end": ends and is_mine_to_touch and not is_me,
    }


def member_act(permission: str) -> Callable[[Act], Any]:
    """A POST by somebody who holds `permission`; a refusal is shown on the page, then the page again."""

    def decorate(view: Act) -> Any:
        @organization_view(permission)
        @require_POST
        @wraps(view)
        def act(request: MemberRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            try:
                return view(request, *args, **kwargs) or _back(request)
            except Refused as refusal:
                messages.error(request, str(refusal))
                return _back(request)

        return act

    return decorate


def _back(request: MemberRequest) -> HttpResponse:
    return redirect("members", request.organization.slug)


def _done(request: MemberRequest, sentence: str, undo: str = "") -> HttpResponse:
    messages.success(request, sentence, extra_tags=undo)
    return _back(request)


def _address(request: MemberRequest, name: str, *args: Any) -> str:
    return reverse(name, args=[request.organization.slug, *args])


def _asked(request: MemberRequest, name: str) -> str:
    # Undo is a form without fields: what it puts back stands in its address.
    return request.POST.get(name, request.GET.get(name, ""))


def _team_id(request: MemberRequest) -> uuid.UUID | None:
    try:
        return uuid.UUID(team) if (team := _asked(request, "team")) else None
    except ValueError:
        raise Http404 from None


@member_act("members.manage")
def change_role(request: MemberRequest, member_id: uuid.UUID) -> HttpResponse:
    """Give a member another role."""
    role = _asked(request, "role")
    before = members.change_role(actor=request.membership, member_id=member_id, role=role)
    if before == role:
        return _back(request)
    sentence = _("The role is now %(role)s.") % {"role": Role(role).label}
    own = member_id == request.membership.pk
    return _done(request, sentence, "" if own else f"{_address(request, 'member_role', member_id)}?role={before}")


@member_act("members.manage")
def change_team(request: MemberRequest, member_id: uuid.UUID) -> HttpResponse:
    """Put a member into another team."""
    team_id = _team_id(request)
    before = members.set_team(actor=request.membership, member_id=member_id, team_id=team_id)
    if before == team_id:
        return _back(request)
    return _done(
        request, _("The team is changed."), f"{_address(request, 'member_team', member_id)}?team={before or ''}"
    )


@member_act("members.end")
def end(request: MemberRequest, member_id: uuid.UUID) -> HttpResponse:
    """End a membership."""
    members.end_membership(actor=request.membership, member_id=member_id)
    # To give access back is no longer possible after the trial: nothing is offered that would be refused.
    undo = _address(request, "member_reinstate", member_id) if request.organization.is_writable else ""
    return _done(request, _("The membership has ended; access is gone."), undo)


@member_act("members.manage")
def reinstate(request: MemberRequest, member_id: uuid.UUID) -> HttpResponse:
    """Take an ended membership back."""
    members.reinstate_member(actor=request.membership, member_id=member_id)
    return _done(request, _("The membership runs again."))


@organization_view("organization.leave")
@require_POST
def leave(request: MemberRequest) -> HttpResponse:
    """End my own membership."""
    try:
        members.leave_organization(member=request.membership)
    except Refused as refusal:
        messages.error(request, str(refusal))
        return _back(request)
    messages.success(request, _("You left %(organization)s.") % {"organization": request.organization.name})
    return redirect("organizations")


@member_act("members.manage")
def invite(request: MemberRequest) -> HttpResponse:
    """Invite an address."""
    form = InvitationForm(request.POST, actor=request.membership, teams=teams.list_teams())
    if not form.is_valid():
        return _show(request, form, status=422)
    wanted = form.cleaned_data
    try:
        invitation = invitations.invite_member(
            actor=request.membership,
            email=wanted["email"],
            role=wanted["role"],
            team_id=_team_id(request),
            language=get_language() or "en",
        )
    except Refused as refusal:
        form.add_error("email", str(refusal))
        return _show(request, form, status=422)
    return _done(
        request,
        _("%(email)s is invited.") % {"email": invitation.email},
        _address(request, "invitation_revoke", invitation.pk),
    )


@member_act("members.manage")
def resend(request: MemberRequest, invitation_id: uuid.UUID) -> HttpResponse:
    """Send an invitation's letter again, with a new link."""
    invitation = invitations.resend_invitation(
        actor=request.membership, invitation_id=invitation_id, language=get_language() or "en"
    )
    return _done(request, _("A new letter goes to %(email)s.") % {"email": invitation.email})


@member_act("members.end")
def revoke(request: MemberRequest, invitation_id: uuid.UUID) -> HttpResponse:
    """Withdraw an invitation."""
    invitation = invitations.revoke_invitation(actor=request.membership, invitation_id=invitation_id)
    return _done(request, _("The invitation of %(email)s is withdrawn.") % {"email": invitation.email})


@member_act("members.manage")
def add_team(request: MemberRequest) -> HttpResponse:
    """Make a team."""
    team = teams.create_team(actor=request.membership, name=request.POST.get("name", ""))
    return _done(request, _("Team %(name)s is there.") % {"name": team.name}, _address(request, "team_remove", team.pk))


@member_act("members.manage")
def remove_team(request: MemberRequest, team_id: uuid.UUID) -> HttpResponse:
    """Remove a team."""
    name = teams.remove_team(actor=request.membership, team_id=team_id)
    return _done(request, _("Team %(name)s is removed.") % {"name": name})


@member_act("members.manage")
def change_visibility(request: MemberRequest) -> HttpResponse:
    """Choose whose accounts members see."""
    before, after = request.organization.visibility, _asked(request, "visibility")
    if after not in Visibility:
        raise Http404
    if not change_organization(actor=request.membership, visibility=after):
        return _back(request)
    sentence = _("Members now see: %(what)s.") % {"what": Visibility(after).label}
    return _done(request, sentence, f"{_address(request, 'visibility')}?visibility={before}")
