"""Doors of accounts' background work: ids in, one call into the room."""

import uuid
from smtplib import SMTPException

from celery import shared_task

from accounts.context import service_context
from accounts.letters import write_invitation
from accounts.sessions import SessionStore


@shared_task(
    autoretry_for=(OSError, SMTPException), retry_backoff=5, retry_backoff_max=600, retry_jitter=True, max_retries=6
)
def send_invitation(organization_id: str, invitation_id: str, language: str) -> None:
    """Write and send an invitation's letter; one that is no longer open is left alone. Mail faults are tried again."""
    with service_context(uuid.UUID(organization_id)):
        write_invitation(invitation_id=uuid.UUID(invitation_id), language=language)


@shared_task
def clear_expired_sessions() -> None:
    """Remove the rows of sessions that no longer open anything."""
    SessionStore.clear_expired()
