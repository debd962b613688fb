"""Today: the day's priorities, and the acts on them."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language, gettext
from django.views.decorators.http import require_GET, require_POST
from django_htmx.http import trigger_client_event

from accounts.models import Role
from accounts.web import MemberRequest, organization_view, way_back
from diagnostics import acts
from diagnostics.models.diagnoses import Lever, Segment
from diagnostics.queries.movements import read_day_movements, read_movements
from diagnostics.queries.priority_rows import PriorityRow
from diagnostics.queries.today import MOST_READ, SHOWN_ROWS, Wanted, count_open, read_evidence, read_today
from diagnostics.templatetags.triage import draw_panels
from portfolio.models import Act

TABS = ("open", "snoozed", "done", "dismissed")
SCOPES = ("mine", "team")
LEVERS = tuple(Lever.values)
MOST_EVIDENCE = 4


def read_choice(request: HttpRequest, name: str, allowed: tuple[str, ...], default: str) -> str:
    """A query parameter out of an allow-list; raises BadRequest for any other value."""
    value = request.GET.get(name, default) or default
    if value not in allowed:
        raise BadRequest(f"{name} is none of {', '.join(a for a in allowed if a)}.")
    return value


def default_scope(request: MemberRequest) -> str:
    """A person with a book opens on it, everyone else on what they may see."""
    return "mine" if request.membership.role in (Role.CSM, Role.AM) else "team"


def describe_today(request: MemberRequest) -> dict[str, Any]:
    """What the page and its part show, read by the URL's own parameters."""
    scope = read_choice(request, "scope", SCOPES, default_scope(request))
    tab = read_choice(request, "tab", TABS, "open")
    segment = read_choice(request, "segment", ("", *Segment.values), "")
    lever = read_choice(request, "lever", ("", *LEVERS), "")
    by = read_choice(request, "by", ("", "parent"), "")
    show_left_out = "left_out" in request.GET
    today = read_today(
        request.membership,
        scope=scope,
        language=get_language() or "en",
        segment=segment,
        lever=lever,
        by_parent=by == "parent",
        wanted=Wanted(tab, None if "all" in request.GET else SHOWN_ROWS, left_out=show_left_out),
    )
    request.last_night = today.night  # type: ignore[attr-defined]  # read by the frame
    rows = today.under(tab)
    for row in rows if tab == "open" else ():
        if isinstance(row, PriorityRow):
            row.evidence = read_evidence(row, most=MOST_EVIDENCE)
    return {
        "today": today,
        "rows": rows,
        "hidden_rows": today.counts[tab] - len(rows),
        "by": by,
        "tab": tab,
        "scope": scope,
        "segment": segment,
        "lever": lever,
        "segments": Segment.choices,
        "levers": LEVERS,
        "show_left_out": show_left_out,
        **offer_acts(request),
    }


def offer_acts(request: MemberRequest) -> dict[str, Any]:
    """What a row offers to whoever may act (done, snooze, dismiss), drawn once for all rows."""
    if not acts.may_act(request.membership):
        return {"may_act": False}
    return {"may_act": True, "panels": draw_panels(request.organization, get_token(request))}


@require_GET
@organization_view("portfolio.view")
def today(request: MemberRequest) -> HttpResponse:
    """The page; htmx asks for its part."""
    template = "diagnostics/today.html"
    if request.headers.get("HX-Request") and not request.headers.get("HX-Boosted"):
        template += "#priorities"
    return render(request, template, describe_today(request))


@require_GET
@organization_view("portfolio.view")
def movements(request: MemberRequest) -> HttpResponse:
    """Everything that moved since the night before, largest ARR first."""
    scope = read_choice(request, "scope", SCOPES, default_scope(request))
    language = get_language() or "en"
    rows = read_movements(request.membership, scope=scope, language=language)
    day = read_day_movements(request.membership, scope=scope, language=language)
    context = {"rows": rows, "day": day, "today": acts.local_day(request.organization), "scope": scope}
    return render(request, "diagnostics/movements.html", context)


@require_POST
@organization_view("portfolio.act")
def record_done(request: MemberRequest, priority_id: UUID) -> HttpResponse:
    """What was done, in one key and an optional line."""
    kind = read_posted(request, "outcome", acts.DONE_KINDS)
    return apply_act(
        request,
        priority_id,
        lambda priority: acts.record_done(
            membership=request.membership, priority=priority, kind=kind, note=request.POST.get("note", "").strip()
        ),
    )


@require_POST
@organization_view("portfolio.act")
def snooze(request: MemberRequest, priority_id: UUID) -> HttpResponse:
    """Until one of the offered days."""
    code = read_posted(request, "until", acts.SNOOZES)
    return apply_act(
        request,
        priority_id,
        lambda priority: acts.snooze(
            membership=request.membership, priority=priority, until=acts.snooze_day(request.organization, code)
        ),
    )


