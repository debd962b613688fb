"""From signals to points: what each signal adds to or takes from its score, for all accounts at once."""

from functools import lru_cache

import polars as pl

from .model import SCALE, STEP, ScoringModel
from .signals import TIERS, Score

DEFAULT_TIER = TIERS.index("mid_market")  # for an account whose tier nobody gave


def evaluate_figures(frame: pl.DataFrame, model: ScoringModel) -> pl.DataFrame:
    """One column per distinct figure, named by its place in `values`; dates as days since 1970.

    A null in a signal's first figure, its value, means that the signal does not speak.
    """
    figures = frame.select(figure.alias(str(place)) for place, figure in enumerate(model.figures))
    return figures.cast(pl.Float64)


@lru_cache(maxsize=64)
def _write_points(model: ScoringModel) -> dict[str, tuple[str, pl.Expr]]:
    """For each signal the column of its value and the expression of its points; built once per model."""
    written = {}
    for signal in model.declarations:
        column = str(model.places[signal.name][signal.value_name])
        by_tier = [model.weights[signal.name][name] * STEP for name in TIERS]
        weight = (
            pl.lit(by_tier[0])
            if len(set(by_tier)) == 1
            else pl.lit(pl.Series(by_tier, dtype=pl.Float64)).gather(pl.col("tier"))
        )
        points = (signal.ramp.strength(pl.col(column)) * weight).round(0) / STEP
        # + 0.0 turns -0.0 into 0.0
        written[signal.name] = column, (points.fill_null(0.0) + 0.0).alias(signal.name)
    return written


def weigh_signals(figures: pl.DataFrame, tier: pl.Series, model: ScoringModel) -> pl.DataFrame:
    """One column per signal with its points, a multiple of 1/16; 0 where the signal does not speak.

    Rounding keeps the order, so points never fall when a value gets better.
    """
    codes = tier.replace_strict(TIERS, range(len(TIERS)), default=DEFAULT_TIER, return_dtype=pl.UInt32)
    silent = {column.name for column in figures.iter_columns() if column.null_count() == figures.height}
    return figures.with_columns(codes.alias("tier")).select(
        pl.repeat(0.0, pl.len(), dtype=pl.Float64).alias(name) if column in silent else points
        for name, (column, points) in _write_points(model).items()
    )


def add_up(points: pl.DataFrame, model: ScoringModel, score: Score) -> pl.DataFrame:
    """Two columns: the score within 0 and 100, and what its end of the scale gave back.

    Exact in floats whatever the order of addition: every term is a small multiple of 1/16.
    """
    names = [signal.name for signal in model.declarations if signal.score == score]
    raw = pl.sum_horizontal(pl.lit(model.base[score]), *names)
    return points.select(raw.alias("raw")).select(
        pl.col("raw").clip(0.0, 100.0).alias(score),
        (pl.col("raw").clip(0.0, 100.0) - pl.col("raw") + 0.0).alias(SCALE[score]),
    )


def withhold(points: pl.DataFrame, model: ScoringModel, score: Score, given: pl.Series) -> pl.DataFrame:
    """The points with those of a score set to 0 on the rows where the score is withheld."""
    if given.all():
        return points
    names = [signal.name for signal in model.declarations if signal.score == score] + [SCALE[score]]
    return points.with_columns(pl.when(given).then(pl.col(names)).otherwise(0.0))


def as_lists(frame: pl.DataFrame, name: str) -> pl.Series:
    """The frame's columns as one list per row. (By arrays: ten times faster than `concat_list`.)"""
    return frame.select(pl.concat_arr(pl.all()).arr.to_list().alias(name)).to_series()


def list_points(points: pl.DataFrame, model: ScoringModel) -> pl.Series:
    """`points` by signal number, the ends of the scale last."""
    return as_lists(points.select(model.names), "points")


def list_figures(figures: pl.DataFrame) -> pl.Series:
    """`values`: all figures one after another, to seven digits, which is enough to be shown."""
    return as_lists(figures.select(pl.all().round_sig_figs(7)), "values")
