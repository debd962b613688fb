"""The page behind the link of an invitation."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from accounts.joining import accept_invitation, read_invitation
from accounts.rules import Refused
from accounts.shell import forget_organization_choices

PENDING = "pending_invitation"


def waiting_invitation(request: HttpRequest) -> bool:
    """Whether the person came by a link and has not yet seen, signed in, what it offers."""
    return not request.session.get(PENDING, {}).get("seen", True)


@never_cache
@require_GET
def follow_link(request: HttpRequest, token: str) -> HttpResponse:
    """Keep the token in the session and out of the address: no log, history or referrer holds it any longer.

    A visitor who has to sign up first comes back by the session as well.
    """
    request.session[PENDING] = {"token": token, "seen": False}
    return redirect("invitation")


@never_cache
@require_http_methods(["GET", "POST"])
def invitation(request: HttpRequest) -> HttpResponse:
    """Show what is offered, or in one sentence why nothing is; a POST by the person it is addressed to accepts."""
    user = request.user if request.user.is_authenticated else None
    token = request.session.get(PENDING, {}).get("token", "")
    try:
        offer = read_invitation(token, user=user)
        if user is not None:
            request.session[PENDING] = {"token": token, "seen": True}
            if request.method == "POST":
                organization = accept_invitation(token=token, user=user)
                del request.session[PENDING]
                forget_organization_choices(request)
                return redirect("organization", organization.slug)
    except Http404:
        request.session.pop(PENDING, None)
        lost = _("This link leads nowhere. A newer invitation may have taken its place: look for the last letter.")
        return _show(request, 404, problem=lost)
    except Refused as refusal:
        return _show(request, 409, problem=str(refusal))
    return _show(request, 200, offer=offer, problem=offer.problem)


def _show(request: HttpRequest, status: int, **content: Any) -> HttpResponse:
    return render(request, "accounts/invitation.html", content, status=status)
