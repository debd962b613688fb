"""The groups that figures and targets are of: their names, and which of them a member may see."""

from collections.abc import Sequence

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from accounts.models import Membership
from accounts.models.organizations import Visibility
from diagnostics.engine.segments import VALUE_SHARES
from diagnostics.models import KpiPeriod
from portfolio.books import visible_accounts, widest_book
from portfolio.models import Account, Target


def read_names(membership: Membership, by: str, groups: Sequence[str]) -> dict[str, str]:
    """Members' and parents' names, in one query; tiers, segments and cohorts name themselves.

    A parent that the member may not see goes without its name.
    """
    if by == "owner":
        return dict(Membership.objects.filter(user__email__in=groups).values_list("user__email", "user__full_name"))
    if by == "parent":
        seen = visible_accounts(membership).filter(source_id__in=groups).values_list("source_id", "name")
        unseen = () if widest_book(membership) == Visibility.ALL else groups
        return {**dict.fromkeys(unseen, _("A parent out of your sight")), **dict(seen)}
    return {}


def may_see_book_of(membership: Membership, owner: str) -> bool:
    """Whether one person's book as a whole is the member's to see: one's own always, others' by both switches."""
    return owner == membership.user.email.lower() or _sees_every_book(membership)


def list_owners(membership: Membership) -> list[str]:
    """The owners of today's books that the member may see, by address."""
    pairs = visible_accounts(membership).values_list("csm_email", "am_email").distinct()
    return sorted({email for pair in pairs for email in pair if email and may_see_book_of(membership, email)})


def has_group(membership: Membership, by: str, group: str) -> bool:
    """Whether there is such a group, and the member may see it; '' and '' is the whole portfolio."""
    match by:
        case "owner":
            return may_see_book_of(membership, group) and _is_owner(membership, group)
        case "parent":
            return visible_accounts(membership).filter(source_id=group).exists()
        case "value_segment":
            return group in (*VALUE_SHARES, "C")
        case "tier":
            return bool(group) and group in Account.Tier.values
        case "cohort":
            return KpiPeriod.objects.filter(group_by=by, group=group).exists()
    return not by and not group


def visible_targets(membership: Membership) -> QuerySet[Target]:
    """The targets that the member may see: of owners and parents only those of books and accounts in sight."""
    shown = Q()
    if not _sees_every_book(membership):
        shown &= ~Q(group_by="owner") | Q(group=membership.user.email.lower())
    if widest_book(membership) != Visibility.ALL:
        shown &= ~Q(group_by="parent") | Q(group__in=visible_accounts(membership).values("source_id"))
    return Target.objects.filter(shown)


def _sees_every_book(membership: Membership) -> bool:
    return widest_book(membership) == Visibility.ALL and membership.organization.figures_per_person


def _is_owner(membership: Membership, email: str) -> bool:
    members = Membership.objects.filter(user__email=email, status=Membership.Status.ACTIVE)
    books = visible_accounts(membership).filter(Q(csm_email=email) | Q(am_email=email))
    return members.exists() or books.exists()
