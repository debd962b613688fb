"""Expansion: which windows close first, what each month is worth, and how much of the pipeline is real."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.core.paginator import Paginator
from django.http import HttpResponse, QueryDict
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts.models import AuditEntry
from accounts.web import MemberRequest, organization_view
from diagnostics.acts import local_day
from diagnostics.charts.windows import WindowAxis, WindowBar, draw_axis
from diagnostics.filter_menus import MenuWriter
from diagnostics.filters import AccountFilters, BadFilter, read_choice, read_filters, read_number
from diagnostics.labels import OPPORTUNITY_KINDS, STAGES, name_code
from diagnostics.queries.accounts import MOST_ROWS
from diagnostics.queries.diagnosed import open_scope, read_nights
from diagnostics.queries.expansion import (
    SOON_DAYS,
    STATES,
    LeverLine,
    Offer,
    add_up,
    build_offers,
    group_rows,
    read_desk,
    tabulate,
)
from diagnostics.queries.offer_facts import OfferFacts, read_offer_facts
from diagnostics.screen_csv import answer_csv
from diagnostics.views.changes import PARTS, answer_change
from diagnostics.views.desk_frames import MOST_PAGES, PER_PAGE, WITHOUT, answer_desk, describe_books, open_frame
from diagnostics.views.posted import read_amount, read_day, read_product
from portfolio import opportunities
from portfolio.books import access_account
from portfolio.opportunities import OPEN_STAGES

SCREEN = "expansion"
PART = "expansion-part"
FURTHER = ("show", "offer", "stage", "page")
GROWTH = tuple(kind for kind in OPPORTUNITY_KINDS if kind != "renewal")
SHOWN_STAGES = (*OPEN_STAGES, "won")
FICTIONAL_SHOWN = 5


@dataclass(frozen=True, slots=True)
class ShownOffer:
    """A row with its words and its place on the time axis."""

    offer: Offer
    facts: OfferFacts
    bar: WindowBar | None


@require_GET
@organization_view("portfolio.view")
def expansion(request: MemberRequest) -> HttpResponse:
    """The page; htmx asks for its part, and says what came of it."""
    shown = describe_expansion(request)
    count = shown["listed"].count if "listed" in shown else 0
    said = ngettext("%(number)s row", "%(number)s rows", count) % {"number": count}
    return answer_desk(request, shown, template="diagnostics/expansion.html", part=PART, said=said)


def read_list(query: QueryDict) -> tuple[AccountFilters, dict[str, str]]:
    """The account filters, and the figure, lever and stage of a desk's URL; raises BadFilter."""
    filters = read_filters(query, further=FURTHER, without=WITHOUT)
    return filters, {
        "show": read_choice(query, "show", STATES, default=""),
        "offer": read_choice(query, "offer", GROWTH, default=""),
        "stage": read_choice(query, "stage", SHOWN_STAGES, default=""),
    }


def describe_expansion(request: MemberRequest) -> dict[str, Any]:
    """What the page shows, read by the URL's own parameters; raises BadFilter for one that it does not know."""
    filters, narrowed = read_list(request.GET)
    number = read_number(request.GET, "page", most=MOST_PAGES)
    writer, nights, shown = open_frame(
        request, screen=SCREEN, filters=filters, further=narrowed, narrows=tuple(narrowed), with_model=True
    )
    shown |= narrowed
    if nights is None:
        return shown
    today = local_day(request.organization)
    scope = open_scope(request.membership, filters, nights)
    desk = read_desk(scope)
    listed = desk.narrowed(state=narrowed["show"], lever=narrowed["offer"], stage=narrowed["stage"])
    page = Paginator(range(listed.height), PER_PAGE).get_page(number)
    rows = build_offers(listed[max(page.start_index() - 1, 0) : page.end_index()])
    fictional = build_offers(desk.narrowed(state="fictional")[:FICTIONAL_SHOWN])
    wanted = {row.key: row for row in [*rows, *fictional]}
    facts, names = read_offer_facts(
        request.organization, list(wanted.values()), nights, language=get_language() or "en"
    )
    axis = draw_axis(today)
    lines = tabulate(desk)
    totals = {state: desk.total_under(state) for state in STATES}
    return shown | {
        "desk": desk,
        "today": today,
        "axis": axis,
        "listed": add_up(listed),
        "page": page,
        "groups": [
            (group, [ShownOffer(row, facts[row.key], place_bar(row, axis)) for row in group.rows])
            for group in group_rows(rows, listed, today=today)
        ],
        "totals": totals,
        "windows_open": add_up(desk.open_windows),
        "soon": desk.closing_within(SOON_DAYS, today=today),
        "lines": _link_lines(lines, writer),
        "stage_totals": _sum_stages(lines),
        "fictional_rows": [(row, facts[row.key]) for row in fictional],
        "fictional_more": max(0, totals["fictional"].count - FICTIONAL_SHOWN),
        "undetected": _list_undetected(lines),
        "figure_urls": {
            state: writer.url(filters, show="" if narrowed["show"] == state else state) for state in STATES
        },
        "stages": [(stage, STAGES[stage]) for stage in (*OPEN_STAGES, "won", "lost")],
        "products": sorted(names.products.items(), key=lambda product: product[1].casefold()),
        "books": describe_books(request, writer, scope),
        "book": scope.book,
    }


def place_bar(row: Offer, axis: WindowAxis) -> WindowBar | None:
    """The open window of a row; where its lever is not open, the life of its opportunity."""
    if row.is_open:
        return axis.place(row.opened_on, row.closes_on)
    return axis.place(row.created_on, row.won_on or row.expected_on)


