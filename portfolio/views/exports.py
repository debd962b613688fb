"""The export page: asked for, made by a worker, fetched once."""

import uuid

from django.http import FileResponse, Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST
from django_htmx.http import trigger_client_event

from accounts.web import MemberRequest, organization_view
from portfolio import exports
from portfolio.contract import FILES

TEMPLATE = "portfolio/export.html"


@organization_view("portfolio.export")
@require_GET
def show_export(request: MemberRequest) -> HttpResponse:
    """How one's own newest export stands; htmx asks for that part alone."""
    content = exports.describe_export(exports.latest_export(request.membership)) | {"files": FILES.values()}
    if not request.htmx or request.htmx.boosted:
        return render(request, TEMPLATE, content)
    response = render(request, f"{TEMPLATE}#state", content)
    if content["state"] == "ready":
        trigger_client_event(response, "announce", {"value": _("Your export is ready.")})
    return response


@organization_view("portfolio.export")
@require_POST
def start_export(request: MemberRequest) -> HttpResponse:
    """Ask for an export; while one is being made, that one is shown."""
    latest = exports.latest_export(request.membership)
    if exports.describe_export(latest)["state"] != "making":
        exports.request_export(request.membership)
    return redirect("export", request.organization.slug)


@organization_view("portfolio.export")
@require_POST
def fetch_export(request: MemberRequest, export_id: uuid.UUID) -> HttpResponseBase:
    """The zip, once, for who asked for it; a page that says so once it is gone (410), 404 for anybody else."""
    try:
        opened = exports.fetch_export(request.membership, export_id)
    except Http404:
        if not exports.is_own_export(request.membership, export_id):
            raise
        return render(request, "portfolio/export_gone.html", status=410)
    name = f"phano-{request.organization.slug}-{timezone.localdate():%Y-%m-%d}.zip"
    return FileResponse(opened, as_attachment=True, filename=name, content_type="application/zip")
