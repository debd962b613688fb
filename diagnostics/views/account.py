"""The account page, the records behind a cause, and notes."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language, gettext
from django.views.decorators.http import require_GET, require_POST

from accounts.templatetags.phano_display import number
from accounts.web import MemberRequest, organization_view
from diagnostics import account_cards as cards
from diagnostics import acts
from diagnostics.charts.people import draw_people
from diagnostics.explanation_tables import Explanation, explain_change, explain_known, explain_level
from diagnostics.labels import OPPORTUNITY_KINDS, STAGES
from diagnostics.models import Diagnosis
from diagnostics.queries.account import AccountDiagnosis
from diagnostics.queries.account_page import AccountPage, read_account_page
from diagnostics.queries.limits import measure_limits, read_level_metrics
from diagnostics.queries.records import read_record_groups
from diagnostics.queries.source_states import describe_gaps, describe_sources
from diagnostics.queries.timeline import Narrator, read_timeline
from diagnostics.views.today import read_choice
from portfolio import notes
from portfolio.books import access_account, widest_book

VIEWS = ("health", "health-change", "potential", "potential-change")


@require_GET
@organization_view("portfolio.view")
def account(request: MemberRequest, account_id: UUID) -> HttpResponse:
    """The page; htmx asks for another page of its timeline."""
    page = read_account_page(request.membership, account_id, language=get_language() or "en")
    narrator = tell(request, page)
    number = request.GET.get("page", "")
    timeline = read_timeline(narrator, page=int(number) if number.isdecimal() and len(number) < 9 else 1)
    if request.headers.get("HX-Request") and not request.headers.get("HX-Boosted"):
        return render(request, "diagnostics/account.html#timeline", {"timeline": timeline, "page": page})
    return render(request, "diagnostics/account.html", describe_page(request, page, narrator) | {"timeline": timeline})


@require_GET
@organization_view("portfolio.view")
def account_cause(request: MemberRequest, account_id: UUID, number: int) -> HttpResponse:
    """The records behind one cause of the last night, in place or as a page of its own."""
    page = read_account_page(request.membership, account_id, language=get_language() or "en", with_priority=False)
    if page.found is None or not 1 <= number <= len(page.found.diagnosis.points):
        raise Http404
    found = page.found
    [cause] = found.reader.by_number(found.diagnosis, [number])
    assert cause.contribution is not None
    groups = read_record_groups(cause.contribution.records, narrator=tell(request, page), diagnosis=found.diagnosis)
    template = "diagnostics/account_cause.html"
    if request.headers.get("HX-Request") and not request.headers.get("HX-Boosted"):
        template += "#records"
    context = {"account": page.facts.account, "page": page, "cause": cause, "groups": groups, "day": page.day}
    return render(request, template, context)


@require_GET
@organization_view("portfolio.view")
def account_causes(request: MemberRequest, account_id: UUID) -> HttpResponse:
    """Every signal of one explanation; in place, those beyond the five that the account's page shows."""
    page = read_account_page(request.membership, account_id, language=get_language() or "en", with_priority=False)
    why = read_choice(request, "why", VIEWS, VIEWS[0])
    table = explain(page.found, why) if page.found else None
    if table is None:
        raise Http404
    context = {
        "account": page.facts.account,
        "here": page_url(request, account_id),
        "table": table,
        "why": why,
        "title": {
            "health": gettext("Health"),
            "health-change": gettext("Change of health"),
            "potential": gettext("Potential"),
            "potential-change": gettext("Change of potential"),
        }[why],
    }
    if request.headers.get("HX-Request") and not request.headers.get("HX-Boosted"):
        return render(request, "diagnostics/account_causes.html#rows", context | {"rows": table.others})
    return render(request, "diagnostics/account_causes.html", context)


@require_POST
@organization_view("portfolio.act")
def write_note(request: MemberRequest, account_id: UUID) -> HttpResponse:
    """Keep a note, and offer to take it back."""
    here = access_account(request.membership, account_id)
    try:
        note = notes.write_note(membership=request.membership, account=here, text=request.POST.get("text", ""))
    except ValueError:
        sentence = gettext("The note was not saved: it has no text, or more than %(n)s characters.")
        messages.error(request, sentence % {"n": notes.MOST_CHARACTERS})
        return redirect(page_url(request, account_id) + "#notes")
    undo_url = reverse("undo_note", args=[request.organization.slug, note.pk])
    messages.success(request, gettext("Note saved."), extra_tags=undo_url)
    return redirect(page_url(request, account_id) + "#notes")


@require_POST
@organization_view("portfolio.act")
def undo_note(request: MemberRequest, interaction_id: UUID) -> HttpResponse:
    """Take back one's own note of the day; any other is not found."""
    try:
        account_id = notes.undo_note(membership=request.membership, note_id=interaction_id)
    except notes.NoteGone:
        raise Http404 from None
    messages.success(request, gettext("Taken back."))
    return redirect(page_url(request, account_id) + "#notes")


