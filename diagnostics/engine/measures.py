"""Quantities that several signals share, computed once per account from its feature row alone."""

from datetime import date
from math import isnan

import numpy as np
import polars as pl

from .columns import Columns, Marks, Numbers, as_floats, at_least, at_most, count_days, fill, where

ONBOARDING_DAYS = 60  # an account younger than this is still onboarding unless its phase says otherwise
AGE_BANDS = (180, 365, 730)  # days; comparable accounts are of one band
LONGEST_INTERVAL_DAYS = 14.0
SHRINKAGE = 0.05  # share of the mean level added to both sides of a ratio: no alarm over a handful

# The measures that signals may read beside the features; `onboarding` is a mark, `tier` and `phase` have no null.
MEASURES = (
    "age_days", "paid_days", "idle_days", "activity_84", "observed_days", "licensed", "age_band", "level", "breadth",
    "use_per_price", "trend_7", "trend_28", "trend_84", "interval_days", "key_share", "seat_share",
    "days_to_first_milestone", "limit_share",
)  # fmt: skip


def days_since(column: str) -> pl.Expr:
    """Whole days from the day in the column to the frame's `night`; null where there is none."""
    return (pl.col("night") - pl.col(column)).dt.total_days()


def measure(features: pl.DataFrame, night: date) -> Columns:
    """The columns of the conformed frame with `night` and the shared measures added. Reads no other row.

    During onboarding the measures of level, trend and breadth are null: such an account is judged on
    milestones.
    """
    book = Columns(features)
    for name in ("tier", "phase"):
        if features[name].null_count():
            book.set_text(name, features[name].fill_null(""))
    today = float(count_days(night))
    book["night"] = np.full(len(book), today)
    arr, now, before, long_before = (book[n] for n in ("arr", "activity_28", "activity_29_56", "activity_57_84"))

    paid_days = book["paid_days"] = today - book["first_paid_on"]
    age = book["age_days"] = np.fmax(today - book["customer_since"], paid_days)
    book["idle_days"] = today - book["last_used_on"]
    activity = book["activity_84"] = now + before + long_before
    young = (age < ONBOARDING_DAYS) & (book.filled("milestones", 0) == 0)
    onboarding = book.says("phase", "onboarding") | (book.says("phase", "") & young)
    book["onboarding"] = onboarding.astype(np.float64)
    settled = ~onboarding
    observed = book["observed_days"] = fill(at_most(at_least(age, 1), 84), 84)
    licensed = book["licensed"] = where(book["seats"] > 0, book["seats"])
    book["age_band"] = (age[:, np.newaxis] >= np.array(AGE_BANDS)).sum(axis=1).astype(np.float64)

    # Level: activity per seat where seats are sold, else per account.
    book["level"] = where(settled, now / fill(licensed, 1.0))
    book["breadth"] = where(settled & (book["features_84"] > 0), book["features_84"])
    # Uses per unit of monthly price, scaled to 84 days for younger accounts.
    book["use_per_price"] = where(settled & (arr > 0), activity * (84 * 12) / (observed * arr))
    # Usual interval between days of use; capped, or a silent window would be its own yardstick.
    book["interval_days"] = at_most(observed / at_least(book["active_days_84"], 1), LONGEST_INTERVAL_DAYS)
    focused = settled & (book["feature_activity_28"] > 0)
    book["key_share"] = where(focused, book["key_activity_28"] / book["feature_activity_28"])
    book["seat_share"] = book["active_users"] / licensed
    book["days_to_first_milestone"] = book["first_milestone_on"] - book["first_paid_on"]
    book["limit_share"] = where(book["limit_included"] > 0, book["limit_used"] / book["limit_included"])
    _measure_trends(book, settled)
    return book


def _measure_trends(book: Columns, settled: Marks) -> None:
    """Logarithms of now ÷ before; `has_<trend>` marks where there is one (of negative use it is not a number)."""
    age, week, month = book["age_days"], book["active_days_7"], book["active_days_28"]
    now = book["activity_28"]
    trends = {
        # Days of use of the last week against a week of the three before; one more of each, for few days say little.
        "trend_7": (settled & (age >= 28) & (month > 0) & ~np.isnan(week), (week + 1) / ((month - week) * (1 / 3) + 1)),
        "trend_28": (settled & (age >= 56), _drawn_ratio(now, book["activity_29_56"])),
        "trend_84": (settled & (age >= 84), _drawn_ratio(now, book["activity_57_84"])),
    }
    ratios = pl.Series(np.concatenate([ratio for _holds, ratio in trends.values()]))
    logs = ratios.log().to_numpy().reshape(len(trends), -1)
    for (name, (holds, ratio)), log in zip(trends.items(), logs, strict=True):
        holds = holds & ~np.isnan(ratio)
        book[name], book[f"has_{name}"] = where(holds, log), holds.astype(np.float64)


def _drawn_ratio(now: Numbers, before: Numbers) -> Numbers:
    """now ÷ before, drawn towards 1 by a share of their mean, unknown where both are zero."""
    pull = SHRINKAGE * (now + before) / 2
    return where(now + before > 0, (now + pull) / (before + pull))


def lay_out(book: Columns, read: list[str]) -> pl.DataFrame:
    """The frame that the signals' expressions read: the features, `night`, `onboarding` and these of the measures."""
    night = pl.Series("night", book["night"]).cast(pl.Int32).cast(pl.Date)
    columns = [as_floats(name, book[name]) for name in read if name not in book.constants]
    frame = book.frame.hstack([night, pl.Series("onboarding", book["onboarding"] == 1.0), *columns])
    for name in ("tier", "phase"):
        frame.replace_column(frame.get_column_index(name), book.text(name))
    constants = {name: book.constants[name] for name in read if name in book.constants}
    if not constants:
        return frame
    return frame.with_columns(
        pl.lit(None if isnan(number) else number, dtype=pl.Float64).alias(name) for name, number in constants.items()
    )
