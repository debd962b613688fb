"""How an act on a desk or on an account is answered, and the Undo of each: the part again for htmx, else the page."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST
from django_htmx.http import trigger_client_event

from accounts.models import AuditEntry
from accounts.web import MemberRequest, organization_view, way_back
from portfolio.changes import REVERSALS, ChangeGone, ChangeOvertaken, ChangeRefused, take_back

# By the id of the part that asked: its template and what describes it. Screens register theirs.
PARTS: dict[str, tuple[str, Callable[[MemberRequest], dict[str, Any]]]] = {}


def answer_change(request: MemberRequest, act: Callable[[], tuple[AuditEntry, str]], *, back: str) -> HttpResponse:
    """Do it, and answer with what stands now, a sentence and its Undo; a refusal is told in its own words.

    `back`: the screen to return to where no page of this site is named.
    """
    try:
        entry, sentence = act()
    except ChangeRefused as refusal:
        return answer(request, str(refusal), back=back, refused=True)
    undo = ""
    if entry.action in REVERSALS:
        undo = reverse("undo_change", args=[request.organization.slug, entry.pk])
    return answer(request, sentence, back=back, undo=undo)


@require_POST
@organization_view("portfolio.act")
def undo_change(request: MemberRequest, change_id: UUID) -> HttpResponse:
    """Take back one's own change."""
    try:
        account = take_back(membership=request.membership, change_id=change_id)
        sentence = _("%(account)s: taken back.") % {"account": account.name}
    except ChangeOvertaken:
        sentence = _("It has changed since: there is nothing to take back.")
    except ChangeGone:
        sentence = _("There is nothing left to take back here.")
    return answer(request, sentence, back="today")


def answer(request: MemberRequest, sentence: str, *, back: str, undo: str = "", refused: bool = False) -> HttpResponse:
    """The part that asked, again, with toast and announcement; without a script the page one came from."""
    target = request.headers.get("HX-Target", "")
    if target in PARTS:
        template, describe = PARTS[target]
        # The act's own URL has no filters: those of the page that asked hold.
        request.GET = QueryDict(urlsplit(request.headers.get("HX-Current-URL", "")).query)  # type: ignore[assignment]
        context = describe(request) | {"toast": {"text": sentence, "undo": undo, "target": f"#{target}"}}
        return trigger_client_event(render(request, template, context), "announce", {"value": sentence})
    if refused:
        messages.error(request, sentence)
    else:
        messages.success(request, sentence, extra_tags=undo)
    place = way_back(request, reverse(back, args=[request.organization.slug]))
    if not request.headers.get("HX-Request"):
        return redirect(place)
    response = HttpResponse(status=204)
    response["HX-Redirect"] = place
    return response
