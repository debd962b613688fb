"""Taking up an invitation: what its link shows before signing in, and the one act that makes a member of it.

Whoever joins has no membership yet: the organization's service member reads the invitation on the strength of the
link's token, or of an address that the guard knows to be the user's own.
"""

import uuid
from dataclasses import dataclass

from django.http import Http404
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import audit
from accounts.context import current_context, organization_context, service_context
from accounts.directory import find_organization, forget_invitee, hash_handle, inviting_organization_ids
from accounts.invitations import address_hashes
from accounts.models import Invitation, Membership, Organization, User
from accounts.rules import Refused, may_give


@dataclass(frozen=True, slots=True)
class Offer:
    """An invitation as the invited person sees it; `problem` says why it cannot be taken up, '' where it can."""

    organization_id: uuid.UUID
    organization_name: str
    slug: str
    role: str
    invited_by: str
    problem: str


def read_invitation(token: str, *, user: User | None) -> Offer:
    """What the link offers, to `user` where somebody is signed in; raises Http404 for a link that leads nowhere."""
    organization_id = find_organization("invitation", token)
    if organization_id is None:
        raise Http404
    with service_context(organization_id):
        return _describe(_by_token(token), user)


def open_offers(user: User) -> list[Offer]:
    """The invitations to the user's verified addresses that can be taken up now."""
    offers = []
    for organization_id in inviting_organization_ids(user.pk):
        with service_context(organization_id):
            offers += [_describe(invitation, user) for invitation in _open_for(user)[:1]]
    return [offer for offer in offers if not offer.problem]


def accept_invitation(*, token: str, user: User) -> Organization:
    """Join by the letter's link; raises Http404, or Refused with the sentence that the page shows."""
    organization_id = find_organization("invitation", token)
    if organization_id is None:
        raise Http404
    with service_context(organization_id):
        organization = Organization.objects.select_for_update().get()
        return _join(organization, _by_token(token), user)


def accept_offer(*, organization_id: uuid.UUID, user: User) -> Organization:
    """Join by a verified address, without the letter; raises Http404 or Refused."""
    if organization_id not in inviting_organization_ids(user.pk):
        raise Http404
    with service_context(organization_id):
        organization = Organization.objects.select_for_update().get()
        invitation = _open_for(user)[:1]
        if not invitation:
            raise Http404
        return _join(organization, invitation[0], user)


def _join(organization: Organization, invitation: Invitation, user: User) -> Organization:
    if problem := _find_problem(invitation, user):
        raise Refused(problem)
    membership = Membership.objects.filter(user=user).first() or Membership(user=user)
    membership.role, membership.team = invitation.role, invitation.team
    membership.status, membership.joined_at, membership.ended_at = Membership.Status.ACTIVE, timezone.now(), None
    membership.save()
    invitation.accepted_at = timezone.now()
    invitation.save(update_fields=["accepted_at"])
    forget_invitee(invitation.email)
    # From here on the new member acts in their own name.
    with organization_context(organization_id=organization.pk, user_id=user.pk):
        audit.record("member.joined", subject="member", subject_id=membership.pk, role=membership.role)
    return organization


def _describe(invitation: Invitation, user: User | None) -> Offer:
    organization = Organization.objects.get()
    return Offer(
        organization_id=organization.pk,
        organization_name=organization.name,
        slug=organization.slug,
        role=invitation.get_role_display(),
        invited_by=str(invitation.invited_by or ""),
        problem=_find_problem(invitation, user),
    )


def _find_problem(invitation: Invitation, user: User | None) -> str:
    if invitation.accepted_at:
        return _("This invitation has been used already.")
    if invitation.revoked_at:
        return _("This invitation was withdrawn.")
    if invitation.is_expired:
        return _("This invitation has expired. Ask for a new one.")
    if not _stands_behind(invitation):
        return _("Whoever invited you can no longer do so. Ask for a new invitation.")
    if not Organization.objects.get().is_writable:
        return _("The organization's trial is over: nobody can join it now.")
    if user is not None:
        if bytes(invitation.email_hash) not in address_hashes(invitation.organization_id, user):
            return _("This invitation was sent to another address. Sign in with the address it was sent to.")
        if Membership.objects.filter(user=user, status=Membership.Status.ACTIVE).exists():
            return _("You are a member already.")
    return ""


def _stands_behind(invitation: Invitation) -> bool:
    # Otherwise somebody about to be sent away could leave a way back in.
    active = Membership.objects.filter(status=Membership.Status.ACTIVE)
    inviter = active.filter(user=invitation.invited_by).first() if invitation.invited_by else None
    return inviter is not None and may_give(inviter, invitation.role)


def _by_token(token: str) -> Invitation:
    invitation = (
        Invitation.objects.select_related("invited_by").filter(token_hash=hash_handle("invitation", token)).first()
    )
    if invitation is None:
        raise Http404
    return invitation


def _open_for(user: User) -> list[Invitation]:
    return list(
        Invitation.objects.select_related("invited_by")
        .filter(accepted_at=None, revoked_at=None, expires_at__gt=timezone.now())
        .filter(email_hash__in=address_hashes(current_context().organization_id, user))
        .order_by("-created_at")
    )
