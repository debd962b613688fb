"""The one way a request enters an organization, and the frame every page is shown in."""

from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import quote

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.db import connection, transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext_lazy as _

from accounts.context import organization_context
from accounts.directory import find_organization
from accounts.models import Membership, Organization
from accounts.permissions import READ_ONLY, is_allowed


class MemberRequest(HttpRequest):
    """A request inside an organization, as every `organization_view` gets it."""

    organization: Organization
    membership: Membership


SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
View = Callable[..., HttpResponse]


def organization_view(permission: str) -> Callable[[View], View]:
    """Open the URL's organization for the signed-in member, check `permission`, run the view in that context.

    No membership, or no such organization: 404, alike. A missing permission, or writing after the trial: 403.
    A response from status 500 on rolls back what the view wrote.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def enter(request: MemberRequest, slug: str, *args: Any, **kwargs: Any) -> HttpResponse:
            if not request.user.is_authenticated:
                if request.headers.get("HX-Request"):
                    # A part of a page cannot show the sign-in page: send the whole window there.
                    response = HttpResponse(status=204)
                    response["HX-Redirect"] = f"{reverse('account_login')}?next={quote(_page_of(request))}"
                    return response
                return redirect_to_login(request.get_full_path())
            organization_id = find_organization("slug", slug)
            if organization_id is None:
                raise Http404
            with organization_context(organization_id=organization_id, user_id=request.user.pk):
                membership = _active_membership(request.user.pk)
                if membership is None:
                    raise Http404
                request.membership, request.organization = membership, membership.organization
                membership.user = request.user
                if not is_allowed(permission, membership):
                    raise PermissionDenied
                if not membership.organization.is_writable and (
                    permission not in READ_ONLY or request.method not in SAFE_METHODS
                ):
                    raise PermissionDenied(_("The trial is over: you can read and export, but not change anything."))
                response = view(request, *args, **kwargs)
                if response.status_code >= 500:
                    transaction.set_rollback(True)
            response.headers.setdefault("Cache-Control", "private, no-store")
            return response

        enter.permission = permission  # type: ignore[attr-defined]  # read by the URL × role test
        # The context is the transaction: a second one around it would cost two more statements a request.
        return transaction.non_atomic_requests(enter)

    return decorate


def _page_of(request: HttpRequest) -> str:
    from urllib.parse import urlsplit

    current = urlsplit(request.headers.get("HX-Current-URL", ""))
    return f"{current.path}?{current.query}" if current.query else current.path or "/"


def _active_membership(user_id: Any) -> Membership | None:
    return (
        Membership.objects.select_related("organization")
        .filter(user_id=user_id, status=Membership.Status.ACTIVE)
        .first()
    )


# Upper rooms add their screens here in AppConfig.ready(): (order, group, key, label, icon, url name, permission).
NAVIGATION: list[tuple[int, str, str, Any, str, str, str]] = []
# Upper rooms add functions request → dict of what the frame shows (counts by key, the diagnosis' state).
SHELL_CONTEXT: list[Callable[[HttpRequest], dict[str, Any]]] = []


def add_to_navigation(
    *, order: int, group: str, key: str, label: Any, icon: str, url_name: str, permission: str
) -> None:
    """Offer a screen in the frame's navigation to the roles that hold `permission`."""
    entry = (order, group, key, label, icon, url_name, permission)
    if entry not in NAVIGATION:
        NAVIGATION.append(entry)
        NAVIGATION.sort(key=lambda e: e[0])


def shell(request: Any) -> dict[str, Any]:
    """Context processor: the frame's organization, navigation and state; empty outside an organization."""
    membership = getattr(request, "membership", None)
    # A part of a page has no frame, and an error page after the transaction has no context to read in.
    if membership is None or (request.headers.get("HX-Request") and not request.headers.get("HX-Boosted")):
        return {}
    extra: dict[str, Any] = {}
    if connection.in_atomic_block:
        for read in SHELL_CONTEXT:
            extra |= read(request)
    counts = extra.pop("counts", {})
    return {
        "organization": request.organization,
        "membership": membership,
        "navigation": [
            {
                "group": group,
                "key": key,
                "label": label,
                "icon": icon,
                "url": url,
                "count": counts.get(key),
                "current": request.path == url or (url.count("/") > 3 and request.path.startswith(url)),
            }
            for _order, group, key, label, icon, url_name, permission in NAVIGATION
            if is_allowed(permission, membership) and (url := _url(url_name, request.organization.slug))
        ],
        **extra,
    }


def _url(name: str, slug: str) -> str:
    try:
        return reverse(name, args=[slug])
    except NoReverseMatch:
        return ""
