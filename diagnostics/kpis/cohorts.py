"""Cohorts by the quarter of the first paid day: nrr, grr and arpa of month n over the start."""

import polars as pl

from diagnostics.kpis.calendar import place_in_periods
from diagnostics.kpis.frames import OF, count, money

MONTHS_SHOWN = (3, 6, 12, 24, 36)


def age_accounts(movements: pl.DataFrame, first_paid: pl.DataFrame, months: pl.DataFrame) -> pl.DataFrame:
    """One row per account and month of its life: n, period (the month), close, start and arr.

    Month n closes n calendar months after the one in which the account first paid; only closed months are in it.
    `start` is the ARR of its first paid day: every account that ever started stays in its cohort's base. `arr` is the
    start plus what moved since by the close of month n, fx and transfers apart. `months`: `frame_periods` up to today.
    """
    begun = place_in_periods(first_paid, "first_paid_on", months).select("account_id", "first_paid_on", begins="place")
    # In real terms: a re-basing is neither kept nor lost.
    real = movements.filter(pl.col("kind") != "fx").join(begun, on="account_id", how="inner")
    start = (
        real.filter(pl.col("day") == pl.col("first_paid_on")).group_by("account_id").agg(start=pl.col("amount").sum())
    )
    moved = place_in_periods(real, "day", months).group_by("account_id", "place").agg(moved=pl.col("amount").sum())
    closed = months.filter(pl.col("close") == pl.col("last"))
    lives = begun.join(closed, how="cross").filter(pl.col("place") >= pl.col("begins"))
    lives = lives.join(moved, on=["account_id", "place"], how="left").join(start, on="account_id", how="inner")
    lives = lives.sort("account_id", "place").with_columns(
        n=pl.col("place") - pl.col("begins"),
        arr=pl.col("moved").fill_null(money(0)).cum_sum().over("account_id"),
    )
    return lives.select("account_id", "n", "period", "close", "start", "arr")


def cohort_retention(
    lives: pl.DataFrame, periods: pl.DataFrame, months_shown: tuple[int, ...] = MONTHS_SHOWN
) -> pl.DataFrame:
    """nrr:mN, grr:mN and arpa:mN of the accounts whose month N closes in the period.

    Formula: Σ ARR of month N ÷ Σ ARR at the start; for GRR each account's ARR counts up to its start; for ARPA the ARR
    is divided by the accounts that pay. By cohort this is the cohort's own line; over several, the average weighted by
    initial ARR of those old enough. Units: ratio, ratio, currency.
    """
    aged = lives.filter(pl.col("n").is_in(MONTHS_SHOWN)).drop("period").rename({"close": "closed_on"})
    aged = place_in_periods(aged, "closed_on", periods)
    columns = []
    for n in MONTHS_SHOWN:
        here = pl.col("n") == n
        columns += [
            _where(here, "arr", f"nrr:m{n}"), _where(here, "start", f"nrr:m{n}{OF}"),
            _where(here, pl.min_horizontal("arr", "start"), f"grr:m{n}"), _where(here, "start", f"grr:m{n}{OF}"),
            _where(here, "arr", f"arpa:m{n}"), _where(here, count(pl.col("arr") > 0), f"arpa:m{n}{OF}"),
        ]  # fmt: skip
    return aged.select("period", "account_id", pl.col("first").alias("owner_on"), *columns)


def map_cohorts(lives: pl.DataFrame, cohorts: pl.DataFrame) -> pl.DataFrame:
    """cohort, n, accounts, start, nrr, grr, arpa, paying: sums of each cohort's accounts in their month n.

    `cohorts`: account_id, cohort. A month that some account of the cohort has not reached yet is left out.
    """
    sized = cohorts.group_by("cohort").agg(size=pl.len())
    found = lives.join(cohorts, on="account_id", how="inner").group_by("cohort", "n").agg(
        accounts=pl.len(),
        start=pl.col("start").sum(),
        nrr=pl.col("arr").sum(),
        grr=pl.min_horizontal("arr", "start").sum(),
        paying=(pl.col("arr") > 0).sum(),
    )  # fmt: skip
    whole = found.join(sized, on="cohort").filter(pl.col("accounts") == pl.col("size"))
    return whole.drop("size").sort("cohort", "n")


def _where(condition: pl.Expr, value: str | pl.Expr, name: str) -> pl.Expr:
    amount = pl.col(value) if isinstance(value, str) else value
    return pl.when(condition).then(amount).otherwise(None).alias(name)
