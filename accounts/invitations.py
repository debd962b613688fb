"""Inviting by e-mail: who may, what the letter's link opens, and for whom.

The link's token stands in the letter alone: the database and the guard keep its digest, the broker never sees it.
"""

import os
import secrets
import uuid
from datetime import timedelta
from functools import partial

from allauth.account.models import EmailAddress
from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import audit
from accounts.directory import expect_invitee, forget_invitee, hash_handle, register_handle, release_handle
from accounts.encryption import hash_for_lookup
from accounts.models import Invitation, Membership, User
from accounts.rules import Refused, lock_for, require_may_give
from accounts.teams import access_team

VALID_DAYS = 7
# A founded organization costs nothing: without a limit it would be a machine for sending letters to strangers.
MOST_A_DAY = 50
RESEND_AFTER = timedelta(minutes=1)


def invite_member(
    *, actor: Membership, email: str, role: str, team_id: uuid.UUID | None = None, language: str = "en"
) -> Invitation:
    """Invite an address; the letter goes out once this is committed.

    Raises PermissionDenied for a role above the actor's own, Http404 for a foreign team, Refused where the person is
    a member or invited already, or where too many were invited today.
    """
    actor = lock_for(actor, "members.manage")
    require_may_give(actor, role)
    email = email.strip().lower()
    email_hash = _hash_address(actor.organization_id, email)
    if Membership.objects.filter(user__email=email, status=Membership.Status.ACTIVE).exists():
        raise Refused(_("%(email)s is a member already.") % {"email": email})
    if _open_invitations().filter(email_hash=email_hash).exists():
        raise Refused(_("%(email)s is invited already. You can send the letter again below.") % {"email": email})
    _require_below_daily_limit()
    invitation = Invitation.objects.create(
        email=email,
        email_hash=email_hash,
        role=role,
        team=access_team(team_id) if team_id else None,
        # No token leads here until the letter is written.
        token_hash=os.urandom(32),
        invited_by_id=actor.user_id,
        expires_at=timezone.now() + timedelta(days=VALID_DAYS),
    )
    expect_invitee(email)
    audit.record("invitation.created", subject="invitation", subject_id=invitation.pk, role=role)
    _send_on_commit(invitation, language)
    return invitation


def resend_invitation(*, actor: Membership, invitation_id: uuid.UUID, language: str = "en") -> Invitation:
    """Send a new link for seven more days; the old one is dead. Raises Http404, PermissionDenied or Refused."""
    actor = lock_for(actor, "members.manage")
    invitation = _access_open(invitation_id)
    require_may_give(actor, invitation.role)
    if invitation.sent_at and timezone.now() - invitation.sent_at < RESEND_AFTER:
        raise Refused(_("The letter was sent a moment ago. Wait a minute."))
    invitation.expires_at = timezone.now() + timedelta(days=VALID_DAYS)
    invitation.sent_at = None
    # Who sends it again answers for it: an invitation ends with the right of the person behind it.
    invitation.invited_by_id = actor.user_id
    invitation.save(update_fields=["expires_at", "sent_at", "invited_by"])
    audit.record("invitation.resent", subject="invitation", subject_id=invitation.pk)
    _send_on_commit(invitation, language)
    return invitation


def revoke_invitation(*, actor: Membership, invitation_id: uuid.UUID) -> Invitation:
    """Make an invitation's link useless; raises Http404 or PermissionDenied."""
    lock_for(actor, "members.end")
    invitation = _access_open(invitation_id)
    invitation.revoked_at = timezone.now()
    invitation.save(update_fields=["revoked_at"])
    forget_invitee(invitation.email)
    audit.record("invitation.revoked", subject="invitation", subject_id=invitation.pk)
    return invitation


def issue_token(invitation_id: uuid.UUID) -> tuple[Invitation, str] | None:
    """A new token for an invitation that is still open, in the open context; earlier ones lead nowhere any more."""
    invitation = _open_invitations().select_for_update(of=["self"]).filter(pk=invitation_id).first()
    if invitation is None:
        return None
    token = secrets.token_urlsafe(32)
    release_handle("invitation", bytes(invitation.token_hash))
    register_handle("invitation", token)
    invitation.token_hash = hash_handle("invitation", token)
    invitation.sent_at = timezone.now()
    invitation.save(update_fields=["token_hash", "sent_at"])
    return invitation, token


def list_open_invitations() -> list[Invitation]:
    """Invitations that nobody has taken up or withdrawn, newest first; an expired one can be sent again."""
    return list(_open_invitations().select_related("team").order_by("-created_at"))


def address_hashes(organization_id: uuid.UUID, user: User) -> list[bytes]:
    """How the user's verified addresses stand in the organization's invitations."""
    addresses = EmailAddress.objects.filter(user_id=user.pk, verified=True).values_list("email", flat=True)
    return [_hash_address(organization_id, email) for email in addresses]


def _open_invitations() -> QuerySet[Invitation]:
    return Invitation.objects.filter(accepted_at=None, revoked_at=None)


def _access_open(invitation_id: uuid.UUID) -> Invitation:
    invitation = _open_invitations().filter(pk=invitation_id).first()
    if invitation is None:
        raise Http404
    return invitation


def _hash_address(organization_id: uuid.UUID, email: str) -> bytes:
    return hash_for_lookup(organization_id, "email", email)


def _require_below_daily_limit() -> None:
    since = timezone.now() - timedelta(days=1)
    if Invitation.objects.filter(created_at__gte=since).count() >= MOST_A_DAY:
        raise Refused(_("Fifty people were invited since yesterday. Invite more tomorrow."))


def _send_on_commit(invitation: Invitation, language: str) -> None:
    from accounts.tasks import send_invitation  # the task calls back into this module

    transaction.on_commit(
        partial(send_invitation.delay, str(invitation.organization_id), str(invitation.pk), language),
        # Without a broker the invitation stands all the same, and its page says that no letter went out.
        robust=True,
    )
