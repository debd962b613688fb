"""The figures of the KPI screen: the band, the execution indicators, the flags, and the list of every KPI."""

from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from diagnostics.charts.kpis import draw_tiny, place_on_bullet
from diagnostics.kpi_targets import Targets
from diagnostics.kpi_words import (
    NUMBER,
    describe_definition,
    name_detail,
    name_kpi,
    name_period,
    unit_of,
    write_amount,
    write_change,
    write_parts,
    write_value,
)
from diagnostics.kpis.anticipation import WARNING_DAYS
from diagnostics.kpis.declarations import KPIS, Kpi, Part, Unit, find_kpi
from diagnostics.queries.kpi_series import A_YEAR, FOUR_QUARTERS, KpiSeries
from diagnostics.views.kpi_address import KpiAddress

BAND = ("nrr", "grr", "renewal_rate", "expansion_revenue", "value_at_risk", "arpa")
EXECUTION = (
    "portfolio_coverage",
    "account_plan_freshness",
    "renewal_anticipation",
    "qbr_engagement_rate",
    "relationship_depth",
    "expansion_pipeline:qualified",
)
RISES_FLAGGED = 2
# What is read on a day, so that a period that still runs can be held against a closed one.
READ_ON_A_DAY = frozenset(
    {
        "arr_start",
        "value_at_risk",
        "confirmed_loss",
        "expected_loss",
        "arpa",
        "monthly_arpa",
        "portfolio_coverage",
        "account_plan_freshness",
        "qbr_engagement_rate",
        "relationship_depth",
        "expansion_pipeline",
        "fictional_pipeline",
        "expansion_revenue_potential",
        "customer_health",
        "adoption_rate",
        "expansion_readiness_index",
        "arr_end",
    }
)


def describe_cards(series: KpiSeries, address: KpiAddress, targets: Targets) -> dict[str, Any]:
    """The band of headline figures."""
    cards = []
    for name in BAND:
        card = describe_card(series, series.over_a_year(name), address, targets)
        cards.append(card | {"beside": _describe_beside(series, name, address)})
    return {"cards": cards}


def _describe_beside(series: KpiSeries, name: str, address: KpiAddress) -> dict[str, str] | None:
    """What stands beside a headline: the quarter's own rate, or what is lost already and so no longer at risk."""
    if name == "value_at_risk":
        lost = series.figure("confirmed_loss")
        if lost is None:
            return None
        value = write_value("confirmed_loss", lost.value, series.scope.organization.currency)
        text = _("beside it %(amount)s under notice") % {"amount": value}
        return {"text": text, "url": address.url("kpi_accounts", "confirmed_loss")}
    figure = series.figure(name)
    if figure is None or series.over_a_year(name) == name:
        return None
    value = write_value(name, figure.value, series.scope.organization.currency)
    return {"text": f"{name_period(series.scope.period)} {value}", "url": address.url("kpi_accounts", name)}


def describe_card(series: KpiSeries, name: str, address: KpiAddress, targets: Targets) -> dict[str, Any]:
    """One figure: value, change on a year, eight quarters, target, definition, and where it leads."""
    currency = series.scope.organization.currency
    figure, values = series.figure(name), series.values(name)
    label = series.scope.period.label
    bare = name.removesuffix(FOUR_QUARTERS)
    target = targets.find(name, label) or targets.find(bare, label) if series.scope.is_whole else None
    before = find_year_before(series, values)
    compares = not series.scope.is_running or bare != name or find_kpi(name)[0].name in READ_ON_A_DAY
    change = values[-1] - before if compares and before is not None and values[-1] is not None else None
    good = is_good(name, change)
    tiny = draw_tiny(values)
    return {
        "name": name,
        "label": name_figure(name),
        "value": None if figure is None else write_value(name, figure.value, currency),
        "url": address.url("kpi_accounts", name),
        "change": None if change is None else write_change(name, change, currency),
        # A period that runs has only begun: the whole one of a year before stands beside it, without a verdict.
        "before": None if compares or before is None else write_value(name, before, currency),
        "tone": "" if good is None else "up" if good else "down",
        "tiny": tiny,
        "target": None if target is None else write_value(name, target, currency),
        "parts": write_parts(name, figure, currency) if figure else "",
        "note": describe_definition(name, figure, series.scope.organization),
    }


def name_figure(name: str) -> str:
    """The label of a figure; the value at risk always with its window."""
    if name == "value_at_risk":
        return _("%(label)s, %(days)s d") % {"label": name_kpi(name), "days": 90}
    if name.endswith(FOUR_QUARTERS):
        return _("%(label)s, 4 quarters") % {"label": name_kpi(name.removesuffix(FOUR_QUARTERS))}
    return name_kpi(name)


def find_year_before(series: KpiSeries, values: list[Decimal | None]) -> Decimal | None:
    """The value of the same period a year before; None where it is unknown."""
    back = A_YEAR[series.scope.every] + 1
    return values[-back] if len(values) >= back else None


