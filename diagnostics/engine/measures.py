"""Quantities that several signals share, computed once per account from its feature row alone."""

from datetime import date

import polars as pl

ONBOARDING_DAYS = 60  # an account younger than this is still onboarding unless its phase says otherwise
AGE_BANDS = (180, 365, 730)  # days; comparable accounts are of one band
LONGEST_INTERVAL_DAYS = 14.0
SHRINKAGE = 0.05  # share of the mean level added to both sides of a ratio: no alarm over a handful


def days_since(column: str) -> pl.Expr:
    """Whole days from the day in the column to the frame's `night`; null where there is none."""
    return (pl.col("night") - pl.col(column)).dt.total_days()


def log_ratio(now: pl.Expr, before: pl.Expr) -> pl.Expr:
    """ln(now ÷ before), drawn towards 0 by a share of their mean, null where both are zero."""
    pull = SHRINKAGE * (now + before) / 2
    return pl.when(now + before > 0).then(((now + pull) / (before + pull)).log())


_AGE = (
    pl.max_horizontal(days_since("customer_since"), days_since("first_paid_on")).alias("age_days"),
    days_since("first_paid_on").alias("paid_days"),
    days_since("last_used_on").alias("idle_days"),
    pl.col("tier").fill_null(""),
    pl.col("phase").fill_null(""),
    (pl.col("activity_28") + pl.col("activity_29_56") + pl.col("activity_57_84")).alias("activity_84"),
)

_young = (pl.col("age_days") < ONBOARDING_DAYS) & (pl.col("milestones").fill_null(0) == 0)
_PHASE = (
    ((pl.col("phase") == "onboarding") | ((pl.col("phase") == "") & _young.fill_null(False))).alias("onboarding"),
    pl.col("age_days").clip(1, 84).fill_null(84).alias("observed_days"),
    pl.when(pl.col("seats") > 0).then("seats").alias("licensed"),
)

_EARLIER_WEEK = (pl.col("active_days_28") - pl.col("active_days_7")) / 3
_settled = pl.when(~pl.col("onboarding"))
_SHARED = (
    pl.sum_horizontal((pl.col("age_days") >= edge).cast(pl.Int8) for edge in AGE_BANDS).alias("age_band"),
    # Level: activity per seat where seats are sold, else per account.
    _settled.then(pl.col("activity_28") / pl.col("licensed").fill_null(1.0)).alias("level"),
    pl.when(~pl.col("onboarding") & (pl.col("features_84") > 0)).then("features_84").cast(pl.Float64).alias("breadth"),
    # Uses per unit of monthly price, scaled to 84 days for younger accounts.
    pl.when(~pl.col("onboarding") & (pl.col("arr") > 0))
    .then(pl.col("activity_84") * (84 * 12) / (pl.col("observed_days") * pl.col("arr")))
    .alias("use_per_price"),
    # Days of use of the last week against a week of the three before; one more of each, for few days say little.
    pl.when(~pl.col("onboarding") & (pl.col("age_days") >= 28) & (pl.col("active_days_28") > 0))
    .then(((pl.col("active_days_7") + 1) / (_EARLIER_WEEK + 1)).log())
    .alias("trend_7"),
    pl.when(~pl.col("onboarding") & (pl.col("age_days") >= 56))
    .then(log_ratio(pl.col("activity_28"), pl.col("activity_29_56")))
    .alias("trend_28"),
    pl.when(~pl.col("onboarding") & (pl.col("age_days") >= 84))
    .then(log_ratio(pl.col("activity_28"), pl.col("activity_57_84")))
    .alias("trend_84"),
    # Usual interval between days of use; capped, or a silent window would be its own yardstick.
    (pl.col("observed_days") / pl.col("active_days_84").clip(1, None))
    .clip(None, LONGEST_INTERVAL_DAYS)
    .alias("interval_days"),
    pl.when(~pl.col("onboarding") & (pl.col("feature_activity_28") > 0))
    .then(pl.col("key_activity_28") / pl.col("feature_activity_28"))
    .alias("key_share"),
    (pl.col("active_users") / pl.col("licensed")).alias("seat_share"),
    (pl.col("first_milestone_on") - pl.col("first_paid_on")).dt.total_days().alias("days_to_first_milestone"),
    pl.when(pl.col("limit_included") > 0).then(pl.col("limit_used") / pl.col("limit_included")).alias("limit_share"),
)


def measure(features: pl.DataFrame, night: date) -> pl.DataFrame:
    """The conformed frame with `night` and the shared measures added. Reads no other row.

    During onboarding the measures of level, trend and breadth are null: such an account is judged on
    milestones.
    """
    frame = features.with_columns(pl.lit(night).alias("night"))
    return frame.with_columns(_AGE).with_columns(_PHASE).with_columns(_SHARED)
