"""Settled periods into dated steps of ARR in the reporting currency."""

from datetime import date

import polars as pl

from portfolio.ledger.periods import MONEY, MONTHS, fiscal_year

# One row per account, family and day on which something begins, ends or is re-based.
STEPS = ("account_id", "family", "day", "fx", "amount", "starts", "ends")


def find_unpriced(periods: pl.DataFrame, rates: pl.DataFrame, *, first_month: int, until: date) -> pl.DataFrame:
    """The periods of which a fiscal year has no plan rate, with `missing_year`, the first such year.

    They are kept: in a year without a rate they have no ARR, and one with a rate after it re-bases them from nothing.
    """
    last = pl.min_horizontal(pl.col("ended_on").fill_null(until), pl.lit(until))
    years = pl.int_ranges(
        fiscal_year(pl.col("started_on"), first_month),
        fiscal_year(pl.max_horizontal(last, "started_on"), first_month) + 1,
        dtype=pl.Int32,
    )
    needed = periods.filter(pl.col("started_on") <= until).with_row_index("row").with_columns(fiscal_year=years)
    needed = needed.explode("fiscal_year").join(rates, on=["fiscal_year", "currency"], how="anti")
    return needed.group_by("row", maintain_order=True).first().rename({"fiscal_year": "missing_year"}).drop("row")


def step_arr(
    settled: pl.DataFrame, rates: pl.DataFrame, *, reporting: str, first_month: int, until: date
) -> pl.DataFrame:
    """Columns STEPS: what each start, end and re-basing adds to the ARR of an account's product family.

    Re-based first, so that what changes on the same day is measured at the new rate.
    """
    frame = settled.with_columns(arr=pl.col("mrr").cast(MONEY) * pl.lit(MONTHS, dtype=MONEY))
    starts = _priced(frame.with_columns(day="started_on"), rates, first_month)
    ended = frame.filter(pl.col("end_on").is_not_null(), pl.col("end_on") <= until)
    ends = _priced(ended.with_columns(day="end_on"), rates, first_month)
    key, none = ["account_id", "family", "day"], pl.lit(0, dtype=MONEY)
    steps = [
        starts.select(*key, none.alias("fx"), pl.col("arr").alias("amount"), starts=1, ends=0),
        ends.select(*key, none.alias("fx"), -pl.col("arr").alias("amount"), starts=0, ends=1),
    ]
    foreign = frame.filter(pl.col("currency") != reporting)
    if foreign.height:
        steps.append(
            _rebase(foreign, rates, first_month, until).select(*key, "fx", none.alias("amount"), starts=0, ends=0)
        )
    return pl.concat(steps).group_by(key).agg(pl.col("fx", "amount", "starts", "ends").sum()).sort(key)


def _priced(frame: pl.DataFrame, rates: pl.DataFrame, first_month: int) -> pl.DataFrame:
    """`arr` at the rate of the day's fiscal year; 0 where that year has none."""
    year = fiscal_year(pl.col("day"), first_month).cast(pl.Int32)
    keyed = frame.with_columns(fiscal_year=year)
    found = keyed.join(rates, on=["fiscal_year", "currency"], how="left", maintain_order="left")
    return found.with_columns(arr=pl.col("arr") * pl.col("rate").fill_null(0))


def _rebase(foreign: pl.DataFrame, rates: pl.DataFrame, first_month: int, until: date) -> pl.DataFrame:
    """One row per period and fiscal-year start within it: day and fx, the change by the new rate alone.

    A year without a rate re-bases to nothing, which is neither churn nor contraction: the customer still pays.
    """
    last = pl.min_horizontal(pl.col("end_on").fill_null(until), pl.lit(until))
    years = pl.int_ranges(
        fiscal_year(pl.col("started_on"), first_month) + 1, fiscal_year(last, first_month) + 1, dtype=pl.Int32
    )
    rows = foreign.with_columns(fiscal_year=years).explode("fiscal_year").drop_nulls("fiscal_year")
    rows = rows.with_columns(day=pl.date(pl.col("fiscal_year"), first_month, 1))
    before = rates.select("currency", pl.col("fiscal_year") + 1, rate_before="rate")
    for known in (rates, before):
        rows = rows.join(known, on=["fiscal_year", "currency"], how="left", maintain_order="left")
    return rows.with_columns(fx=pl.col("arr") * (pl.col("rate").fill_null(0) - pl.col("rate_before").fill_null(0)))
