"""kpis.csv: the KPIs of an organization by month or fiscal quarter, as the data contract says."""

import csv
from collections.abc import Sequence
from datetime import date
from decimal import ROUND_HALF_UP, Decimal, localcontext
from typing import Any, TextIO

import polars as pl
from django.utils import timezone

from accounts.models import Organization
from diagnostics.kpis.calendar import Every, list_periods
from diagnostics.kpis.compute import Portfolio, compute_parts, compute_sums
from diagnostics.kpis.declarations import find_kpi
from diagnostics.kpis.groups import By, list_figures
from diagnostics.kpis.slim import slim_all
from diagnostics.night import last_ended_day

COLUMNS = ("period", "group", "kpi", "value", "numerator", "denominator", "unit")
# Not a KPI: how many accounts a group has, for the mark of small ones.
NOT_SHOWN = ("accounts",)
PLACES = Decimal("0.000001")


def export_kpis(
    organization: Organization,
    target: TextIO,
    *,
    first: date,
    last: date,
    every: Every = "quarter",
    by: By | None = None,
    today: date | None = None,
) -> int:
    """Write the KPIs of every period that holds a day from `first` to `last`; returns the number of rows.

    The whole portfolio comes first, with an empty group, then the groups of `by`. A period that has not ended is read
    up to `today` (by default the last day that ended); one that has not begun is left out. An empty value is "n/a": a
    ratio over a zero base.
    """
    day = today or last_ended_day(organization, timezone.now())
    periods = list_periods(first, min(last, day), every, first_month=organization.fiscal_year_first_month)
    writer = csv.writer(target, lineterminator="\n")
    writer.writerow(COLUMNS)
    if not periods:
        return 0
    portfolio = Portfolio.of(organization, periods, day)
    parts = slim_all(compute_parts(portfolio))
    if not parts:
        return 0
    groupings: list[By | None] = [None] if by is None else [None, by]
    rows = pl.concat(list_figures(compute_sums(portfolio, one, parts)) for one in groupings).filter(
        ~pl.col("kpi").is_in(NOT_SHOWN)
    )
    for row in rows.sort("period", "group", "kpi").select("period", "group", "kpi", "numerator", "denominator").rows():
        writer.writerow(_describe(*row))
    return rows.height


def divide(numerator: Decimal, denominator: Decimal | None) -> Decimal | None:
    """The figure itself: the numerator where there is no denominator, None ("n/a") over a zero base."""
    if denominator is None:
        return numerator
    if not denominator:
        return None
    with localcontext(prec=50):
        return numerator / denominator


def _describe(period: str, group: str, name: str, numerator: Decimal, denominator: Decimal | None) -> Sequence[Any]:
    kpi, detail = find_kpi(name)
    value = divide(numerator, denominator)
    return (period, group, name, plain(value), plain(numerator), plain(denominator), kpi.unit_of(detail).value)


def plain(number: Decimal | None) -> str:
    """A number to six decimals, half up, without trailing zeros; '' for none."""
    if number is None:
        return ""
    with localcontext(prec=50):
        text = format(number.quantize(PLACES, ROUND_HALF_UP), "f")
    text = text.rstrip("0").rstrip(".")
    return "0" if text in ("", "-0") else text
