"""Geometry of bars by week, each in two parts from zero. Pure."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

WIDTH, HEIGHT = 760, 236
LEFT, RIGHT, TOP, BOTTOM = 56.0, 756.0, 32.0, 192.0
STEPS = (1, 2, 2.5, 5, 10)
MOST_ROWS = 4
WIDEST = 34.0
# Beyond so many weeks only every second one is named.
NAMED = 14


@dataclass(frozen=True, slots=True)
class Row:
    """A grid line and the amount it stands for."""

    at: float
    amount: float


@dataclass(frozen=True, slots=True)
class Bar:
    """One week: a lower and an upper part, and where its words stand. A part of nothing has no height."""

    x: float
    width: float
    middle: float
    lower_y: float
    lower: float
    upper_y: float
    upper: float
    label_y: float
    is_named: bool


@dataclass(frozen=True, slots=True)
class Bars:
    """The whole chart; `rows` from the bottom."""

    rows: list[Row]
    bars: list[Bar]


def draw_weeks(parts: Sequence[tuple[Decimal, Decimal]]) -> Bars | None:
    """The bars of (lower, upper) amounts, one a week; None where all of them are nothing."""
    most = max((float(lower + upper) for lower, upper in parts), default=0.0)
    if not most:
        return None
    step = _choose_step(most)
    top = step * math.ceil(most / step)

    def height(amount: Decimal) -> float:
        return round((BOTTOM - TOP) * float(amount) / top, 1)

    slot = (RIGHT - LEFT) / len(parts)
    width = round(min(WIDEST, slot * 0.64), 1)
    bars = []
    for number, (lower, upper) in enumerate(parts):
        x = round(LEFT + slot * number + (slot - width) / 2, 1)
        low, high = height(lower), height(upper)
        # A hair of paper between the parts.
        gap = 1.5 if low and high > 2 else 0.0
        bars.append(
            Bar(
                x=x,
                width=width,
                middle=round(x + width / 2, 1),
                lower_y=round(BOTTOM - low, 1),
                lower=low,
                upper_y=round(BOTTOM - low - high, 1),
                upper=round(max(high - gap, 0), 1),
                label_y=round(BOTTOM - low - high - 6, 1),
                is_named=len(parts) <= NAMED or number % 2 == 0,
            )
        )
    rows = [Row(round(BOTTOM - (BOTTOM - TOP) * step * n / top, 1), step * n) for n in range(int(top / step) + 1)]
    return Bars(rows, bars)


def _choose_step(most: float) -> float:
    """The smallest round step of which at most four reach the largest bar."""
    unit = 10.0 ** math.floor(math.log10(most / MOST_ROWS))
    return next(unit * step for step in STEPS if unit * step * MOST_ROWS >= most)


@dataclass(frozen=True, slots=True)
class Interval:
    """A stretch of a bar of 200 from nothing, and the mark on it."""

    x: float
    width: float
    at: float


def place_interval(low: Decimal, middle: Decimal, high: Decimal) -> Interval | None:
    """Where an interval and its middle lie, with a quarter of air above; None where all of it is nothing."""
    whole = float(max(high, middle)) * 1.25
    if not whole:
        return None
    x, at, end = (round(200 * float(amount) / whole, 1) for amount in (low, middle, high))
    return Interval(x, round(end - x, 1), at)
