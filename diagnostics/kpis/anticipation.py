"""renewal_anticipation: how long before the decision the first preparation act was found."""

import polars as pl

from diagnostics.kpis.calendar import place_in_periods
from diagnostics.kpis.frames import OF, exact, money

DAYS_BEFORE = 180
WARNING_DAYS = 30


def find_first_acts(decisions: pl.DataFrame, acts: pl.DataFrame, on: str = "decision_on") -> pl.DataFrame:
    """The decisions with `prepared_on`: the first act on their account within 180 days before; NULL: none.

    `acts`: account_id, on: a meeting, a call, a renewal opportunity made or moved, a plan reviewed, a retain or renewal
    priority closed with an outcome. They are found in the facts, never typed.
    """
    numbered = decisions.with_row_index("row")
    near = numbered.select("row", "account_id", on).join(acts.rename({"on": "acted_on"}), on="account_id", how="inner")
    near = near.filter(
        pl.col("acted_on") < pl.col(on), pl.col("acted_on") >= pl.col(on) - pl.duration(days=DAYS_BEFORE)
    )
    first = near.group_by("row").agg(prepared_on=pl.col("acted_on").min())
    return numbered.join(first, on="row", how="left", maintain_order="left").drop("row")


def renewal_anticipation(decisions: pl.DataFrame, periods: pl.DataFrame, acts: pl.DataFrame) -> pl.DataFrame:
    """Σ ARR × days(first preparation act → decision date) ÷ Σ ARR of the decisions of the period; no act is 0 days.

    `decisions`: account_id, decision_on and arr of contracts whose decision date is past, of terms of
    3 months or more. Under 30 days is a warning.
    Unit: days.
    """
    name = "renewal_anticipation"
    placed = place_in_periods(find_first_acts(decisions.drop_nulls("arr"), acts), "decision_on", periods)
    days = (pl.col("decision_on") - pl.col("prepared_on")).dt.total_days().fill_null(0)
    return placed.select(
        "period",
        "account_id",
        pl.col("decision_on").alias("owner_on"),
        (pl.col("arr") * exact(days)).alias(name),
        pl.col("arr").alias(name + OF),
    )


def unprepared_share(due: pl.DataFrame, acts: pl.DataFrame) -> pl.DataFrame:
    """Share of the ARR due within 180 days of the close for which no preparation act is found yet.

    `due`: period, account_id, day, decides_on and arr of open contracts. Unit: ratio; detail `:open`.
    """
    name = "renewal_anticipation:open"
    known = acts.rename({"on": "acted_on"})
    numbered = due.drop_nulls("arr").with_row_index("row")
    near = numbered.join(known, on="account_id", how="inner").filter(
        pl.col("acted_on") <= pl.col("day"),
        pl.col("acted_on") >= pl.col("decides_on") - pl.duration(days=DAYS_BEFORE),
    )
    begun = near.select("row", begun=pl.lit(True)).unique()
    frame = numbered.join(begun, on="row", how="left", maintain_order="left")
    return frame.select(
        "period",
        "account_id",
        pl.col("decides_on").alias("owner_on"),
        pl.when(pl.col("begun").fill_null(False)).then(money(0)).otherwise(pl.col("arr")).alias(name),
        pl.col("arr").alias(name + OF),
    )
