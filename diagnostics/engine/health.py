"""Health: base plus contributions, withheld rather than guessed."""

import polars as pl

from .confidence import may_score_health
from .contributions import add_up
from .model import ScoringModel


def score_health(points: pl.DataFrame, sources: pl.DataFrame, model: ScoringModel) -> pl.DataFrame:
    """Columns health (null = withheld) and health_scale. Given where usage and one more source are known.

    The calendar is no part of it: a renewal that comes nearer makes an account urgent, not ill.
    """
    return add_up(points, model, "health").with_columns(pl.when(may_score_health(sources)).then(pl.col("health")))
