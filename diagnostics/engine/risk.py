"""churn_risk and renewal_risk by the default curves: log-odds, linear in health and in known facts.

Here, and only here, the calendar of a contract counts. A health that is withheld, because nobody knows the use, still
has its base and the points of the sources that are there: late invoices and open tickets are no less true without it.
Calibration replaces these curves, not their inputs.
"""

import numpy as np
import polars as pl

from .columns import Columns, Numbers, as_floats, round_digits, where
from .model import ScoringModel


def estimate_risks(frame: pl.DataFrame, model: ScoringModel) -> pl.DataFrame:
    """Columns churn_risk (within the window, wherever a subscription runs) and renewal_risk (not renewed
    at the next decision date; null where no term is known). `frame` holds the measures and
    `known_health`: base and all known points, also where health is withheld."""
    return pl.DataFrame([as_floats(name, risk) for name, risk in foresee(Columns(frame), model).items()])


def foresee(book: Columns, model: ScoringModel) -> dict[str, Numbers]:
    """The same of a measured book, by name."""
    curve = model.risk
    points = book["known_health"] - model.base["health"]
    ends_on = np.where(book.known("ends_on"), book["ends_on"], book["renews_on"])
    # An end that nobody knows lies within the window.
    later = ends_on - book["night"] > model.thresholds.risk_window_days
    noticed, has_term = book.known("notice_given_on"), book.known("renews_on")
    churn = np.select(
        [noticed & ~later, noticed, book.known("lapsed_on"), ~has_term, ~later],
        [curve.churn_noticed, curve.churn_noticed_later, curve.churn_late, 0.0, curve.churn_decision],
        curve.churn_no_decision,
    )
    renewal = np.select([noticed, book.holds("auto_renews")], [curve.renewal_noticed, curve.renewal_auto], 0.0)
    log_odds = np.array(
        [
            curve.churn_at_base + curve.churn_per_point * points + churn,
            curve.renewal_at_base + curve.renewal_per_point * points + renewal,
        ]
    )
    powers = pl.Series(-log_odds.ravel()).exp().to_numpy().reshape(log_odds.shape)
    churn_risk, renewal_risk = round_digits(1 / (1 + powers), 4)
    runs = book.holds("running")
    return {"churn_risk": where(runs, churn_risk), "renewal_risk": where(runs & has_term, renewal_risk)}
