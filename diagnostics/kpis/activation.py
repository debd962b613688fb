"""expansion_activation_rate: accounts that took up a feature which opens expansion."""

from datetime import date

import polars as pl

from diagnostics.kpis.calendar import place_in_periods
from diagnostics.kpis.frames import KEY, OF, count

PAYING_DAYS = 90
DAYS_USED = 3
WITHIN_DAYS = 14
UNUSED_DAYS = 180


def expansion_activation_rate(
    balances: pl.DataFrame,
    periods: pl.DataFrame,
    use: pl.DataFrame,
    first_paid: pl.DataFrame,
    *,
    known_from: date,
) -> pl.DataFrame:
    """Accounts that took up an *opens expansion* feature ÷ accounts, both paying for 90 days or more on day 1.

    Taken up: used on 3 days or more of any 14, not used in the 180 days before the first of them; it counts on the
    third day. `use`: account_id, metric, day, one row per day of use, reaching 180 days further back than the periods;
    `first_paid`: account_id, first_paid_on. `known_from`: the first day of any use; of a period that does not begin
    half a year and a fortnight later nothing is said, for every user of long standing would be new. Unit: ratio.
    """
    name = "expansion_activation_rate"
    own = ["account_id", "metric"]
    days = use.sort(*own, "day").with_columns(
        third=pl.col("day").shift(1 - DAYS_USED).over(own), before=pl.col("day").shift(1).over(own)
    )
    fresh = pl.col("before").is_null() | (pl.col("day") - pl.col("before") > pl.duration(days=UNUSED_DAYS))
    taken = days.filter(fresh, pl.col("third") - pl.col("day") < pl.duration(days=WITHIN_DAYS))
    taken = place_in_periods(taken.select("account_id", "third"), "third", periods)
    taken = taken.select("account_id", "period", taken=pl.lit(True)).unique()
    reach = pl.duration(days=UNUSED_DAYS + WITHIN_DAYS)
    known = balances.filter(pl.col("first") - reach >= known_from)
    frame = known.select(*KEY, "base", "first").join(first_paid, on="account_id", how="left", maintain_order="left")
    frame = frame.join(taken, on=["account_id", "period"], how="left", maintain_order="left")
    since = pl.col("first") - pl.duration(days=PAYING_DAYS)
    settled = (pl.col("base") > 0) & (pl.col("first_paid_on") <= since)
    return frame.select(
        *KEY, count(settled & pl.col("taken").fill_null(False)).alias(name), count(settled).alias(name + OF)
    )
