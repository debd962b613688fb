"""KPIs: is the base growing or leaking, where, since when, and against which target?"""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from accounts.web import MemberRequest, organization_view
from diagnostics.filter_menus import name_books
from diagnostics.kpi_targets import read_targets
from diagnostics.kpi_words import name_bys, name_kpi, name_period, write_value
from diagnostics.kpis.calendar import Every, list_periods
from diagnostics.queries.diagnosed import books_offered
from diagnostics.queries.kpi_cohorts import MEASURES, read_cohorts
from diagnostics.queries.kpi_scope import PERIODS_SHOWN, Kept, KpiScope, find_kept
from diagnostics.queries.kpi_series import KpiSeries, read_kpis
from diagnostics.screen_csv import answer_csv
from diagnostics.views.kpi_address import KpiAddress, open_kpi_scope, read_address
from diagnostics.views.kpi_cards import describe_cards, describe_execution, find_flags, list_figures
from diagnostics.views.kpi_charts import describe_lines, describe_waterfall
from diagnostics.views.kpi_tables import describe_groups, describe_map
from portfolio.models import Account

PERIODS_OFFERED = 20


@require_GET
@organization_view("portfolio.view")
def kpis(request: MemberRequest) -> HttpResponse:
    """The page; htmx asks for its part."""
    address = read_address(request)
    kept = find_kept(address.every)
    if kept is None:
        return render(request, "diagnostics/kpis.html", {"has_accounts": Account.objects.exists()})
    scope = open_kpi_scope(request, address, kept)
    series = read_kpis(scope, kept, address.by)
    targets = read_targets(series.periods, address.by)
    shown = {
        **describe_switches(request, address, scope, kept),
        **describe_cards(series, address, targets),
        "flags": find_flags(series),
        "waterfall": describe_waterfall(series, address),
        "lines": describe_lines(series, targets),
        "groups": describe_groups(request, series, address, address.by, targets),
        "map": describe_map(read_cohorts(series, address.map), address, request.organization),
        "execution": describe_execution(series, address, targets),
        "differences": describe_differences(series),
        "figures_url": address.url("kpi_figures"),
        "books_url": address.url("kpi_books"),
        "targets_url": address.url("kpi_targets"),
        "by_urls": [
            {"label": label, "url": address.url(by=by), "current": by == address.by} for by, label in name_bys().items()
        ],
        "map_urls": [
            {"label": name_kpi(name), "url": address.url(map=name), "current": name == address.map} for name in MEASURES
        ],
    }
    if address.by != "value_segment":
        shown["segments"] = describe_groups(request, series, address, "value_segment", targets)
    template = (
        "diagnostics/kpis.html#kpis" if request.headers.get("HX-Target") == "kpis-part" else "diagnostics/kpis.html"
    )
    return render(request, template, shown)


@require_GET
@organization_view("portfolio.view")
def kpi_figures(request: MemberRequest) -> HttpResponse:
    """Every KPI of the period with its parts, a year before, its target and its definition."""
    address = read_address(request)
    kept = find_kept(address.every)
    if kept is None:
        return render(request, "diagnostics/kpi_figures.html", {"has_accounts": Account.objects.exists()})
    scope = open_kpi_scope(request, address, kept)
    series = read_kpis(scope, kept, address.by)
    targets = read_targets(series.periods, address.by)
    shown = {
        **describe_switches(request, address, scope, kept, screen="kpi_figures"),
        "parts": list_figures(series, address, targets),
        "csv_url": address.url("kpis_csv"),
    }
    return render(request, "diagnostics/kpi_figures.html", shown)


@require_GET
@organization_view("portfolio.view")
def kpis_csv(request: MemberRequest) -> HttpResponse:
    """Every figure of the periods shown, one line each, as kpis.csv carries them."""
    address = read_address(request)
    kept = find_kept(address.every)
    rows: list[list[Any]] = []
    label = ""
    if kept is not None:
        scope = open_kpi_scope(request, address, kept)
        label = scope.period.label
        rows = list(list_csv_rows(read_kpis(scope, kept, address.by)))
    header = ("period", "kpi", "value", "numerator", "denominator")
    return answer_csv(f"kpis-{request.organization.slug}-{label}", header, rows)


def list_csv_rows(series: KpiSeries) -> list[list[Any]]:
    """period, KPI, value, numerator and denominator of every figure, oldest period first."""
    rows: list[list[Any]] = []
    for period in series.periods:
        found = series.whole.get(period.label)
        for name, figure in sorted(found.figures.items()) if found else ():
            rows.append([period.label, name, figure.value, figure.numerator, figure.denominator])
    return rows


def describe_switches(
    request: MemberRequest, address: KpiAddress, scope: KpiScope, kept: Kept, *, screen: str = "kpis"
) -> dict[str, Any]:
    """The switches of book, month or quarter, and period, and what they stand on."""
    month = request.organization.fiscal_year_first_month
    periods = list_periods(kept.first_on, kept.last_on, address.every, first_month=month)[-PERIODS_OFFERED:]
    names: dict[Every, str] = {"quarter": _("Quarters"), "month": _("Months")}
    return {
        "scope": scope,
        "address": address,
        "book": scope.book,
        "books": [
            {"label": name_books()[book], "url": address.url(screen, book=book), "current": book == scope.book}
            for book in books_offered(request.membership)
        ],
        "everys": [
            {"label": names[every], "url": address.url(screen, every=every, period=""), "current": every == scope.every}
            for every in names
        ],
        "periods": [
            {
                "label": name_period(period),
                "url": address.url(screen, period="" if period == periods[-1] else period.label),
                "current": period.label == scope.period.label,
            }
            for period in reversed(periods)
        ],
        "period_name": name_period(scope.period),
        "is_running": scope.is_running,
        "today": scope.today,
        "computed_at": kept.computed_at,
        # Shorter than what is shown elsewhere: say since when.
        "since": kept.first_on if len(scope.periods(kept)) < PERIODS_SHOWN[scope.every] else None,
    }


def describe_differences(series: KpiSeries) -> dict[str, Any] | None:
    """What the closed period now says differently; None while it runs."""
    if series.closed_at is None:
        return None
    currency = series.scope.organization.currency
    rows = [
        {
            "label": name_kpi(name),
            "as_closed": write_value(name, before.value, currency) if before else None,
            "as_now": write_value(name, now.value, currency) if now else None,
        }
        for name, before, now in series.differences()
    ]
    return {"closed_at": series.closed_at, "rows": rows}
