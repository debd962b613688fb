"""The drawings of the KPI screen with their words: the ARR waterfall, NRR and GRR over the periods."""

from decimal import Decimal
from typing import Any

from django.utils.translation import get_language, pgettext
from django.utils.translation import gettext as _

from accounts.formats import format_money_compact, format_percent
from diagnostics.charts.kpis import Step, draw_lines, draw_waterfall
from diagnostics.kpi_targets import Targets
from diagnostics.kpi_words import name_column, name_kpi, name_period, write_exactly, write_value
from diagnostics.kpis.balances import END, LEVERS, START
from diagnostics.queries.kpi_series import KpiSeries
from diagnostics.views.kpi_address import KpiAddress

EXPANSION = "arr_expansion"
# After the start; what is nothing is left out of the chart, never out of the table.
BEFORE, AFTER = ("arr_new",), ("arr_contraction", "arr_churn", "arr_reactivation", "arr_transfer", "arr_fx")
LINES = ("nrr", "grr")


def describe_waterfall(series: KpiSeries, address: KpiAddress) -> dict[str, Any] | None:
    """Bars and rows from the start to the end of the period; None where nothing is known of it."""
    if series.now is None or series.figure(START) is None:
        return None
    steps = list_steps(series)
    shown = [step for step in steps if step.is_level or step.amount]
    drawn = draw_waterfall(shown)
    currency, language = series.scope.organization.currency, get_language() or "en"
    start = series.amount(START)
    rows = [
        {
            "key": step.key,
            "label": name_step(step.key),
            "amount": write_exactly(step.amount, "money", currency, signed=not step.is_level),
            "compact": format_money_compact(step.amount, currency, language=language, signed=not step.is_level),
            "share": format_percent(step.amount / start, language=language, digits=1, signed=True)
            if start and not step.is_level
            else "",
            "url": address.url("kpi_accounts", step.key),
            "is_level": step.is_level,
        }
        for step in steps
    ]
    by_key = {row["key"]: row for row in rows}
    return {
        "rows": rows,
        "chart": drawn,
        "bars": [{"bar": bar, **by_key[bar.key]} for bar in drawn.bars] if drawn else [],
        "label": "; ".join(f"{row['label']} {row['compact']}" for row in rows if row["key"] in {s.key for s in shown}),
    }


def list_steps(series: KpiSeries) -> list[Step]:
    """The start, every movement of the period with expansion by lever, and the end; they add up to the cent."""
    steps = [Step(START, series.amount(START), is_level=True)]
    steps += [Step(name, series.amount(name)) for name in BEFORE]
    levers = [Step(f"expansion_revenue:{lever}", series.amount(f"expansion_revenue:{lever}")) for lever in LEVERS]
    rest = series.amount(EXPANSION) - sum((step.amount for step in levers), Decimal(0))
    # Levers are known per movement; should one have none, all of it stands as one step.
    steps += levers if not rest else [Step(EXPANSION, series.amount(EXPANSION))]
    steps += [Step(name, series.amount(name)) for name in AFTER]
    return [*steps, Step(END, series.amount(END), is_level=True)]


def name_step(key: str) -> str:
    """A step as the chart calls it."""
    if key == START:
        return pgettext("ARR", "Start")
    if key == END:
        return pgettext("ARR", "End")
    # As short as a bar is wide.
    levers = {
        "upsell": pgettext("waterfall", "Upsell"),
        "seats": pgettext("waterfall", "Seats"),
        "usage": pgettext("waterfall", "Usage"),
        "cross_sell": pgettext("waterfall", "Cross-sell"),
        "price": pgettext("waterfall", "Price"),
    }
    return levers.get(key.removeprefix("expansion_revenue:")) or name_kpi(key)


def describe_lines(series: KpiSeries, targets: Targets) -> dict[str, Any]:
    """NRR and GRR over the periods with their targets; the table always, the chart from two values on."""
    currency = series.scope.organization.currency
    values = {name: series.values(series.over_a_year(name)) for name in LINES}
    wanted = {name: targets.along(name, series.periods) for name in LINES}
    drawn = draw_lines(list(values.values()), list(wanted.values()))
    columns = [name_column(period, first=place == 0) for place, period in enumerate(series.periods)]
    rows = [
        {
            "period": name_period(period),
            "pairs": [
                (
                    write_value(name, values[name][place], currency),
                    "" if wanted[name][place] is None else write_value(name, wanted[name][place], currency),
                )
                for name in LINES
            ],
        }
        for place, period in enumerate(series.periods)
    ]
    is_year = series.over_a_year(LINES[0]) != LINES[0]
    shown: dict[str, Any] = {
        "is_year": is_year,
        "rows": rows,
        "chart": drawn,
        "names": [name_kpi(name) for name in LINES],
    }
    if drawn:
        # Every second column where months would touch.
        step = 1 if len(columns) <= 8 else 2
        shown["columns"] = [
            (x, label) for n, (x, label) in enumerate(zip(drawn.columns, columns, strict=True)) if n % step == 0
        ]
        shown["grid"] = [(row.at, format_percent(row.share, language=get_language() or "en")) for row in drawn.rows]
        shown["lines"] = [
            {
                "line": line,
                "name": name_kpi(name),
                "value": write_value(name, _last(values[name]), currency),
                "target": write_value(name, _last(wanted[name]), currency),
                "tone": "d" if name == "grr" else "",
            }
            for name, line in zip(LINES, drawn.lines, strict=True)
        ]
        shown["label"] = "; ".join(
            _("%(kpi)s from %(first)s to %(last)s over %(count)s periods")
            % {
                "kpi": name_kpi(name),
                "first": write_value(name, _last(list(reversed(values[name]))), currency),
                "last": write_value(name, _last(values[name]), currency),
                "count": len(series.periods),
            }
            for name in LINES
        )
    return shown


def _last(values: list[Decimal | None]) -> Decimal | None:
    return next((value for value in reversed(values) if value is not None), None)
