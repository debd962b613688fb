"""What must be known before there is a context: the guard's closed list of look-ups, one function each."""

import hashlib
import uuid

from django.db import connection, transaction

from accounts.context import NOBODY, organization_context


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


def release_handle(kind: str, value: str) -> None:
    """Forget a handle of the open context's organization."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT guard.release(%s, %s)", [kind, hash_handle(kind, value)])


def organization_ids_of(user_id: uuid.UUID) -> list[uuid.UUID]:
    """The organizations in which the user is an active member, oldest membership first."""
    with organization_context(organization_id=NOBODY, user_id=user_id), connection.cursor() as cursor:
        cursor.execute("SELECT guard.memberships()")
        return [row[0] for row in cursor.fetchall()]


def all_organization_ids() -> list[uuid.UUID]:
    """Every organization's id and nothing else: what the scheduler goes through."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT guard.organizations()")
        return [row[0] for row in cursor.fetchall()]
