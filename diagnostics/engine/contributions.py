"""From signals to points: what each signal adds to or takes from its score, for all accounts at once."""

import polars as pl

from .model import SCALE, STEP, ScoringModel
from .signals import SCORES, TIERS, Score

DEFAULT_TIER = TIERS.index("mid_market")  # for an account whose tier nobody gave


def evaluate_figures(frame: pl.DataFrame, model: ScoringModel) -> pl.DataFrame:
    """One column `signal.figure` per figure, in the order of the model's slots.

    A null in a signal's first figure, its value, means that the signal does not speak.
    """
    days = {name for name, dtype in frame.schema.items() if dtype == pl.Date}
    columns = []
    for signal in model.declarations:
        for name, expression in signal.figures.items():
            if expression.meta.output_name() in days and expression.meta.is_column():
                expression = expression.to_physical()  # days since 1970
            columns.append(expression.cast(pl.Float64).fill_nan(None).alias(f"{signal.name}.{name}"))
    return frame.select("tier", *columns)


def weigh_signals(figures: pl.DataFrame, model: ScoringModel) -> pl.DataFrame:
    """One column per signal with its points, a multiple of 1/16; 0 where the signal does not speak.

    Rounding keeps the order, so points never fall when a value gets better.
    """
    tier = pl.col("tier").replace_strict(TIERS, range(len(TIERS)), default=DEFAULT_TIER, return_dtype=pl.UInt32)
    figures = figures.with_columns(tier=tier)
    columns = []
    for signal in model.declarations:
        by_tier = [model.weights[signal.name][name] * STEP for name in TIERS]
        weight = (
            pl.lit(by_tier[0])
            if len(set(by_tier)) == 1
            else pl.lit(pl.Series(by_tier, dtype=pl.Float64)).gather(pl.col("tier"))
        )
        value = pl.col(f"{signal.name}.{next(iter(signal.figures))}")
        points = (signal.ramp.strength(value) * weight).round(0) / STEP
        columns.append((points.fill_null(0.0) + 0.0).alias(signal.name))  # + 0.0 turns -0.0 into 0.0
    return figures.select(columns)


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


def list_points(points: pl.DataFrame, model: ScoringModel) -> pl.Series:
    """`points` by signal number, the ends of the scale last."""
    return points.select(
        pl.concat_list(*model.signals, *(SCALE[score] for score in SCORES)).alias("points")
    ).to_series()


def list_figures(figures: pl.DataFrame) -> pl.Series:
    """`values`: all figures one after another, to seven digits, which is enough to be shown."""
    return figures.select(pl.concat_list(pl.exclude("tier").round_sig_figs(7)).alias("values")).to_series()
