"""The series: every KPI by month and fiscal quarter, of the whole and of each group, computed at once and kept.

What is stored is always what `compute_figures` gives: it can be thrown away and made again at will.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import partial

import polars as pl
from django.db import connection, transaction
from django.utils import timezone

from accounts.context import service_context
from accounts.models import Organization
from accounts.turns import run_beside, turn
from diagnostics.kpis.calendar import LENGTHS, Every, Period, list_periods, period_of
from diagnostics.kpis.compute import Portfolio, add_drawn, compute_parts
from diagnostics.kpis.condensing import choose_grouping, condense
from diagnostics.kpis.frames import OF
from diagnostics.kpis.groups import BYS, By, sum_placed
from diagnostics.kpis.shelving import clear_shelves, shelve
from diagnostics.kpis.slim import Slim, slim_all
from diagnostics.models import KpiPeriod
from diagnostics.night import last_ended_day
from portfolio.models import Subscription
from portfolio.terms import add_months

YEARS_KEPT = 5
ZEROS = ".000000000000"
# Of these every account has a group; of an ultimate parent few.
CONDENSED: tuple[By, ...] = tuple(by for by in BYS if by != "parent")
PARENT: tuple[By, ...] = ("parent",)
WHOLE = ("", *CONDENSED)

# What a period said when it closed is set apart once the facts say something else; a group that is no longer there says
# nothing now. Rows that say the same are not touched, nor those of periods older than what is computed.
WRITE = """
WITH named AS MATERIALIZED (
    -- Most groups are given the same KPIs: their names are sent, and read, once.
    SELECT nth, kpis::text[] AS kpis FROM unnest(%(names)s::text[]) WITH ORDINALITY AS given (kpis, nth)
), found AS MATERIALIZED (
    SELECT period, first_on, last_on, group_by, "group", accounts, named.kpis,
        numerators::numeric[] AS numerators, denominators::numeric[] AS denominators
    FROM unnest(%(period)s::text[], %(first_on)s::date[], %(last_on)s::date[], %(group_by)s::text[], %(group)s::text[],
        %(accounts)s::int[], %(kpis)s::int[], %(numerators)s::text[], %(denominators)s::text[])
        AS given (period, first_on, last_on, group_by, "group", accounts, kpis, numerators, denominators)
        JOIN named ON named.nth = given.kpis
), closed AS (
    -- A group that appears in one of these was not there when the period closed.
    SELECT DISTINCT first_on FROM diagnostics_kpiperiod
    WHERE organization_id = %(organization)s AND every = %(every)s AND closed_at <> %(now)s
), gone AS (
    SELECT id FROM diagnostics_kpiperiod AS kept
    WHERE organization_id = %(organization)s AND every = %(every)s AND first_on >= %(since)s
        AND group_by = ANY(%(bys)s) AND NOT EXISTS (
        SELECT FROM found WHERE found.first_on = kept.first_on AND found.group_by = kept.group_by
            AND found."group" = kept."group")
), deleted AS (
    DELETE FROM diagnostics_kpiperiod USING gone
    WHERE organization_id = %(organization)s AND diagnostics_kpiperiod.id = gone.id AND closed_at IS NULL
), emptied AS (
    UPDATE diagnostics_kpiperiod SET kpis = '{}', numerators = '{}', denominators = '{}', accounts = 0,
        computed_at = %(now)s, closed_kpis = coalesce(closed_kpis, kpis),
        closed_numerators = coalesce(closed_numerators, numerators),
        closed_denominators = coalesce(closed_denominators, denominators)
    FROM gone WHERE organization_id = %(organization)s AND diagnostics_kpiperiod.id = gone.id
        AND closed_at IS NOT NULL AND kpis <> '{}'
)
INSERT INTO diagnostics_kpiperiod AS kept (id, organization_id, every, period, first_on, last_on, group_by, "group",
    accounts, kpis, numerators, denominators, computed_at, closed_at, closed_kpis, closed_numerators,
    closed_denominators)
