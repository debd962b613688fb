"""Geometry of an account's score history: two lines, the fragile threshold, numbered events. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

WIDTH, HEIGHT = 720.0, 216.0
LEFT, RIGHT, TOP, BOTTOM = 28.0, 628.0, 12.0, 190.0
# End labels need this much air between them.
LABEL_GAP = 14.0
# Two marks of 14 across, side by side or one above the other.
MARK_GAP = 16.0


@dataclass(frozen=True, slots=True)
class Point:
    """One diagnosed night; None where the score was withheld."""

    night: date
    health: float | None
    potential: float | None


@dataclass(frozen=True, slots=True)
class Tick:
    """A label on an axis at a place along it."""

    at: float
    label: float | date


@dataclass(frozen=True, slots=True)
class End:
    """Where a line ends and its label stands."""

    x: float
    y: float
    label_y: float
    value: float


@dataclass(frozen=True, slots=True)
class Mark:
    """A numbered event on the health line."""

    number: int
    x: float
    y: float
    text: str


@dataclass(slots=True)
class History:
    """Everything the SVG writes; paths are d= attributes with a gap where a score was withheld."""

    health: str = ""
    potential: str = ""
    health_end: End | None = None
    potential_end: End | None = None
    rows: list[Tick] = field(default_factory=list)
    months: list[Tick] = field(default_factory=list)
    threshold: float = 0.0
    marks: list[Mark] = field(default_factory=list)
    falling: bool = False


def draw_history(
    points: Sequence[Point], *, threshold: float, events: Sequence[tuple[date, str]] = ()
) -> History | None:
    """The chart of nights in order; None where fewer than two have a score. `events` are (day, text), in order."""
    scored = [p for p in points if p.health is not None or p.potential is not None]
    if len(scored) < 2:
        return None
    values = [v for p in scored for v in (p.health, p.potential) if v is not None] + [threshold]
    low, high = max(0, int(min(values) // 15) * 15), min(100, int(-(-max(values) // 15)) * 15)
    first, last = scored[0].night, scored[-1].night

    def place_x(day: date) -> float:
        return round(LEFT + (RIGHT - LEFT) * (day - first).days / max(1, (last - first).days), 1)

    def place_y(score: float) -> float:
        return round(BOTTOM - (BOTTOM - TOP) * (score - low) / max(1, high - low), 1)

    chart = History(threshold=place_y(threshold))
    chart.rows = [Tick(place_y(score), score) for score in range(low, high + 1, 15)]
    chart.months = [Tick(place_x(day), day) for day in _month_starts(first, last)]
    chart.health = _path([(place_x(p.night), p.health if p.health is None else place_y(p.health)) for p in points])
    chart.potential = _path(
        [(place_x(p.night), p.potential if p.potential is None else place_y(p.potential)) for p in points]
    )
    healthy = [p for p in scored if p.health is not None]
    promising = [p for p in scored if p.potential is not None]
    if healthy:
        chart.falling = (healthy[-1].health or 0) < (healthy[0].health or 0)
        chart.health_end = _end(place_x(healthy[-1].night), place_y(healthy[-1].health or 0), healthy[-1].health or 0)
    if promising:
        other = chart.health_end.y if chart.health_end else None
        y = place_y(promising[-1].potential or 0)
        chart.potential_end = _end(place_x(promising[-1].night), y, promising[-1].potential or 0, away_from=other)
    for day, text in events:
        near = [p for p in healthy if p.night <= day] or healthy[:1]
        if near and first <= day <= last:
            x, y = place_x(day), place_y(near[-1].health or 0)
            chart.marks.append(Mark(len(chart.marks) + 1, x, _above(chart.marks, x, y), text))
    return chart


def _above(marks: Sequence[Mark], x: float, y: float) -> float:
    """The height of a mark that covers no other: its own, above what is in the way, or below it at the frame."""
    near = sorted((other.y for other in marks if abs(other.x - x) < MARK_GAP), key=lambda taken: abs(taken - y))
    above = [taken - MARK_GAP for taken in near if taken - MARK_GAP > TOP]
    places = [y, *above, *(taken + MARK_GAP for taken in near)]
    return next(round(y, 1) for y in places if all(round(abs(y - taken), 1) >= MARK_GAP for taken in near))


def _end(x: float, y: float, value: float, *, away_from: float | None = None) -> End:
    label_y = y + 4
    if away_from is not None and abs(y - away_from) < LABEL_GAP:
        label_y = away_from + 4 + (LABEL_GAP if y >= away_from else -LABEL_GAP)
    return End(x, y, round(label_y, 1), value)


def _path(places: Sequence[tuple[float, float | None]]) -> str:
    parts, pen_down = [], False
    for x, y in places:
        if y is not None:
            parts.append(f"{'L' if pen_down else 'M'}{x} {y}")
        pen_down = y is not None
    return "".join(parts)


def _month_starts(first: date, last: date) -> list[date]:
    """At most thirteen month starts: every month of a year, every second of two."""
    months = []
    year, month = first.year, first.month
    while date(year, month, 1) <= last:
        if date(year, month, 1) >= first:
            months.append(date(year, month, 1))
        year, month = (year + 1, 1) if month == 12 else (year, month + 1)
    step = -(-len(months) // 13) or 1
    return months[::step]
