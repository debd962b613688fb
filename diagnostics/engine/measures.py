"""Quantities that several signals share, computed once per account from its feature row alone."""

from datetime import date

import polars as pl

ONBOARDING_DAYS = 60  # an account younger than this is still onboarding unless its phase says otherwise
TREND_HISTORY_DAYS = 56  # a trend needs the window it is compared with
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


def measure(features: pl.DataFrame, night: date) -> pl.DataFrame:
    """The frame with the shared measures added. Reads no other row."""
    features = features.with_columns(night=pl.lit(night))
    age = pl.max_horizontal(days_since("customer_since"), days_since("first_paid_on"))
    base = features.with_columns(
        age_days=age,
        paid_days=days_since("first_paid_on"),
        tier=pl.col("tier").fill_null(""),
        phase=pl.col("phase").fill_null(""),
    )
    young = (pl.col("age_days") < ONBOARDING_DAYS) & (pl.col("milestones").fill_null(0) == 0)
    base = base.with_columns(
        onboarding=((pl.col("phase") == "onboarding") | ((pl.col("phase") == "") & young.fill_null(False))),
    )
    settled = ~pl.col("onboarding")
    activity_84 = pl.col("activity_28") + pl.col("activity_29_56") + pl.col("activity_57_84")
    observed = pl.min_horizontal(pl.lit(84), pl.max_horizontal(pl.col("age_days"), pl.lit(1)).fill_null(84))
    seats = pl.when(pl.col("seats") > 0).then(pl.col("seats"))
    return base.with_columns(
        activity_84=activity_84,
        age_band=pl.sum_horizontal([(pl.col("age_days") >= edge).cast(pl.Int8) for edge in AGE_BANDS]),
        # Level: activity per seat where seats are sold, else per account.
        level=pl.when(settled).then(pl.col("activity_28") / seats.fill_null(1.0)),
        breadth=pl.when(settled & (pl.col("features_84") > 0)).then(pl.col("features_84").cast(pl.Float64)),
        use_per_price=pl.when(settled & (pl.col("arr") > 0)).then(activity_84 * (84 / observed) * 12 / pl.col("arr")),
        trend_7=pl.when(settled).then(
            log_ratio(pl.col("activity_7"), (pl.col("activity_28") - pl.col("activity_7")) / 3)
        ),
        trend_28=pl.when(settled & (pl.col("age_days") >= TREND_HISTORY_DAYS)).then(
            log_ratio(pl.col("activity_28"), pl.col("activity_29_56"))
        ),
        trend_84=pl.when(settled & (pl.col("age_days") >= 84)).then(
            log_ratio(pl.col("activity_28"), pl.col("activity_57_84"))
        ),
        idle_days=days_since("last_used_on"),
        # Usual interval between days of use; capped, or a silent window would be its own yardstick.
        interval_days=(observed / pl.max_horizontal(pl.col("active_days_84"), pl.lit(1))).clip(
            None, LONGEST_INTERVAL_DAYS
        ),
        key_share=pl.when(settled & (pl.col("feature_activity_28") > 0)).then(
            pl.col("key_activity_28") / pl.col("feature_activity_28")
        ),
        seat_share=pl.col("active_users") / seats,
        days_to_first_milestone=(pl.col("first_milestone_on") - pl.col("first_paid_on")).dt.total_days(),
        limit_share=pl.when(pl.col("limit_included") > 0).then(pl.col("limit_used") / pl.col("limit_included")),
        mrr=pl.col("arr") / 12,
    )