SELECT uuidv7(), %(organization)s, %(every)s, period, first_on, last_on, group_by, "group", accounts,
    kpis, numerators, denominators, %(now)s, CASE WHEN last_on <= %(today)s THEN %(now)s END,
    CASE WHEN first_on IN (SELECT first_on FROM closed) THEN '{}'::text[] END,
    CASE WHEN first_on IN (SELECT first_on FROM closed) THEN '{}'::numeric[] END,
    CASE WHEN first_on IN (SELECT first_on FROM closed) THEN '{}'::numeric[] END
FROM found
ON CONFLICT (organization_id, every, first_on, group_by, "group") DO UPDATE SET
    period = excluded.period, last_on = excluded.last_on, accounts = excluded.accounts, kpis = excluded.kpis,
    numerators = excluded.numerators, denominators = excluded.denominators, computed_at = excluded.computed_at,
    closed_at = coalesce(kept.closed_at, excluded.closed_at),
    closed_kpis = coalesce(kept.closed_kpis, CASE WHEN kept.closed_at IS NOT NULL THEN kept.kpis END),
    closed_numerators = coalesce(kept.closed_numerators, CASE WHEN kept.closed_at IS NOT NULL THEN kept.numerators END),
    closed_denominators = coalesce(
        kept.closed_denominators, CASE WHEN kept.closed_at IS NOT NULL THEN kept.denominators END)
WHERE (kept.period, kept.last_on, kept.accounts, kept.kpis, kept.numerators, kept.denominators)
    IS DISTINCT FROM (excluded.period, excluded.last_on, excluded.accounts, excluded.kpis, excluded.numerators,
        excluded.denominators)
    OR (kept.closed_at IS NULL AND excluded.closed_at IS NOT NULL)
"""
# Literals of arrays themselves: of names of KPIs, or of amounts.
ARRAYS = ("kpis", "numerators", "denominators")
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
    now = timezone.now()
    with transaction.atomic():
        kept = {every: list_kept_periods(organization, today, every) for every in LENGTHS}
        if not all(kept.values()):
            KpiPeriod.objects.all().delete()
            clear_shelves()
            return Rebuilt(0, 0, 0)
        portfolio = replace(Portfolio.of(organization, [], today), numbered=True)
        portfolio.share()
        # Months and quarters ask nothing of each other.
        written = run_beside(
            [partial(_write_periods, portfolio.over(periods), every, now) for every, periods in kept.items()]
        )
    return Rebuilt(sum(map(len, kept.values())), sum(written), portfolio.unpriced.height)


def _write_periods(portfolio: Portfolio, every: Every, now: datetime) -> int:
    """Write the series of the portfolio's periods, and their shelves; returns how many rows there are."""
    parts = slim_all(compute_parts(portfolio))
    # Two thirds of all rows and more: PostgreSQL writes them while the others are computed.
    parents = _complete(portfolio, [_pack_parents(portfolio, parts)])

    def write_parents() -> int:
        return _write(portfolio, every, PARENT, parents, now)

    def write_others() -> int:
        return _write(portfolio, every, WHOLE, _complete(portfolio, _pack_others(portfolio, parts)), now)

    def put_on_shelves() -> int:
        shelve(portfolio, every, parts)
        return 0

    return sum(run_beside([write_parents, write_others, put_on_shelves]))


def list_kept_periods(organization: Organization, today: date, every: Every) -> list[Period]:
    """The periods of the last five years, from the first paid day on; none for an organization without any."""
    first = Subscription.objects.order_by("started_on").values_list("started_on", flat=True).first()
    if first is None or first > today:
        return []
    start = max(first, start_of_window(today))
    return list_periods(start, today, every, first_month=organization.fiscal_year_first_month)


def start_of_window(today: date) -> date:
    """The first of the days whose periods are computed anew."""
    return add_months(today, -12 * YEARS_KEPT)


def compute_series(portfolio: Portfolio, parts: Sequence[Slim]) -> pl.DataFrame:
    """One row per period and group, columns COLUMNS; arrays as texts that PostgreSQL reads, in the order of `kpis`.

    Ultimate parents are kept where they have a sister account; any other account is its own and is computed when asked.
    """
    return _complete(portfolio, [_pack_parents(portfolio, parts), *_pack_others(portfolio, parts)])


