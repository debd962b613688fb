"""Whether the portfolio is worked: portfolio_coverage, account_plan_freshness and qbr_engagement_rate.

For steering, never for evaluating a person.
"""

import polars as pl

from diagnostics.kpis.frames import KEY, OF, count, money

WINDOW_DAYS = 90
PLAN_DAYS = 90
# How long a business review lasts, by tier; a tier that is not here has no reviews to expect.
REVIEW_DAYS = {"enterprise": 92, "mid_market": 184}
# An account of this size and up that nobody has looked at or heard from is listed.
SILENT_TIERS = ("mid_market", "")


def portfolio_coverage(balances: pl.DataFrame, looks: pl.DataFrame, exchanges: pl.DataFrame) -> pl.DataFrame:
    """ARR of accounts both looked at and contacted within 90 days of the close ÷ ARR; both halves beside it.

    `looks`: account_id, on (a priority acted on, or the diagnosis open for 10 s or more). `exchanges`: account_id, on,
    way (`both` for a meeting or call, `in`, `out` for mail), with a named contact and no bulk mail; contacted by mail
    is in both directions. Without any exchange the KPI is not given: there is no contact source. Unit: ratio.
    """
    name = "portfolio_coverage"
    frame = _closing(balances)
    looked = _within(frame, looks, WINDOW_DAYS).agg(looked=pl.lit(True))
    ways = _within(frame, exchanges, WINDOW_DAYS).agg(
        contacted=(pl.col("way") == "both").any() | ((pl.col("way") == "in").any() & (pl.col("way") == "out").any())
    )
    key = ["period", "account_id"]
    frame = frame.join(looked, on=key, how="left").join(ways, on=key, how="left")
    frame = frame.with_columns(pl.col("looked", "contacted").fill_null(False))
    arr, zero = pl.col("arr_end"), money(0)
    return frame.select(
        *KEY,
        pl.when(pl.col("looked") & pl.col("contacted")).then(arr).otherwise(zero).alias(name),
        arr.alias(name + OF),
        pl.when("looked").then(arr).otherwise(zero).alias(f"{name}:looked"),
        arr.alias(f"{name}:looked{OF}"),
        pl.when("contacted").then(arr).otherwise(zero).alias(f"{name}:contacted"),
        arr.alias(f"{name}:contacted{OF}"),
    )


def list_silent(coverage: pl.DataFrame, tiers: pl.DataFrame) -> pl.DataFrame:
    """Mid-size accounts that nobody contacted: period, account_id and the ARR that is silent, largest first.

    `coverage`: the parts above; `tiers`: account_id, tier. Large accounts have their own desk, small ones are pooled.
    """
    silent = coverage.filter(pl.col("portfolio_coverage:contacted") == 0, pl.col("portfolio_coverage" + OF) > 0)
    middle = tiers.filter(pl.col("tier").is_in(SILENT_TIERS))
    found = silent.join(middle, on="account_id", how="semi")
    return found.select("period", "account_id", arr=pl.col("portfolio_coverage" + OF)).sort(
        "arr", "account_id", descending=[True, False]
    )


def account_plan_freshness(balances: pl.DataFrame, strategic: pl.DataFrame, plans: pl.DataFrame) -> pl.DataFrame:
    """Strategic accounts whose plan was updated or reviewed within 90 days of the close ÷ strategic accounts.

    By number; `:arr` is the same by ARR. `strategic`: period, account_id; `plans`: account_id, on (a day on which the
    plan was updated or reviewed). Unit: ratio.
    """
    name = "account_plan_freshness"
    frame = _closing(balances).filter(pl.col("arr_end") > 0).join(strategic, on=["period", "account_id"], how="semi")
    fresh = _within(frame, plans, PLAN_DAYS).agg(fresh=pl.lit(True))
    frame = frame.join(fresh, on=["period", "account_id"], how="left").with_columns(pl.col("fresh").fill_null(False))
    return frame.select(
        *KEY,
        count(pl.col("fresh")).alias(name),
        money(1).alias(name + OF),
        pl.when("fresh").then("arr_end").otherwise(money(0)).alias(f"{name}:arr"),
        pl.col("arr_end").alias(f"{name}:arr{OF}"),
    )


def qbr_engagement_rate(balances: pl.DataFrame, tiers: pl.DataFrame, reviews: pl.DataFrame) -> pl.DataFrame:
    """Eligible accounts that attended a business review within their tier's cadence ÷ eligible accounts.

    Eligible: paying at the close, of a tier with a cadence (enterprise a quarter, mid-market half a year). `tiers`:
    period, account_id, tier; `reviews`: account_id, on, held and attended. Unit: ratio.
    """
    name = "qbr_engagement_rate"
    frame = _closing(balances).filter(pl.col("arr_end") > 0)
    key = ["period", "account_id"]
    if frame.select(key).equals(tiers.select(key)):
        # The same rows, as they come of one portfolio: half a million of them are joined in a tenth of a second.
        frame = frame.with_columns(tiers["tier"])
    else:
        frame = frame.join(tiers, on=key, how="inner", maintain_order="left")
    parts = []
    for tier, days in REVIEW_DAYS.items():
        eligible = frame.filter(pl.col("tier") == tier)
        attended = _within(eligible, reviews, days).agg(attended=pl.lit(True))
        parts.append(eligible.join(attended, on=key, how="left", maintain_order="left"))
    found = pl.concat(parts)
    return found.select(*KEY, count(pl.col("attended")).alias(name), money(1).alias(name + OF))


def _closing(balances: pl.DataFrame) -> pl.DataFrame:
    return balances.select("period", "account_id", "close", "arr_end", owner_on="close")


def _within(frame: pl.DataFrame, events: pl.DataFrame, days: int) -> pl.dataframe.group_by.GroupBy:
    """The events of each period's last `days` days up to its close, grouped by period and account."""
    closes = frame.select("period", "close").unique().sort("close")
    found = [
        events.filter(pl.col("on").is_between(close - pl.duration(days=days - 1), pl.lit(close))).with_columns(
            period=pl.lit(period)
        )
        for period, close in closes.rows()
    ]
    return pl.concat(found or [events.clear().with_columns(period=pl.lit(""))]).group_by("period", "account_id")
