"""Who may do what: one table of named permissions and the roles that hold them."""

from accounts.models.organizations import Membership, Role

BOOK_ROLES = frozenset({Role.OWNER, Role.ADMIN, Role.MANAGER, Role.CSM, Role.AM})
ADMINS = frozenset({Role.OWNER, Role.ADMIN})

PERMISSIONS: dict[str, frozenset[str]] = {
    "organization.enter": frozenset(set(Role) - {Role.SERVICE}),
    "organization.leave": frozenset(set(Role) - {Role.SERVICE}),
    "organization.change": ADMINS,
    "members.view": frozenset(set(Role) - {Role.SERVICE, Role.DPO}),
    "members.manage": ADMINS,
    "members.end": ADMINS,
    "owners.manage": frozenset({Role.OWNER}),
    "audit.view": frozenset({Role.OWNER, Role.ADMIN, Role.DPO}),
    "portfolio.view": BOOK_ROLES | {Role.VIEWER},
    "portfolio.act": BOOK_ROLES,
    "portfolio.import": ADMINS,
    "portfolio.export": frozenset({Role.OWNER, Role.ADMIN, Role.DPO}),
    "diagnosis.run": ADMINS,
    "model.view": BOOK_ROLES | {Role.VIEWER},
    "model.change": ADMINS,
    "targets.change": ADMINS | {Role.MANAGER},
    "catalogue.view": BOOK_ROLES | {Role.VIEWER},
    "catalogue.change": ADMINS,
}
# Reading is always allowed to those who may read. After the trial only these may still be done by an unsafe method:
# taking one's data away, and taking access away. Nothing in them gives access or changes the portfolio (decision 0020).
AFTER_TRIAL = frozenset({"portfolio.export", "organization.leave", "members.end"})


def permissions_of(role: str) -> frozenset[str]:
    """Everything that a role may do."""
    return frozenset(name for name, roles in PERMISSIONS.items() if role in roles)


def is_allowed(permission: str, membership: Membership) -> bool:
    """Whether the member holds the permission; raises KeyError for a name that is not in the table."""
    return membership.role in PERMISSIONS[permission]
