"""One diagnosis per account, all accounts of the organization at once: frames in, frames out."""

from datetime import date

import numpy as np
import polars as pl

from .confidence import compute_confidence, judge_sources
from .contributions import (
    Numbers,
    as_lists,
    evaluate_figures,
    find_extremes,
    list_columns,
    list_figures,
    list_points,
    weigh_signals,
)
from .health import score_health
from .levers import AMOUNTS, GROWTH, RETAIN, add_room, assign_levers
from .measures import measure
from .model import ScoringModel
from .peers import Peers, attach_peers, compute_peers
from .potential import score_potential
from .risk import estimate_risks
from .schema import conform
from .segments import assign_segments, assign_value_segments, attach_state

COLUMNS = (
    "account_id", "night", "arr", "health", "potential", "churn_risk", "renewal_risk", "segment", "lever",
    "lever_since", "value_at_risk", "expansion_potential_arr", *AMOUNTS, "renews_on", "decision_on",
    "window_ends_on", "confidence", "sources", "top_cause", "points", "values", "value_segment", "limit_metric",
    "limit_on", "next_plan_id", "voiced_product_id", "fragile", "high_potential", "fragile_nights",
    "recovered_nights", "healthy_nights", "nights",
)  # fmt: skip


def measure_book(features: pl.DataFrame, night: date, *, conformed: bool = False) -> Peers:
    """The yardsticks of a book on a night, to diagnose some of its accounts again during the day.

    `conformed`: as `diagnose` takes it.
    """
    return compute_peers(measure(features if conformed else conform(features), night))


def diagnose(
    features: pl.DataFrame,
    model: ScoringModel,
    night: date,
    previous: pl.DataFrame | None = None,
    peers: Peers | None = None,
    *,
    conformed: bool = False,
) -> pl.DataFrame:
    """The diagnosis of every account of the frame, columns `COLUMNS`, sorted by account_id.

    `features`: one row per account, columns of `schema.FEATURES` (what is missing is unknown).
    `previous`: the columns `segments.STATE` of the last diagnosed night; None means no hysteresis.
    `peers`: the book's yardsticks where the frame is not the whole book; None measures the frame itself.
    `conformed`: the frame comes from `schema.conform`, and need not go through it again.
    A row depends on the other rows through the peers alone. Raises `ValueError` on repeated accounts.
    """
    measured = measure(features if conformed else conform(features), night)
    peers = peers or compute_peers(measured)
    measured = attach_peers(measured, peers).with_columns(assign_value_segments(pl.col("arr"), peers.value_floors))

    sources = judge_sources(measured)
    figures = evaluate_figures(measured, model)
    points = weigh_signals(figures, measured["tier"], model)
    health, health_end, has_health = score_health(points, sources, model)
    potential, potential_end, has_potential = score_potential(points, measured["running"], model)

    frame = measured.with_columns(
        health=pl.when(pl.Series(has_health)).then(pl.Series(health)),
        known_health=pl.Series(health),
        potential=pl.when(pl.Series(has_potential)).then(pl.Series(potential)),
    )
    frame = frame.hstack(estimate_risks(frame, model))
    frame = assign_segments(attach_state(frame, previous), model)
    frame = assign_levers(add_room(frame, model), model)
    at_risk = pl.when(pl.col("health") < model.thresholds.fragile_below).then(pl.col("arr_due_90"))
    frame = frame.with_columns(at_risk.fill_null(0.0).alias("value_at_risk")).hstack(
        [
            compute_confidence(sources),
            as_lists(sources, "sources"),
            list_points(points, [health_end, potential_end], has_potential, model),
            list_figures(figures),
        ]
    )
    return frame.with_columns(find_top_cause(frame, points, model)).select(COLUMNS)


def find_top_cause(frame: pl.DataFrame, points: Numbers, model: ScoringModel) -> pl.Series:
    """The number of the signal that says most about what to do: on an account to retain the one that costs
    most health, on one to grow the one that gives most potential, else the heaviest of all. Equal weights:
    the lower number. Withheld health keeps its causes: they are facts even where the sum is not."""
    every = np.arange(points.shape[1])
    down, lowest = find_extremes(points, every, least=True)
    up, highest = find_extremes(points, every, least=False)
    heaviest = np.select(
        [(up <= 0) & (down >= 0), up > -down, up < -down], [0, highest, lowest], np.minimum(highest, lowest)
    )
    ill, worst = find_extremes(points, list_columns(model, "health"), least=True)
    ripe, best = find_extremes(points, list_columns(model, "potential"), least=False)
    growing = frame["lever"].is_in(GROWTH).to_numpy()
    weak = ((frame["lever"] == RETAIN) | frame["health"].is_null()).to_numpy()
    cause = np.select([growing, weak & (ill < 0)], [np.where(ripe > 0, best, 0), worst], heaviest)
    return pl.Series("top_cause", np.where(cause > 0, cause, np.nan), nan_to_null=True).cast(pl.Int16)