def describe_page(request: MemberRequest, page: AccountPage, narrator: Narrator) -> dict[str, Any]:
    """Everything the template shows, beside the timeline."""
    facts, found = page.facts, page.found
    contracts = cards.list_contracts(facts)
    people, more_people = cards.list_people(facts)
    opportunities = cards.list_opportunities(facts)
    levels = read_level_metrics(request.organization.id, page.nights.last.night) if page.nights else frozenset()
    running = [row.contract.period for row in contracts]
    plan = facts.plan
    context: dict[str, Any] = {
        "page": page,
        "facts": facts,
        "account": facts.account,
        "day": page.day,
        "csm": facts.name_member(facts.account.csm_email),
        "am": facts.name_member(facts.account.am_email),
        "contracts": contracts,
        "limits": measure_limits(facts.rows["limits"], facts.rows["usage"], running, levels),
        "people": people,
        "more_people": more_people,
        "discs": draw_people(cards.place_people(facts)),
        "discs_finding": describe_people(people + more_people),
        "invoices": cards.list_invoices(facts, narrator),
        "notes": cards.list_notes(facts, narrator, own_email=request.user.email),
        "open_opportunities": [row for row in opportunities if row.is_open],
        "closed_opportunities": [row for row in opportunities if not row.is_open],
        "whitespace": cards.arrange_whitespace(facts.rows["cells"]),
        "plan": plan,
        "plan_age": (page.day - cards.last_touched(plan, page.day)).days if plan else None,
        "plan_owner": facts.name_member(plan.owner_email) if plan else "",
        "goals": facts.goals,
        "next_review": cards.find_review(facts, "planned"),
        "last_review": cards.find_review(facts, "held"),
        "kinds": OPPORTUNITY_KINDS.items(),
        "stages": STAGES.items(),
        "most_characters": notes.MOST_CHARACTERS,
        "may_act": acts.may_act(request.membership),
        "decision": cards.find_decision(contracts, day=page.day, wanted=found.diagnosis.decision_on if found else None),
    }
    if found is None:
        return context | {"absence": cards.explain_absence(facts, page.nights.last.night) if page.nights else ""}
    lead = list_lead(page)
    tables = {why.replace("-", "_"): explain(found, why) for why in VIEWS}
    return context | {
        "found": found,
        "diagnosis": found.diagnosis,
        "priority": found.priority,
        "others": [
            (facts.name_member(one.owner_email) or gettext("Nobody"), one.get_kind_display()) for one in found.others
        ],
        "found_today": facts.found_today,
        "lead": lead,
        "lead_sources": list(dict.fromkeys(cause.source for cause in lead)),
        "gaps": describe_gaps(found, page.day),
        "levers": found.levers,
        "open_room": open_room(found.diagnosis),
        "cross_sell_open": found.diagnosis.lever == "cross_sell",
        "tables": tables,
        "known": explain_known(found) if tables["health"] is None else None,
        "why": choose_view(request, page, tables),
        "history": page.history(),
        "history_finding": describe_history(page),
        "points": page.points,
        "sources": describe_sources(found),
        "share": share_of_portfolio(request, page),
        "done_kinds": acts.DONE_KINDS.items(),
        "snoozes": [(code, label) for code, (label, _until) in acts.SNOOZES.items()],
        "dismiss_reasons": acts.DISMISS_REASONS.items(),
    }


def explain(found: AccountDiagnosis, why: str) -> Explanation | None:
    """One of the four explanations; None where it cannot be given."""
    score, _dash, change = why.partition("-")
    return explain_change(found, score) if change else explain_level(found, score)


def choose_view(request: MemberRequest, page: AccountPage, tables: dict[str, Any]) -> str:
    """Which explanation stands open: the URL's, else what the account is about: potential where it can grow, and for
    its account manager, who renews and sells."""
    assert page.found is not None
    account, reader = page.facts.account, request.membership.user.email.lower()
    sells = account.am_email == reader != account.csm_email
    grows = sells or page.found.diagnosis.segment == "expansion_priority" or tables["health"] is None
    wanted = read_choice(request, "why", ("", *VIEWS), "") or ("potential" if grows else "health")
    if tables[wanted.replace("-", "_")] is None:
        return "potential" if tables["health"] is None and tables["potential"] else "health"
    return wanted


def list_lead(page: AccountPage) -> list[Any]:
    """The causes that say why now: the priority's, else the one that says most about the account."""
    assert page.found is not None
    if page.found.priority is not None:
        return [cause for cause in page.found.priority.causes if cause.sentence]
    return [page.found.top] if page.found.top and page.found.top.sentence else []


def open_room(diagnosis: Diagnosis) -> Decimal | None:
    """The room of the lever that is open; None where none is, or only Retain."""
    return getattr(diagnosis, f"{diagnosis.lever}_arr") if diagnosis.lever not in ("", "retain") else None


def describe_history(page: AccountPage) -> str:
    """What the chart shows, in one sentence."""
    scored = [point.health for point in page.points if point.health is not None]
    if len(scored) < 2:
        return gettext("Score history")
    words = {"then": number(scored[0]), "now": number(scored[-1])}
    return gettext("Health went from %(then)s to %(now)s within the time shown.") % words


def describe_people(people: Sequence[cards.PersonRow]) -> str:
    """What the stakeholder map shows, in one sentence; the list above it is its table."""
    there = [person for person in people if person.left_on is None]
    words = {
        "deciding": sum(person.decides for person in there),
        "good": sum(person.dot == "ok" for person in there),
        "bad": sum(person.dot == "bad" for person in there),
    }
    return gettext("Stakeholders by stance and influence: %(deciding)s decide, %(good)s for, %(bad)s against.") % words


def share_of_portfolio(request: MemberRequest, page: AccountPage) -> float | None:
    """The account's part of the night's ARR; None where the reader does not see the whole of it."""
    assert page.found is not None
    arr, whole = page.found.diagnosis.arr, page.found.night.arr
    if widest_book(request.membership) != "all" or not arr or not whole:
        return None
    return float(arr / whole)


def tell(request: MemberRequest, page: AccountPage) -> Narrator:
    """What it takes to put this account's rows into words."""
    people = {contact.email.lower(): contact.name for contact, _heard in page.facts.contacts if contact.email}
    return Narrator(
        request.organization, page.facts.account, page.day, people, page.facts.members, page.models, page.points
    )


def page_url(request: MemberRequest, account_id: UUID) -> str:
    """The account's page."""
    return reverse("account", args=[request.organization.slug, account_id])
