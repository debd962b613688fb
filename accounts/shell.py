"""The frame every page is shown in: screens on offer, organizations to switch to, what is left of the trial."""

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils import timezone

from accounts.context import is_context_open
from accounts.directory import organizations_of
from accounts.models import Membership, Organization
from accounts.permissions import is_allowed

# Upper rooms add their screens here in AppConfig.ready(): (order, group, key, label, icon, url name, permission).
NAVIGATION: list[tuple[int, str, str, Any, str, str, str]] = []
# Upper rooms add functions request → dict of what the frame shows (counts by key, the diagnosis' state).
SHELL_CONTEXT: list[Callable[[HttpRequest], dict[str, Any]]] = []

CHOICES = "organization_choices"
# Reading the names costs one context for each organization: once in five minutes is enough for a menu, whose links
# ask again who may enter.
CHOICES_SECONDS = 300


def add_to_navigation(
    *, order: int, group: str, key: str, label: Any, icon: str, url_name: str, permission: str
) -> None:
    """Offer a screen in the frame's navigation to the roles that hold `permission`."""
    entry = (order, group, key, label, icon, url_name, permission)
    if entry not in NAVIGATION:
        NAVIGATION.append(entry)
        NAVIGATION.sort(key=lambda e: e[0])


def landing_url(membership: Membership) -> str:
    """The first screen that the member may see: Today for those who have a book."""
    slug = membership.organization.slug
    for *_entry, url_name, permission in NAVIGATION:
        if is_allowed(permission, membership) and (url := _url(url_name, slug)):
            return url
    return reverse("organizations")


def shell(request: Any) -> dict[str, Any]:
    """Context processor: the frame's organization, navigation and state; little outside an organization."""
    # A part of a page has no frame, only the place where it stands.
    if request.headers.get("HX-Request") and not request.headers.get("HX-Boosted"):
        return {name: getattr(request, name) for name in ("organization", "membership") if hasattr(request, name)}
    if not getattr(request, "user", None) or not request.user.is_authenticated:
        return {}
    frame: dict[str, Any] = {"preferences_url": reverse("preferences"), "organizations_url": reverse("organizations")}
    membership = getattr(request, "membership", None)
    if membership is None:
        return frame
    extra: dict[str, Any] = {}
    # An error page after the transaction has no context to read in.
    if is_context_open():
        frame["organization_choices"] = _organization_choices(request)
        for read in SHELL_CONTEXT:
            extra |= read(request)
    counts = extra.pop("counts", {})
    return {
        **frame,
        "organization": request.organization,
        "membership": membership,
        "trial_days_left": count_trial_days(request.organization),
        "navigation": [
            {
                "group": group,
                "key": key,
                "label": label,
                "icon": icon,
                "url": url,
                # Where there is nothing, nothing calls.
                "count": counts.get(key) or None,
                "current": request.path == url or (url.count("/") > 3 and request.path.startswith(url)),
            }
            for _order, group, key, label, icon, url_name, permission in NAVIGATION
            if is_allowed(permission, membership) and (url := _url(url_name, request.organization.slug))
        ],
        **extra,
    }


def count_trial_days(organization: Organization) -> int | None:
    """Days left, the running one counted; 0 once the trial is over, None where there is no trial."""
    if organization.trial_ends_at is None:
        return None
    left = organization.trial_ends_at - timezone.now()
    return max(0, -(-left // timedelta(days=1)))


def forget_organization_choices(request: HttpRequest) -> None:
    """Read the switcher's names again at the next page: after a membership or a name has changed."""
    request.session.pop(CHOICES, None)


def _organization_choices(request: Any) -> list[dict[str, Any]]:
    known = request.session.get(CHOICES)
    if not known or known["until"] < time.time():
        names = [[o.slug, o.name] for o in organizations_of(request.user.pk)]
        known = request.session[CHOICES] = {"until": time.time() + CHOICES_SECONDS, "names": names}
    return [
        {"name": name, "url": reverse("organization", args=[slug]), "current": slug == request.organization.slug}
        for slug, name in known["names"]
    ]


def _url(name: str, slug: str) -> str:
    try:
        return reverse(name, args=[slug])
    except NoReverseMatch:
        return ""
