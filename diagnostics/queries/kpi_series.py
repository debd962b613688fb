"""What the KPI screen shows of one book: eight quarters or thirteen months of the whole, and one period by group.

All accounts: the kept series, in one statement. One's own or the team's book: computed from the facts, of the accounts
that stand in it today, because the kept series knows books only by the owner of each day.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property

import polars as pl
from django.db.models import Max, Min, Q

from accounts.models import Membership, Organization
from accounts.models.organizations import Visibility
from diagnostics.kpis.calendar import LENGTHS, Every, Period, list_periods, period_of
from diagnostics.kpis.compute import Family, Portfolio, compute_parts
from diagnostics.kpis.groups import By, Groups, sum_groups
from diagnostics.kpis.stored import Figure, GroupPeriod
from diagnostics.models import KpiPeriod
from portfolio.books import accounts_in
from portfolio.terms import add_months

PERIODS_SHOWN: dict[Every, int] = {"quarter": 8, "month": 13}
A_YEAR: dict[Every, int] = {"quarter": 4, "month": 12}
ALWAYS: By = "value_segment"
# A quarter's rate says little of a year's: the headline is the year to each quarter's close.
FOUR_QUARTERS = ":4q"


@dataclass(frozen=True, slots=True)
class Kept:
    """Which periods the organization's kept series covers; `computed_at`: when it was last made."""

    first_on: date
    last_on: date
    computed_at: datetime


@dataclass(frozen=True)
class KpiScope:
    """Whose KPIs, of which period. `today`: the last day of which the figures know."""

    organization: Organization
    membership: Membership
    book: Visibility
    period: Period
    today: date

    @property
    def every(self) -> Every:
        return self.period.every

    @property
    def is_running(self) -> bool:
        """Whether the period has not ended: its figures go up to `today`."""
        return self.period.last > self.today

    @property
    def is_whole(self) -> bool:
        """Every account of the organization: the kept series speaks."""
        return self.book == Visibility.ALL

    @cached_property
    def account_ids(self) -> frozenset[str] | None:
        """The book's accounts as the frames name them; None for all."""
        if self.is_whole:
            return None
        return frozenset(map(str, accounts_in(self.book, self.membership).values_list("pk", flat=True)))

    def periods(self, kept: Kept) -> list[Period]:
        """The periods shown, oldest first, the one in question last; none before the series begins."""
        length = LENGTHS[self.every] * (PERIODS_SHOWN[self.every] - 1)
        first = max(add_months(self.period.first, -length), kept.first_on)
        return list_periods(first, self.period.last, self.every, first_month=self.organization.fiscal_year_first_month)


@dataclass
class KpiSeries:
    """The figures of a scope. `whole`: by period, oldest first; `groups`: of the last period, by grouping."""

    scope: KpiScope
    periods: list[Period]
    whole: dict[str, GroupPeriod]
    groups: dict[By, list[GroupPeriod]]
    as_closed: dict[str, Figure] = field(default_factory=dict)
    closed_at: datetime | None = None
    # What a book's figures were computed from; None where they were kept.
    portfolio: "BookPortfolio | None" = None

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


def find_kept(every: Every) -> Kept | None:
    """What the open organization has kept; None before anything was computed."""
    found = KpiPeriod.objects.filter(every=every, group_by="", group="").aggregate(
        first=Min("first_on"), last=Max("last_on"), at=Max("computed_at")
    )
    return Kept(found["first"], found["last"], found["at"]) if found["first"] else None


def read_kpis(scope: KpiScope, kept: Kept, by: By) -> KpiSeries:
    """The series of a scope, with the groups of `by` and the value segments of its last period."""
    wanted: tuple[By, ...] = tuple(dict.fromkeys((by, ALWAYS)))
    periods = scope.periods(kept)
    return _read_stored(scope, periods, wanted) if scope.is_whole else _compute(scope, periods, wanted)


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


