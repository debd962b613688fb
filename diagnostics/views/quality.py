"""Data quality: what contradicts itself, by kind and by account, what was done about it, and what came late."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.core.paginator import Paginator
from django.http import HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_GET

from accounts.web import MemberRequest, organization_view
from diagnostics.doubts import DOUBTS, kinds_of
from diagnostics.filter_menus import Menu, Option
from diagnostics.filters import BadFilter, read_choice, read_number
from diagnostics.queries.diagnosed import read_nights
from diagnostics.queries.quality import (
    DEFAULT_SORT,
    MOST_ROWS,
    PER_PAGE,
    SORTS,
    Totals,
    find_stale_sources,
    list_late_nights,
    read_doubts,
    read_page,
)
from diagnostics.screen_csv import answer_csv
from portfolio.books import access_account
from portfolio.models import Account

SOURCES = ("crm", "usage", "support", "billing")
PARAMETERS = frozenset({"source", "kind", "account", "sort", "page"})
MOST_PAGES = 100_000
LATE_NIGHTS = 8
DESCENDS_FIRST = frozenset({"arr", "facts", "last"})


@require_GET
@organization_view("portfolio.view")
def data_quality(request: MemberRequest) -> HttpResponse:
    """The page."""
    asked = read_asked(request)
    nights = read_nights()
    if nights is None:
        return render(request, "diagnostics/quality.html", {"nights": None})
    request.last_night = nights.last  # type: ignore[attr-defined]  # the frame shows it too
    account, kinds = asked["account"], asked["kinds"]
    account_id = account.pk if account else None
    wanted = {"kinds": kinds, "account": account_id, "sort": asked["sort"]}
    first = (asked["page"] - 1) * PER_PAGE
    totals, rows = read_page(request.membership, nights.last.night, first=first, **wanted)
    listed = [total for total in totals.kinds if total.kind in kinds]
    page = Paginator(range(sum(total.accounts or 1 for total in listed)), PER_PAGE).get_page(asked["page"])
    if page.number != asked["page"]:
        # Behind the last page: that one is shown.
        first = (page.number - 1) * PER_PAGE
        rows = read_doubts(request.membership, nights.last.night, first=first, **wanted)
    write = write_urls(request, asked)
    stale = find_stale_sources(nights.last)
    context = {
        "nights": nights,
        "today": nights.today,
        "totals": totals,
        "listed": listed,
        "rows": rows,
        "page": page,
        "account": account,
        "without_account_url": write(account=""),
        "menus": write_menus(asked, totals, write),
        "is_narrowed": bool(asked["source"] or asked["kind"] or account),
        "clear_url": write(source="", kind="", account=""),
        "heads": write_heads(asked["sort"], write),
        "csv_query": write().partition("?")[2],
        "stale": [source for source in stale if asked["source"] in ("", source.source) and not asked["kind"]],
        "late_nights": list_late_nights(LATE_NIGHTS),
    }
    return render(request, "diagnostics/quality.html", context)


CSV_COLUMNS = (
    "what", "source", "file", "account_id", "account", "arr", "facts", "first_on", "last_on", "record", "what_was_done",
    "confidence_lost",
)  # fmt: skip


@require_GET
@organization_view("portfolio.view")
def data_quality_csv(request: MemberRequest) -> HttpResponse:
    """Every row of the page under its filters, in its order, as a file for a spreadsheet."""
    asked = read_asked(request)
    nights = read_nights()
    if nights is None:
        raise BadFilter(_("Before the first night there is nothing to put into a file."))
    found = read_doubts(
        request.membership,
        nights.last.night,
        kinds=asked["kinds"],
        account=asked["account"].pk if asked["account"] else None,
        sort=asked["sort"],
        most=MOST_ROWS,
    )
    rows = (
        (
            str(row.doubt.label),
            row.doubt.source,
            row.doubt.file,
            row.source_id,
            row.name,
            row.arr,
            row.facts,
            row.first_on,
            row.last_on,
            row.record,
            str(row.doubt.done),
            round(row.lost, 2),
        )
        for row in found
    )
    name = f"data-quality-{request.organization.slug}-{nights.last.night}"
    return answer_csv(name, CSV_COLUMNS, rows)


def read_asked(request: MemberRequest) -> dict[str, Any]:
    """What the URL asks for; raises BadFilter for what is not known, Http404 for an account that is not to be seen."""
    query: QueryDict = request.GET
    unknown = set(query) - PARAMETERS
    if unknown:
        raise BadFilter(_("There is no filter named %(name)s.") % {"name": ", ".join(sorted(unknown))})
    source = read_choice(query, "source", SOURCES, default="")
    kind = read_choice(query, "kind", DOUBTS, default="")
    wanted = query.get("account", "")
    account: Account | None = access_account(request.membership, wanted) if wanted else None
    kinds = [one for one in (kinds_of(source) if source else DOUBTS) if kind in ("", one)]
    sort = read_choice(query, "sort", [*SORTS, *(f"-{key}" for key in SORTS)], default=DEFAULT_SORT)
    page = read_number(query, "page", most=MOST_PAGES)
    return {"source": source, "kind": kind, "account": account, "kinds": kinds, "sort": sort, "page": page}


def write_urls(request: MemberRequest, asked: dict[str, Any]) -> Callable[..., str]:
    """A function that writes the page's address with some parameters changed, back on its first page."""
    path = reverse("data_quality", args=[request.organization.slug])
    account: UUID | str = asked["account"].pk if asked["account"] else ""
    now = {"source": asked["source"], "kind": asked["kind"], "account": account, "sort": asked["sort"]}

    def write(**changed: str) -> str:
        parameters = {name: value for name, value in (now | changed).items() if value and value != DEFAULT_SORT}
        return f"{path}?{urlencode(parameters)}" if parameters else path

    return write


def write_menus(asked: dict[str, Any], totals: Totals, write: Callable[..., str]) -> list[Menu]:
    """The filters: by source, and by the kinds that were found."""
    everything = pgettext("any value of a filter", "All")
    names = {"crm": _("CRM"), "usage": _("Usage"), "support": _("Support"), "billing": _("Billing")}
    source, kind = asked["source"], asked["kind"]
    found = {total.kind: str(total.doubt.label) for total in totals.kinds if total.doubt.source in (source or SOURCES)}
    by_source = Menu("source", _("Source"), names.get(source, everything), bool(source), write(source="", kind=""))
    by_source.options = [Option(label, write(source=code, kind=""), code == source) for code, label in names.items()]
    shown = str(DOUBTS[kind].label) if kind else everything
    by_kind = Menu("kind", pgettext("of contradictions", "Kind"), shown, bool(kind), write(kind=""))
    by_kind.options = [Option(label, write(kind=code), code == kind) for code, label in found.items()]
    return [by_source, by_kind]


def write_heads(sort: str, write: Callable[..., str]) -> dict[str, dict[str, str]]:
    """For each column that sorts the link that sorts by it, or turns the order where it is the one."""
    heads = {}
    for key in SORTS:
        by_it = sort.removeprefix("-") == key
        descends = not sort.startswith("-") if by_it else key in DESCENDS_FIRST
        order = ("descending" if sort.startswith("-") else "ascending") if by_it else ""
        heads[key] = {"url": write(sort=f"-{key}" if descends else key), "order": order}
    return heads
