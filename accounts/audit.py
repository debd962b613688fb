"""The audit trail: written inside the transaction of what it tells, read as sentences."""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.paginator import Page, Paginator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.context import current_context, service_user_id
from accounts.models import AuditEntry, Membership, Role, Visibility

PER_PAGE = 50

# What each action is called; upper rooms add theirs with name_action() in AppConfig.ready().
ACTIONS: dict[str, Any] = {
    "organization.founded": gettext_lazy("founded the organization"),
    "organization.changed": gettext_lazy("changed settings"),
    "member.joined": gettext_lazy("joined"),
    "member.role_changed": gettext_lazy("changed a role"),
    "member.team_changed": gettext_lazy("changed a team"),
    "member.ended": gettext_lazy("ended a membership"),
    "member.reinstated": gettext_lazy("took a member back"),
    "team.created": gettext_lazy("made a team"),
    "team.removed": gettext_lazy("removed a team"),
    "invitation.created": gettext_lazy("invited somebody"),
    "invitation.resent": gettext_lazy("sent an invitation again"),
    "invitation.revoked": gettext_lazy("withdrew an invitation"),
    "keys.rotated": gettext_lazy("renewed the data key"),
}


@dataclass(frozen=True, slots=True)
class Line:
    """One entry as it is read."""

    at: datetime
    actor: str
    action: str
    subject: str
    details: str


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


def record_all(action: str, *, subject: str, told: Iterable[tuple[uuid.UUID, dict[str, Any]]]) -> None:
    """The same of several subjects at once: the id and the details of each; one query."""
    context = current_context()
    AuditEntry.objects.bulk_create(
        AuditEntry(
            organization_id=context.organization_id,
            actor_id=context.user_id,
            action=action,
            subject=subject,
            subject_id=str(subject_id),
            details=details,
        )
        for subject_id, details in told
    )


def name_action(action: str, label: Any) -> None:
    """Say how an action of another room is called on the audit page."""
    ACTIONS[action] = label


def page_of_entries(number: str | None) -> tuple[Page, list[Line]]:
    """A page of the open organization's trail, newest first; a number that is none gives the nearest page."""
    page = Paginator(AuditEntry.objects.order_by("-at", "id"), PER_PAGE).get_page(number)
    entries = list(page.object_list)
    people = _names_of(entries)
    return page, [
        Line(
            at=entry.at,
            actor=people.get(str(entry.actor_id), _("a former member")),
            action=str(ACTIONS.get(entry.action, entry.action)),
            subject=people.get(entry.subject_id, "") if entry.subject == "member" else "",
            details=_in_words(entry.details),
        )
        for entry in entries
    ]


def _names_of(entries: list[AuditEntry]) -> dict[str, str]:
    """Names by user id and by member id, of this organization's people only."""
    organization_id = current_context().organization_id
    names = {str(service_user_id(organization_id)): "Phano"}
    wanted = {str(entry.actor_id) for entry in entries} | {entry.subject_id for entry in entries}
    for membership in Membership.objects.exclude(role=Role.SERVICE).select_related("user"):
        for known in (str(membership.user_id), str(membership.pk)):
            if known in wanted:
                names[known] = str(membership.user)
    return names


def _in_words(details: dict[str, Any]) -> str:
    known = {**dict(Role.choices), **dict(Visibility.choices)}
    before, after = details.get("before"), details.get("after")
    if isinstance(before, dict) and isinstance(after, dict):
        return ", ".join(f"{name}: {before[name]} → {after.get(name, '')}" for name in before)
    if before is not None and after is not None and (before in known or after in known):
        return f"{known.get(before, before)} → {known.get(after, after)}"
    return ", ".join(str(known.get(value, value)) for key, value in details.items() if key in ("role", "count"))
