"""Whose accounts a member sees: their own book, their team's books, or all, as the organization chose.

A book is the accounts of which a person is the CSM or the AM today, found by the member's e-mail address.
"""

import uuid

from django.db.models import Q, QuerySet
from django.http import Http404

from accounts.models import Membership, Role
from accounts.models.organizations import Visibility
from accounts.permissions import is_allowed
from portfolio.models import Account

# They answer for the whole base, whatever the organization chose for its members.
SEE_ALL = frozenset({Role.OWNER, Role.ADMIN, Role.SERVICE})
# A manager answers for the team; a viewer has no book, so that "their own" would show nothing.
SEE_TEAM = frozenset({Role.MANAGER, Role.VIEWER})


def widest_book(membership: Membership) -> Visibility | None:
    """The widest book that the member may see; None for a role that sees no customer account."""
    if membership.role not in SEE_ALL and not is_allowed("portfolio.view", membership):
        return None
    visibility = Visibility(membership.organization.visibility)
    if membership.role in SEE_ALL or visibility == Visibility.ALL:
        return Visibility.ALL
    if membership.role in SEE_TEAM or visibility == Visibility.TEAM:
        return Visibility.TEAM
    return Visibility.OWN


def visible_accounts(membership: Membership) -> QuerySet[Account]:
    """The accounts that the member may see; none for a role that sees no customer account."""
    book = widest_book(membership)
    return Account.objects.none() if book is None else accounts_in(book, membership)


def accounts_in(book: Visibility, membership: Membership) -> QuerySet[Account]:
    """The accounts of one of the member's books; whether the member may see it is `widest_book`'s to say."""
    if book == Visibility.ALL:
        return Account.objects.all()
    return team_books(membership) if book == Visibility.TEAM else own_book(membership)


def own_book(membership: Membership) -> QuerySet[Account]:
    """The accounts of which the member is the CSM or the AM."""
    return Account.objects.filter(_owned_by([membership.user.email.lower()]))


def team_books(membership: Membership) -> QuerySet[Account]:
    """The books of the member's team, the member's own included; without a team, the own book."""
    if membership.team_id is None:
        return own_book(membership)
    return Account.objects.filter(_owned_by(team_addresses(membership)))


def team_addresses(membership: Membership) -> list[str]:
    """The addresses of the member's team, the member's own included; without a team, that one alone."""
    if membership.team_id is None:
        return [membership.user.email.lower()]
    colleagues = Membership.objects.filter(team_id=membership.team_id, status=Membership.Status.ACTIVE)
    return list(colleagues.values_list("user__email", flat=True))


def access_account(membership: Membership, account_id: uuid.UUID | str) -> Account:
    """One account that the member may see; raises Http404, alike for a hidden, a foreign and a missing one."""
    try:
        wanted = uuid.UUID(str(account_id))
    except ValueError:
        raise Http404 from None
    account = visible_accounts(membership).filter(pk=wanted).first()
    if account is None:
        raise Http404
    return account


def _owned_by(emails: list[str]) -> Q:
    # Import writes members' addresses in lower case, and users' addresses are kept so.
    return Q(csm_email__in=emails) | Q(am_email__in=emails)
