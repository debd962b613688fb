"""An organization's settings, and a person's own."""

from copy import copy

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.forms import OrganizationForm, PreferencesForm
from accounts.organizations import change_organization
from accounts.shell import forget_organization_choices
from accounts.web import MemberRequest, UserRequest, organization_view


@organization_view("organization.change")
@require_http_methods(["GET", "POST"])
def settings(request: MemberRequest) -> HttpResponse:
    """Name, currency, days and nights of the organization."""
    if request.method == "GET":
        return render(request, "accounts/settings.html", {"form": OrganizationForm(instance=request.organization)})
    # A copy: the frame shows the organization as it is, not as a refused form would have it.
    form = OrganizationForm(request.POST, instance=copy(request.organization))
    if not form.is_valid():
        return render(request, "accounts/settings.html", {"form": form}, status=422)
    if change_organization(actor=request.membership, **form.cleaned_data):
        forget_organization_choices(request)
        messages.success(request, _("The settings are saved."))
    return redirect("settings", request.organization.slug)


@never_cache
@login_required
@require_http_methods(["GET", "POST"])
def preferences(request: UserRequest) -> HttpResponse:
    """My name, language, theme and keys: the same in every organization."""
    if request.method == "GET":
        return render(request, "accounts/preferences.html", {"form": PreferencesForm(instance=request.user)})
    form = PreferencesForm(request.POST, instance=copy(request.user))
    if not form.is_valid():
        return render(request, "accounts/preferences.html", {"form": form}, status=422)
    user = form.save()
    with translation.override(user.language or translation.get_language()):
        messages.success(request, _("Your preferences are saved."))
    return redirect("preferences")