def _compute(scope: KpiScope, periods: list[Period], wanted: Collection[By]) -> KpiSeries:
    portfolio, parts = read_parts(scope, periods)
    series = KpiSeries(scope, periods, {}, {by: [] for by in wanted}, portfolio=portfolio)
    if not parts:
        return series
    figures = sum_groups(parts, portfolio.groups, None)
    for period in periods:
        for found in _list_groups(period, figures.filter(pl.col("period") == period.label)):
            series.whole[period.label] = found
    now = [part.filter(pl.col("period") == scope.period.label) for part in parts]
    now = [part for part in now if part.height]
    for by in wanted if now else ():
        series.groups[by] = _list_groups(scope.period, sum_groups(now, portfolio.groups, by))
    return series


@dataclass
class BookPortfolio(Portfolio):
    """A portfolio that reads no other ledger than that of one book and of the sister accounts of its accounts.

    Value segments are then those of the book: the largest of its accounts that make 80 % of its ARR.
    """

    account_ids: frozenset[str] | None = None

    @classmethod
    def of_scope(cls, scope: KpiScope, periods: list[Period]) -> "BookPortfolio":
        """The portfolio of a scope, whole where all accounts are asked for."""
        portfolio = cls.of(scope.organization, periods, scope.today)
        assert isinstance(portfolio, cls)
        # Many accounts at once are faster as numbers.
        portfolio.account_ids, portfolio.numbered = scope.account_ids, scope.is_whole
        return portfolio

    @cached_property
    def subscriptions(self) -> pl.DataFrame:
        """Those of the book's accounts, and of their sisters: a contract may move between them."""
        found = self.source.periods()
        if self.account_ids is None:
            return found
        tops = self.parents.filter(pl.col("account_id").is_in(list(self.account_ids)))["parent"].unique()
        kin = self.parents.filter(pl.col("parent").is_in(tops.to_list()))["account_id"].to_list()
        return keep_accounts(found, self.account_ids | set(kin))

    @cached_property
    def groups(self) -> Groups:
        """Groups of the book's own accounts."""
        return Groups(
            periods=self.frame,
            balances=keep_accounts(self.balances, self.account_ids),
            cohorts=self.cohorts,
            parents=self.parents,
            accounts=self.accounts,
            history=self.history,
        )


def read_parts(
    scope: KpiScope, periods: list[Period], family: Family | None = None
) -> tuple[BookPortfolio, list[pl.DataFrame]]:
    """The parts of every KPI (or of one family) in these periods, of the scope's accounts alone."""
    portfolio = BookPortfolio.of_scope(scope, periods)
    found = compute_parts(portfolio) if family is None else family(portfolio)
    parts = [keep_accounts(part, scope.account_ids) for part in found]
    return portfolio, [part for part in parts if part.height]


def keep_accounts(frame: pl.DataFrame, account_ids: frozenset[str] | None) -> pl.DataFrame:
    """The rows of these accounts; all of them for None."""
    if account_ids is None:
        return frame
    wanted = pl.Series(sorted(account_ids), dtype=pl.String)
    return frame.filter(pl.col("account_id").cast(pl.String).is_in(wanted.implode()))


def _list_groups(period: Period, figures: pl.DataFrame) -> list[GroupPeriod]:
    found: dict[str, dict[str, Figure]] = {}
    for group, name, top, bottom in figures.select("group", "kpi", "numerator", "denominator").sort("group").rows():
        found.setdefault(group, {})[name] = Figure(top, bottom)
    listed = []
    for group, row in found.items():
        counted = row.pop("accounts", None)
        count = int(counted.numerator) if counted else 0
        listed.append(GroupPeriod(period.label, period.first, period.last, group, count, False, row))
    return listed


def choose_period(organization: Organization, every: Every, label: str, kept: Kept) -> Period | None:
    """The period of that label, the last one for ''; None for one that the series does not have."""
    month = organization.fiscal_year_first_month
    if not label:
        return period_of(kept.last_on, every, first_month=month)
    listed = list_periods(kept.first_on, kept.last_on, every, first_month=month)
    return next((period for period in listed if period.label == label), None)
