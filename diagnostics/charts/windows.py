"""Geometry of windows on one time axis: a bar from its opening to its close, and today. Pure."""

from dataclasses import dataclass
from datetime import date, timedelta

WIDTH = 200.0
DAYS_BEFORE, DAYS_AHEAD = 14, 70
LEAST = 4.0


@dataclass(frozen=True, slots=True)
class WindowBar:
    """A bar in 200 × 18; it is cut off where it leaves the axis."""

    x: float
    width: float


@dataclass(frozen=True, slots=True)
class WindowAxis:
    """The days that all windows of a list are drawn on."""

    first: date
    last: date
    today_x: float

    def place(self, begins_on: date | None, ends_on: date | None) -> WindowBar | None:
        """The bar of one window; without a beginning it comes in from the left, without an end it runs off.

        None where nothing of it lies on the axis.
        """
        left = self._at(max(begins_on or self.first, self.first))
        right = self._at(min(ends_on or self.last, self.last))
        if right < left or (ends_on is not None and ends_on < self.first):
            return None
        left = min(left, WIDTH - LEAST)
        return WindowBar(round(left, 1), round(max(right - left, LEAST), 1))

    def _at(self, day: date) -> float:
        return WIDTH * (day - self.first).days / (self.last - self.first).days


def draw_axis(today: date) -> WindowAxis:
    """Two weeks back and ten ahead."""
    first, last = today - timedelta(days=DAYS_BEFORE), today + timedelta(days=DAYS_AHEAD)
    return WindowAxis(first, last, round(WIDTH * DAYS_BEFORE / (DAYS_BEFORE + DAYS_AHEAD), 1))
