from accounts.models.audit import AuditEntry
from accounts.models.organizations import Invitation, Membership, Organization, Role, Team, Visibility
from accounts.models.sessions import BrowserSession
from accounts.models.users import User

__all__ = [
    "AuditEntry",
    "BrowserSession",
    "Invitation",
    "Membership",
    "Organization",
    "Role",
    "Team",
    "User",
    "Visibility",
]
