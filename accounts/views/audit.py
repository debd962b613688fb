"""The audit trail, for those who answer for it."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from accounts.audit import page_of_entries
from accounts.web import MemberRequest, organization_view


@organization_view("audit.view")
@require_GET
def show_audit(request: MemberRequest) -> HttpResponse:
    """Who did what, newest first."""
    page, lines = page_of_entries(request.GET.get("page"))
    return render(request, "accounts/audit.html", {"page": page, "lines": lines})
