"""Geometry of a row’s evidence: one figure by week, from its first value to its last, and an event on the way. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

WIDTH, HEIGHT = 360, 138
LEFT, RIGHT, TOP, BOTTOM = 4.0, 322.0, 30.0, 110.0
BASE = 114.0
GRID = 3
LABEL_GAP = 8.0
# The text of an event begins right of its line; from here on it would leave the chart, and ends left of it.
TURNS_AT = 190.0
# A change of less is neither a rise nor a fall.
LEAST_CHANGE = 0.05


@dataclass(frozen=True, slots=True)
class Week:
    """The figure of the week that ends on a day."""

    ends_on: date
    value: float


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the SVG writes; `tone` is down, up or '' and colours line, area and last value."""

    line: str
    area: str
    grid: str
    tone: str
    first: Week
    last: Week
    first_text_y: float
    last_y: float
    last_text_y: float
    event_x: float | None = None
    event_text_x: float = 0.0
    event_anchor: str = "start"


def draw_evidence(weeks: Sequence[Week], event_on: date | None = None) -> Evidence | None:
    """The chart of weeks in order; None for fewer than three, or where all of them are nothing.

    `event_on` is marked where it lies between the first and the last of them; the area begins there.
    """
    most = max((week.value for week in weeks), default=0.0)
    if len(weeks) < 3 or most <= 0:
        return None
    first, last = weeks[0], weeks[-1]
    days = (last.ends_on - first.ends_on).days

    def place_x(day: date) -> float:
        return round(LEFT + (RIGHT - LEFT) * (day - first.ends_on).days / days, 1)

    def place_y(value: float) -> float:
        return round(BOTTOM - (BOTTOM - TOP) * value / most, 1)

    points = [(place_x(week.ends_on), place_y(week.value)) for week in weeks]
    event_x = place_x(event_on) if event_on and first.ends_on < event_on <= last.ends_on else None
    under = _cut_at(points, event_x) if event_x is not None else points
    turned = event_x is not None and event_x > TURNS_AT
    return Evidence(
        line="M" + "L".join(f"{x} {y}" for x, y in points),
        area=f"M{under[0][0]} {BASE}L" + "L".join(f"{x} {y}" for x, y in under) + f"L{under[-1][0]} {BASE}z",
        grid="".join(f"M{LEFT} {round(TOP + (BOTTOM - TOP) * n / GRID, 1)}H{RIGHT}" for n in range(GRID)),
        tone=_tell_tone(first.value, last.value),
        first=first,
        last=last,
        first_text_y=round(points[0][1] - LABEL_GAP, 1),
        last_y=points[-1][1],
        last_text_y=round(points[-1][1] + 4, 1),
        event_x=event_x,
        event_text_x=0.0 if event_x is None else round(event_x + (-7 if turned else 7), 1),
        event_anchor="end" if turned else "start",
    )


def _cut_at(points: Sequence[tuple[float, float]], x: float) -> list[tuple[float, float]]:
    """The line from x on, with the place where it crosses x."""
    after = next(place for place, point in enumerate(points) if point[0] >= x)
    (x0, y0), (x1, y1) = points[after - 1], points[after]
    return [(x, round(y0 + (y1 - y0) * (x - x0) / (x1 - x0), 1)), *points[after:]]


def _tell_tone(first: float, last: float) -> str:
    least = LEAST_CHANGE * max(first, last)
    if abs(last - first) < least:
        return ""
    return "down" if last < first else "up"
