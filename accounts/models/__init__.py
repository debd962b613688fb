from accounts.models.audit import AuditEntry
from accounts.models.organizations import Invitation, Membership, Organization, Role, Team, Visibility
from accounts.models.users import User

__all__ = ["AuditEntry", "Invitation", "Membership", "Organization", "Role", "Team", "User", "Visibility"]
