"""Geometry of the track record: what lists caught, forecasts against what came, days of warning. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from diagnostics.discrimination import Decile, Share

# What the lists caught: bars from 0 to 100 %.
BAR_LEFT, BAR_RIGHT = 150.0, 508.0
BAR_TOP, BAR_STEP, BAR_HEIGHT = 16.0, 35.0, 18.0
# Forecasts against what came: a square of shares.
LEFT, RIGHT, TOP, BOTTOM = 40.0, 384.0, 12.0, 216.0
ENDS = (0.1, 0.2, 0.4, 0.6, 0.8, 1.0)
STEPS = 5
SMALLEST, LARGEST = 3.5, 7.5  # radius of a point
# Days of warning: columns.
COLUMN, COLUMN_STEP, COLUMN_TOP, FLOOR = 72.0, 92.0, 30.0, 164.0


@dataclass(frozen=True, slots=True)
class Bar:
    """One list: from BAR_LEFT, `width` long, with the ends of its interval and where its figure stands."""

    y: float
    width: float
    low: float
    high: float
    label_x: float
    share: float

    @property
    def middle(self) -> float:
        return self.y + BAR_HEIGHT / 2


@dataclass(frozen=True, slots=True)
class Tick:
    """A place along an axis and the share it stands for."""

    at: float
    share: float


@dataclass(frozen=True, slots=True)
class Bars:
    """`height`: of the drawing; `floor`: where its axis ends."""

    bars: tuple[Bar, ...]
    ticks: tuple[Tick, ...]
    floor: float
    height: float


def draw_recalls(shares: Sequence[Share]) -> Bars:
    """One bar for each share, in order; a share of nothing is drawn as nothing."""
    bars = []
    for place, share in enumerate(shares):
        value = share.value or 0.0
        end, low, high = (_along(part) for part in (value, share.low, share.high))
        y = BAR_TOP + BAR_STEP * place
        bars.append(Bar(y, round(end - BAR_LEFT, 1), low, high, max(end, high) + 8, value))
    floor = BAR_TOP + BAR_STEP * len(bars)
    ticks = tuple(Tick(_along(part / 5), part / 5) for part in range(6))
    return Bars(tuple(bars), ticks, floor, floor + 24)


def _along(share: float) -> float:
    return round(BAR_LEFT + (BAR_RIGHT - BAR_LEFT) * share, 1)


@dataclass(frozen=True, slots=True)
class Dot:
    x: float
    y: float
    radius: float


@dataclass(frozen=True, slots=True)
class Curve:
    """Points of the reliability curve, the line through them, and both axes' ticks."""

    dots: tuple[Dot, ...]
    path: str
    columns: tuple[Tick, ...]
    rows: tuple[Tick, ...]


def draw_reliability(parts: Sequence[Decile]) -> Curve:
    """The parts as points on equal axes, whose end is the first of ENDS that holds them all."""
    largest = max(max(part.forecast, part.happened) for part in parts)
    end = next(one for one in ENDS if largest <= one)
    most = max(part.rows for part in parts)
    dots = tuple(
        Dot(
            round(LEFT + (RIGHT - LEFT) * part.forecast / end, 1),
            round(BOTTOM - (BOTTOM - TOP) * part.happened / end, 1),
            round(SMALLEST + (LARGEST - SMALLEST) * (part.rows / most - 0.5), 1),
        )
        for part in parts
    )
    steps = [end * step / STEPS for step in range(STEPS + 1)]
    return Curve(
        dots,
        "M" + "L".join(f"{dot.x} {dot.y}" for dot in dots),
        tuple(Tick(round(LEFT + (RIGHT - LEFT) * step / STEPS, 1), share) for step, share in enumerate(steps)),
        tuple(Tick(round(BOTTOM - (BOTTOM - TOP) * step / STEPS, 1), share) for step, share in enumerate(steps)),
    )


@dataclass(frozen=True, slots=True)
class Column:
    x: float
    y: float
    height: float
    middle: float
    share: float


def draw_warnings(shares: Sequence[float]) -> tuple[Column, ...]:
    """One column for each share of the whole; the highest fills the height."""
    most = max(shares, default=0.0) or 1.0
    columns = []
    for place, share in enumerate(shares):
        x, height = 10 + COLUMN_STEP * place, round((FLOOR - COLUMN_TOP) * share / most, 1)
        columns.append(Column(x, round(FLOOR - height, 1), height, x + COLUMN / 2, share))
    return tuple(columns)
