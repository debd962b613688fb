"""churn_risk and renewal_risk by the default curves: log-odds, linear in health and in known facts.

Here, and only here, the calendar of a contract counts. A health that is withheld, because nobody knows the use, still
has its base and the points of the sources that are there: late invoices and open tickets are no less true without it.
Calibration replaces these curves, not their inputs.
"""

from functools import lru_cache

import polars as pl

from .model import ScoringModel


def _probability(log_odds: pl.Expr) -> pl.Expr:
    return (1 / (1 + (-log_odds).exp())).round(4)


def estimate_risks(frame: pl.DataFrame, model: ScoringModel) -> pl.DataFrame:
    """Columns churn_risk (within the window, wherever a subscription runs) and renewal_risk (not renewed
    at the next decision date; null where no term is known). `frame` holds the measures and
    `known_health`: base and all known points, also where health is withheld."""
    return frame.select(_write_risks(model))


@lru_cache(maxsize=64)
def _write_risks(model: ScoringModel) -> list[pl.Expr]:
    curve = model.risk
    window = pl.lit(model.thresholds.risk_window_days)
    points = pl.col("known_health") - model.base["health"]
    days_to_end = (pl.coalesce("ends_on", "renews_on") - pl.col("night")).dt.total_days()
    noticed = pl.col("notice_given_on").is_not_null()
    ends_within = (days_to_end <= window).fill_null(True)
    churn = curve.churn_at_base + curve.churn_per_point * points
    churn += (
        pl.when(noticed & ends_within)
        .then(curve.churn_noticed)
        .when(noticed)
        .then(curve.churn_noticed_later)
        .when(pl.col("lapsed_on").is_not_null())
        .then(curve.churn_late)
        .when(pl.col("renews_on").is_null())
        .then(0.0)
        .when(ends_within)
        .then(curve.churn_decision)
        .otherwise(curve.churn_no_decision)
    )
    renewal = curve.renewal_at_base + curve.renewal_per_point * points
    renewal += (
        pl.when(noticed).then(curve.renewal_noticed).when(pl.col("auto_renews")).then(curve.renewal_auto).otherwise(0.0)
    )
    return [
        pl.when(pl.col("running")).then(_probability(churn)).alias("churn_risk"),
        pl.when(pl.col("running") & pl.col("renews_on").is_not_null())
        .then(_probability(renewal))
        .alias("renewal_risk"),
    ]
