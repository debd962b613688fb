"""The import page, its progress, and the acts on imports."""

import tempfile
import uuid
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.http import FileResponse, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST
from django_htmx.http import trigger_client_event

from accounts.permissions import is_allowed
from accounts.web import MemberRequest, landing_url, organization_view
from portfolio import imports, sample_portfolio, uploads
from portfolio.importing import NotPossible, Refused
from portfolio.importing.notes import note, write_note
from portfolio.importing.rejects import write_rejected_rows
from portfolio.models import Import
from portfolio.queries import imports as queries
from portfolio.queries.coverage import read_coverage
from portfolio.queries.progress import estimate_left

TEMPLATE = "portfolio/import.html"
LONGEST_NUMBER = 9


@organization_view("portfolio.import")
@require_GET
def show_import(request: MemberRequest) -> HttpResponse:
    """What can be dropped, how the shown import stands, every import with its way back."""
    return show_page(request)


def show_page(request: MemberRequest, *, status: int = 200, refusal: str = "") -> HttpResponse:
    """The whole page; outcomes of what was watched pass by as toasts."""
    content = describe_page(request) | {"refusal": refusal}
    for sentence in content["outcomes"]:
        messages.success(request, sentence)
    return render(request, TEMPLATE, content, status=status)


@organization_view("portfolio.import")
@require_GET
def show_progress(request: MemberRequest) -> HttpResponse:
    """The parts of the page that change while an import runs, for htmx."""
    content = describe_page(request) | {"is_part": True}
    response = render(request, f"{TEMPLATE}#progress", content)
    if content["outcomes"]:
        trigger_client_event(response, "announce", {"value": " ".join(content["outcomes"])})
    return response


def describe_page(request: MemberRequest) -> dict[str, Any]:
    """What the page and its parts show, by the URL's own parameters."""
    number = read_number(request)
    page, lines = queries.list_imports(request.GET.get("page"))
    active = queries.find_active_imports()
    shown = queries.choose_import(number, lines, active)
    files = queries.list_files(shown.record) if shown else []
    left = estimate_left(shown.record, [line.record for line in files]) if shown else None
    return {
        "page": page,
        "lines": lines,
        "shown": shown,
        "files": files,
        "waits_for": next((one.number for one in active if one.state != one.State.WAITING), None),
        "minutes_left": None if left is None else round(left.total_seconds() / 60),
        "has_notes": any(line.notes for line in files),
        "is_active": bool(active),
        "rejected": queries.list_first_rejected(shown.record) if shown and shown.rejected else [],
        "coverage": read_coverage(files),
        "sample": sample_portfolio.find_sample(),
        "outcomes": tell_outcomes(request),
        "may_change": request.organization.is_writable,
        "may_export": is_allowed("portfolio.export", request.membership),
        "largest_file": uploads.LARGEST_FILE,
        "first_screen": landing_url(request.membership),
    }


def read_number(request: MemberRequest) -> int | None:
    """The number of the import asked for; raises BadRequest for what is no number."""
    text = request.GET.get("import", "")
    if text and not (text.isascii() and text.isdigit() and len(text) <= LONGEST_NUMBER):
        raise BadRequest("import is no number.")
    return int(text) if text else None


def watch(request: MemberRequest, number: int, *, for_undo: bool = False) -> None:
    """Tell this person once how the import ends, on whichever look at the page comes first."""
    key = f"imports-watched-{request.organization.pk}"
    request.session[key] = request.session.get(key, {}) | {str(number): for_undo}


def tell_outcomes(request: MemberRequest) -> list[str]:
    """Sentences about watched imports that have ended since; each is told once."""
    key = f"imports-watched-{request.organization.pk}"
    watched = request.session.get(key, {})
    ended = queries.find_ended([int(number) for number in watched])
    if not ended:
        return []
    over = {str(line.record.number) for line in ended}
    request.session[key] = {number: kind for number, kind in watched.items() if number not in over}
    return [
        imports.describe_end(
            line.record, landed=line.landed, rejected=line.rejected, for_undo=watched[str(line.record.number)]
        )
        for line in ended
    ]


