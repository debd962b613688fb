"""Rules that several acts share: who is asking now, which roles they may give, and how an act says no."""

from django.core.exceptions import PermissionDenied

from accounts.models import Membership, Organization, Role
from accounts.permissions import is_allowed, permissions_of


class Refused(Exception):
    """An act that the rules do not allow, though the person may ask for it; its text is shown as it is."""


def lock_for(actor: Membership, permission: str) -> Membership:
    """Lock the organization until the transaction ends, and read the actor again behind the lock.

    Two acts at once take turns, and each sees the roles as the other left them: so the last owner stays.
    Raises PermissionDenied where the actor no longer holds `permission`.
    """
    Organization.objects.select_for_update().get()
    now = Membership.objects.filter(pk=actor.pk, status=Membership.Status.ACTIVE).first()
    if now is None or not is_allowed(permission, now):
        raise PermissionDenied
    return now


def may_give(actor: Membership, role: str) -> bool:
    """Whether the actor holds everything that the role would give."""
    return role in Role and role != Role.SERVICE and permissions_of(role) <= permissions_of(actor.role)


def require_may_give(actor: Membership, role: str) -> None:
    """Refuse a role that the actor may not give; raises PermissionDenied."""
    if not may_give(actor, role):
        raise PermissionDenied


def grantable_roles(actor: Membership) -> list[tuple[str, str]]:
    """The roles that the member may give, as choices."""
    return [(role, str(label)) for role, label in Role.choices if may_give(actor, role)]
