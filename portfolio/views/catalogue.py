"""The catalogue: what is sold and what is missing, each row to be read and changed."""

import uuid
from datetime import date
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.models import AuditEntry
from accounts.models.organizations import Visibility
from accounts.permissions import is_allowed
from accounts.web import MemberRequest, organization_view, way_back
from portfolio.books import widest_book
from portfolio.catalogue import (
    EDITABLE,
    CannotChange,
    CellsRefused,
    access_row,
    add_row,
    change_row,
    key_of,
    read_cells,
    remove_row,
    undo_change,
)
from portfolio.catalogue_files import CATALOGUE_FILES, FROM_SOURCES
from portfolio.catalogue_forms import NAMES, WORDS, describe_form
from portfolio.models import Product
from portfolio.need_phrases import read_phrases
from portfolio.queries.catalogue import list_edited, read_catalogue

SHOWN = "shown:"


@require_GET
@organization_view("catalogue.view")
def catalogue(request: MemberRequest) -> HttpResponse:
    """Gaps by ARR, products, events and milestones."""
    whole = widest_book(request.membership) == Visibility.ALL
    found = read_catalogue(request.organization, today(request), with_amounts=whole)
    context = {"catalogue": found, "whole": whole, "may_change": may_change(request)}
    return render(request, "portfolio/catalogue.html", context)


@require_GET
@organization_view("catalogue.view")
def catalogue_product(request: MemberRequest, product_id: uuid.UUID) -> HttpResponse:
    """One product: its plans with their limits, and its features with what their use means."""
    access_row("products", product_id)
    whole = widest_book(request.membership) == Visibility.ALL
    found = read_catalogue(request.organization, today(request), with_amounts=whole)
    line = next((line for line in found.products if line.product.id == product_id), None)
    if line is None:
        raise Http404
    context = {
        "line": line,
        "product": line.product,
        "by_plan": found.by_plan,
        "gaps": [gap for gap in found.gaps if gap.product_id == product_id],
        "whole": whole,
        "may_change": may_change(request),
        "effects": [(value, WORDS[value]) for value in CATALOGUE_FILES["features"].by_name["effect"].choices],
        "phrases": read_phrases(line.product.need_phrases),
    }
    return render(request, "portfolio/catalogue_product.html", context)


@require_http_methods(["GET", "POST"])
@organization_view("catalogue.change")
def catalogue_row(request: MemberRequest, file: str, row_id: uuid.UUID) -> HttpResponse:
    """Read and change one row; also the one-click marks of a product's features come here."""
    row = access_row(file, row_id)
    if request.method == "GET":
        return show_row(request, file, row, read_cells(file, row))
    cells = {name: str(text) for name, text in request.POST.items() if name in EDITABLE[file]}
    shown = {name.removeprefix(SHOWN): str(text) for name, text in request.POST.items() if name.startswith(SHOWN)}
    try:
        entry = change_row(actor=request.membership, file=file, row_id=row_id, cells=cells, shown=shown or None)
    except CellsRefused as refused:
        now = read_cells(file, access_row(file, row_id))
        return show_row(request, file, row, {**now, **cells}, faults=refused.faults, now=now)
    if entry is not None:
        say(request, describe_change(file, row), entry)
    return go_back(request, file, row)


@require_http_methods(["GET", "POST"])
@organization_view("catalogue.change")
def catalogue_new(request: MemberRequest, file: str) -> HttpResponse:
    """Add a row."""
    if file not in EDITABLE:
        raise Http404
    given = request.POST if request.method == "POST" else request.GET
    cells = {column.name: given.get(column.name, "") for column in CATALOGUE_FILES[file].columns}
    if request.method == "GET":
        return show_new(request, file, cells)
    try:
        row, entry = add_row(actor=request.membership, file=file, cells=cells)
    except CellsRefused as refused:
        return show_new(request, file, cells, faults=refused.faults)
    say(request, describe_change(file, row, added=True), entry)
    return go_back(request, file, row)


