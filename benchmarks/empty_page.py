"""The frame of a signed-in page around nothing: the least that any screen costs."""

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import include, path
from django.views.decorators.http import require_GET

from accounts.web import MemberRequest, organization_view


@require_GET
@organization_view("portfolio.view")
def empty(request: MemberRequest) -> HttpResponse:
    """Sign-in, organization, membership, navigation, and no content."""
    return render(request, "base.html")


urlpatterns = [path("o/<slug:slug>/empty/", empty, name="empty"), path("", include("phano.urls"))]