def _link_lines(lines: list[LeverLine], writer: MenuWriter) -> list[dict[str, Any]]:
    """The lines of the table by lever, each cell with the address of its rows."""
    return [
        {
            "line": line,
            "cells": [
                (cell, writer.url(writer.filters, show="", offer=line.lever, stage=cell.stage)) for cell in line.cells
            ],
            "url": writer.url(writer.filters, show="counted", offer=line.lever, stage=""),
            "won_url": writer.url(writer.filters, show="won", offer=line.lever, stage=""),
            "waiting_url": writer.url(writer.filters, show="windows", offer=line.lever, stage=""),
        }
        for line in lines
    ]


def _sum_stages(lines: list[LeverLine]) -> list[Any]:
    return [sum((line.cells[at].counted.arr for line in lines), start=0) for at in range(len(OPEN_STAGES))]


def _list_undetected(lines: list[LeverLine]) -> list[LeverLine]:
    """Levers whose pipeline is empty: a detection problem before it is a sales problem."""
    return [line for line in lines if not line.open.count and not any(cell.fictional.count for cell in line.cells)]


CSV_COLUMNS: dict[str, Callable[[Offer, OfferFacts], Any]] = {
    "account_id": lambda row, facts: facts.source_id,
    "account": lambda row, facts: facts.account,
    "kind": lambda row, facts: "window" if row.is_window else "opportunity",
    "lever": lambda row, facts: row.lever,
    "offer": lambda row, facts: facts.offer,
    "stage": lambda row, facts: row.stage,
    "amount_arr": lambda row, facts: round(row.amount, 2),
    "fictional": lambda row, facts: "true" if row.is_fictional else "false",
    "window_opened_on": lambda row, facts: row.opened_on,
    "window_ends_on": lambda row, facts: row.window_ends_on,
    "closes_on": lambda row, facts: row.expected_on,
    "won_on": lambda row, facts: row.won_on,
    "health": lambda row, facts: facts.health,
    "health_change_30_days": lambda row, facts: facts.health_change,
    "room_arr": lambda row, facts: None if row.room is None else round(row.room, 2),
    "owner_email": lambda row, facts: facts.owner_email,
}


@require_GET
@organization_view("portfolio.view")
def expansion_csv(request: MemberRequest) -> HttpResponse:
    """All rows of the desk under its filters, in its order, as a file for a spreadsheet."""
    filters, narrowed = read_list(request.GET)
    nights = read_nights(with_model=True)
    if nights is None:
        raise BadFilter(_("Only diagnosed accounts have figures to put into a file."))
    desk = read_desk(open_scope(request.membership, filters, nights))
    found = desk.narrowed(state=narrowed["show"], lever=narrowed["offer"], stage=narrowed["stage"])
    listed = build_offers(found[:MOST_ROWS])
    facts, _names = read_offer_facts(request.organization, listed, nights, language=get_language() or "en")
    rows = ([read(row, facts[row.key]) for read in CSV_COLUMNS.values()] for row in listed)
    name = f"expansion-{request.organization.slug}-{local_day(request.organization)}"
    return answer_csv(name, list(CSV_COLUMNS), rows)


@require_POST
@organization_view("portfolio.act")
def open_opportunity(request: MemberRequest, account_id: UUID) -> HttpResponse:
    """A new opportunity, from an open window or from nothing."""
    account = access_account(request.membership, account_id)

    def act() -> tuple[AuditEntry, str]:
        lever = request.POST.get("lever", "")
        entry = opportunities.open_opportunity(
            membership=request.membership,
            account=account,
            lever=lever,
            amount=read_amount(request, "amount"),
            closes_on=read_day(request, "closes_on"),
            product=read_product(request, "product"),
        )
        words = {"account": account.name, "lever": name_code(OPPORTUNITY_KINDS, lever)}
        return entry, _("%(account)s: %(lever)s, opportunity opened.") % words

    return answer_change(request, act, back=SCREEN)


@require_POST
@organization_view("portfolio.act")
def move_stage(request: MemberRequest, opportunity_id: UUID) -> HttpResponse:
    """Another stage; lost with a reason."""
    opportunity = opportunities.access_opportunity(request.membership, opportunity_id)

    def act() -> tuple[AuditEntry, str]:
        stage = request.POST.get("stage", "")
        reason = request.POST.get("reason", "")
        entry = opportunities.move_stage(
            membership=request.membership, opportunity=opportunity, stage=stage, reason=reason
        )
        return entry, _("%(account)s: %(stage)s.") % {"account": opportunity.account.name, "stage": STAGES[stage]}

    return answer_change(request, act, back=SCREEN)


@require_POST
@organization_view("portfolio.act")
def change_amount(request: MemberRequest, opportunity_id: UUID) -> HttpResponse:
    """Another amount."""
    opportunity = opportunities.access_opportunity(request.membership, opportunity_id)

    def act() -> tuple[AuditEntry, str]:
        amount = read_amount(request, "amount")
        entry = opportunities.change_amount(membership=request.membership, opportunity=opportunity, amount=amount)
        return entry, _("%(account)s: amount changed.") % {"account": opportunity.account.name}

    return answer_change(request, act, back=SCREEN)


@require_POST
@organization_view("portfolio.act")
def change_closing_day(request: MemberRequest, opportunity_id: UUID) -> HttpResponse:
    """Another closing day."""
    opportunity = opportunities.access_opportunity(request.membership, opportunity_id)

    def act() -> tuple[AuditEntry, str]:
        day = read_day(request, "closes_on")
        entry = opportunities.change_closing_day(membership=request.membership, opportunity=opportunity, closes_on=day)
        return entry, _("%(account)s: closing day changed.") % {"account": opportunity.account.name}

    return answer_change(request, act, back=SCREEN)


PARTS[PART] = "diagnostics/expansion.html#desk", describe_expansion
