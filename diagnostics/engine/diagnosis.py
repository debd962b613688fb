"""One diagnosis per account, all accounts of the organization at once: frames in, frames out."""

from datetime import date

import numpy as np
import polars as pl

from .columns import Codes, Columns, Numbers, as_days, as_floats, as_lists, where
from .confidence import compute_confidence, judge_sources
from .contributions import evaluate_figures, find_extremes, list_columns, list_figures, list_points, weigh_signals
from .health import score_health
from .levers import AMOUNTS, GROWTH, LEVERS, RETAIN, add_room, assign_levers
from .measures import measure
from .model import ScoringModel
from .peers import Peers, attach_peers, compute_peers, find_groups
from .potential import score_potential
from .risk import foresee
from .schema import conform
from .segments import assign_value_segments, attach_state, segment_accounts

COLUMNS = (
    "account_id", "night", "arr", "health", "potential", "churn_risk", "renewal_risk", "segment", "lever",
    "lever_since", "value_at_risk", "expansion_potential_arr", *AMOUNTS, "renews_on", "decision_on",
    "window_ends_on", "confidence", "sources", "top_cause", "points", "values", "value_segment", "limit_metric",
    "limit_on", "next_plan_id", "voiced_product_id", "fragile", "high_potential", "fragile_nights",
    "recovered_nights", "healthy_nights", "nights",
)  # fmt: skip
# Columns of the features that stand in a diagnosis as they are.
TAKEN_OVER = ("account_id", "arr", "renews_on", "decision_on", "limit_metric", "next_plan_id", "voiced_product_id")


def measure_book(features: pl.DataFrame, night: date, *, conformed: bool = False) -> Peers:
    """The yardsticks of a book on a night, to diagnose some of its accounts again during the day.

    `conformed`: as `diagnose` takes it.
    """
    with np.errstate(all="ignore"):
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
    # What is not known is not a number, and a ratio may be infinite: nothing to warn of.
    with np.errstate(all="ignore"):
        book = measure(features if conformed else conform(features), night)
        return _diagnose_measured(book, model, previous, peers)


def _diagnose_measured(
    book: Columns, model: ScoringModel, previous: pl.DataFrame | None, peers: Peers | None
) -> pl.DataFrame:
    if peers is None:
        peers = compute_peers(book)
        attach_peers(book, peers, peers.places)
    else:
        attach_peers(book, peers, find_groups(book, peers.groups))
    value_segment = assign_value_segments(book["arr"], peers.value_floors)
    sources = judge_sources(book)
    figures = evaluate_figures(book, model)
    points = weigh_signals(figures, book.text("tier"), model)
    health, health_end, has_health = score_health(points, sources, model)
    potential, potential_end, has_potential = score_potential(points, book.holds("running"), model)

    book["known_health"], book["health"] = health, where(has_health, health)
    book["potential"] = where(has_potential, potential)
    risks = foresee(book, model)
    book.frame = attach_state(book.frame, previous)
    book.set_text("value_segment", value_segment)
    segments = segment_accounts(book, model)
    add_room(book, model)
    lever = assign_levers(book, model)
    at_risk = (book["health"] < model.thresholds.fragile_below) & book.known("arr_due_90")
    found = [
        *(book.frame[name] for name in TAKEN_OVER),
        as_days("night", book["night"]),
        as_floats("health", book["health"]),
        as_floats("potential", book["potential"]),
        *(as_floats(name, risk) for name, risk in risks.items()),
        *segments,
        value_segment,
        LEVERS[lever],
        *(as_days(name, book[name]) for name in ("lever_since", "window_ends_on", "limit_on")),
        pl.Series("value_at_risk", np.where(at_risk, book["arr_due_90"], 0.0)),
        *(pl.Series(name, book[name]) for name in ("expansion_potential_arr", *AMOUNTS)),
        pl.Series("confidence", compute_confidence(sources)),
        as_lists("sources", sources),
        find_top_cause(book["health"], lever, points, model),
        list_points(points, [health_end, potential_end], has_potential, model),
        list_figures(figures),
    ]
    by_name = {column.name: column for column in found}
    return pl.DataFrame([by_name[name] for name in COLUMNS])


def find_top_cause(health: Numbers, lever: Codes, points: Numbers, model: ScoringModel) -> pl.Series:
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
    retain, *growth = (place for place, name in enumerate(LEVERS) if name in (RETAIN, *GROWTH))
    weak = (lever == retain) | np.isnan(health)
    cause = np.select([lever >= growth[0], weak & (ill < 0)], [np.where(ripe > 0, best, 0), worst], heaviest)
    return as_floats("top_cause", where(cause > 0, cause)).cast(pl.Int16)
