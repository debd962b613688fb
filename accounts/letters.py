"""The letters of this room, in plain text and in the reader's language."""

import uuid

from django.conf import settings
from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from accounts.invitations import VALID_DAYS, issue_token
from accounts.models import Organization, User


def write_invitation(*, invitation_id: uuid.UUID, language: str) -> None:
    """Send the letter of an invitation with a new link; nothing where it is no longer open.

    A known person gets it in their own language, everybody else in the inviter's. A mail fault is raised, so that
    the token is not kept either.
    """
    issued = issue_token(invitation_id)
    if issued is None:
        return
    invitation, token = issued
    reader = User.objects.filter(email=invitation.email).first()
    with translation.override((reader and reader.language) or language):
        organization = Organization.objects.get()
        content = {
            "organization": _in_one_line(organization.name),
            "inviter": _in_one_line(str(invitation.invited_by or "")),
            "role": invitation.get_role_display(),
            "url": settings.PUBLIC_URL + reverse("invitation_link", args=[token]),
            "days": VALID_DAYS,
        }
        EmailMessage(
            subject=_("%(organization)s invites you to Phano") % content,
            body=render_to_string("accounts/letters/invitation.txt", content),
            to=[invitation.email],
        ).send()


def _in_one_line(text: str) -> str:
    # What people typed must not open a second header or paragraph.
    return " ".join(text.split())
