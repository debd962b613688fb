"""The accounts on the matrix: discs whose area is ARR, trails of where they come from, names beside them."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from diagnostics.charts.placement import Box, Line, Place, Placer
from diagnostics.charts.scale import Axis

SMALLEST_RADIUS = 3.0
HEAD_LENGTH, HEAD_HALF_WIDTH = 7.0, 3.2
MOST_LETTERS = 28


@dataclass(frozen=True, slots=True)
class Point:
    """One account: `before` is its (health, potential) at the start of the trail, None where it was not scored."""

    key: str
    name: str
    arr: float
    health: float
    potential: float
    before: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class Trail:
    """From the tail at (x, y) along `path` to the filled `head`, an arrow that touches the disc."""

    path: str
    head: str
    x: float
    y: float
    rises: bool


@dataclass(frozen=True, slots=True)
class Bubble:
    """A disc with its name, None where no place is free, and its trail, None where it stood still."""

    key: str
    x: float
    y: float
    radius: float
    label: Place | None = None
    trail: Trail | None = None


def has_moved(point: Point, trail_from: float) -> bool:
    """Whether the account has come far enough, in points as the crow flies, to leave a trail."""
    if point.before is None:
        return False
    return math.hypot(point.health - point.before[0], point.potential - point.before[1]) >= trail_from


def place_discs(
    points: Sequence[Point], horizontal: Axis, vertical: Axis, *, widest: float, trail_from: float
) -> list[tuple[Point, Bubble]]:
    """The discs, the largest first so that it lies at the back; the largest has radius `widest`.

    Area is proportional to ARR, down to the smallest disc that can still be seen.
    """
    largest = max((point.arr for point in points), default=0.0)
    discs = []
    for point in sorted(points, key=lambda p: (-p.arr, p.name, p.key)):
        share = max(point.arr, 0.0) / largest if largest > 0 else 0.0
        x, y = round(horizontal.at(point.health), 1), round(vertical.at(point.potential), 1)
        bubble = Bubble(point.key, x, y, round(max(widest * math.sqrt(share), SMALLEST_RADIUS), 2))
        if point.before is not None and has_moved(point, trail_from):
            start = horizontal.at(point.before[0]), vertical.at(point.before[1])
            rises = (point.health - point.before[0] or point.potential - point.before[1]) > 0
            bubble = replace(bubble, trail=_draw_trail(start, bubble, rises))
        discs.append((point, bubble))
    return discs


def find_smallest_true_arr(points: Sequence[Point], widest: float) -> float | None:
    """The ARR that the smallest disc stands for, where some account has less; None where all areas are true."""
    largest = max((point.arr for point in points), default=0.0)
    least = largest * (SMALLEST_RADIUS / widest) ** 2
    return least if any(point.arr < least for point in points) else None


def name_discs(
    discs: Sequence[tuple[Point, Bubble]], frame: Box, boxes: Sequence[Box], *, first: str, most: int
) -> tuple[Bubble, ...]:
    """The discs with their names: the account with key `first`, then by ARR, at most `most`; none over `boxes`."""
    lines: list[Line] = [(b.trail.x, b.trail.y, b.x, b.y) for _, b in discs if b.trail]
    placer = Placer(frame, [(b.x, b.y, b.radius) for _, b in discs], lines, boxes)
    by_wish = sorted(range(len(discs)), key=lambda index: (discs[index][0].key != first, index))
    labels = {}
    for index in by_wish[:most]:
        point, bubble = discs[index]
        labels[index] = placer.place(shorten(point.name), (bubble.x, bubble.y, bubble.radius))
    return tuple(replace(bubble, label=labels.get(index)) for index, (_, bubble) in enumerate(discs))


def shorten(name: str) -> str:
    """A name as a label shows it: one line, cut at a word where it can be."""
    name = " ".join(name.split())
    if len(name) <= MOST_LETTERS:
        return name
    cut = name[: MOST_LETTERS - 1]
    return (cut.rsplit(" ", 1)[0] if " " in cut[MOST_LETTERS // 2 :] else cut).rstrip(" ,.-") + "…"


def _draw_trail(start: tuple[float, float], disc: Bubble, rises: bool) -> Trail | None:
    x, y = start
    length = math.hypot(disc.x - x, disc.y - y)
    if length <= disc.radius + HEAD_LENGTH:
        return None
    across, along = (disc.x - x) / length, (disc.y - y) / length
    tip_x, tip_y = disc.x - across * disc.radius, disc.y - along * disc.radius
    back_x, back_y = tip_x - across * HEAD_LENGTH, tip_y - along * HEAD_LENGTH
    head = (
        f"M{tip_x:.1f} {tip_y:.1f}"
        f"L{back_x - along * HEAD_HALF_WIDTH:.1f} {back_y + across * HEAD_HALF_WIDTH:.1f}"
        f"L{back_x + along * HEAD_HALF_WIDTH:.1f} {back_y - across * HEAD_HALF_WIDTH:.1f}z"
    )
    return Trail(f"M{x:.1f} {y:.1f}L{back_x:.1f} {back_y:.1f}", head, round(x, 1), round(y, 1), rises)
