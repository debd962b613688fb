"""A linear scale of scores, with its ticks."""

import math
from dataclasses import dataclass

TICK_POINTS = 10


@dataclass(frozen=True, slots=True)
class Tick:
    value: int
    at: float


@dataclass(frozen=True, slots=True)
class Axis:
    """Scores from `low` at pixel `start` to `high` at pixel `end`."""

    low: float
    high: float
    start: float
    end: float

    def at(self, value: float) -> float:
        """The pixel of a value; what lies outside the scale stands on its edge."""
        share = (min(max(value, self.low), self.high) - self.low) / (self.high - self.low)
        return self.start + share * (self.end - self.start)

    def ticks(self) -> tuple[Tick, ...]:
        """Every ten points inside the scale, its ends apart."""
        first = math.ceil((self.low + 1) / TICK_POINTS) * TICK_POINTS
        last = min(int(self.high) - 1, 100)
        return tuple(Tick(value, round(self.at(value), 1)) for value in range(first, last + 1, TICK_POINTS))
