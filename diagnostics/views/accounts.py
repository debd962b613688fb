"""Accounts: the list, the same rows as a file, and the lists that members keep."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Page, Paginator
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST
from django_htmx.http import trigger_client_event

from accounts.models import Membership
from accounts.permissions import is_allowed
from accounts.web import MemberRequest, organization_view
from diagnostics.filter_menus import MenuWriter, name_books
from diagnostics.filters import AccountFilters, BadFilter, read_choice, read_filters, read_number
from diagnostics.models import SavedView
from diagnostics.queries.accounts import (
    DEFAULT_SORT,
    MOST_ROWS,
    PER_PAGE,
    SORTS,
    find_waiting,
    read_page,
    read_waiting,
    undiagnosed_accounts,
)
from diagnostics.queries.diagnosed import Nights, books_offered, choose_book, open_scope, read_nights
from diagnostics.saved_views import ViewRefused, delete_view, list_views, may_delete, save_view
from diagnostics.screen_csv import answer_csv
from portfolio.books import accounts_in

SCREEN = "accounts"
FURTHER = ("sort", "page")
MENUS = ("segment", "lever", "owner", "tier", "decision", "health", "state")
# Behind "More" until one of them is in force.
FURTHER_MENUS = ("potential", "country", "cohort")
MOST_PAGES = 100_000


@require_GET
@organization_view("portfolio.view")
def accounts(request: MemberRequest) -> HttpResponse:
    """The page; htmx asks for its part, and says what came of it."""
    shown = describe_accounts(request)
    if request.headers.get("HX-Target") != "accounts-part":
        return render(request, "diagnostics/accounts.html", shown)
    response = render(request, "diagnostics/accounts.html#list", shown)
    count = shown["page"].paginator.count
    said = ngettext("%(number)s account", "%(number)s accounts", count) % {"number": count}
    return trigger_client_event(response, "announce", {"value": said})


def describe_accounts(request: MemberRequest) -> dict[str, Any]:
    """What the page shows, read by the URL's own parameters; raises BadFilter for one that it does not know."""
    membership, nights = request.membership, read_nights()
    request.last_night = nights.last if nights else None  # type: ignore[attr-defined]  # the frame shows it too
    filters, sort = read_list(request.GET, further=FURTHER)
    number = read_number(request.GET, "page", most=MOST_PAGES)
    writer = MenuWriter(
        screen=SCREEN, slug=request.organization.slug, filters=filters, sort="" if sort == DEFAULT_SORT else sort
    )
    query = filters.to_query(**writer.further)
    views = [_describe_view(membership, view, query, writer) for view in list_views(membership, SCREEN)]
    shown = {
        "nights": nights,
        "filters": filters,
        "is_narrowed": filters.is_narrowed,
        "clear_url": writer.url(filters.cleared),
        "menus": writer.write([*MENUS, *(name for name in FURTHER_MENUS if getattr(filters, name))]),
        "further_menus": writer.write(name for name in FURTHER_MENUS if not getattr(filters, name)),
        "hidden": QueryDict(filters.with_value("q", "").to_query(**writer.further)).lists(),
        "query": query,
        "views": views,
        "current_view": next((view for view in views if view["current"] and query), None),
        "may_save": is_allowed("portfolio.act", membership) and request.organization.is_writable,
        "list_url": writer.path,
    }
    if nights is None or filters.state in ("new", "left"):
        return shown | _describe_undiagnosed(request, filters, nights, number, writer)
    scope = open_scope(membership, filters, nights)
    found = read_page(scope, sort=sort, first=(number - 1) * PER_PAGE)
    waiting = find_waiting(scope, diagnosed=found.count)
    page = _page_of(found.count + len(waiting), number)
    first = (page.number - 1) * PER_PAGE
    if page.number != number:
        # The list has become shorter than a shared address says.
        found = read_page(scope, sort=sort, first=first)
    # Behind the diagnosed ones in every order: what they would be ordered by is not known.
    begun = max(0, first - found.count)
    return shown | {
        "rows": found.rows,
        "found": found,
        "waiting": read_waiting(waiting[begun : begun + PER_PAGE - len(found.rows)]),
        "waiting_count": len(waiting),
        "waiting_url": writer.url(filters.with_value("state", "new")),
        "page": page,
        "books": _describe_books(membership, scope.book, writer),
        "book": scope.book,
        "heads": _describe_heads(sort, writer),
        "today": nights.today,
    }


def read_list(query: QueryDict, *, further: tuple[str, ...] = ("sort",)) -> tuple[AccountFilters, str]:
    """The filters and the sort of an accounts list; raises BadFilter."""
    filters = read_filters(query, further=further)
    sort = read_choice(query, "sort", [*SORTS, *(f"-{key}" for key in SORTS)], default=DEFAULT_SORT)
    return filters, sort


