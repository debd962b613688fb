"""Health: base plus contributions, withheld rather than guessed."""

import polars as pl

from .confidence import may_score_health
from .contributions import Marks, Numbers, add_up
from .model import ScoringModel


def score_health(points: Numbers, sources: pl.DataFrame, model: ScoringModel) -> tuple[Numbers, Numbers, Marks]:
    """Health, what the ends of the scale gave back, and where it is given: usage and one more source are known.

    The calendar is no part of it: a renewal that comes nearer makes an account urgent, not ill.
    """
    return *add_up(points, model, "health"), may_score_health(sources).to_numpy()
