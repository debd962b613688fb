"""The series: every KPI by month and fiscal quarter, of the whole and of each group, computed at once and kept.

What is stored is always what `compute_figures` gives: it can be thrown away and made again at will.
"""

import uuid
from dataclasses import dataclass
from datetime import date, datetime

import polars as pl
from django.db import connection, transaction
from django.utils import timezone

from accounts.context import service_context
from accounts.models import Organization
from diagnostics.kpis.calendar import LENGTHS, Every, Period, list_periods
from diagnostics.kpis.compute import Portfolio, compute_figures, compute_parts
from diagnostics.kpis.groups import BYS, By
from diagnostics.models import KpiPeriod
from diagnostics.night import last_ended_day
from portfolio.models import Account, Subscription
from portfolio.terms import add_months

YEARS_KEPT = 5

# A period keeps what it said when it closed; a group that is no longer there says nothing now.
INSERT = """
INSERT INTO diagnostics_kpiperiod (id, organization_id, every, period, first_on, last_on, group_by, "group", accounts,
    kpis, numerators, denominators, computed_at, closed_at, closed_kpis, closed_numerators, closed_denominators)
SELECT uuidv7(), %(organization)s, %(every)s, period, first_on, last_on, group_by, "group", accounts,
    kpis::text[], numerators::numeric[], denominators::numeric[], %(now)s,
    CASE WHEN last_on <= %(today)s THEN %(now)s END,
    CASE WHEN last_on <= %(today)s THEN kpis::text[] END,
    CASE WHEN last_on <= %(today)s THEN numerators::numeric[] END,
    CASE WHEN last_on <= %(today)s THEN denominators::numeric[] END
FROM unnest(%(period)s::text[], %(first_on)s::date[], %(last_on)s::date[], %(group_by)s::text[], %(group)s::text[],
    %(accounts)s::int[], %(kpis)s::text[], %(numerators)s::text[], %(denominators)s::text[])
    AS found (period, first_on, last_on, group_by, "group", accounts, kpis, numerators, denominators)
ON CONFLICT (organization_id, every, first_on, group_by, "group") DO UPDATE SET
    period = excluded.period, last_on = excluded.last_on, accounts = excluded.accounts, kpis = excluded.kpis,
    numerators = excluded.numerators, denominators = excluded.denominators, computed_at = excluded.computed_at,
    closed_at = coalesce(diagnostics_kpiperiod.closed_at, excluded.closed_at),
    closed_kpis = coalesce(diagnostics_kpiperiod.closed_kpis, excluded.closed_kpis),
    closed_numerators = coalesce(diagnostics_kpiperiod.closed_numerators, excluded.closed_numerators),
    closed_denominators = coalesce(diagnostics_kpiperiod.closed_denominators, excluded.closed_denominators)
"""
COLUMNS = ("period", "first_on", "last_on", "group_by", "group", "accounts", "kpis", "numerators", "denominators")


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What a rebuild did: periods by kind, rows written, and subscription periods without a plan rate."""

    periods: int
    rows: int
    unpriced: int


def rebuild_series(organization_id: uuid.UUID, *, today: date | None = None) -> Rebuilt:
    """Compute the series of the last five years anew and write what changed, in one transaction of the service.

    `today`: the last day of which anything is known; by default the last that ended. Safe to run twice.
    """
    with service_context(organization_id):
        organization = Organization.objects.select_for_update().get()
        return write_series(organization, today or last_ended_day(organization, timezone.now()))


def write_series(organization: Organization, today: date) -> Rebuilt:
    """The same inside the open context."""
    now, periods, rows, unpriced = timezone.now(), 0, 0, 0
    with transaction.atomic():
        for every in LENGTHS:
            kept = list_kept_periods(organization, today, every)
            if kept:
                portfolio = Portfolio.of(organization, kept, today)
                frame = compute_series(portfolio)
                _write(organization, every, frame, today=today, now=now)
                periods, rows, unpriced = periods + len(kept), rows + frame.height, portfolio.unpriced.height
        stale = KpiPeriod.objects.filter(computed_at__lt=now)
        stale.filter(closed_at=None).delete()
        stale.exclude(kpis=[]).update(kpis=[], numerators=[], denominators=[], accounts=0)
    return Rebuilt(periods, rows, unpriced)


def list_kept_periods(organization: Organization, today: date, every: Every) -> list[Period]:
    """The periods of the last five years, from the first paid day on; none for an organization without any."""
    first = Subscription.objects.order_by("started_on").values_list("started_on", flat=True).first()
    if first is None or first > today:
        return []
    start = max(first, add_months(today, -12 * YEARS_KEPT))
    return list_periods(start, today, every, first_month=organization.fiscal_year_first_month)


def compute_series(portfolio: Portfolio) -> pl.DataFrame:
    """One row per period and group, columns COLUMNS; arrays as texts that PostgreSQL reads, in the order of `kpis`.

    Ultimate parents are kept where they have a sister account; any other account is its own and is computed when asked.
    """
    parts = compute_parts(portfolio)
    figures = [compute_figures(portfolio, None, parts).with_columns(group_by=pl.lit(""))]
    figures.extend(_only_kept(portfolio, by, parts).with_columns(group_by=pl.lit(by)) for by in BYS)
    long = pl.concat(figures).sort("period", "group_by", "group", "kpi")
    amounts = pl.col("numerator", "denominator").cast(pl.String).fill_null("NULL")
    shown = pl.col("kpi") != "accounts"
    packed = (
        long.with_columns(amounts)
        .group_by("period", "group_by", "group", maintain_order=True)
        .agg(
            accounts=pl.col("numerator").filter(~shown).first().cast(pl.Float64).cast(pl.Int64).fill_null(0),
            kpis=_array(pl.col("kpi").filter(shown)),
            numerators=_array(pl.col("numerator").filter(shown)),
            denominators=_array(pl.col("denominator").filter(shown)),
        )
    )
    days = portfolio.frame.select("period", first_on="first", last_on="last")
    return packed.join(days, on="period", how="inner").select(COLUMNS)


def _only_kept(portfolio: Portfolio, by: By, parts: list[pl.DataFrame]) -> pl.DataFrame:
    if by != "parent":
        return compute_figures(portfolio, by, parts)
    related = portfolio.parents.select("account_id")
    kin = [part.join(related, on="account_id", how="semi") for part in parts]
    figures = compute_figures(portfolio, by, [part for part in kin if part.height])
    names = portfolio.groups.tops.join(related, on="account_id", how="semi")["group"].unique()
    return figures.filter(pl.col("group").is_in(names.to_list()))


def _array(texts: pl.Expr) -> pl.Expr:
    return pl.concat_str(pl.lit("{"), texts.str.join(","), pl.lit("}"))


def _write(organization: Organization, every: Every, frame: pl.DataFrame, *, today: date, now: datetime) -> None:
    values = {name: frame[name].to_list() for name in COLUMNS}
    given = {"organization": organization.id, "every": every, "today": today, "now": now}
    with connection.cursor() as cursor:
        cursor.execute(INSERT, {**given, **values})


def has_series() -> bool:
    """Whether the open organization has kept figures, or anything to make them from."""
    return KpiPeriod.objects.exists() or not Account.objects.exists()
