"""What Renewals and Expansion have in common: filters, menus and books above the desk, and the part htmx asks for."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpResponse, QueryDict
from django.shortcuts import render
from django_htmx.http import trigger_client_event

from accounts.web import MemberRequest
from diagnostics.acts import may_act
from diagnostics.filter_menus import MenuWriter, name_books
from diagnostics.filters import AccountFilters
from diagnostics.queries.diagnosed import Nights, Scope, books_offered, read_nights

# What an account is, not what its diagnosis says beyond the segment.
WITHOUT = ("state", "decision", "health", "potential", "lever", "country", "cohort")
MENUS = ("owner", "segment", "tier")
PER_PAGE = 50
MOST_PAGES = 100_000


def open_frame(
    request: MemberRequest,
    *,
    screen: str,
    filters: AccountFilters,
    further: Mapping[str, str],
    narrows: tuple[str, ...],
    with_model: bool = False,
) -> tuple[MenuWriter, Nights | None, dict[str, Any]]:
    """The writer of the desk's addresses, its nights, and what its page shows before anything of the desk is read.

    `further`: the desk's own parameters as its URL holds them; `narrows`: those of them that leave rows out.
    """
    writer = MenuWriter(screen=screen, slug=request.organization.slug, filters=filters, **further)
    nights = read_nights(with_model=with_model)
    request.last_night = nights.last if nights else None  # type: ignore[attr-defined]  # the frame shows it too
    shown = {
        "nights": nights,
        "filters": filters,
        "is_narrowed": filters.is_narrowed or any(further[name] for name in narrows),
        "clear_url": writer.url(filters.cleared, **dict.fromkeys(narrows, "")),
        "menus": writer.write(MENUS),
        "hidden": QueryDict(filters.with_value("q", "").to_query(**writer.further)).lists(),
        "list_url": writer.path,
        "may_act": may_act(request.membership),
        "csv_url": csv_url(writer),
    }
    return writer, nights, shown


def csv_url(writer: MenuWriter) -> str:
    """The file of the desk under its filters."""
    query = writer.filters.to_query(**writer.further)
    return f"{writer.path}csv/{f'?{query}' if query else ''}"


def describe_books(request: MemberRequest, writer: MenuWriter, scope: Scope) -> list[dict[str, Any]]:
    """The books that the member may choose from, as links."""
    return [
        {
            "label": name_books()[book],
            "url": writer.url(writer.filters.with_value("book", str(book))),
            "current": book == scope.book,
        }
        for book in books_offered(request.membership)
    ]


def answer_desk(request: MemberRequest, shown: dict[str, Any], *, template: str, part: str, said: str) -> HttpResponse:
    """The page, or its part where htmx asks for it, which says aloud what came of it."""
    if request.headers.get("HX-Target") != part:
        return render(request, template, shown)
    response = render(request, f"{template}#desk", shown)
    return trigger_client_event(response, "announce", {"value": said})
