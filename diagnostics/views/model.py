"""The organization's model: what is in force, the draft over it, what it would move, and the versions."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts.permissions import is_allowed
from accounts.web import MemberRequest, organization_view
from diagnostics.filters import read_number
from diagnostics.model_desk import Desk, open_desk
from diagnostics.model_drafts import (
    DraftRefused,
    Saved,
    last_change,
    publish_draft,
    reset_draft,
    return_to_version,
    save_draft,
    undo_reset,
)
from diagnostics.model_fields import find_field, name_field
from diagnostics.model_preview import Preview, kept_preview, preview_draft
from diagnostics.model_versions import latest_version
from diagnostics.models import ModelVersion, Priority
from diagnostics.queries.choices import read_owner_names
from diagnostics.queries.model_page import (
    count_versions,
    describe_field,
    describe_fields,
    describe_weights,
    differences_between,
    find_fitted,
    find_version,
    last_night,
    list_versions,
    name_accounts,
    name_people,
)
from diagnostics.views.posted import read_whole

PER_PAGE = 20
MOST_PAGES = 10_000
SHOWN = "shown:"


@require_GET
@organization_view("model.view")
def model(request: MemberRequest) -> HttpResponse:
    """The page: a form for those who may change the model, figures for the others."""
    return render(request, "diagnostics/model.html", describe_page(request, open_desk(request.organization)))


@require_POST
@organization_view("model.change")
def save_model_draft(request: MemberRequest) -> HttpResponse:
    """Keep what was written; htmx gets the fields that moved and the draft's part, anybody else the page."""
    written = {path: str(text) for path, text in request.POST.items() if find_field(path)}
    shown = {path.removeprefix(SHOWN): str(text) for path, text in request.POST.items() if path.startswith(SHOWN)}
    saved = save_draft(actor=request.membership, written=written, shown=shown)
    desk = open_desk(request.organization)
    told = tell_overtaken(desk, saved)
    if request.headers.get("HX-Request"):
        touched = [*saved.written, *saved.refused, *saved.overtaken, *saved.told]
        cells = [describe_field(desk, declared, saved) for path in touched if (declared := find_field(path))]
        context = describe_draft(request, desk) | {
            "cells": cells,
            "told": told,
            # What somebody else wrote takes the place of what the page showed.
            "theirs": {*saved.overtaken, *saved.told},
        }
        return render(request, "diagnostics/model.html#answer", context)
    if saved.refused:
        context = describe_page(request, desk, saved, written) | {"told": told}
        return render(request, "diagnostics/model.html", context, status=422)
    for sentence in told:
        messages.warning(request, sentence)
    if saved.written:
        messages.success(request, _("The draft is kept. Nothing is published yet."))
    return back(request)


@require_POST
@organization_view("model.change")
def reset_model_draft(request: MemberRequest) -> HttpResponse:
    """Take one change of the draft back, or all of them; it can be undone."""
    path = request.POST.get("path") or None
    if path and find_field(path) is None:
        raise Http404
    revision = reset_draft(actor=request.membership, path=path)
    undo_url = reverse("model_undo", args=[request.organization.slug, revision])
    said = _("%(name)s is as published again.") % {"name": name_field(path)} if path else _("The draft is put aside.")
    messages.success(request, said, extra_tags=undo_url)
    return back(request)


@require_POST
@organization_view("model.change")
def undo_model_reset(request: MemberRequest, revision: int) -> HttpResponse:
    """Put back what was taken from the draft, unless somebody has written to it since."""
    if undo_reset(actor=request.membership, revision=revision):
        messages.success(request, _("The draft is back."))
    else:
        messages.warning(request, _("The draft has changed since: there is nothing to take back."))
    return back(request)


@require_GET
@organization_view("model.change")
def model_preview(request: MemberRequest) -> HttpResponse:
    """What the draft would move, account by account; htmx asks for the part on the model's page."""
    desk, night = open_desk(request.organization), last_night()
    computed = preview_draft(desk, night) if desk.values and not desk.faults and night is not None else None
    context = describe_draft(request, desk, computed)
    if request.headers.get("HX-Request"):
        return render(request, "diagnostics/model.html#preview", context)
    found: Preview | None = context["preview"]
    return render(request, "diagnostics/model_preview.html", context | (describe_rows(found) if found else {}))


@require_POST
@organization_view("model.change")
def publish_model_draft(request: MemberRequest) -> HttpResponse:
    """Put the draft in force from the next night on."""
    try:
        version = publish_draft(
            actor=request.membership,
            revision=read_whole(request, "revision"),
            number=read_whole(request, "number"),
            note=request.POST.get("note", ""),
        )
    except DraftRefused as refusal:
        messages.error(request, str(refusal))
        return back(request)
    if version is None:
        messages.success(request, _("The settings are saved. The model stays as it is."))
    else:
        words = {"number": version.number, "when": request.organization.night_at.strftime("%H:%M")}
        messages.success(
            request, _("Version %(number)s is published. It diagnoses from the night at %(when)s on.") % words
        )
    return back(request)


@require_GET
@organization_view("model.view")
def model_versions(request: MemberRequest) -> HttpResponse:
    """Every version, newest first."""
    number = read_number(request.GET, "page", most=MOST_PAGES)
    page = Paginator(range(count_versions()), PER_PAGE).get_page(number)
    rows = list_versions(request.organization.currency, first=(page.number - 1) * PER_PAGE, most=PER_PAGE)
    return render(request, "diagnostics/model_versions.html", {"page": page, "versions": rows})


