"""What must be known before there is a context: the guard's closed list of look-ups, one function each."""

import hashlib
import uuid

from django.db import connection, transaction

from accounts.context import NOBODY, organization_context
from accounts.models import Organization


def hash_handle(kind: str, value: str) -> bytes:
    """How a handle (slug, invitation token) is stored: its digest only, apart per kind."""
    return hashlib.sha256(f"{kind}:{value}".encode()).digest()


def find_organization(kind: str, value: str) -> uuid.UUID | None:
    """The organization that registered this handle; None where there is none."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT guard.find(%s, %s)", [kind, hash_handle(kind, value)])
        return cursor.fetchone()[0]


def register_handle(kind: str, value: str) -> None:
    """Let `find_organization` lead to the open context's organization; raises IntegrityError if it is taken."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT guard.register(%s, %s)", [kind, hash_handle(kind, value)])


def release_handle(kind: str, digest: bytes) -> None:
    """Forget a handle of the open context's organization, of which the digest is at hand."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT guard.release(%s, %s)", [kind, bytes(digest)])


def expect_invitee(email: str) -> None:
    """Let whoever proves to own this address find the open context's organization."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT guard.invite(%s)", [hash_handle("invitee", email.strip().lower())])


def forget_invitee(email: str) -> None:
    """Take back `expect_invitee`, once no invitation to this address is open."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT guard.uninvite(%s)", [hash_handle("invitee", email.strip().lower())])


def inviting_organization_ids(user_id: uuid.UUID) -> list[uuid.UUID]:
    """The organizations that invited one of the user's verified addresses."""
    with organization_context(organization_id=NOBODY, user_id=user_id), connection.cursor() as cursor:
        cursor.execute("SELECT guard.invitations()")
        return [row[0] for row in cursor.fetchall()]


def organization_ids_of(user_id: uuid.UUID) -> list[uuid.UUID]:
    """The organizations in which the user is an active member, oldest membership first."""
    with organization_context(organization_id=NOBODY, user_id=user_id), connection.cursor() as cursor:
        cursor.execute("SELECT guard.memberships()")
        return [row[0] for row in cursor.fetchall()]


def organizations_of(user_id: uuid.UUID) -> list[Organization]:
    """The user's organizations, oldest membership first; each is read in a context of its own."""
    found: list[Organization] = []
    for organization_id in organization_ids_of(user_id):
        with organization_context(organization_id=organization_id, user_id=user_id):
            found.extend(Organization.objects.all())
    return found


def all_organization_ids() -> list[uuid.UUID]:
    """Every organization's id and nothing else: what the scheduler goes through."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT guard.organizations()")
        return [row[0] for row in cursor.fetchall()]
