"""Matrix: how much ARR is fragile, how much can grow, who crossed a line."""

import re
from typing import Any
from uuid import UUID

from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils.translation import get_language
from django.views.decorators.http import require_GET
from django_htmx.http import trigger_client_event

from accounts.web import MemberRequest, organization_view
from diagnostics.filter_menus import MenuWriter, name_books
from diagnostics.filters import BadFilter, Range, read_choice, read_filters
from diagnostics.models.diagnoses import Segment
from diagnostics.queries.diagnosed import Scope, books_offered, choose_book, open_scope, read_nights
from diagnostics.queries.in_hand import AccountInHand, read_account_in_hand, read_cell
from diagnostics.queries.matrix import (
    CELL_POINTS,
    Matrix,
    Total,
    read_crossings,
    read_matrix,
    read_moves_of_the_night,
)
from diagnostics.queries.rows import AccountRow
from diagnostics.views.matrix_chart import ChartWriter, list_cell

SCREEN = "matrix"
FURTHER = ("view", "moves", "account", "cell")
MENUS = ("segment", "tier", "owner", "cohort")
FIRST_ROWS = 8
FIRST_MOVES = 6


@require_GET
@organization_view("portfolio.view")
def matrix(request: MemberRequest) -> HttpResponse:
    """The page; htmx asks for its part, and says what came of it."""
    shown = describe_matrix(request)
    if request.headers.get("HX-Target") != "matrix-part":
        return render(request, "diagnostics/matrix.html", shown)
    response = render(request, "diagnostics/matrix.html#matrix", shown)
    if shown.get("in_hand"):
        return trigger_client_event(response, "announce", {"value": shown["in_hand"].diagnosis.account.name})
    return response


def describe_matrix(request: MemberRequest) -> dict[str, Any]:
    """What the page shows, read by the URL's own parameters.

    Raises BadFilter for a parameter it does not know, Http404 for an account in hand that the member may not see.
    """
    filters = read_filters(request.GET, further=FURTHER, without=("state",))
    view = read_choice(request.GET, "view", ("table",), default="")
    moves = read_choice(request.GET, "moves", ("off",), default="")
    wanted, cell = _read_account(request.GET), _read_cell(request.GET)
    slug = request.organization.slug
    menus = MenuWriter(screen=SCREEN, slug=slug, filters=filters, view=view, moves=moves)
    lists = MenuWriter(screen="accounts", slug=slug, filters=filters)
    nights = read_nights(with_model=True)
    request.last_night = nights.last if nights else None  # type: ignore[attr-defined]  # the frame shows it too
    shown: dict[str, Any] = {
        "nights": nights,
        "filters": filters,
        "is_narrowed": filters.is_narrowed,
        "clear_url": menus.url(filters.cleared),
        "menus": menus.write(MENUS),
        "hidden": QueryDict(filters.to_query(**menus.further)).lists(),
        "list_url": menus.path,
        "book": choose_book(request.membership, filters.book),
        "books": [
            {"label": name_books()[book], "url": menus.url(filters.with_value("book", str(book))), "key": book}
            for book in books_offered(request.membership)
        ],
    }
    if nights is None:
        return shown
    scope = open_scope(request.membership, filters, nights)
    found = read_matrix(scope)
    in_hand = _take_in_hand(scope, found, lists, wanted, cell)
    return shown | {
        "matrix": found,
        "today": nights.today,
        "view": view,
        "chart_url": menus.url(filters, view=""),
        "table_url": menus.url(filters, view="table"),
        "shows_moves": not moves,
        "moves_url": menus.url(filters, moves="" if moves else "off"),
        "accounts_url": lists.url(filters),
        "withheld_url": lists.url(filters.with_value("state", "withheld")),
        "grow": found.quadrant(healthy=True, high=True),
        "held": found.total(lambda group: group.segment == Segment.DEFENSE and group.healthy is True),
        "limits": found.model.thresholds,
        "segments": _describe_segments(found, lists),
        **_describe_moves(scope, found),
        **in_hand,
        **_draw(request, found, menus, lists, in_hand, shows_moves=not moves),
    }


def _read_account(query: QueryDict) -> UUID | None:
    text = query.get("account")
    try:
        return UUID(text) if text else None
    except ValueError:
        raise BadFilter("account") from None


def _read_cell(query: QueryDict) -> tuple[int, int] | None:
    text = query.get("cell")
    if not text:
        return None
    corner = re.fullmatch(r"([0-9]?0)-([0-9]?0)", text)
    if not corner:
        raise BadFilter("cell")
    return int(corner[1]), int(corner[2])


def _take_in_hand(
    scope: Scope, found: Matrix, lists: MenuWriter, wanted: UUID | None, corner: tuple[int, int] | None
) -> dict[str, Any]:
    """The account or the cell that the URL names; else the account that a reader would look at first."""
    if wanted is None and corner is not None:
        health, potential = (Range(low, low + CELL_POINTS) for low in corner)
        return {
            "corner": corner,
            "cell_health": health,
            "cell_potential": potential,
            "cell_total": found.cells().get(corner, Total()),
            "cell_rows": read_cell(scope, health, potential),
            "cell_url": list_cell(_without_ranges(lists), corner),
        }
    account_id = wanted or _first_point(found.points)
    if account_id is None:
        return {}
    account = read_account_in_hand(scope, account_id, language=get_language() or "en")
    if account is None and wanted is not None:
        raise Http404
    return {"in_hand": account, "in_hand_id": account_id}


