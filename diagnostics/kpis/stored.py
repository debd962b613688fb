"""The kept series, read back: figures by name, and what changed since a period closed."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from diagnostics.kpis.exporting import divide
from diagnostics.kpis.groups import SMALL_GROUP
from diagnostics.models import KpiPeriod


@dataclass(frozen=True, slots=True)
class Figure:
    """One KPI of one group in one period. `value` is None ("n/a") over a zero base."""

    numerator: Decimal
    denominator: Decimal | None

    @property
    def value(self) -> Decimal | None:
        return divide(self.numerator, self.denominator)


@dataclass(frozen=True, slots=True)
class GroupPeriod:
    """All figures of one group in one period, as now."""

    period: str
    first_on: date
    last_on: date
    group: str
    accounts: int
    closed: bool
    figures: dict[str, Figure]

    @property
    def is_small(self) -> bool:
        """Fewer than five accounts: a figure that one of them decides."""
        return self.accounts < SMALL_GROUP

    def value(self, name: str) -> Decimal | None:
        """The figure's value; None where it is not given or "n/a"."""
        figure = self.figures.get(name)
        return None if figure is None else figure.value


@dataclass(frozen=True, slots=True)
class Difference:
    """A figure that a closed period gives differently now; None where it was or is not given."""

    period: str
    group_by: str
    group: str
    kpi: str
    as_closed: Figure | None
    as_now: Figure | None


def read_series(
    every: str, *, group_by: str = "", group: str | None = None, since: date | None = None
) -> list[GroupPeriod]:
    """The open organization's kept periods, oldest first: one query."""
    rows = KpiPeriod.objects.filter(every=every, group_by=group_by)
    if group is not None:
        rows = rows.filter(group=group)
    if since is not None:
        rows = rows.filter(first_on__gte=since)
    return [
        GroupPeriod(
            row.period, row.first_on, row.last_on, row.group, row.accounts, row.closed_at is not None, _figures(row)
        )
        for row in rows.order_by("first_on", "group")
    ]


def list_differences(rows: Iterable[KpiPeriod] | None = None) -> Iterator[Difference]:
    """Every figure of a closed period that is not now what it was when the period closed."""
    closed = KpiPeriod.objects.exclude(closed_kpis=None).order_by("first_on", "every", "group_by", "group")
    for row in closed.iterator() if rows is None else rows:
        before, now = _closed_figures(row), _figures(row)
        for name in sorted(before.keys() | now.keys()):
            if before.get(name) != now.get(name):
                yield Difference(row.period, row.group_by, row.group, name, before.get(name), now.get(name))


def _figures(row: KpiPeriod) -> dict[str, Figure]:
    columns = zip(row.kpis, row.numerators, row.denominators, strict=True)
    return {name: Figure(top, bottom) for name, top, bottom in columns}


def _closed_figures(row: KpiPeriod) -> dict[str, Figure]:
    columns = zip(row.closed_kpis or (), row.closed_numerators or (), row.closed_denominators or (), strict=True)
    return {name: Figure(top, bottom) for name, top, bottom in columns}
