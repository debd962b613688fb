"""Potential: what the account can still carry, given wherever a subscription runs."""

import polars as pl

from .contributions import Marks, Numbers, add_up
from .model import ScoringModel


def score_potential(points: Numbers, running: pl.Series, model: ScoringModel) -> tuple[Numbers, Numbers, Marks]:
    """Potential, what the ends of the scale gave back, and where it is given: a subscription runs."""
    return *add_up(points, model, "potential"), running.fill_null(False).to_numpy()