def _describe_view(membership: Membership, view: SavedView, query: str, writer: MenuWriter) -> dict[str, Any]:
    return {
        "view": view,
        "url": f"{writer.path}?{view.query}" if view.query else writer.path,
        "current": view.query == query,
        "own": view.member_id == membership.pk,
        "may_delete": may_delete(membership, view),
    }


def _page_of(count: int, number: int) -> Page:
    return Paginator(range(count), PER_PAGE).get_page(number)


def _describe_undiagnosed(
    request: MemberRequest, filters: AccountFilters, nights: Nights | None, number: int, writer: MenuWriter
) -> dict[str, Any]:
    """Accounts that the last night did not diagnose: they have no figures, and stand by name."""
    book = choose_book(request.membership, filters.book)
    accounts = accounts_in(book, request.membership).filter(filters.account_condition(request.membership))
    found = undiagnosed_accounts(accounts, nights, left=filters.state == "left")
    page = Paginator(found, PER_PAGE).get_page(number)
    return {
        "undiagnosed": list(page.object_list),
        "page": page,
        "books": _describe_books(request.membership, book, writer),
        "book": book,
        "today": nights.today if nights else None,
    }


def _describe_books(membership: Membership, book: str, writer: MenuWriter) -> list[dict[str, Any]]:
    names = name_books()
    return [
        {
            "label": names[offered],
            "url": writer.url(writer.filters.with_value("book", str(offered))),
            "current": offered == book,
        }
        for offered in books_offered(membership)
    ]


def _describe_heads(sort: str, writer: MenuWriter) -> dict[str, dict[str, str]]:
    """For each column the link that sorts by it, or turns the order where it is the one."""
    heads = {}
    for key, order in SORTS.items():
        by_it = sort.removeprefix("-") == key
        descends = sort.startswith("-") if by_it else not order.descends_first
        target = key if descends else f"-{key}"
        heads[key] = {
            "url": writer.url(writer.filters, sort="" if target == DEFAULT_SORT else target),
            "order": ("descending" if sort.startswith("-") else "ascending") if by_it else "",
        }
    return heads


# Column of the file: attribute of the row.
CSV_COLUMNS = {
    "account_id": "source_id",
    "name": "name",
    "domain": "domain",
    "tier": "tier",
    "country": "country",
    "segment": "segment",
    "arr": "arr",
    "health": "health",
    "health_change_30_days": "health_change",
    "potential": "potential",
    "potential_change_30_days": "potential_change",
    "lever": "lever",
    "decision_on": "decision_on",
    "value_at_risk": "value_at_risk",
    "expansion_potential_arr": "expansion_potential_arr",
    "confidence": "confidence",
    "csm_email": "csm_email",
    "am_email": "am_email",
}


@require_GET
@organization_view("portfolio.view")
def accounts_csv(request: MemberRequest) -> HttpResponse:
    """All rows of the list under its filters, in its order, as a file for a spreadsheet."""
    filters, sort = read_list(request.GET)
    nights = read_nights()
    if nights is None or filters.state in ("new", "left"):
        raise BadFilter(_("Only diagnosed accounts have figures to put into a file."))
    found = read_page(open_scope(request.membership, filters, nights), sort=sort, most=MOST_ROWS)
    rows = ([getattr(row, attribute) for attribute in CSV_COLUMNS.values()] for row in found.rows)
    name = f"accounts-{request.organization.slug}-{nights.last.night}"
    return answer_csv(name, list(CSV_COLUMNS), rows)


@require_POST
@organization_view("portfolio.act")
def save(request: MemberRequest) -> HttpResponse:
    """Keep the list that the page shows under a name."""
    filters, sort = read_list(QueryDict(request.POST.get("query", "")))
    query = filters.to_query(sort="" if sort == DEFAULT_SORT else sort)
    try:
        view = save_view(
            membership=request.membership,
            screen=SCREEN,
            name=request.POST.get("name", ""),
            query=query,
            shared=request.POST.get("shared") == "on",
        )
    except ViewRefused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("%(name)s is kept.") % {"name": view.name})
    return _back_to_list(request, query)


@require_POST
@organization_view("portfolio.act")
def delete(request: MemberRequest, view_id: UUID) -> HttpResponse:
    """Forget a view; the list that it showed stays open."""
    view = delete_view(membership=request.membership, view_id=view_id)
    messages.success(request, _("%(name)s is deleted.") % {"name": view.name})
    return _back_to_list(request, view.query)


def _back_to_list(request: MemberRequest, query: str) -> HttpResponse:
    path = reverse(SCREEN, args=[request.organization.slug])
    return redirect(f"{path}?{query}" if query else path)
