"""Writing the audit trail, inside the transaction of what it tells."""

import uuid
from typing import Any

from accounts.context import current_context
from accounts.models.audit import AuditEntry


def record(action: str, *, subject: str = "", subject_id: uuid.UUID | str = "", **details: Any) -> AuditEntry:
    """Note that the open context's user did `action` ("member.role_changed"); details are ids and codes only."""
    return AuditEntry.objects.create(
        organization_id=current_context().organization_id,
        actor_id=current_context().user_id,
        action=action,
        subject=subject,
        subject_id=str(subject_id),
        details=details,
    )
