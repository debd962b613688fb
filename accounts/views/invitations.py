"""The page behind the link of an invitation."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.joining import accept_invitation, read_invitation
from accounts.rules import Refused
from accounts.shell import forget_organization_choices

PENDING_INVITATION = "invitation"


@never_cache
@require_http_methods(["GET", "POST"])
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    """Show what is offered, or in one sentence why nothing is; a POST by the person it is addressed to accepts.

    A visitor who still has to sign up comes back here: the session holds the link until it was looked at signed in.
    """
    user = request.user if request.user.is_authenticated else None
    try:
        offer = read_invitation(token, user=user)
        if user is None:
            request.session[PENDING_INVITATION] = token
        else:
            request.session.pop(PENDING_INVITATION, None)
            if request.method == "POST":
                organization = accept_invitation(token=token, user=user)
                forget_organization_choices(request)
                return redirect("organization", organization.slug)
    except Http404:
        request.session.pop(PENDING_INVITATION, None)
        problem = _("This link leads nowhere. A newer invitation may have taken its place: look for the last letter.")
        return render(request, "accounts/invitation.html", {"problem": problem}, status=404)
    except Refused as refusal:
        return render(request, "accounts/invitation.html", {"problem": str(refusal)}, status=409)
    content = {"offer": offer, "problem": offer.problem, "token": token}
    return render(request, "accounts/invitation.html", content)
