"""Usage of the last 84 days: one row per account, from one per account and metric."""

from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from .reading import FLAG, TEXT, Answer, Facts
from .usage_months import WINDOWS, UsageMonths

TRIAL_DAYS = 60  # usage this long before the first paid day may be a trial; earlier contradicts the contract

PEOPLE = ("active_users", "active_users_7d", "active_users_28d")

MARKS = {"metric": TEXT, "key": FLAG, "negative": FLAG, "opening": FLAG}
MARK_STATEMENT = """
SELECT metric, bool_or(effect = 'key'), bool_or(effect = 'negative'), bool_or(opens_expansion IS TRUE)
FROM portfolio_feature WHERE organization_id = %(organization)s GROUP BY metric
"""


def ask_marks(facts: Facts) -> Answer:
    """One row per metric that the organization calls a feature."""
    return facts.ask(MARK_STATEMENT, MARKS)


def add_earlier(months: UsageMonths, used: pl.DataFrame, accounts: pl.DataFrame) -> pl.DataFrame:
    """One row per account that was ever used, as far as two years back, from those `used` in the 84 days.

    `accounts`: account_id, first_paid_on.
    """
    silent = accounts.join(used, on="account_id", how="anti")["account_id"]
    frame = used.join(months.read_earlier(silent), on="account_id", how="full", coalesce=True)
    known_to = frame["last_used_on"].max() or frame["earlier_on"].max()
    frame = frame.join(accounts.select("account_id", "first_paid_on"), on="account_id", how="left")
    zeros = ["activity_28", "activity_29_56", "activity_57_84", "active_days_7", "active_days_28", "active_days_84"]
    zeros += ["features_28", "features_84", "feature_activity_28"]
    # A source that counts people for others would have counted them here.
    zeros += [name for name in ("active_users", "active_users_before") if frame[name].count()]
    return frame.select(
        "account_id",
        pl.coalesce("last_used_on", "earlier_on").alias("last_used_on"),
        pl.lit(known_to, dtype=pl.Date).alias("usage_known_to"),
        # Silent now, but used before: that is known, and it is zero.
        pl.col(zeros).fill_null(0),
        *({"active_users", "active_users_before"} - set(zeros)),
        pl.col("^(key|negative|opening)_activity.*$"),
        (
            (pl.col("least") < 0) | (pl.col("first_used_on") < pl.col("first_paid_on") - pl.duration(days=TRIAL_DAYS))
        ).alias("usage_contradicts"),
    )


def summarize_metrics(facts: Facts, metrics: pl.DataFrame, marks: pl.DataFrame) -> pl.DataFrame:
    """One row per account from one per account and metric.

    Activity is `events`; an account without events is measured by its active users, then by its features, by whatever
    else is counted of it (calls, documents), and by its distinct users over several days: the first of these that it
    has. People are the distinct users over 28 days where the source counts them, else the busiest week's, or day's.
    """
    accounts = metrics["account_id"].unique(maintain_order=True)
    place = metrics["account_id"].cast(pl.Enum(accounts)).to_physical().to_numpy()
    name = metrics["metric"]
    sums = {window: metrics[f"sum_{window}"].fill_null(0.0).to_numpy() for window in WINDOWS}
    sums["29_84"] = sums["29_56"] + sums["57_84"]
    rows = {kind: (name == kind).to_numpy() for kind in ("events", *PEOPLE)}
    feature = name.str.starts_with("feature:").to_numpy()
    other = ~np.any([feature, *rows.values()], axis=0)
    measures = [rows["events"], rows["active_users"], feature, other, rows["active_users_7d"], rows["active_users_28d"]]

    def total(which: NDArray[np.bool_], values: NDArray[Any]) -> NDArray[np.float64]:
        return np.bincount(place[which], values[which], accounts.len())

    def people(column: str) -> pl.Series:
        found = np.full(accounts.len(), np.nan)
        peaks = metrics[column].to_numpy()
        for kind in PEOPLE:  # the latter counts, where it is known
            known = rows[kind] & ~np.isnan(peaks)
            found[place[known]] = peaks[known]
        return pl.Series(found, nan_to_null=True)

    def bits(column: str) -> NDArray[np.int64]:
        found = np.zeros(accounts.len(), dtype=np.int64)
        np.bitwise_or.at(found, place, metrics[column].fill_null(0).to_numpy())
        return found

    ones = np.ones(metrics.height)
    measured_by = [total(which, ones) > 0 for which in measures]
    least = np.full(accounts.len(), np.inf)
    np.minimum.at(least, place, metrics["least"].to_numpy())
    used = {"28": sums["28"] > 0, "84": sums["28"] + sums["29_84"] > 0}
    columns: dict[str, Any] = {
        "account_id": accounts,
        **{
            f"activity_{window}": np.select(measured_by, [total(which, sums[window]) for which in measures])
            for window in WINDOWS
        },
        "active_users": people("peak_28"),
        "active_users_before": people("peak_29_56"),
        "features_28": total(feature & used["28"], ones).astype(np.int64),
        "features_84": total(feature & used["84"], ones).astype(np.int64),
        "feature_activity_28": total(feature, sums["28"]),
        "days_42": bits("days_42"),
        "days_84": bits("days_84"),
        "least": least,
    }
    for mark in ("key", "negative", "opening"):
        chosen = marks.filter(pl.col(mark))["metric"].to_list()
        if chosen:
            marked = name.is_in(chosen).to_numpy()
            columns[f"{mark}_activity_28"] = total(marked, sums["28"])
            if mark == "opening":
                columns["opening_activity_29_84"] = total(marked, sums["29_84"])
    return _name_days(pl.DataFrame(columns), facts)


def _name_days(frame: pl.DataFrame, facts: Facts) -> pl.DataFrame:
    """Days of use from their bits: how many, the first and the last."""
    night = pl.lit(facts.night)
    recent, older = pl.col("days_42"), pl.col("days_84")
    last = (
        pl.when(recent != 0)
        .then(recent.bitwise_trailing_zeros())
        .when(older != 0)
        .then(older.bitwise_trailing_zeros() + 42)
    )
    first = (
        pl.when(older != 0)
        .then(105 - older.bitwise_leading_zeros())
        .when(recent != 0)
        .then(63 - recent.bitwise_leading_zeros())
    )
    week, four_weeks = (1 << 7) - 1, (1 << 28) - 1
    return frame.with_columns(
        active_days_7=(recent & week).bitwise_count_ones().cast(pl.Int64),
        active_days_28=(recent & four_weeks).bitwise_count_ones().cast(pl.Int64),
        active_days_84=(recent.bitwise_count_ones() + older.bitwise_count_ones()).cast(pl.Int64),
        last_used_on=night - pl.duration(days=last.cast(pl.Int64)),
        first_used_on=night - pl.duration(days=first.cast(pl.Int64)),
    )
