"""Amounts that do not drift, and the frames that the families share.

Money is the ledger's `MONEY`: an MRR times a plan rate is exact in it, and so is every sum.
"""

from datetime import date
from decimal import Decimal
from typing import Any

import polars as pl

from portfolio.ledger.periods import MONEY, MONTHS, fiscal_year

# A frame of parts has one row per account and period: KEY, and for each KPI a column of its name with the account's
# numerator, and for a ratio one more with OF behind it, the denominator. A detail follows the name after a colon.
# `owner_on` is the day whose owner answers for the row.
KEY: dict[str, Any] = {"period": pl.String, "account_id": pl.String, "owner_on": pl.Date}
OF = "/"


def money(value: int | str | Decimal) -> pl.Expr:
    """A literal amount."""
    return pl.lit(Decimal(value), dtype=MONEY)


def count(condition: pl.Expr) -> pl.Expr:
    """1 where the condition holds, else 0, as an amount."""
    return condition.fill_null(False).cast(pl.Int64).cast(MONEY)


def exact(column: str | pl.Expr) -> pl.Expr:
    """Any number as an amount; a float to its sixth decimal, which is what scores and risks are known to."""
    expression = pl.col(column) if isinstance(column, str) else column
    return expression.cast(MONEY)


def add_arr(periods: pl.DataFrame, rates: pl.DataFrame, day: pl.Expr, *, first_month: int) -> pl.DataFrame:
    """Column `arr`: MRR × 12 at the plan rate of the day's fiscal year; NULL where that rate is missing.

    `periods` has mrr and currency; `rates` fiscal_year, currency and rate, the reporting currency with it.
    """
    keyed = periods.with_columns(fiscal_year=fiscal_year(day, first_month).cast(pl.Int32))
    priced = keyed.join(rates, on=["fiscal_year", "currency"], how="left", maintain_order="left")
    return priced.with_columns(arr=pl.col("mrr").cast(MONEY) * money(MONTHS) * pl.col("rate")).drop(
        "fiscal_year", "rate"
    )


def add_months(day: pl.Expr, months: pl.Expr) -> pl.Expr:
    """The same day so many months later, or the last of its month; NULL where either is."""
    return day.dt.offset_by(pl.format("{}mo", months))


def whole_months(first: pl.Expr, last: pl.Expr) -> pl.Expr:
    """How many whole months have passed between two days; negative where the last comes first."""
    months = (last.dt.year() - first.dt.year()) * MONTHS + last.dt.month().cast(pl.Int32) - first.dt.month()
    # The last of its month is the same day of any that is longer.
    short = (first.dt.day() > last.dt.day()) & ((last + pl.duration(days=1)).dt.day() > 1)
    return months - short.cast(pl.Int32)


def days_frame(days: list[date]) -> pl.DataFrame:
    """One row per day, column `day`."""
    return pl.DataFrame({"day": days}, schema={"day": pl.Date})
