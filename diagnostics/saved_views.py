"""Lists that members keep under a name: their own, and those that someone shows to everyone."""

import uuid

from django.db.models import Q
from django.http import Http404
from django.utils.translation import gettext as _

from accounts import audit
from accounts.models import Membership, Role
from diagnostics.models import SavedView

MOST_PER_MEMBER = 50
MOST_NAME = SavedView._meta.get_field("name").max_length or 0
# They tidy up what is shown to everyone, also when its author has left.
KEEPERS = frozenset({Role.OWNER, Role.ADMIN})


class ViewRefused(ValueError):
    """The view cannot be kept so; the message says why, for the person who asked."""


def list_views(membership: Membership, screen: str) -> list[SavedView]:
    """The member's own views of a screen and those shown to everyone, by name."""
    views = SavedView.objects.filter(Q(member_id=membership.pk) | Q(shared=True), screen=screen)
    return sorted(views, key=lambda view: (view.name.casefold(), str(view.pk)))


def may_delete(membership: Membership, view: SavedView) -> bool:
    """Whether the view is the member's own, or one shown to everyone that the member looks after."""
    return view.member_id == membership.pk or (view.shared and membership.role in KEEPERS)


def save_view(*, membership: Membership, screen: str, name: str, query: str, shared: bool = False) -> SavedView:
    """Keep a screen's query string under a name; the member's view of that name is replaced.

    `query` is what `AccountFilters.to_query` wrote. Raises ViewRefused for a missing or long name, or too many views.
    """
    name = " ".join(name.split())
    if not name:
        raise ViewRefused(_("Give the view a name."))
    if len(name) > MOST_NAME:
        raise ViewRefused(_("A name has at most %(most)s characters.") % {"most": MOST_NAME})
    own = SavedView.objects.filter(member_id=membership.pk, screen=screen)
    if not own.filter(name=name).exists() and own.count() >= MOST_PER_MEMBER:
        raise ViewRefused(_("You keep %(most)s views already. Delete one first.") % {"most": MOST_PER_MEMBER})
    view, created = SavedView.objects.update_or_create(
        member_id=membership.pk,
        screen=screen,
        name=name,
        defaults={"query": query, "shared": shared},
        create_defaults={"query": query, "shared": shared, "organization_id": membership.organization_id},
    )
    audit.record(
        "view.saved", subject="saved_view", subject_id=view.pk, screen=screen, shared=shared, replaced=not created
    )
    return view


def delete_view(*, membership: Membership, view_id: uuid.UUID) -> SavedView:
    """Forget a view and return what it was; raises Http404 where the member may not, or it is not there."""
    view = SavedView.objects.filter(pk=view_id).first()
    if view is None or not may_delete(membership, view):
        raise Http404
    SavedView.objects.filter(pk=view.pk).delete()
    audit.record("view.deleted", subject="saved_view", subject_id=view.pk, screen=view.screen, shared=view.shared)
    return view
