"""Geometry of the KPI screen: the ARR waterfall with its broken axis, lines over periods, small lines. Pure."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

WIDTH = 720.0
LEFT, RIGHT, TOP, FLOOR = 8.0, 712.0, 34.0, 226.0
# Where a broken axis continues above its break, and how much of the movements' height stays free under the lowest bar.
ABOVE_BREAK = 34.0
AIR = 0.15
# From this share on the base would leave the movements too small to be seen: the axis is broken.
BREAK_FROM = 0.5
BAR = 0.76
LABEL_ABOVE, LABEL_BELOW = 8.0, 16.0

LINE_LEFT, LINE_RIGHT, LINE_TOP, LINE_FLOOR = 48.0, 324.0, 16.0, 242.0
STEPS = (0.005, 0.01, 0.02, 0.04, 0.05, 0.1, 0.2, 0.25, 0.5, 1.0)
MOST_ROWS = 5
LABEL_GAP = 15.0

TINY_WIDTH, TINY_HEIGHT, TINY_EDGE = 150.0, 36.0, 5.0


@dataclass(frozen=True, slots=True)
class Step:
    """One bar to be: a level (`is_level`, from zero) or what moved between two levels."""

    key: str
    amount: Decimal
    is_level: bool = False


@dataclass(frozen=True, slots=True)
class Bar:
    """`tone`: level, up, down or flat. `joint`: the height at which the next bar begins."""

    key: str
    tone: str
    x: float
    width: float
    y: float
    height: float
    middle: float
    label_y: float
    joint: float
    joint_x: float

    @property
    def quarter(self) -> float:
        """A quarter of its width: one stroke of the break."""
        return round(self.width / 4, 1)


@dataclass(frozen=True, slots=True)
class Waterfall:
    """The bars; `is_broken`: levels do not begin at zero, and say so by a break at `break_y`."""

    bars: tuple[Bar, ...]
    is_broken: bool
    break_y: float
    floor: float = FLOOR


def draw_waterfall(steps: Sequence[Step]) -> Waterfall | None:
    """The bars of steps that begin and end with a level; None where every level is nothing."""
    levels, running = [], 0.0
    for step in steps:
        running = float(step.amount) if step.is_level else running + float(step.amount)
        levels.append(running)
    high, low = max(levels, default=0.0), min(levels, default=0.0)
    if high <= 0:
        return None
    is_broken = low > high * BREAK_FROM
    air = (high - low) * AIR or high * AIR
    bottom = max(low - air, 0.0) if is_broken else min(low, 0.0)
    above = FLOOR - ABOVE_BREAK if is_broken else FLOOR

    def place(amount: float) -> float:
        return round(above - (above - TOP) * (amount - bottom) / (high - bottom), 1)

    slot = (RIGHT - LEFT) / len(steps)
    width = round(slot * BAR, 1)
    bars, before = [], 0.0
    for number, (step, level) in enumerate(zip(steps, levels, strict=True)):
        x = round(LEFT + slot * number + (slot - width) / 2, 1)
        if step.is_level:
            tone, y, height = "level", place(level), round(FLOOR - place(level), 1)
        else:
            tone = "up" if step.amount > 0 else "down" if step.amount < 0 else "flat"
            y = place(max(before, level))
            height = round(max(place(min(before, level)) - y, 1.0), 1)
        down = tone == "down"
        label_y = round(y + height + LABEL_BELOW if down else y - LABEL_ABOVE, 1)
        bars.append(
            Bar(
                key=step.key,
                tone=tone,
                x=x,
                width=width,
                y=y,
                height=height,
                middle=round(x + width / 2, 1),
                label_y=label_y,
                joint=place(level),
                joint_x=round(x + slot, 1),
            )
        )
        before = level
    return Waterfall(tuple(bars), is_broken, FLOOR - 11.0)


@dataclass(frozen=True, slots=True)
class Dot:
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Line:
    """One series: its path with gaps, its dots, and where the label of its last value and of its target stand."""

    path: str
    dots: tuple[Dot, ...]
    label_y: float | None
    target_path: str
    target_y: float | None


@dataclass(frozen=True, slots=True)
class Row:
    at: float
    share: float


@dataclass(frozen=True, slots=True)
class Lines:
    lines: tuple[Line, ...]
    rows: tuple[Row, ...]
    columns: tuple[float, ...]


def draw_lines(series: Sequence[Sequence[Decimal | None]], targets: Sequence[Sequence[Decimal | None]]) -> Lines | None:
    """Ratios over the same periods, each with its targets; a period without a value breaks the line.

    None where fewer than two values are known.
    """
    known = [float(v) for values in series for v in values if v is not None]
    if len(known) < 2:
        return None
    aimed = [float(v) for values in targets for v in values if v is not None]
    low, high, step = _choose_rows(min(known + aimed), max(known + aimed))
    columns = _spread(len(series[0]))

    def place(share: Decimal | float) -> float:
        return round(LINE_FLOOR - (LINE_FLOOR - LINE_TOP) * (float(share) - low) / (high - low), 1)

    taken: list[float] = []
    drawn = []
    for values, wanted in zip(series, targets, strict=True):
        heights = [None if v is None else place(v) for v in values]
        dots = tuple(Dot(x, y) for x, y in zip(columns, heights, strict=True) if y is not None)
        label_y = _free(dots[-1].y + 4, taken) if dots else None
        goals = [None if v is None else place(v) for v in wanted]
        path = _steps(columns, goals)
        last = next((y for y in reversed(goals) if y is not None), None)
        drawn.append(Line(_path(columns, heights), dots, label_y, path, None if last is None else last + 4))
    lines = tuple(
        line
        if line.target_y is None
        else Line(line.path, line.dots, line.label_y, line.target_path, _free(line.target_y, taken))
        for line in drawn
    )
    count = round((high - low) / step)
    rows = tuple(Row(place(low + step * n), round(low + step * n, 4)) for n in range(count + 1))
    return Lines(lines, rows, columns)


@dataclass(frozen=True, slots=True)
class Tiny:
    """A line of 150 × 36 and its last point."""

    path: str
    end: Dot


def draw_tiny(values: Sequence[Decimal | None]) -> Tiny | None:
    """The shape of a series, by its own range; None where fewer than two values are known."""
    known = [float(v) for v in values if v is not None]
    if len(known) < 2:
        return None
    low, span = min(known), (max(known) - min(known)) or 1.0
    step = (TINY_WIDTH - 10) / (len(values) - 1)
    columns = [round(2 + step * n, 1) for n in range(len(values))]
    flat = max(known) == low
    heights = [
        None
        if v is None
        else TINY_HEIGHT / 2
        if flat
        else round(TINY_HEIGHT - TINY_EDGE - (TINY_HEIGHT - 2 * TINY_EDGE) * (float(v) - low) / span, 1)
        for v in values
    ]
    last = max(n for n, y in enumerate(heights) if y is not None)
    return Tiny(_path(columns, heights), Dot(columns[last], heights[last] or 0.0))


def place_on_bullet(value: Decimal | None, target: Decimal | None, *, whole: Decimal | None) -> tuple[float, float]:
    """How long the bar of 200 is and where the mark of its target stands; without a whole, a quarter above both."""
    most = float(whole) if whole else max(float(value or 0), float(target or 0)) * 1.25
    if most <= 0:
        return 0.0, 0.0
    length, mark = (round(min(max(200 * float(part or 0) / most, 0.0), 200.0), 1) for part in (value, target))
    return length, min(mark, 199.0)


def _choose_rows(low: float, high: float) -> tuple[float, float, float]:
    """The ends of the axis and its step: the smallest step that needs at most five rows."""
    for step in STEPS:
        first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
        if last == first:
            last = first + 1
        if last - first <= MOST_ROWS:
            return first * step, last * step, step
    first, last = math.floor(low), math.ceil(high)
    step = float(math.ceil((last - first) / MOST_ROWS))
    return float(first), first + step * MOST_ROWS, step


def _spread(count: int) -> tuple[float, ...]:
    step = (LINE_RIGHT - LINE_LEFT) / max(count - 1, 1)
    return tuple(round(LINE_LEFT + step * n, 1) for n in range(count))


def _path(columns: Sequence[float], heights: Sequence[float | None]) -> str:
    parts, pen_down = [], False
    for x, y in zip(columns, heights, strict=True):
        if y is not None:
            parts.append(f"{'L' if pen_down else 'M'}{x} {y}")
        pen_down = y is not None
    return "".join(parts)


def _steps(columns: Sequence[float], heights: Sequence[float | None]) -> str:
    """Targets as level pieces, each half a period to both sides."""
    half = (columns[1] - columns[0]) / 2 if len(columns) > 1 else 12.0
    return "".join(
        f"M{round(max(x - half, LINE_LEFT), 1)} {y}H{round(min(x + half, LINE_RIGHT), 1)}"
        for x, y in zip(columns, heights, strict=True)
        if y is not None
    )


def _free(y: float, taken: list[float]) -> float:
    """The nearest height at which a label covers none that is set already; it is noted in `taken`."""
    for away in (0.0, *(d for n in range(1, 6) for d in (-LABEL_GAP * n, LABEL_GAP * n))):
        if all(abs(y + away - other) >= LABEL_GAP - 1e-6 for other in taken):
            taken.append(y + away)
            return round(y + away, 1)
    taken.append(y)
    return round(y, 1)
