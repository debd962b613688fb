"""The one way a request enters an organization, and what it meets at the door."""

from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import quote, urlsplit

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.template.response import SimpleTemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy as _
from django_htmx.middleware import HtmxDetails

from accounts.context import NOBODY, organization_context
from accounts.directory import find_organization
from accounts.encryption import KeyDestroyed
from accounts.models import Membership, Organization, User
from accounts.permissions import AFTER_TRIAL, is_allowed
from accounts.shell import NAVIGATION, SHELL_CONTEXT, add_to_navigation, landing_url, shell

__all__ = [
    "NAVIGATION",
    "SHELL_CONTEXT",
    "MemberRequest",
    "UserRequest",
    "add_to_navigation",
    "landing_url",
    "organization_view",
    "shell",
    "way_back",
]

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
LAST_ORGANIZATION = "last_organization"
View = Callable[..., HttpResponseBase]


class UserRequest(HttpRequest):
    """A request of somebody who is signed in."""

    user: User  # type: ignore[assignment]  # nobody anonymous comes here
    htmx: HtmxDetails


class MemberRequest(UserRequest):
    """A request inside an organization, as every `organization_view` gets it."""

    organization: Organization
    membership: Membership


def organization_view(permission: str) -> Callable[[View], View]:
    """Open the URL's organization for the signed-in member, check `permission`, run the view in that context.

    No membership, or no such organization: 404, alike. A missing permission, or writing after the trial what is not in
    AFTER_TRIAL: 403.
    A response from status 500 on rolls back what the view wrote. Texts whose key was destroyed: a page says so (410).
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def enter(request: MemberRequest, slug: str, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not request.user.is_authenticated:
                return _to_sign_in(request)
            # A missing organization goes the same way as a foreign one, so that time tells nothing either.
            organization_id = find_organization("slug", slug) or NOBODY
            try:
                with organization_context(organization_id=organization_id, user_id=request.user.pk):
                    _admit(request, permission)
                    with timezone.override(request.organization.zone):
                        response = view(request, *args, **kwargs)
                        if isinstance(response, SimpleTemplateResponse):
                            # Rendered later, it would read outside the context.
                            response.render()
                    if response.status_code >= 500:
                        transaction.set_rollback(True)
            except KeyDestroyed:
                response = render(request, "accounts/key_destroyed.html", status=410)
            response.headers.setdefault("Cache-Control", "private, no-store")
            return response

        enter.permission = permission  # type: ignore[attr-defined]  # read by the URL × role test
        # The context is the transaction: a second one around it would cost two more statements a request.
        return transaction.non_atomic_requests(enter)

    return decorate


def way_back(request: HttpRequest, default: str) -> str:
    """The posted `next` where it is a path of this site, else `default`, a URL."""
    wanted = request.POST.get("next", "")
    # Without its slash it would be looked for among the names of URLs.
    is_path = wanted.startswith("/") and url_has_allowed_host_and_scheme(wanted, allowed_hosts=None)
    return wanted if is_path else default


def _admit(request: MemberRequest, permission: str) -> None:
    membership = _active_membership(request.user.pk)
    if membership is None:
        raise Http404
    request.membership, request.organization = membership, membership.organization
    membership.user = request.user
    if not is_allowed(permission, membership):
        raise PermissionDenied
    if not membership.organization.is_writable and request.method not in SAFE_METHODS and permission not in AFTER_TRIAL:
        raise PermissionDenied(
            _("The trial is over: you can read, export, end access and leave, but not change anything else.")
        )
    if request.session.get(LAST_ORGANIZATION) != membership.organization.slug:
        request.session[LAST_ORGANIZATION] = membership.organization.slug


def _active_membership(user_id: Any) -> Membership | None:
    return (
        Membership.objects.select_related("organization")
        .filter(user_id=user_id, status=Membership.Status.ACTIVE)
        .first()
    )


def _to_sign_in(request: HttpRequest) -> HttpResponse:
    if not request.headers.get("HX-Request"):
        return redirect_to_login(request.get_full_path())
    # A part of a page cannot show the sign-in page: send the whole window there.
    current = urlsplit(request.headers.get("HX-Current-URL", ""))
    path = current.path if current.path.startswith("/") and not current.path.startswith("//") else "/"
    page = f"{path}?{current.query}" if current.query else path
    response = HttpResponse(status=204)
    response["HX-Redirect"] = f"{reverse('account_login')}?next={quote(page)}"
    return response