def is_good(name: str, change: Decimal | None) -> bool | None:
    """Whether the change is for the better; None where there is none, or where neither is."""
    kpi, _detail = find_kpi(name)
    if not change or kpi.more_is_better is None:
        return None
    return (change > 0) == kpi.more_is_better


def describe_execution(series: KpiSeries, address: KpiAddress, targets: Targets) -> list[dict[str, Any]]:
    """The indicators of work done, each with its bar and the mark of its target."""
    shown = []
    for name in EXECUTION:
        card = describe_card(series, name, address, targets)
        figure, target = series.figure(name), targets.find(name, series.scope.period.label)
        value = figure.value if figure else None
        unit = unit_of(name)
        whole = Decimal(1) if unit == Unit.RATIO else Decimal(100) if unit == Unit.SCORE else None
        card["bar"], card["mark"] = place_on_bullet(value, target, whole=whole)
        card["is_late"] = name == "renewal_anticipation" and value is not None and value < WARNING_DAYS
        card["none"] = _("no contact source") if name in ("portfolio_coverage", "relationship_depth") else _("no facts")
        card["line"] = describe_work(series, name)
        shown.append(card)
    return shown


def describe_work(series: KpiSeries, name: str) -> str:
    """What an indicator counts, with its own numbers."""
    figure, currency = series.figure(name), series.scope.organization.currency
    if figure is None:
        return ""
    if name == "portfolio_coverage":
        halves = [(half, series.figure(f"{name}:{half}")) for half in ("looked", "contacted")]
        kpi = find_kpi(name)[0]
        return ", ".join(
            f"{name_detail(kpi, half)} {write_value(name, part.value, currency)}" for half, part in halves if part
        )
    counts = {"part": write_amount(figure.numerator, NUMBER, ""), "whole": write_amount(figure.denominator, NUMBER, "")}
    if name == "expansion_pipeline:qualified":
        fictional = series.figure("fictional_pipeline")
        apart = write_value("fictional_pipeline", fictional.value if fictional else Decimal(0), currency)
        return _("from the stage qualified on; beside it %(amount)s fictional, all stages") % {"amount": apart}
    return {
        "account_plan_freshness": _("%(part)s of %(whole)s strategic plans under 90 days old"),
        "qbr_engagement_rate": _("%(part)s of %(whole)s accounts with a cadence attended one"),
        "relationship_depth": _("mean of %(whole)s accounts, from 0 to 100"),
        "renewal_anticipation": _("first act to decision date, weighed by ARR"),
    }[name] % counts


def find_flags(series: KpiSeries) -> list[dict[str, str]]:
    """Trends that ask for a look: value at risk that rises, GRR that slips, by at least two periods in a row."""
    flags = []
    risen = count_in_a_row(series.values("value_at_risk"), up=True)
    if risen >= RISES_FLAGGED:
        flags.append({"kind": "risk", "count": str(risen), "values": _write_run(series, "value_at_risk", risen)})
    # What has not ended has not slipped yet.
    closed = series.values(series.over_a_year("grr"))[: -1 if series.scope.is_running else None]
    slipped = count_in_a_row(closed, up=False)
    if slipped >= RISES_FLAGGED:
        flags.append({"kind": "grr", "count": str(slipped), "values": ""})
    return flags


def count_in_a_row(values: list[Decimal | None], *, up: bool) -> int:
    """By how many periods in a row, up to the last one, the figure rose (or fell)."""
    count = 0
    for before, after in zip(reversed(values[:-1]), reversed(values), strict=False):
        if before is None or after is None or not (after > before if up else after < before):
            break
        count += 1
    return count


def _write_run(series: KpiSeries, name: str, count: int) -> str:
    currency = series.scope.organization.currency
    pairs = list(zip(series.periods, series.values(name), strict=True))[-count - 1 :]
    return ", ".join(f"{name_period(period)} {write_value(name, value, currency)}" for period, value in pairs)


def list_figures(series: KpiSeries, address: KpiAddress, targets: Targets) -> list[dict[str, Any]]:
    """Every KPI by part, its details under it; one that the facts do not give says so."""
    names = {
        Part.DEFENDED: _("Revenue defended"),
        Part.ADDED: _("Revenue added"),
        Part.EXECUTION: _("Execution"),
        Part.SUCCESS: _("Customer success side"),
        Part.MOVEMENTS: _("ARR movements"),
    }
    return [
        {
            "label": label,
            "is_execution": part == Part.EXECUTION,
            "rows": [
                row for kpi in KPIS.values() if kpi.part == part for row in _list_kpi(series, kpi, address, targets)
            ],
        }
        for part, label in names.items()
    ]


def _list_kpi(series: KpiSeries, kpi: Kpi, address: KpiAddress, targets: Targets) -> list[dict[str, Any]]:
    rows = [describe_card(series, kpi.name, address, targets) | {"detail": False}]
    for detail in kpi.details:
        name = f"{kpi.name}:{detail}"
        if series.figure(name) is None:
            continue
        card = describe_card(series, name, address, targets)
        rows.append(card | {"label": name_detail(kpi, detail), "detail": True, "note": None})
    return rows
