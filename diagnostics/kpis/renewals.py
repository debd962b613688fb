"""Renewals: renewal_rate in value and by number, and arr_secured."""

import polars as pl

from diagnostics.kpis.calendar import place_in_periods
from diagnostics.kpis.frames import OF, count, money

SHORTEST_TERM_MONTHS = 3


def renewal_rate(decisions: pl.DataFrame, periods: pl.DataFrame) -> pl.DataFrame:
    """Σ min(ARR after, ARR due) ÷ Σ ARR due, of contracts with a term of 3 months or more that ends in the period.

    Still open within the grace: left out (`list_open` lists them); after it 0. Shorter terms stand on a line of their
    own, `renewal_rate:monthly`. renewal_rate_accounts is the same by number of contracts. Owner: of the decision date.
    `decisions`: as `terms.list_decisions` gives them. Unit: ratio.
    """
    known = place_in_periods(decisions.filter(~pl.col("open")).drop_nulls("due"), "term_end_on", periods)
    long = pl.col("term_months") >= SHORTEST_TERM_MONTHS
    kept, renewed = pl.min_horizontal("after", "due"), count(pl.col("after") > 0)
    one = count(pl.lit(True))
    lines = [("renewal_rate", long, kept, pl.col("due")), ("renewal_rate:monthly", ~long, kept, pl.col("due"))]
    lines += [("renewal_rate_accounts", long, renewed, one), ("renewal_rate_accounts:monthly", ~long, renewed, one)]
    columns = []
    for name, which, numerator, denominator in lines:
        columns += [pl.when(which).then(numerator).alias(name), pl.when(which).then(denominator).alias(name + OF)]
    return known.select("period", "account_id", pl.col("decision_on").alias("owner_on"), *columns)


def list_open(decisions: pl.DataFrame) -> pl.DataFrame:
    """The term ends of which nothing is known yet: within the grace, and left out of the rate."""
    return decisions.filter("open")


def arr_secured(
    decisions: pl.DataFrame, periods: pl.DataFrame, entries: pl.DataFrame, acts: pl.DataFrame
) -> pl.DataFrame:
    """ARR of accounts that entered defense, had a recorded act, and renewed at their next decision date.

    Of contracts with a term of 3 months or more: one that is decided every month says nothing of an act.
    `:without_act` is the renewal rate of those that entered defense and had none: an association, not a proof.
    `entries`: account_id, entered_on (a night); `acts`: account_id, on. An entry belongs to the first decision after
    it; an act counts from the day after that night to the decision. Units: currency, and ratio for the detail.
    """
    long = pl.col("term_months") >= SHORTEST_TERM_MONTHS
    ends = decisions.filter(~pl.col("open"), long).drop_nulls("due").sort("decision_on")
    # The entry speaks for the first decision on or after it.
    entered = entries.sort("entered_on").join_asof(
        ends.select("account_id", next_on="decision_on"),
        left_on="entered_on",
        right_on="next_on",
        by="account_id",
        strategy="forward",
        coalesce=False,
        check_sortedness=False,
    )
    entered = entered.drop_nulls("next_on").group_by("account_id", "next_on").agg(entered_on=pl.col("entered_on").min())
    acted = entered.join(acts, on="account_id", how="inner").filter(
        pl.col("on") > pl.col("entered_on"), pl.col("on") <= pl.col("next_on")
    )
    acted = acted.select("account_id", "next_on", acted=pl.lit(True)).unique()
    defended = ends.rename({"decision_on": "next_on"}).join(entered, on=["account_id", "next_on"], how="inner")
    defended = defended.join(acted, on=["account_id", "next_on"], how="left").with_columns(
        pl.col("acted").fill_null(False)
    )
    placed = place_in_periods(defended, "term_end_on", periods)
    kept = pl.min_horizontal("after", "due")
    return placed.select(
        "period",
        "account_id",
        pl.col("next_on").alias("owner_on"),
        pl.when("acted").then(kept).otherwise(money(0)).alias("arr_secured"),
        pl.when(~pl.col("acted")).then(kept).alias("arr_secured:without_act"),
        pl.when(~pl.col("acted")).then("due").alias(f"arr_secured:without_act{OF}"),
    )
