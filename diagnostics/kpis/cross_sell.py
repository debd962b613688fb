"""Products that accounts had never paid for: cross_sell_conversion_rate and cross_sell_win_rate."""

import polars as pl

from diagnostics.kpis.calendar import place_in_periods
from diagnostics.kpis.frames import KEY, OF, count


def cross_sell_conversion_rate(
    balances: pl.DataFrame, periods: pl.DataFrame, paid: pl.DataFrame, *, products: int
) -> pl.DataFrame:
    """Accounts active on day 1 that began to pay for a product new to them ÷ those that do not own every product.

    `paid`: subscription periods; a product was owned once it was paid for; `products`: how many the catalogue has.
    Unit: ratio.
    """
    name = "cross_sell_conversion_rate"
    first = (
        paid.filter(pl.col("mrr") > 0)
        .group_by("account_id", "product_id")
        .agg(first_paid_on=pl.col("started_on").min())
    )
    before = first.filter(pl.col("first_paid_on") < periods["first"].min())
    owned = before.group_by("account_id").agg(owned=pl.len())
    begun = place_in_periods(first, "first_paid_on", periods).group_by("account_id", "period").agg(begun=pl.len())
    frame = balances.select(*KEY, "place", "base").join(
        begun, on=["account_id", "period"], how="left", maintain_order="left"
    )
    frame = frame.join(owned, on="account_id", how="left", maintain_order="left")
    begun_before = pl.col("begun").fill_null(0).cum_sum().over("account_id") - pl.col("begun").fill_null(0)
    frame = frame.with_columns(owns=pl.col("owned").fill_null(0) + begun_before)
    open_to_more = (pl.col("base") > 0) & (pl.col("owns") < products)
    return frame.select(
        "period",
        "account_id",
        "owner_on",
        count(open_to_more & (pl.col("begun") > 0)).alias(name),
        count(open_to_more).alias(name + OF),
    )


def cross_sell_win_rate(opportunities: pl.DataFrame, periods: pl.DataFrame) -> pl.DataFrame:
    """Cross-sell opportunities opened in the period that are won ÷ opened; `:open` is the share still open.

    `opportunities`: account_id, lever, opened_on, stage (as of today). Unit: ratio.
    """
    name = "cross_sell_win_rate"
    opened = place_in_periods(opportunities.filter(pl.col("lever") == "cross_sell"), "opened_on", periods)
    one = count(pl.lit(True))
    return opened.select(
        "period",
        "account_id",
        pl.col("close").alias("owner_on"),
        count(pl.col("stage") == "won").alias(name),
        one.alias(name + OF),
        count(~pl.col("stage").is_in(["won", "lost"])).alias(f"{name}:open"),
        one.alias(f"{name}:open{OF}"),
    )
