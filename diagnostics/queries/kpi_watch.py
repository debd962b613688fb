"""The lists that stand beside the KPIs: who is silent, who hangs on one person, whose health is where, what is late.

Each is made of the rows that the KPI functions themselves give, of the scope's accounts and period alone.
"""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import cast

import polars as pl

from diagnostics.kpis import families
from diagnostics.kpis.execution import list_silent
from diagnostics.kpis.relationships import is_single_threaded
from diagnostics.kpis.renewals import SHORTEST_TERM_MONTHS, list_open
from diagnostics.kpis.success import BANDS, distribute_health
from diagnostics.queries.kpi_computed import BookPortfolio, keep_accounts, read_parts
from diagnostics.queries.kpi_scope import KpiScope
from portfolio.models import Account

SILENT, SINGLE, LATE, WITHHELD = "silent", "single-threaded", "late", "health-withheld"
OF_HEALTH = {f"health-{low}": low for low, _high in BANDS}
LISTS = (SILENT, SINGLE, LATE, *OF_HEALTH, WITHHELD)
ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Total:
    """How many rows a list has, and their ARR."""

    count: int
    arr: Decimal


@dataclass(frozen=True, slots=True)
class Band:
    """One step of the distribution of health; `low` None: withheld."""

    name: str
    low: int | None
    high: int | None
    total: Total


@dataclass(frozen=True, slots=True)
class WatchRow:
    """An account with its ARR. `figure`: people in touch, or health; of a late renewal its contract and term's end."""

    account_id: uuid.UUID
    name: str
    source_id: str
    arr: Decimal
    figure: float | None
    subscription_id: str
    ended_on: date | None


@dataclass(frozen=True)
class Watch:
    """Every list as a frame (account_id, arr, figure, subscription_id, ended_on), largest ARR first.

    A list is missing where the facts do not give it: without a contact source nobody is silent. `paying`: who pays at
    the close; the bands of health and what is withheld add up to it.
    """

    frames: Mapping[str, pl.DataFrame]
    bands: tuple[Band, ...]
    paying: Total

    def total(self, name: str) -> Total | None:
        """The figure of a list; None where the facts do not give it."""
        return _add_up(self.frames[name]) if name in self.frames else None

    def rows(self, name: str, first: int = 0, last: int | None = None) -> list[WatchRow]:
        """Some rows of a list with their names, in one query."""
        if name not in self.frames:
            return []
        return _name_rows(self.frames[name][first:last])


def read_watch(scope: KpiScope) -> Watch:
    """The lists of a scope, computed from the facts as they stand today."""
    portfolio, parts = read_parts(scope, [scope.period], families.read_execution)
    paying = keep_accounts(portfolio.closing, scope.account_ids).select("account_id", arr="arr_end")
    frames = {LATE: _find_late(scope, portfolio)}
    coverage = next((part for part in parts if "portfolio_coverage:contacted" in part.columns), None)
    if coverage is not None:
        tiers = portfolio.groups.tiers(coverage.select("period", "account_id"))
        tiers = tiers.with_columns(pl.col("tier").fill_null(""))
        frames[SILENT] = list_silent(coverage, tiers).select("account_id", "arr")
    depth = next((part for part in parts if "threads" in part.columns), None)
    if depth is not None:
        single = depth.filter(is_single_threaded()).select("account_id", figure=pl.col("threads").cast(pl.Float64))
        frames[SINGLE] = single.join(paying, on="account_id", how="inner")
    bands, of_health = _spread_health(scope, portfolio, paying)
    frames |= of_health
    return Watch({name: _complete(frame) for name, frame in frames.items()}, bands, _add_up(paying))


def _find_late(scope: KpiScope, portfolio: BookPortfolio) -> pl.DataFrame:
    """Contracts whose term ended within the grace, nothing known of what follows; monthly ones have no renewal."""
    late = list_open(portfolio.decisions).filter(pl.col("term_months") >= SHORTEST_TERM_MONTHS).drop_nulls("due")
    late = keep_accounts(late, scope.account_ids)
    return late.select("account_id", "subscription_id", arr="due", ended_on="term_end_on")


def _spread_health(
    scope: KpiScope, portfolio: BookPortfolio, paying: pl.DataFrame
) -> tuple[tuple[Band, ...], dict[str, pl.DataFrame]]:
    diagnosed = keep_accounts(portfolio.diagnosed, scope.account_ids)
    if not diagnosed.height:
        return (), {}
    known = diagnosed.drop_nulls("health").select("account_id", arr="arr_end", figure="health")
    spread = {band: Total(count, arr) for _period, band, count, arr in distribute_health(diagnosed).rows()}
    bands, frames = [], {}
    for (name, low), (_low, high) in zip(OF_HEALTH.items(), BANDS, strict=True):
        bands.append(Band(name, low, high, spread.get(low, Total(0, ZERO))))
        least = pl.col("figure") >= low if low else pl.lit(True)
        frames[name] = known.filter(least, pl.col("figure") < high)
    frames[WITHHELD] = paying.join(known, on="account_id", how="anti")
    bands.append(Band(WITHHELD, None, None, _add_up(frames[WITHHELD])))
    return tuple(bands), frames


def _complete(frame: pl.DataFrame) -> pl.DataFrame:
    missing = {"figure": pl.Float64, "subscription_id": pl.String, "ended_on": pl.Date}
    columns = [pl.lit(None, dtype=dtype).alias(name) for name, dtype in missing.items() if name not in frame.columns]
    full = frame.with_columns(pl.col("account_id").cast(pl.String), *columns)
    return full.select("account_id", "arr", *missing).sort(
        "arr", "account_id", "subscription_id", descending=[True, False, False]
    )


def _add_up(frame: pl.DataFrame) -> Total:
    return Total(frame.height, cast("Decimal", frame["arr"].sum()) or ZERO)


def _name_rows(frame: pl.DataFrame) -> list[WatchRow]:
    names = {
        str(pk): (name, source_id)
        for pk, name, source_id in Account.objects.filter(pk__in=frame["account_id"].to_list()).values_list(
            "pk", "name", "source_id"
        )
    }
    return [
        WatchRow(uuid.UUID(account_id), *names[account_id], arr, figure, subscription or "", ended_on)
        for account_id, arr, figure, subscription, ended_on in frame.rows()
    ]