def _complete(portfolio: Portfolio, packed: Sequence[pl.DataFrame]) -> pl.DataFrame:
    days = portfolio.frame.select("period", first_on="first", last_on="last")
    return pl.concat(packed).join(days, on="period", how="inner").select(COLUMNS).sort("first_on", "group_by", "group")


def _pack_others(portfolio: Portfolio, parts: Sequence[Slim]) -> list[pl.DataFrame]:
    condensed = condense(parts, portfolio.groups, CONDENSED)
    return [
        _pack(add_drawn(sum_placed(choose_grouping(condensed, by, CONDENSED)), portfolio, by), by or "")
        for by in (None, *CONDENSED)
    ]


def _pack_parents(portfolio: Portfolio, parts: Sequence[Slim]) -> pl.DataFrame:
    related = portfolio.parents["account_id"]
    kin = [part.with_frame(part.frame.filter(pl.col("account_id").is_in(related.implode()))) for part in parts]
    condensed = condense([part for part in kin if part.frame.height], portfolio.groups, PARENT)
    sums = add_drawn(sum_placed(choose_grouping(condensed, "parent", PARENT)), portfolio, "parent")
    names = portfolio.groups.tops.join(related.to_frame(), on="account_id", how="semi")["group"].unique()
    return _pack(sums.filter(pl.col("group").is_in(names.implode())), "parent")


def _pack(sums: pl.DataFrame, by: str) -> pl.DataFrame:
    """The sums with their names and amounts as array literals; what is not given is in none of them."""
    names = sorted(n for n in sums.columns if n not in ("period", "group", "accounts") and not n.endswith(OF))
    given = {name: pl.col(name).is_not_null() for name in names}
    tops = [pl.when(given[name]).then(_text(pl.col(name))) for name in names]
    bottoms = [
        pl.when(given[name]).then(
            _text(pl.col(name + OF)).fill_null("NULL") if name + OF in sums.columns else pl.lit("NULL")
        )
        for name in names
    ]
    none = pl.lit(0, dtype=pl.Int64)
    count = pl.col("accounts").fill_null(0).cast(pl.Float64).cast(pl.Int64) if "accounts" in sums.columns else none
    return sums.select(
        "period",
        "group",
        group_by=pl.lit(by),
        accounts=count,
        kpis=_array([pl.when(given[name]).then(pl.lit(name)) for name in names]),
        numerators=_array(tops),
        denominators=_array(bottoms),
    )


def _text(amount: pl.Expr) -> pl.Expr:
    return amount.cast(pl.String).str.strip_suffix(ZEROS)


def _array(texts: Sequence[pl.Expr]) -> pl.Expr:
    return pl.concat_str(pl.lit("{"), pl.concat_str(texts, separator=",", ignore_nulls=True), pl.lit("}"))


def _write(portfolio: Portfolio, every: Every, bys: Sequence[str], frame: pl.DataFrame, now: datetime) -> int:
    """Write all rows that there are of these groupings; returns how many.

    One statement; each column goes as one array literal, which PostgreSQL reads faster than adapted lists.
    """
    names = frame["kpis"].unique(maintain_order=True)
    frame = frame.with_columns(pl.col("kpis").cast(pl.Enum(names)).to_physical() + 1)
    values = {name: frame.select(_literal(name, frame.schema[name])).item() for name in COLUMNS}
    values["names"] = names.to_frame().select(_literal("kpis", names.dtype)).item()
    organization, today = portfolio.organization, portfolio.today
    since = period_of(start_of_window(today), every, first_month=organization.fiscal_year_first_month).first
    given = {"organization": organization.id, "every": every, "today": today, "now": now, "since": since}
    with turn(), connection.cursor() as cursor:
        cursor.execute(WRITE, {**given, **values, "bys": list(bys)})
    return frame.height


def _literal(name: str, dtype: pl.DataType) -> pl.Expr:
    """One text `{…}` with all values of a column; texts are quoted."""
    column = pl.col(name)
    if dtype == pl.String:
        if name not in ARRAYS:
            column = column.str.replace_all("\\", "\\\\", literal=True).str.replace_all('"', '\\"', literal=True)
        column = pl.concat_str(pl.lit('"'), column, pl.lit('"'))
    return pl.concat_str(pl.lit("{"), column.cast(pl.String).str.join(","), pl.lit("}"))
