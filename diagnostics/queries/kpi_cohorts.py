"""The cohort map: what each quarter's first customers became, month 3 to month 36."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import polars as pl
from django.db import connection

from diagnostics.kpis.cohorts import MONTHS_SHOWN, map_cohorts
from diagnostics.kpis.groups import SMALL_GROUP
from diagnostics.queries.kpi_computed import keep_accounts
from diagnostics.queries.kpi_scope import KpiScope
from diagnostics.queries.kpi_series import KpiSeries
from diagnostics.queries.kpi_shelf import Shelves

MEASURES = ("nrr", "grr", "arpa")

# A month of a cohort closes in one quarter: each cell is one figure of one kept row.
STATEMENT = """
SELECT k."group", k.period, f.kpi, f.numerator, f.denominator
FROM diagnostics_kpiperiod k, unnest(k.kpis, k.numerators, k.denominators) AS f (kpi, numerator, denominator)
WHERE k.organization_id = %(organization)s AND k.every = 'quarter' AND k.group_by = 'cohort'
    AND k.first_on <= %(until)s AND f.kpi = ANY(%(wanted)s)
"""
# What a cohort paid, and how many did, as its first quarter closed.
SIZES = """
SELECT "group", accounts FROM diagnostics_kpiperiod
WHERE organization_id = %(organization)s AND every = 'quarter' AND group_by = 'cohort' AND period = "group"
"""


@dataclass(frozen=True, slots=True)
class Cell:
    """One cohort in one month of its life. `period`: the quarter in which that month closes."""

    month: int
    period: str
    numerator: Decimal
    denominator: Decimal

    @property
    def value(self) -> Decimal | None:
        """None over a zero base."""
        return self.numerator / self.denominator if self.denominator else None


@dataclass(frozen=True, slots=True)
class Cohort:
    """One row of the map; `start` is the ARR of its accounts' first paid days."""

    label: str
    accounts: int | None
    start: Decimal
    cells: tuple[Cell | None, ...]

    @property
    def is_small(self) -> bool:
        """Fewer than five accounts."""
        return self.accounts is not None and self.accounts < SMALL_GROUP

    @property
    def last(self) -> Cell | None:
        """The cell that says what the cohort is now."""
        return next((cell for cell in reversed(self.cells) if cell), None)


@dataclass(frozen=True, slots=True)
class CohortMap:
    """Cohorts oldest first; `average` by month, weighted by ARR at the start over the cohorts old enough."""

    measure: str
    months: tuple[int, ...]
    cohorts: tuple[Cohort, ...]
    average: tuple[Decimal | None, ...]


def read_cohorts(series: KpiSeries, measure: str) -> CohortMap:
    """The map of one measure of MEASURES for the series' scope, as far as its day knows."""
    scope = series.scope
    if series.shelves is not None:
        people, lives = _read_shelved(series.shelves)
    elif series.portfolio is not None:
        people, lives = keep_accounts(series.portfolio.cohorts, scope.account_ids), series.portfolio.lives
    else:
        return _arrange(measure, *_read_stored(scope, measure))
    return _arrange(measure, *_map_accounts(people, lives, scope, measure))


type Row = tuple[str, str, str, int, Decimal, Decimal]  # cohort, period, measure, month, numerator, denominator


def _read_stored(scope: KpiScope, measure: str) -> tuple[list[Row], dict[str, int]]:
    # The start of a cohort is NRR's denominator, also where ARPA is shown.
    wanted = [f"{name}:m{month}" for name in dict.fromkeys((measure, "nrr")) for month in MONTHS_SHOWN]
    given: dict[str, Any] = {"organization": scope.organization.id, "until": scope.today, "wanted": wanted}
    with connection.cursor() as cursor:
        cursor.execute(STATEMENT, given)
        found = cursor.fetchall()
        cursor.execute(SIZES, given)
        sizes = dict(cursor.fetchall())
    rows = []
    for cohort, period, name, top, bottom in found:
        of, _, month = name.partition(":m")
        # Later quarters repeat it: they average all cohorts that are old enough.
        if period == _period_of_month(scope, cohort, int(month)):
            rows.append((cohort, period, of, int(month), top, bottom))
    return rows, sizes


def _read_shelved(shelves: Shelves) -> tuple[pl.DataFrame, pl.DataFrame]:
    return shelves.people.select("account_id", "cohort").drop_nulls(), shelves.lives


def _map_accounts(
    cohorts: pl.DataFrame, lives: pl.DataFrame, scope: KpiScope, measure: str
) -> tuple[list[Row], dict[str, int]]:
    if not cohorts.height:
        return [], {}
    found = map_cohorts(lives, cohorts)
    rows: list[Row] = []
    for row in found.filter(pl.col("n").is_in(MONTHS_SHOWN)).iter_rows(named=True):
        of = {"nrr": (row["nrr"], row["start"]), "grr": (row["grr"], row["start"])}
        of["arpa"] = (row["nrr"], Decimal(row["paying"]))
        period = _period_of_month(scope, row["cohort"], row["n"])
        rows += [(row["cohort"], period, name, row["n"], *of[name]) for name in dict.fromkeys((measure, "nrr"))]
    sizes = cohorts.group_by("cohort").agg(pl.len())
    return rows, dict(sizes.rows())


def _period_of_month(scope: KpiScope, cohort: str, month: int) -> str:
    """The quarter in which month n of a quarter's cohort closes; n is a whole number of quarters."""
    year, number = cohort.split("-Q")
    place = int(year) * 4 + int(number) - 1 + month // 3
    return f"{place // 4}-Q{place % 4 + 1}"


def _arrange(measure: str, rows: Iterable[Row], sizes: dict[str, int]) -> CohortMap:
    starts: dict[str, Decimal] = {}
    cells: dict[str, dict[int, Cell]] = {}
    for cohort, period, name, month, top, bottom in rows:
        if name == "nrr":
            starts[cohort] = bottom
        if name == measure:
            cells.setdefault(cohort, {})[month] = Cell(month, period, top, bottom)
    months = tuple(month for month in MONTHS_SHOWN if any(month in row for row in cells.values()))
    cohorts = tuple(
        Cohort(
            label, sizes.get(label), starts.get(label, Decimal(0)), tuple(cells[label].get(month) for month in months)
        )
        for label in sorted(cells)
    )
    return CohortMap(measure, months, cohorts, tuple(_average(cohorts, place) for place in range(len(months))))


def _average(cohorts: Iterable[Cohort], place: int) -> Decimal | None:
    known = [(c.start, cell.value) for c in cohorts if (cell := c.cells[place]) and cell.value is not None]
    weight = sum((start for start, _ in known), Decimal(0))
    return sum((start * value for start, value in known), Decimal(0)) / weight if weight else None
