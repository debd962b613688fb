"""What the KPI screen shows of one book: eight quarters or thirteen months of the whole, and one period by group.

All accounts: the kept series, in one statement. One's own or the team's book: the accounts that stand in it today, from
the shelves; because the kept series knows books only by the owner of each day. What is older than the shelves is
computed from the facts.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from functools import cached_property

import polars as pl
from django.db.models import Q

from diagnostics.kpis.balances import END, START
from diagnostics.kpis.calendar import Every, Period
from diagnostics.kpis.frames import OF
from diagnostics.kpis.groups import By, sum_wide
from diagnostics.kpis.shelving import IN_TABLES
from diagnostics.kpis.slim import Slim
from diagnostics.kpis.stored import Figure, GroupPeriod
from diagnostics.models import KpiPeriod
from diagnostics.queries.kpi_computed import BookPortfolio, read_parts
from diagnostics.queries.kpi_scope import Kept, KpiScope
from diagnostics.queries.kpi_shelf import ShelvedGroups, Shelves, find_bases, open_shelves

A_YEAR: dict[Every, int] = {"quarter": 4, "month": 12}
ALWAYS: By = "value_segment"
# A quarter's rate says little of a year's: the headline is the year to each quarter's close.
FOUR_QUARTERS = ":4q"
# An account without a sister is its own parent: of so many groups the largest are listed, the rest counted.
MOST_PARENTS = 25


@dataclass
class KpiSeries:
    """The figures of a scope. `whole`: by period, oldest first; `groups`: of the last period, by grouping.

    Of the groups of a book only the KPIs IN_TABLES are known; `unlisted`: how many more groups it has.
    """

    scope: KpiScope
    periods: list[Period]
    whole: dict[str, GroupPeriod]
    groups: dict[By, list[GroupPeriod]]
    as_closed: dict[str, Figure] = field(default_factory=dict)
    closed_at: datetime | None = None
    # What a book's figures were computed or read from; None for the whole, which is kept as it is shown.
    portfolio: BookPortfolio | None = None
    shelves: Shelves | None = None
    unlisted: dict[By, int] = field(default_factory=dict)

    @cached_property
    def now(self) -> GroupPeriod | None:
        """The figures of the period in question; None where nothing is known of it."""
        return self.whole.get(self.scope.period.label)

    def figure(self, name: str, period: Period | None = None) -> Figure | None:
        """One figure of the whole; None where it is not given."""
        found = self.whole.get((period or self.scope.period).label)
        return found.figures.get(name) if found else None

    def values(self, name: str) -> list[Decimal | None]:
        """The KPI over all periods; None where it is not given or has a zero base."""
        return [found.value(name) if (found := self.whole.get(p.label)) else None for p in self.periods]

    def add_groups(self, by: By, sums: pl.DataFrame) -> None:
        """The groups of a book's last period, from the sums of their parts."""
        if by == "parent" and sums.height > MOST_PARENTS:
            is_shown = pl.any_horizontal(pl.col(n).fill_null(0) != 0 for n in (START, END, "accounts"))
            shown = sums.filter(is_shown).sort(pl.col(END).fill_null(0), "group", descending=[True, False])
            sums, self.unlisted[by] = shown.head(MOST_PARENTS), max(0, shown.height - MOST_PARENTS)
        self.groups[by] = list_wide(self.scope.period, sums, IN_TABLES)

    def over_a_year(self, name: str) -> str:
        """The detail that says the KPI over the four quarters to each close; the KPI itself where there is none."""
        longer = f"{name}{FOUR_QUARTERS}"
        return longer if self.figure(longer) else name

    def amount(self, name: str) -> Decimal:
        """A numerator of the whole in the period in question, 0 where there is none."""
        figure = self.figure(name)
        return figure.numerator if figure else Decimal(0)

    def differences(self) -> list[tuple[str, Figure | None, Figure | None]]:
        """(KPI, as closed, as now) of every figure that the closed period now gives differently."""
        if self.now is None or self.closed_at is None:
            return []
        now = self.now.figures
        names = sorted(self.as_closed.keys() | now.keys())
        return [(n, self.as_closed.get(n), now.get(n)) for n in names if self.as_closed.get(n) != now.get(n)]


def read_kpis(scope: KpiScope, kept: Kept, by: By) -> KpiSeries:
    """The series of a scope, with the groups of `by` and the value segments of its last period."""
    wanted: tuple[By, ...] = tuple(dict.fromkeys((by, ALWAYS)))
    periods = scope.periods(kept)
    if scope.is_whole:
        return _read_stored(scope, periods, wanted)
    return _read_shelved(scope, periods, wanted) or compute_series(scope, periods, wanted)


