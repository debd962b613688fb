"""Periods in, movements out: set-based, so that ten thousand accounts cost seconds."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

import polars as pl

from portfolio.ledger.levers import split_expansions
from portfolio.ledger.periods import MONEY, Period, Rates, frame_periods, settle_periods
from portfolio.ledger.pricing import find_unpriced, step_arr
from portfolio.ledger.transfers import find_transfers

KINDS = ("new", "expansion", "contraction", "churn", "reactivation", "transfer", "fx")
# `lever` is that of an expansion; `late_renewal`: paid again after a gap within the grace.
MOVEMENTS: dict[str, Any] = {
    "account_id": pl.String,
    "day": pl.Date,
    "kind": pl.String,
    "lever": pl.String,
    "amount": MONEY,
    "late_renewal": pl.Boolean,
}
PARENTS: dict[str, Any] = {"account_id": pl.String, "parent": pl.String}


@dataclass(frozen=True, slots=True)
class Movement:
    """A change of one account's ARR on one day, in the reporting currency."""

    account_id: str
    day: date
    kind: str  # one of KINDS
    amount: Decimal
    lever: str = ""  # of an expansion
    late_renewal: bool = False


@dataclass
class Ledger:
    """Movements by day and account, and the periods that have no amount in some year for want of a rate."""

    movements: list[Movement] = field(default_factory=list)
    errors: list[tuple[str, str, str]] = field(default_factory=list)

    def arr_on(self, day: date, account_id: str | None = None) -> Decimal:
        """ARR at the end of a day: the sum of all movements up to it."""
        wanted = (m for m in self.movements if m.day <= day and account_id in (None, m.account_id))
        return sum((m.amount for m in wanted), Decimal(0))


def build_ledger(
    periods: Iterable[Period],
    *,
    until: date,
    rates: Rates,
    parents: Mapping[str, str] | None = None,
    grace_days: int = 30,
) -> Ledger:
    """Every ARR movement up to `until`, knowing nothing later.

    `parents`: account → ultimate parent; a contract moved between accounts of one parent is a transfer. A period has no
    ARR in a fiscal year without a rate for its currency, and is listed in `errors` as (account, subscription, reason).
    """
    above = pl.DataFrame(list((parents or {}).items()), schema=PARENTS, orient="row")
    movements, unpriced = build_movements(
        frame_periods(periods, rates.reporting),
        until=until,
        rates=rates.frame,
        reporting=rates.reporting,
        first_month=rates.first_month,
        parents=above,
        grace_days=grace_days,
    )
    return Ledger(list_movements(movements), list_errors(unpriced))


def build_movements(
    periods: pl.DataFrame,
    *,
    until: date,
    rates: pl.DataFrame,
    reporting: str,
    first_month: int = 1,
    parents: pl.DataFrame | None = None,
    grace_days: int = 30,
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """(MOVEMENTS, the unpriced periods with `missing_year`) of a frame of PERIODS; as `build_ledger`, in frames."""
    unpriced = find_unpriced(periods, rates, first_month=first_month, until=until)
    settled = settle_periods(periods, grace_days=grace_days, until=until)
    steps = step_arr(settled, rates, reporting=reporting, first_month=first_month, until=until)
    key = ["account_id", "family", "day"]
    steps = steps.with_columns(after=(pl.col("starts") - pl.col("ends")).cum_sum().over("account_id", "family"))
    steps = steps.with_columns(before=pl.col("after") - pl.col("starts") + pl.col("ends"))
    above = pl.DataFrame(schema=PARENTS) if parents is None else parents
    moved = find_transfers(steps, above)
    steps = steps.join(moved, on=key, how="left").with_columns(pl.col("transferred").fill_null(0))
    steps = steps.with_columns(rest=pl.col("amount") - pl.col("transferred"))
    late = settled.filter("late_renewal").select("account_id", "family", day="started_on", late_renewal=True).unique()
    steps = steps.join(late, on=key, how="left").with_columns(pl.col("late_renewal").fill_null(False))
    days = _account_days(steps)
    made = [*_whole_movements(days), *_line_movements(steps, days, settled)]
    movements = pl.concat([frame.select(*MOVEMENTS) for frame in made]).filter(pl.col("amount") != 0)
    return movements.sort("day", "account_id", "kind", "lever"), unpriced


def _account_days(steps: pl.DataFrame) -> pl.DataFrame:
    """One row per account and day of change: what it paid before (re-based) and after, and whether it ever had."""
    days = (
        steps.group_by("account_id", "day")
        .agg(pl.col("fx", "amount", "transferred", "rest").sum())
        .sort("account_id", "day")
        .with_columns(paid_after=(pl.col("fx") + pl.col("amount")).cum_sum().over("account_id"))
    )
    ever = (pl.col("paid_after") > 0).cast(pl.Int8).cum_max().shift(1, fill_value=0).over("account_id") > 0
    days = days.with_columns(paid_before=pl.col("paid_after") - pl.col("amount"), ever_paid=ever)
    begins = (pl.col("paid_before") == 0) & (pl.col("paid_after") != 0)
    ends = (pl.col("paid_before") != 0) & (pl.col("paid_after") == 0)
    return days.with_columns(
        kind=pl.when(begins)
        .then(pl.when("ever_paid").then(pl.lit("reactivation")).otherwise(pl.lit("new")))
        .when(ends)
        .then(pl.lit("churn"))
    )


def _whole_movements(days: pl.DataFrame) -> list[pl.DataFrame]:
    """Movements of the account as a whole: fx, transfer, and the day it begins, ends or begins again."""
    plain = {"lever": pl.lit(""), "late_renewal": pl.lit(False)}
    return [
        days.with_columns(**plain, kind=pl.lit("fx"), amount="fx"),
        days.with_columns(**plain, kind=pl.lit("transfer"), amount="transferred"),
        days.drop_nulls("kind").with_columns(**plain, amount="rest"),
    ]


def _line_movements(steps: pl.DataFrame, days: pl.DataFrame, settled: pl.DataFrame) -> list[pl.DataFrame]:
    """Movements of one product family of an account that paid before and after."""
    inside = days.filter(pl.col("kind").is_null()).select("account_id", "day")
    lines = steps.join(inside, on=["account_id", "day"], how="semi")
    key = ["account_id", "family", "day"]
    shrunk = lines.filter(pl.col("rest") < 0).with_columns(
        kind=pl.lit("contraction"), lever=pl.lit(""), amount=pl.col("rest")
    )
    grown = lines.filter(pl.col("rest") > 0).select(*key, "before", "after", "late_renewal", amount="rest")
    parts = split_expansions(grown.drop("late_renewal"), settled)
    parts = parts.join(grown.select(*key, "late_renewal"), on=key, how="left").with_columns(kind=pl.lit("expansion"))
    return [shrunk, parts]


def list_movements(movements: pl.DataFrame) -> list[Movement]:
    """The rows of a frame of MOVEMENTS, in its order."""
    columns = movements.select("account_id", "day", "kind", "amount", "lever", "late_renewal")
    return [Movement(*row) for row in columns.rows()]


def list_errors(unpriced: pl.DataFrame) -> list[tuple[str, str, str]]:
    """(account, subscription, reason) of each unpriced period."""
    rows = unpriced.select("account_id", "subscription_id", "currency", "missing_year").rows()
    return [(account, name, f"No rate for {currency} in {year}.") for account, name, currency, year in rows]
