"""Which stored points can be held against tonight's.

Before the points of a withheld health were kept, its contributions were stored as 0, whatever the facts said: held
against real points they would make everything known of the account look as if it had happened since.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from diagnostics.engine import ScoringModel
from diagnostics.engine.model import SCALE


@dataclass(frozen=True)
class Comparison:
    """What a model says of points that were stored by its numbering."""

    model: ScoringModel

    @cached_property
    def health(self) -> NDArray[np.bool_]:
        """Which contributions are to health, its end of the scale too."""
        is_health = [signal.score == "health" for signal in self.model.declarations]
        return np.array([*is_health, *(name == SCALE["health"] for name in self.model.names[len(is_health) :])])

    def was_not_kept(
        self, points: NDArray[np.float64], *, health: float | None, top_cause: int | None, lever: str
    ) -> bool:
        """Whether the stored health contributions of a row are unknown; its `points` are as long as tonight's.

        The first cause was read from the facts: one of health with 0 points was not kept. Of an account to grow, whose
        first cause is one of potential, zeros of a withheld health say nothing.
        """
        if health is not None or points[self.health].any():
            return False
        signals = self.model.declarations
        of_health = top_cause is not None and top_cause <= len(signals) and signals[top_cause - 1].score == "health"
        return lever not in ("retain", "") or of_health