@require_GET
@organization_view("model.view")
def model_version(request: MemberRequest, number: int) -> HttpResponse:
    """One version: who, when and why, what it changed, and what returning to it would change."""
    version, latest = find_version(number), latest_version()
    if version is None or latest is None:
        raise Http404
    currency = request.organization.currency
    [row] = list_versions(currency, first=latest.number - number, most=1)
    context = {
        "version": row,
        "latest": latest.number,
        # From this version to the one in force: returning reads it the other way.
        "against": differences_between(latest, version, currency),
        "may_change": may_change(request),
    }
    return render(request, "diagnostics/model_version.html", context)


@require_POST
@organization_view("model.change")
def return_to_model(request: MemberRequest, number: int) -> HttpResponse:
    """Take up an earlier version's content as a new version."""
    try:
        version = return_to_version(
            actor=request.membership,
            to=number,
            number=read_whole(request, "number"),
            note=request.POST.get("note", ""),
        )
    except ModelVersion.DoesNotExist:
        raise Http404 from None
    except DraftRefused as refusal:
        messages.error(request, str(refusal))
        return back(request)
    words = {"number": version.number, "old": number}
    messages.success(request, _("Version %(number)s takes up version %(old)s, from the next night on.") % words)
    return back(request)


def describe_page(
    request: MemberRequest, desk: Desk, saved: Saved | None = None, written: dict[str, str] | None = None
) -> dict[str, Any]:
    """The whole page."""
    fitted = find_fitted(desk)
    return describe_draft(request, desk) | {
        "groups": describe_fields(desk, saved),
        "weights": describe_weights(desk, fitted, saved),
        "has_fitted": fitted is not None,
        "versions": list_versions(request.organization.currency),
        "written": written or {},
    }


def describe_draft(request: MemberRequest, desk: Desk, computed: Preview | None = None) -> dict[str, Any]:
    """The draft's part of the page: its differences, its preview where it is known, and how it is published."""
    changes = may_change(request)
    # After the trial a preview that was asked for is still read with its draft; nothing is changed by it.
    sees = changes or computed is not None
    night = last_night() if sees and desk.values else None
    found = computed or (kept_preview(desk, night) if sees else None)
    return {
        "desk": desk,
        "draft": desk.draft if desk.values and sees else None,
        "drafter": name_people([desk.draft.changed_by]).get(desk.draft.changed_by)
        if desk.draft and desk.values
        else "",
        "differences": desk.differences if sees else [],
        "faults": desk.faults if sees and desk.values else [],
        "may_change": changes,
        "night": night,
        "preview": found,
        "next_number": desk.number + 1,
        "causes": {path: name_cause(path) for one in found.moved for path in one.because} if found else {},
        "owners": read_owner_names(one.owner for one in found.lists.people) if found and found.lists else {},
    }


def may_change(request: MemberRequest) -> bool:
    """Whether the page is a form for this member."""
    return is_allowed("model.change", request.membership) and request.organization.is_writable


def name_cause(path: str) -> str:
    """A single change of the draft in words: a threshold, or a signal's weight."""
    return name_field(path) if find_field(path) else name_field(f"{path}.mid_market").rpartition(",")[0]


def describe_rows(found: Preview) -> dict[str, Any]:
    """The preview's accounts and list rows with their names; an account that has gone since is left out."""
    listed = found.lists.rows if found.lists else []
    names = name_accounts({row["account_id"] for row in found.rows} | {row.account_id for row in listed})
    return {
        "rows": [row | {"name": names[row["account_id"]]} for row in found.rows if row["account_id"] in names],
        "listed": [
            {
                "row": row,
                "name": names[row.account_id],
                "kind": name_kind(row.kind_after or row.kind),
                "kind_before": name_kind(row.kind) if row.kind and row.kind_after not in ("", row.kind) else "",
            }
            for row in listed
            if row.account_id in names
        ],
    }


def name_kind(kind: str) -> str:
    """A priority's kind in words."""
    return str(Priority.Kind(kind).label)


def tell_overtaken(desk: Desk, saved: Saved) -> list[str]:
    """Sentences on what others changed while the page was open."""
    if desk.draft is None:
        return []
    changes = {path: last_change(desk.draft, path) for path in [*saved.overtaken, *saved.told]}
    people = {
        str(one): name for one, name in name_people(UUID(change[0]) for change in changes.values() if change).items()
    }
    sentences = []
    for path, change in changes.items():
        declared = find_field(path)
        assert declared is not None
        words = {
            "name": name_field(path),
            "who": people.get(change[0], _("Somebody")) if change else _("Somebody"),
            "now": declared.show(desk.value(path), currency=desk.organization.currency),
            "yours": saved.overtaken.get(path, ""),
        }
        if path in saved.overtaken:
            sentences.append(
                _("%(name)s: %(who)s has set it to %(now)s meanwhile; your %(yours)s is not saved.") % words
            )
        else:
            sentences.append(_("%(name)s: %(who)s has set it to %(now)s meanwhile.") % words)
    return sentences


def back(request: MemberRequest) -> HttpResponse:
    """The model's page."""
    return redirect("model", request.organization.slug)
