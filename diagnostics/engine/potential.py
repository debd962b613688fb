"""Potential: what the account can still carry, given wherever a subscription runs."""

import polars as pl

from .contributions import add_up
from .model import ScoringModel


def score_potential(points: pl.DataFrame, running: pl.Series, model: ScoringModel) -> pl.DataFrame:
    """Columns potential (null where no subscription runs) and potential_scale."""
    return add_up(points, model, "potential").with_columns(pl.when(running.fill_null(False)).then(pl.col("potential")))