def _first_point(points: tuple[AccountRow, ...]) -> UUID | None:
    """The largest account to defend, else the largest that can grow, else the largest."""
    for segment in (Segment.DEFENSE, Segment.EXPANSION):
        for point in points:
            if point.segment == segment:
                return point.id
    return points[0].id if points else None


def _describe_segments(found: Matrix, lists: MenuWriter) -> list[dict[str, Any]]:
    """ARR by segment; under Regular, the part of it that is fragile but below the amount for defense."""
    change = _change_by_segment(found)
    described: list[dict[str, Any]] = []
    for segment in (Segment.EXPANSION, Segment.DEFENSE, Segment.REGULAR):
        filters = lists.filters.with_value("segment", (str(segment),))
        total = found.in_segment(segment)
        described.append({"segment": segment, "total": total, "url": lists.url(filters), "change": change.get(segment)})
    fragile = found.total(lambda group: group.segment == Segment.REGULAR and group.healthy is False)
    if fragile.count:
        if filters.health is None:
            filters = filters.with_value("health", Range(0, int(found.model.thresholds.fragile_below)))
        described.append({"segment": "", "total": fragile, "url": lists.url(filters), "change": None})
    return described


def _change_by_segment(found: Matrix) -> dict[Any, Any]:
    """ARR that came into a segment in 30 days less what left it, of the accounts that were diagnosed then."""
    if found.is_large or not any(point.segment_before for point in found.points):
        return {}
    change: dict[Any, Any] = dict.fromkeys(Segment, 0)
    for point in found.points:
        if point.segment_before and point.segment_before != point.segment:
            change[Segment(point.segment)] += point.arr or 0
            change[Segment(point.segment_before)] -= point.arr or 0
    return change


def _describe_moves(scope: Scope, found: Matrix) -> dict[str, Any]:
    language = get_language() or "en"
    if found.is_large:
        return {"moves": read_moves_of_the_night(scope, found, language)}
    moves = read_crossings(scope, found, language)
    return {"moves": moves[:FIRST_MOVES], "more_moves": max(0, len(moves) - FIRST_MOVES)}


def _draw(
    request: MemberRequest,
    found: Matrix,
    menus: MenuWriter,
    lists: MenuWriter,
    in_hand: dict[str, Any],
    *,
    shows_moves: bool,
) -> dict[str, Any]:
    currency = request.organization.currency
    writer = ChartWriter(found, currency=currency, menus=menus, lists=_without_ranges(lists))
    if not found.is_large:
        chart = writer.write_accounts(trails=shows_moves, selected=in_hand.get("in_hand_id"))
        return {"drawing": chart, "rows": found.points[:FIRST_ROWS], "all_rows": found.points}
    account: AccountInHand | None = in_hand.get("in_hand")
    further = [point] if (point := _as_point(account)) and point.id not in {p.id for p in found.points} else []
    chart = writer.write_cells(
        trails=shows_moves, selected=in_hand.get("in_hand_id"), cell=in_hand.get("corner"), further=further
    )
    rows = _tabulate(chart.cells)
    return {"drawing": chart, "rows": found.points[:FIRST_ROWS], "all_rows": found.points, "cell_table": rows}


def _without_ranges(lists: MenuWriter) -> MenuWriter:
    filters = lists.filters.with_value("health", None).with_value("potential", None)
    return MenuWriter(screen=lists.screen, slug=lists.slug, filters=filters)


def _as_point(account: AccountInHand | None) -> AccountRow | None:
    """The account in hand as a disc, where it has a place."""
    if account is None or account.diagnosis.health is None or account.diagnosis.potential is None:
        return None
    now, of = account.diagnosis, account.diagnosis.account
    return AccountRow(
        id=of.id,
        name=of.name,
        domain=of.domain,
        source_id=of.source_id,
        tier=of.tier,
        country=of.country,
        customer_since=of.customer_since,
        csm_email=of.csm_email,
        am_email=of.am_email,
        csm_name="",
        am_name="",
        segment=now.segment,
        lever=now.lever,
        arr=now.arr,
        health=now.health,
        potential=now.potential,
        decision_on=now.decision_on,
        value_at_risk=now.value_at_risk,
        expansion_potential_arr=now.expansion_potential_arr,
        confidence=now.confidence,
        sources=now.sources,
    )


def _tabulate(cells: Any) -> dict[str, Any]:
    """The cells as rows of potential from the top and columns of health."""
    columns = sorted({one.cell.total.health for one in cells})
    potentials = sorted({one.cell.total.potential for one in cells}, reverse=True)
    by_corner = {(one.cell.total.health, one.cell.total.potential): one for one in cells}
    return {
        "columns": [Range(low, low + CELL_POINTS) for low in columns],
        "rows": [
            (Range(low, low + CELL_POINTS), [by_corner.get((column, low)) for column in columns]) for low in potentials
        ],
    }
