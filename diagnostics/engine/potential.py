"""Potential: what the account can still carry, given wherever a subscription runs."""

from .columns import Marks, Numbers
from .contributions import add_up
from .model import ScoringModel


def score_potential(points: Numbers, runs: Marks, model: ScoringModel) -> tuple[Numbers, Numbers, Marks]:
    """Potential, what the ends of the scale gave back, and where it is given: a subscription runs."""
    return *add_up(points, model, "potential"), runs