@require_POST
@organization_view("catalogue.change")
def catalogue_remove(request: MemberRequest, file: str, row_id: uuid.UUID) -> HttpResponse:
    """Take a row that was added here out again."""
    row = access_row(file, row_id)
    target = go_back(request, file, row)
    try:
        entry = remove_row(actor=request.membership, file=file, row_id=row_id)
    except CannotChange as refusal:
        messages.error(request, str(refusal))
        return target
    say(request, _("%(name)s is removed.") % {"name": name_row(row)}, entry)
    return redirect("catalogue", request.organization.slug) if file == "products" else target


@require_POST
@organization_view("catalogue.change")
def catalogue_undo(request: MemberRequest, entry_id: uuid.UUID) -> HttpResponse:
    """Take one's own change of the last day back."""
    try:
        undo_change(actor=request.membership, entry_id=entry_id)
    except CannotChange as refusal:
        messages.warning(request, str(refusal))
    else:
        messages.success(request, _("Taken back."))
    return redirect(way_back(request, reverse("catalogue", args=[request.organization.slug])))


def show_row(
    request: MemberRequest,
    file: str,
    row: Any,
    cells: dict[str, str],
    *,
    faults: dict[str, str] | None = None,
    now: dict[str, str] | None = None,
) -> HttpResponse:
    """The form of a row; 422 where something was refused."""
    context = {
        "file": file,
        "row": row,
        "kind": NAMES[file][0],
        "title": name_row(row),
        "fields": describe_form(file, cells, faults=faults),
        "now": now or cells,
        "is_edited": file in FROM_SOURCES and key_of(CATALOGUE_FILES[file], read_cells(file, row)) in list_edited(file),
        "back_url": product_url(request, row),
        "is_of_source": file in FROM_SOURCES,
    }
    return render(request, "portfolio/catalogue_row.html", context, status=422 if faults else 200)


def show_new(
    request: MemberRequest, file: str, cells: dict[str, str], *, faults: dict[str, str] | None = None
) -> HttpResponse:
    """The form of a new row; 422 where something was refused."""
    context = {
        "file": file,
        "row": None,
        "kind": NAMES[file][0],
        "title": NAMES[file][1],
        "fields": describe_form(file, cells, new=True, faults=faults),
        "back_url": reverse("catalogue", args=[request.organization.slug]),
    }
    return render(request, "portfolio/catalogue_row.html", context, status=422 if faults else 200)


def describe_change(file: str, row: Any, *, added: bool = False) -> str:
    """What was done, and from when on it counts: no night reads what a milestone is called."""
    if file not in FROM_SOURCES:
        sentence = _("%(name)s is added.") if added else _("%(name)s is changed.")
    elif added:
        sentence = _("%(name)s is added, from the next night on.")
    else:
        sentence = _("%(name)s is changed, from the next night on.")
    return sentence % {"name": name_row(row)}


def say(request: MemberRequest, sentence: str, entry: AuditEntry) -> None:
    """A toast with its undo."""
    undo_url = reverse("catalogue_undo", args=[request.organization.slug, entry.pk])
    messages.success(request, sentence, extra_tags=undo_url)


def go_back(request: MemberRequest, file: str, row: Any) -> HttpResponse:
    """The page on which the row stands."""
    return redirect(product_url(request, row))


def product_url(request: MemberRequest, row: Any) -> str:
    """The product's page that a row belongs to; the catalogue's for an event of all products."""
    slug = request.organization.slug
    owner = getattr(row, "plan", row)
    product_id = owner.pk if isinstance(owner, Product) else getattr(owner, "product_id", None)
    if product_id is None or CATALOGUE_FILES["product_events"].model is type(row):
        return reverse("catalogue", args=[slug])
    return reverse("catalogue_product", args=[slug, product_id])


def name_row(row: Any) -> str:
    """What the row is called in a sentence."""
    name = getattr(row, "name", "") or getattr(row, "title", "") or getattr(row, "metric", "") or str(row)
    return str(name).removeprefix("feature:")


def may_change(request: MemberRequest) -> bool:
    """Whether the pages offer acts to this member."""
    return is_allowed("catalogue.change", request.membership) and request.organization.is_writable


def today(request: MemberRequest) -> date:
    """The day in the organization's time zone."""
    return timezone.now().astimezone(request.organization.zone).date()