@require_POST
@organization_view("portfolio.act")
def dismiss(request: MemberRequest, priority_id: UUID) -> HttpResponse:
    """With a reason."""
    reason = read_posted(request, "reason", acts.DISMISS_REASONS)
    return apply_act(
        request,
        priority_id,
        lambda priority: acts.dismiss(membership=request.membership, priority=priority, reason=reason),
    )


@require_POST
@organization_view("portfolio.act")
def undo(request: MemberRequest, act_id: UUID) -> HttpResponse:
    """Take back one's own act."""
    try:
        acts.undo(membership=request.membership, act_id=act_id)
        sentence = gettext("Taken back.")
    except acts.ActGone:
        sentence = gettext("There is nothing left to take back here.")
    return answer(request, sentence)


@require_POST
@organization_view("portfolio.act")
def record_done_together(request: MemberRequest) -> HttpResponse:
    """The same, done about the chosen accounts of one cause."""
    kind = read_posted(request, "outcome", acts.DONE_KINDS)
    note = request.POST.get("note", "").strip()
    return apply_together(
        request,
        lambda priorities: acts.record_done_together(
            membership=request.membership, priorities=priorities, kind=kind, note=note
        ),
    )


@require_POST
@organization_view("portfolio.act")
def snooze_together(request: MemberRequest) -> HttpResponse:
    """The chosen accounts of one cause, until one of the offered days."""
    until = acts.snooze_day(request.organization, read_posted(request, "until", acts.SNOOZES))
    return apply_together(
        request,
        lambda priorities: acts.snooze_together(membership=request.membership, priorities=priorities, until=until),
    )


@require_POST
@organization_view("portfolio.act")
def dismiss_together(request: MemberRequest) -> HttpResponse:
    """The chosen accounts of one cause, for one reason."""
    reason = read_posted(request, "reason", acts.DISMISS_REASONS)
    return apply_together(
        request,
        lambda priorities: acts.dismiss_together(membership=request.membership, priorities=priorities, reason=reason),
    )


def read_posted(request: HttpRequest, name: str, allowed: dict[str, Any]) -> str:
    """A posted code out of a table; raises BadRequest for any other."""
    value = request.POST.get(name, "")
    if value not in allowed:
        raise BadRequest(f"{name} is none of {', '.join(allowed)}.")
    return value


def apply_act(request: MemberRequest, priority_id: UUID, act: Callable[[Any], Act]) -> HttpResponse:
    """Do it and answer with what is left, and with its Undo."""
    priority = acts.access_priority(request.membership, priority_id)
    done = act(priority)
    return answer(request, acts.describe_act(done, account=priority.account), undo_of=done)


def apply_together(request: MemberRequest, act: Callable[[Any], list[Act]]) -> HttpResponse:
    """Do it to every chosen priority, or, where a single one is not the member's to see, to none (404)."""
    chosen = read_chosen(request)
    if not chosen:
        return answer(request, gettext("Nothing was recorded: choose at least one account."))
    done = act(acts.access_priorities(request.membership, chosen))
    return answer(request, acts.describe_together(done), undo_of=done[0])


def read_chosen(request: HttpRequest) -> list[UUID]:
    """The posted ids, each once; raises BadRequest where one is no id, or there are more than a page can hold."""
    try:
        chosen = list(dict.fromkeys(UUID(value) for value in request.POST.getlist("priority")))
    except ValueError:
        raise BadRequest("priority is no id.") from None
    if len(chosen) > MOST_READ:
        raise BadRequest(f"priority names more than {MOST_READ} rows.")
    return chosen


def answer(request: MemberRequest, sentence: str, *, undo_of: Act | None = None) -> HttpResponse:
    """The list again for htmx, with toast and announcement; the page one came from without a script."""
    undo_url = reverse("undo_act", args=[request.organization.slug, undo_of.pk]) if undo_of else ""
    if not request.headers.get("HX-Request"):
        messages.success(request, sentence, extra_tags=undo_url)
        return redirect(safe_way_back(request))
    show_page_of(request)
    if request.POST.get("next"):
        # Acted on from another page: that page says what changed.
        messages.success(request, sentence, extra_tags=undo_url)
        response = HttpResponse(status=204)
        response["HX-Redirect"] = safe_way_back(request)
        return response
    told = {"toast": {"text": sentence, "undo": undo_url}, "waiting": count_open(request.membership)}
    context = describe_today(request) | told
    left = context["today"].counts["open"]
    response = render(request, "diagnostics/today.html#priorities", context)
    return trigger_client_event(
        response, "announce", {"value": gettext("%(what)s %(n)s left.") % {"what": sentence, "n": left}}
    )


def safe_way_back(request: MemberRequest) -> str:
    """The posted `next` where it is a page of this site, else Today."""
    return way_back(request, reverse("today", args=[request.organization.slug]))


def show_page_of(request: MemberRequest) -> None:
    """Answer for the filters of the page that asked: htmx tells its URL, the act's own URL has none."""
    from urllib.parse import urlsplit

    from django.http import QueryDict

    request.GET = QueryDict(urlsplit(request.headers.get("HX-Current-URL", "")).query)