@organization_view("portfolio.import")
@require_POST
def start_import(request: MemberRequest) -> HttpResponse:
    """Take the files, begin their import; a refusal comes back with the page."""
    try:
        files = uploads.take_files(request, "files")
        begun = imports.start_import(request.membership, files, last_paid_days="last_paid_days" in request.POST)
    except uploads.NotTaken as reason:
        return show_page(request, status=413, refusal=str(reason))
    except NotPossible as reason:
        return show_page(request, status=409, refusal=str(reason))
    except Refused as reason:
        return show_page(request, status=422, refusal=write_note(note(reason.code, **reason.details)))
    watch(request, begun.number)
    return redirect(page_of(request, begun.number))


def page_of(request: MemberRequest, number: int | None = None) -> str:
    """The page's address, with the import that it shows."""
    address = reverse("import", args=[request.organization.slug])
    return f"{address}?import={number}" if number else address


def import_act(act: Callable[[MemberRequest, Import], None]) -> Any:
    """A POST on one import, then its page, which says how it ends; a refusal is said there."""

    @organization_view("portfolio.import")
    @require_POST
    @wraps(act)
    def view(request: MemberRequest, import_id: uuid.UUID) -> HttpResponse:
        record = queries.access_import(import_id)
        try:
            act(request, record)
        except NotPossible as reason:
            messages.error(request, str(reason))
            return redirect(page_of(request, record.number))
        watch(request, record.number, for_undo=act is _undo)
        return redirect(page_of(request, record.number))

    return view


def _stop(request: MemberRequest, record: Import) -> None:
    """Stop behind the present block; what has landed stays."""
    imports.stop_import(record)


def _undo(request: MemberRequest, record: Import) -> None:
    """Take the whole import back."""
    imports.request_undo(request.membership, record)


def _run_again(request: MemberRequest, record: Import) -> None:
    """Go on with an import that did not come to its end."""
    imports.run_import_again(record)


stop_import, undo_import, run_import_again = import_act(_stop), import_act(_undo), import_act(_run_again)


@organization_view("portfolio.import")
@require_GET
def show_rejects(request: MemberRequest, import_id: uuid.UUID) -> HttpResponse:
    """Every rejected row of an import, page by page."""
    record = queries.access_import(import_id)
    page, rows = queries.page_of_rejected(record, request.GET.get("page"))
    return render(request, "portfolio/rejects.html", {"record": record, "page": page, "rows": rows})


@organization_view("portfolio.import")
@require_GET
def download_rejects(request: MemberRequest, import_id: uuid.UUID) -> HttpResponseBase:
    """The rejected rows as one CSV to mend and drop again; no cell of it runs as a formula."""
    record = queries.access_import(import_id)
    # On disk and whole before it goes out: a response that streams would read outside the organization's context.
    file = tempfile.TemporaryFile()  # noqa: SIM115  # closed by the response
    with open(file.fileno(), "w", encoding="utf-8-sig", newline="", closefd=False) as text:
        write_rejected_rows(record, text)
    file.seek(0)
    name = _("rejected-rows-of-import-%(number)s.csv") % {"number": record.number}
    return FileResponse(file, as_attachment=True, filename=name, content_type="text/csv; charset=utf-8")


@organization_view("portfolio.import")
@require_POST
def load_sample(request: MemberRequest) -> HttpResponse:
    """Load the sample portfolio; its progress is that of an import."""
    try:
        begun = sample_portfolio.request_sample(request.membership)
    except NotPossible as reason:
        messages.error(request, str(reason))
        return redirect(page_of(request))
    watch(request, begun.number)
    return redirect(page_of(request, begun.number))


@organization_view("portfolio.import")
@require_POST
def remove_sample(request: MemberRequest) -> HttpResponse:
    """Take the sample portfolio out again."""
    try:
        loaded = sample_portfolio.request_sample_removal(request.membership)
    except NotPossible as reason:
        messages.error(request, str(reason))
        return redirect(page_of(request))
    watch(request, loaded.number, for_undo=True)
    return redirect(page_of(request, loaded.number))
