"""Health: base plus contributions, withheld rather than guessed."""

import numpy as np
from numpy.typing import NDArray

from .columns import Marks, Numbers
from .confidence import may_score_health
from .contributions import add_up
from .model import ScoringModel


def score_health(points: Numbers, sources: NDArray[np.int8], model: ScoringModel) -> tuple[Numbers, Numbers, Marks]:
    """Health, what the ends of the scale gave back, and where it is given: usage and one more source are known.

    The calendar is no part of it: a renewal that comes nearer makes an account urgent, not ill.
    """
    return *add_up(points, model, "health"), may_score_health(sources)
