"""Accounts to look at: the silent, the single-threaded, the spread of health, and renewals that are late."""

from decimal import Decimal
from typing import Any

from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from accounts.web import MemberRequest, organization_view
from diagnostics.filters import read_number
from diagnostics.kpi_words import name_period, write_exactly
from diagnostics.kpis.execution import WINDOW_DAYS
from diagnostics.queries.kpi_scope import find_kept
from diagnostics.queries.kpi_watch import (
    LATE,
    LISTS,
    OF_HEALTH,
    SILENT,
    SINGLE,
    Band,
    Watch,
    WatchRow,
    read_watch,
)
from diagnostics.screen_csv import answer_csv
from diagnostics.views.kpi_address import KpiAddress, open_kpi_scope, read_address, require_scope
from diagnostics.views.kpis import describe_switches
from portfolio.models import Account

PAGE_ROWS = 100
FIRST_ROWS = 5


@require_GET
@organization_view("portfolio.view")
def kpi_watch(request: MemberRequest) -> HttpResponse:
    """The page: each list with its figure and its largest accounts."""
    address = read_address(request)
    kept = find_kept(address.every)
    if kept is None:
        return render(request, "diagnostics/kpi_watch.html", {"has_accounts": Account.objects.exists()})
    scope = open_kpi_scope(request, address, kept)
    watch = read_watch(scope)
    shown = {
        **describe_switches(request, address, scope, kept, screen="kpi_watch"),
        "cards": [_describe_card(request, watch, address, name) for name in (SILENT, SINGLE, LATE)],
        "bands": _describe_bands(watch, address),
        "paying": watch.paying,
    }
    return render(request, "diagnostics/kpi_watch.html", shown)


@require_GET
@organization_view("portfolio.view")
def kpi_watch_list(request: MemberRequest, name: str) -> HttpResponse:
    """One list whole, with the total that equals its figure."""
    address, scope, watch = _read(request, name)
    total = watch.total(name)
    count = total.count if total else 0
    paginator = Paginator(range(count), PAGE_ROWS)
    page = paginator.page(read_number(request.GET, "page", most=paginator.num_pages))
    rows = watch.rows(name, page.start_index() - 1, page.end_index()) if count else []
    shown = {
        **name_list(name),
        "name": name,
        "rows": [_describe_row(request, row, total.arr if total else None) for row in rows],
        "page": page,
        "total": total,
        "total_arr": write_exactly(total.arr, "money", request.organization.currency) if total else "",
        "is_late": name == LATE,
        "has_figure": name in (SINGLE, *OF_HEALTH),
        "period_name": name_period(scope.period),
        "is_running": scope.is_running,
        "today": scope.today,
        "back_url": address.url("kpi_watch"),
        "csv_url": address.url("kpi_watch_csv", name),
    }
    return render(request, "diagnostics/kpi_watch_list.html", shown)


@require_GET
@organization_view("portfolio.view")
def kpi_watch_csv(request: MemberRequest, name: str) -> HttpResponse:
    """The same list as a file; its total is the figure."""
    _address, scope, watch = _read(request, name)
    further: tuple[str, ...] = ()
    if name == LATE:
        further = ("subscription_id", "ended_on")
    elif name == SINGLE:
        further = ("people_in_touch",)
    elif name in OF_HEALTH:
        further = ("health",)
    rows: list[list[Any]] = [
        [row.source_id, row.name, row.arr, *_list_further(row, name)[: len(further)]] for row in watch.rows(name)
    ]
    total = watch.total(name)
    if total:
        rows.append(["", _("Total"), total.arr, *("" for _column in further)])
    title = f"{name}-{request.organization.slug}-{scope.period.label}"
    return answer_csv(title, ["account_id", "account", "arr", *further], rows)


def name_list(name: str) -> dict[str, str]:
    """A list's title and what stands on it."""
    if name == SILENT:
        text = _("Mid-size accounts that nobody met, called or exchanged mail with in %(days)s days.")
        return {"label": _("Silent mid-size accounts"), "text": text % {"days": WINDOW_DAYS}}
    if name == SINGLE:
        text = _("One person of the customer is in touch, or none: the account leaves with them.")
        return {"label": _("Single-threaded accounts"), "text": text}
    if name == LATE:
        text = _("The term has ended and nothing follows yet. Within the grace it is neither renewed nor lost.")
        return {"label": _("Late renewals, still open"), "text": text}
    if name in OF_HEALTH:
        low = OF_HEALTH[name]
        high = min((other for other in OF_HEALTH.values() if other > low), default=100)
        words = _("Health below %(high)s") if not low else _("Health %(low)s to %(high)s")
        text = _("Paying accounts by the health of the night that speaks for the close.")
        return {"label": words % {"low": low, "high": high}, "text": text}
    text = _("Paying accounts without a health: usage or a second source is missing.")
    return {"label": _("Health withheld"), "text": text}


def _read(request: MemberRequest, name: str) -> tuple[KpiAddress, Any, Watch]:
    if name not in LISTS:
        raise Http404
    address = read_address(request)
    scope = require_scope(request, address)
    return address, scope, read_watch(scope)


def _list_further(row: WatchRow, name: str) -> tuple[Any, ...]:
    return (row.subscription_id, row.ended_on) if name == LATE else (row.figure, None)


def _describe_row(request: MemberRequest, row: WatchRow, total: Decimal | None) -> dict[str, Any]:
    return {"row": row, "arr": write_exactly(row.arr, "money", request.organization.currency, total=total)}


def _describe_card(request: MemberRequest, watch: Watch, address: KpiAddress, name: str) -> dict[str, Any]:
    total = watch.total(name)
    return {
        **name_list(name),
        "name": name,
        "total": total,
        "rows": [_describe_row(request, row, total.arr if total else None) for row in watch.rows(name, 0, FIRST_ROWS)],
        "url": address.url("kpi_watch_list", name),
        "is_late": name == LATE,
        "has_figure": name == SINGLE,
    }


def _name_band(band: Band) -> str:
    if band.low is None:
        return _("withheld")
    if not band.low:
        return _("below %(high)s") % {"high": band.high}
    return _("%(low)s to %(high)s") % {"low": band.low, "high": min(band.high or 100, 100)}


def _describe_bands(watch: Watch, address: KpiAddress) -> list[dict[str, Any]]:
    """The distribution of health, the shares of accounts and ARR as parts of the largest band."""
    count = max((band.total.count for band in watch.bands), default=0)
    arr = max((band.total.arr for band in watch.bands), default=0)
    return [
        {
            "label": _name_band(band),
            "total": band.total,
            "of_accounts": band.total.count / count if count else 0,
            "of_arr": float(band.total.arr / arr) if arr else 0,
            "fill": "f-def" if band.low == 0 else "f-warn" if band.low == 40 else "f-exp" if band.low else "f-fol",
            "url": address.url("kpi_watch_list", band.name),
        }
        for band in watch.bands
    ]