def _read_stored(scope: KpiScope, periods: list[Period], wanted: Collection[By]) -> KpiSeries:
    first = periods[0].first if periods else scope.period.first
    shown = Q(group_by="", first_on__gte=first, first_on__lte=scope.period.first)
    rows = KpiPeriod.objects.filter(every=scope.every).filter(
        shown | Q(group_by__in=list(wanted), first_on=scope.period.first)
    )
    series = KpiSeries(scope, periods, {}, {by: [] for by in wanted})
    columns = ("period", "first_on", "last_on", "group_by", "group", "accounts", "closed_at")
    arrays = ("kpis", "numerators", "denominators")
    for *plain, kpis, tops, bottoms in rows.values_list(*columns, *arrays).order_by("first_on", "group"):
        label, first_on, last_on, group_by, group, accounts, closed_at = plain
        figures = _pair(kpis, tops, bottoms)
        found = GroupPeriod(label, first_on, last_on, group, accounts, closed_at is not None, figures)
        if not group_by:
            series.whole[label] = found
        elif accounts or figures:
            series.groups[group_by].append(found)
    _add_as_closed(series)
    return series


def _add_as_closed(series: KpiSeries) -> None:
    """What the period said when it closed."""
    if series.now is None or not series.now.closed:
        return
    row = KpiPeriod.objects.filter(
        every=series.scope.every, first_on=series.scope.period.first, group_by="", group=""
    ).values_list("closed_at", "closed_kpis", "closed_numerators", "closed_denominators")
    for closed_at, kpis, tops, bottoms in row:
        # Nothing is kept apart while a closed period still says what it said.
        said = series.now.figures if kpis is None else _pair(kpis, tops or (), bottoms or ())
        series.closed_at, series.as_closed = closed_at, said


def _pair(kpis: Iterable[str], tops: Iterable[Decimal], bottoms: Iterable[Decimal | None]) -> dict[str, Figure]:
    return {name: Figure(top, bottom) for name, top, bottom in zip(kpis, tops, bottoms, strict=True)}


def _read_shelved(scope: KpiScope, periods: list[Period], wanted: Collection[By]) -> KpiSeries | None:
    """A book's series from the shelves; None where they do not reach back so far, or were never filled."""
    shelves = open_shelves(scope)
    if shelves is None or not shelves.cover(periods):
        return None
    sums = shelves.sum_periods(periods)
    if sums is None:
        return None
    series = KpiSeries(scope, periods, {}, {by: [] for by in wanted}, shelves=shelves)
    for period in periods:
        for found in list_wide(period, sums.filter(pl.col("period") == period.label)):
            series.whole[period.label] = found
    tiers, parts = shelves.read_parts()
    groups = ShelvedGroups(tiers, shelves.people, find_bases(parts))
    for by in wanted:
        series.add_groups(by, sum_wide(parts, groups, by))
    return series


def list_wide(period: Period, sums: pl.DataFrame, kpis: Collection[str] | None = None) -> list[GroupPeriod]:
    """The figures of each group (of these KPIs) from the sums of one period, by name of the group."""
    names = [name for name in sums.columns if name not in ("period", "group") and not name.endswith(OF)]
    shown = names if kpis is None else [name for name in names if name in kpis]
    listed = []
    for row in sums.sort("group").iter_rows(named=True):
        figures = {name: Figure(row[name], row.get(name + OF)) for name in shown if row[name] is not None}
        counted = figures.pop("accounts", None)
        count = int(counted.numerator) if counted else 0
        if count or figures:
            listed.append(GroupPeriod(period.label, period.first, period.last, row["group"], count, False, figures))
    return listed


def compute_series(scope: KpiScope, periods: list[Period], wanted: Collection[By]) -> KpiSeries:
    """A book's series from the facts, as the shelves would give it."""
    portfolio, parts = read_parts(scope, periods)
    series = KpiSeries(scope, periods, {}, {by: [] for by in wanted}, portfolio=portfolio)
    if not parts:
        return series
    sums = sum_wide([Slim(part) for part in parts], portfolio.groups, None)
    for period in periods:
        for found in list_wide(period, sums.filter(pl.col("period") == period.label)):
            series.whole[period.label] = found
    now = [part.filter(pl.col("period") == scope.period.label) for part in parts]
    now = [part for part in now if part.height]
    for by in wanted if now else ():
        series.add_groups(by, sum_wide([Slim(part) for part in now], portfolio.groups, by))
    return series
