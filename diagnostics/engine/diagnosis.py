"""One diagnosis per account, all accounts of the organization at once: frames in, frames out."""

from datetime import date

import polars as pl

from .confidence import compute_confidence, judge_sources
from .contributions import as_lists, evaluate_figures, list_figures, list_points, weigh_signals, withhold
from .health import score_health
from .levers import AMOUNTS, GROWTH, RETAIN, add_room, assign_levers
from .measures import measure
from .model import ScoringModel
from .peers import Peers, attach_peers, compute_peers
from .potential import score_potential
from .risk import estimate_risks
from .schema import conform
from .segments import assign_segments, assign_value_segments, attach_state
from .signals import SCORES, Score

COLUMNS = (
    "account_id", "night", "arr", "health", "potential", "churn_risk", "renewal_risk", "segment", "lever",
    "lever_since", "value_at_risk", "expansion_potential_arr", *AMOUNTS, "renews_on", "decision_on",
    "window_ends_on", "confidence", "sources", "top_cause", "points", "values", "value_segment", "limit_metric",
    "limit_on", "next_plan_id", "voiced_product_id", "fragile", "high_potential", "fragile_nights",
    "recovered_nights", "healthy_nights", "nights",
)  # fmt: skip


def measure_book(features: pl.DataFrame, night: date) -> Peers:
    """The yardsticks of a book on a night, to diagnose some of its accounts again during the day."""
    return compute_peers(measure(conform(features), night))


def diagnose(
    features: pl.DataFrame,
    model: ScoringModel,
    night: date,
    previous: pl.DataFrame | None = None,
    peers: Peers | None = None,
) -> pl.DataFrame:
    """The diagnosis of every account of the frame, columns `COLUMNS`, sorted by account_id.

    `features`: one row per account, columns of `schema.FEATURES` (what is missing is unknown).
    `previous`: the columns `segments.STATE` of the last diagnosed night; None means no hysteresis.
    `peers`: the book's yardsticks where the frame is not the whole book; None measures the frame itself.
    A row depends on the other rows through the peers alone. Raises `ValueError` on repeated accounts.
    """
    measured = measure(conform(features), night)
    peers = peers or compute_peers(measured)
    measured = attach_peers(measured, peers).with_columns(assign_value_segments(pl.col("arr"), peers.value_floors))

    sources = judge_sources(measured)
    figures = evaluate_figures(measured, model)
    points = weigh_signals(figures, measured["tier"], model)
    health = score_health(points, sources, model)
    potential = score_potential(points, measured["running"], model)
    said = points.hstack([health["health_scale"], potential["potential_scale"]])
    given = withhold(said, model, "health", health["health"].is_not_null())
    given = withhold(given, model, "potential", potential["potential"].is_not_null())

    frame = measured.hstack([health["health"], potential["potential"]])
    frame = frame.hstack(estimate_risks(frame, model))
    frame = assign_segments(attach_state(frame, previous), model)
    frame = assign_levers(add_room(frame, model), model)
    at_risk = pl.when(pl.col("health") < model.thresholds.fragile_below).then(pl.col("arr_due_90"))
    frame = frame.with_columns(at_risk.fill_null(0.0).alias("value_at_risk")).hstack(
        [
            compute_confidence(sources),
            as_lists(sources, "sources"),
            list_points(given, model),
            list_figures(figures),
        ]
    )
    return frame.with_columns(find_top_cause(frame, points, model)).select(COLUMNS)


def find_top_cause(frame: pl.DataFrame, points: pl.DataFrame, model: ScoringModel) -> pl.Series:
    """The number of the signal that says most about what to do: on an account to retain the one that costs
    most health, on one to grow the one that gives most potential, else the heaviest of all. Equal weights:
    the lower number. Withheld health keeps its causes: they are facts even where the sum is not."""
    of_score = {
        score: [
            (signal.name, number) for number, signal in enumerate(model.declarations, start=1) if signal.score == score
        ]
        for score in SCORES
    }
    frame = points.select(
        pl.concat_arr(model.signals).alias("all"),
        *(pl.concat_arr(name for name, _ in signals).alias(f"of_{score}") for score, signals in of_score.items()),
    ).hstack([frame["lever"], frame["health"]])

    def numbered(place: pl.Expr, score: Score) -> pl.Expr:
        return pl.lit(pl.Series([number for _, number in of_score[score]], dtype=pl.Int16)).gather(place)

    every, ill, ripe = pl.col("all").arr, pl.col("of_health").arr, pl.col("of_potential").arr
    worst = pl.when(ill.min() < 0).then(numbered(ill.arg_min(), "health"))
    best = pl.when(ripe.max() > 0).then(numbered(ripe.arg_max(), "potential"))
    up, down = every.max(), -every.min()
    heaviest = (
        pl.when((up <= 0) & (down <= 0)).then(None)
        .when(up > down).then(every.arg_max())
        .when(up < down).then(every.arg_min())
        .otherwise(pl.min_horizontal(every.arg_max(), every.arg_min()))
        .cast(pl.Int16) + 1
    )  # fmt: skip
    growing = pl.col("lever").is_in(GROWTH)
    weak = (pl.col("lever") == RETAIN) | pl.col("health").is_null()
    cause = pl.when(growing).then(best).when(weak).then(pl.coalesce(worst, heaviest)).otherwise(heaviest)
    return frame.select(cause.alias("top_cause")).to_series()
