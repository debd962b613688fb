"""Where a person comes in: the way to the last organization, all of mine, and founding one."""

import uuid

from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.directory import find_organization, organization_ids_of, organizations_of
from accounts.forms import FoundOrganizationForm
from accounts.joining import accept_offer, open_offers
from accounts.organizations import SlugTaken, found_organization, suggest_slug
from accounts.rules import Refused
from accounts.shell import forget_organization_choices, landing_url
from accounts.views.invitations import waiting_invitation
from accounts.web import LAST_ORGANIZATION, MemberRequest, UserRequest, organization_view


@never_cache
@login_required
@require_GET
def home(request: UserRequest) -> HttpResponse:
    """On to what the person came for: an invitation, the organization used last, or the choice of one."""
    if waiting_invitation(request):
        return redirect("invitation")
    mine = organization_ids_of(request.user.pk)
    last = request.session.get(LAST_ORGANIZATION, "")
    if last and find_organization("slug", last) in mine:
        return redirect("organization", last)
    if mine:
        return redirect("organization", organizations_of(request.user.pk)[0].slug)
    return redirect("organizations")


@organization_view("organization.enter")
def enter(request: MemberRequest) -> HttpResponse:
    """The organization's own address leads to the first screen that the member may see."""
    return redirect(landing_url(request.membership))


@never_cache
@login_required
@require_GET
def organizations(request: UserRequest) -> HttpResponse:
    """Mine, those that invite me, and the way to a new one."""
    content = {
        "mine": organizations_of(request.user.pk),
        "offers": open_offers(request.user),
        "form": FoundOrganizationForm(),
    }
    return render(request, "accounts/organizations.html", content)


@never_cache
@login_required
@require_http_methods(["GET", "POST"])
def found(request: UserRequest) -> HttpResponse:
    """Found an organization; as a part (htmx), the address suggested for the name typed so far."""
    if request.method == "GET":
        if request.htmx and request.GET.get("name"):
            form = FoundOrganizationForm(initial={"slug": suggest_slug(request.GET["name"][:120])})
            return render(request, "accounts/organizations.html#address", {"form": form})
        return render(request, "accounts/organizations.html", {"form": FoundOrganizationForm(), "only_form": True})
    form = FoundOrganizationForm(request.POST)
    if form.is_valid():
        try:
            organization = found_organization(
                **{**form.cleaned_data, "slug": form.cleaned_data["slug"] or suggest_slug(form.cleaned_data["name"])},
                owner=request.user,
            )
        except SlugTaken:
            free = suggest_slug(form.cleaned_data["name"])
            form.add_error("slug", _("This address is taken. %(free)s is free.") % {"free": free})
        except ValidationError as error:
            form.add_error(None, error)
        else:
            forget_organization_choices(request)
            return redirect("organization", organization.slug)
    return render(request, "accounts/organizations.html", {"form": form, "only_form": True}, status=422)


@never_cache
@login_required
@require_POST
def join(request: UserRequest) -> HttpResponse:
    """Take up an invitation to one of my verified addresses, without its letter."""
    try:
        organization = accept_offer(organization_id=uuid.UUID(request.POST.get("organization", "")), user=request.user)
    except ValueError:
        raise Http404 from None
    except Refused as refusal:
        return render(request, "accounts/invitation.html", {"problem": str(refusal)}, status=409)
    forget_organization_choices(request)
    return redirect("organization", organization.slug)
