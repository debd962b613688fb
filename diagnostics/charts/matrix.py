"""The matrix: health across, potential upwards, area by ARR. Every account as a disc, or a large book as cells.

Pure geometry in user units of an SVG; the template writes it down with classes and presentation attributes.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from diagnostics.charts.placement import Box, Disc, Line, Place, Placer, estimate_width

WIDTH, HEIGHT = 760.0, 800.0
# The plot inside: room for the axes' figures on the left and below, for their names above and below.
PLOT = Box(34.0, 24.0, 756.0, 756.0)
LARGEST_RADIUS, SMALLEST_RADIUS = 30.0, 3.0
LARGEST_NAMED_RADIUS = 9.0
# Discs cover at most this share of the plot, so that a book of 200 still shows where they stand.
COVERED = 0.16
# Hypotenuse of a move, in points, from which its trail is drawn.
TRAIL_FROM = 7.0
NAMED = 30
HEAD_LENGTH, HEAD_HALF_WIDTH = 7.0, 3.2
CELL_POINTS = 10
CELL_GAP = 2.0
CELL_SHADES = 5


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
class CellTotal:
    """ARR and number of the accounts from (health, potential) to ten points further."""

    health: int
    potential: int
    arr: float
    count: int


@dataclass(frozen=True, slots=True)
class Tick:
    value: int
    at: float


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
    key: str
    x: float
    y: float
    radius: float
    label: Place | None
    trail: Trail | None


@dataclass(frozen=True, slots=True)
class Cell:
    """`shade` 1 to 5 says how much ARR; `figures` is where its two lines of text start, None where none is free."""

    total: CellTotal
    x: float
    y: float
    width: float
    height: float
    shade: int
    figures: tuple[float, float, str] | None


@dataclass(frozen=True, slots=True)
class Caption:
    """Where a quadrant's two lines start: the first baseline, the second 16 below."""

    x: float
    y: float
    anchor: str


@dataclass(frozen=True, slots=True)
class Axis:
    """A linear scale from `low` at pixel `start` to `high` at pixel `end`."""

    low: float
    high: float
    start: float
    end: float

    def at(self, value: float) -> float:
        """The pixel of a value; what lies outside the scale stands on its edge."""
        share = (min(max(value, self.low), self.high) - self.low) / (self.high - self.low)
        return self.start + share * (self.end - self.start)

    def ticks(self, *, apart_from: float) -> tuple[Tick, ...]:
        """Every ten points inside the scale; the threshold is drawn as a line of its own."""
        first = math.ceil((self.low + 1) / CELL_POINTS) * CELL_POINTS
        return tuple(
            Tick(value, round(self.at(value), 1))
            for value in range(first, min(int(self.high), 100) + 1, CELL_POINTS)
            if value != apart_from and value < self.high
        )


@dataclass(frozen=True, slots=True)
class Chart:
    """A matrix ready to be written down. `smallest_arr`: what is smaller is drawn as large; None where none is."""

    horizontal: Axis
    vertical: Axis
    threshold_x: float
    threshold_y: float
    bubbles: tuple[Bubble, ...]
    cells: tuple[Cell, ...]
    smallest_arr: float | None
    captions: tuple[Caption, ...] = ()
    plot: Box = PLOT
    width: float = WIDTH
    height: float = HEIGHT


def draw_accounts(
    points: Sequence[Point],
    *,
    fragile_below: float,
    high_from: float,
    corners: Sequence[tuple[str, str]] = (),
    first_named: str = "",
) -> Chart:
    """Every account as a disc, the largest behind; names by ARR, the account `first_named` before all others.

    `corners`: the two lines written in each corner of the plot (top left, top right, bottom left, bottom right),
    which no name may cover.
    """
    horizontal, vertical = _fit_axes(points, fragile_below, high_from)
    largest = max((point.arr for point in points), default=0.0)
    weight = sum(point.arr for point in points) / largest if largest > 0 else 0.0
    covered = COVERED * (PLOT.right - PLOT.left) * (PLOT.bottom - PLOT.top)
    widest = min(LARGEST_RADIUS, math.sqrt(covered / (math.pi * weight))) if weight else SMALLEST_RADIUS
    bubbles = _place_discs(points, horizontal, vertical, widest, largest)
    threshold_x, threshold_y = round(horizontal.at(fragile_below), 1), round(vertical.at(high_from), 1)
    placer = Placer(PLOT, [(b.x, b.y, b.radius) for _, b in bubbles])
    captions = tuple(
        _place_caption(placer, lines, _quadrant(index, threshold_x, threshold_y), index)
        for index, lines in enumerate(corners)
    )
    return Chart(
        horizontal=horizontal,
        vertical=vertical,
        threshold_x=threshold_x,
        threshold_y=threshold_y,
        bubbles=_name_discs(bubbles, placer.boxes, first_named=first_named, most=NAMED),
        cells=(),
        captions=captions,
        smallest_arr=_smallest_true_arr(points, widest, largest),
    )


def draw_cells(
    named: Sequence[Point],
    totals: Iterable[CellTotal],
    *,
    fragile_below: float,
    high_from: float,
    figures: dict[tuple[int, int], tuple[str, str]] | None = None,
    first_named: str = "",
) -> Chart:
    """A large book: cells of ten points shaded by ARR, and the `named` accounts as discs with their names over them.

    `figures`: the two lines of text of each cell, whose places avoid the discs.
    """
    totals = list(totals)
    horizontal, vertical = _fit_cell_axes(totals, fragile_below, high_from)
    largest = max((point.arr for point in named), default=0.0)
    discs = _place_discs(named, horizontal, vertical, LARGEST_NAMED_RADIUS, largest)
    placer = Placer(PLOT, [(b.x, b.y, b.radius + 2) for _, b in discs])
    most = max((total.arr for total in totals), default=0.0)
    cells = []
    for total in totals:
        x, right = horizontal.at(total.health), horizontal.at(total.health + CELL_POINTS)
        y, bottom = vertical.at(total.potential + CELL_POINTS), vertical.at(total.potential)
        box = Box(x, y, right - CELL_GAP, bottom - CELL_GAP)
        place = _place_figures(placer, box, (figures or {}).get((total.health, total.potential)))
        shade = min(CELL_SHADES, 1 + int(CELL_SHADES * math.sqrt(max(total.arr, 0) / most))) if most > 0 else 1
        cells.append(
            Cell(
                total,
                round(box.left, 1),
                round(box.top, 1),
                round(box.right - box.left, 1),
                round(box.bottom - box.top, 1),
                shade,
                place,
            )
        )
    return Chart(
        horizontal=horizontal,
        vertical=vertical,
        threshold_x=round(horizontal.at(fragile_below), 1),
        threshold_y=round(vertical.at(high_from), 1),
        bubbles=_name_discs(discs, placer.boxes, first_named=first_named, most=len(discs)),
        cells=tuple(cells),
        smallest_arr=_smallest_true_arr(named, LARGEST_NAMED_RADIUS, largest),
    )


def _fit_axes(points: Sequence[Point], fragile_below: float, high_from: float) -> tuple[Axis, Axis]:
    """Scales that hold every point and trail with room for a disc, in steps of five, never narrower than 40 points."""
    starts = [point.before for point in points if _moved(point) and point.before]
    xs = [point.health for point in points] + [start[0] for start in starts] + [fragile_below]
    ys = [point.potential for point in points] + [start[1] for start in starts] + [high_from]
    x_low, x_high = _widen(min(xs), max(xs))
    y_low, y_high = _widen(min(ys), max(ys))
    return Axis(x_low, x_high, PLOT.left, PLOT.right), Axis(y_low, y_high, PLOT.bottom, PLOT.top)


def _widen(low: float, high: float) -> tuple[float, float]:
    room = 4.5
    low, high = 5 * math.floor((low - room) / 5), 5 * math.ceil((high + room) / 5)
    while high - low < 40:
        low, high = (low - 5, high) if low > -5 else (low, high + 5)
    return max(low, -5), min(high, 105)


def _fit_cell_axes(totals: Sequence[CellTotal], fragile_below: float, high_from: float) -> tuple[Axis, Axis]:
    def span(starts: list[int], threshold: float) -> tuple[int, int]:
        middle = int(threshold // CELL_POINTS) * CELL_POINTS
        return min([*starts, middle - 2 * CELL_POINTS]), max([*starts, middle + CELL_POINTS]) + CELL_POINTS

    x_low, x_high = span([total.health for total in totals], fragile_below)
    y_low, y_high = span([total.potential for total in totals], high_from)
    return Axis(x_low, x_high, PLOT.left, PLOT.right), Axis(y_low, y_high, PLOT.bottom, PLOT.top)


def _place_discs(
    points: Sequence[Point], horizontal: Axis, vertical: Axis, widest: float, largest: float
) -> list[tuple[Point, Bubble]]:
    discs = []
    for point in sorted(points, key=lambda p: (-p.arr, p.name, p.key)):
        share = max(point.arr, 0) / largest if largest > 0 else 0.0
        radius = max(widest * math.sqrt(share), SMALLEST_RADIUS)
        x, y = horizontal.at(point.health), vertical.at(point.potential)
        trail = _draw_trail(point, x, y, radius, horizontal, vertical)
        discs.append((point, Bubble(point.key, round(x, 1), round(y, 1), round(radius, 2), None, trail)))
    return discs


def _name_discs(
    discs: Sequence[tuple[Point, Bubble]], boxes: Sequence[Box], *, first_named: str, most: int
) -> tuple[Bubble, ...]:
    lines = [_line_of(bubble) for _, bubble in discs if bubble.trail]
    placer = Placer(PLOT, [(b.x, b.y, b.radius) for _, b in discs], lines, boxes)
    by_wish = sorted(range(len(discs)), key=lambda i: (discs[i][0].key != first_named, i))
    places: dict[int, Place | None] = {}
    for index in by_wish[:most]:
        point, bubble = discs[index]
        places[index] = placer.place(shorten(point.name), (bubble.x, bubble.y, bubble.radius))
    return tuple(Bubble(b.key, b.x, b.y, b.radius, places.get(index), b.trail) for index, (_, b) in enumerate(discs))


def shorten(name: str, most: int = 28) -> str:
    """A name as a label shows it: one line of at most `most` characters, cut at a word where it can be."""
    name = " ".join(name.split())
    if len(name) <= most:
        return name
    cut = name[: most - 1]
    return (cut.rsplit(" ", 1)[0] if " " in cut[most // 2 :] else cut).rstrip(" ,.-") + "…"


def _moved(point: Point) -> bool:
    if point.before is None:
        return False
    return math.hypot(point.health - point.before[0], point.potential - point.before[1]) >= TRAIL_FROM


def _draw_trail(point: Point, x: float, y: float, radius: float, horizontal: Axis, vertical: Axis) -> Trail | None:
    if point.before is None or not _moved(point):
        return None
    from_x, from_y = horizontal.at(point.before[0]), vertical.at(point.before[1])
    length = math.hypot(x - from_x, y - from_y)
    if length <= radius + HEAD_LENGTH:
        return None
    across, along = (x - from_x) / length, (y - from_y) / length
    tip_x, tip_y = x - across * radius, y - along * radius
    back_x, back_y = tip_x - across * HEAD_LENGTH, tip_y - along * HEAD_LENGTH
    head = (
        f"M{tip_x:.1f} {tip_y:.1f}"
        f"L{back_x - along * HEAD_HALF_WIDTH:.1f} {back_y + across * HEAD_HALF_WIDTH:.1f}"
        f"L{back_x + along * HEAD_HALF_WIDTH:.1f} {back_y - across * HEAD_HALF_WIDTH:.1f}z"
    )
    moved = point.health - point.before[0] or point.potential - point.before[1]
    path = f"M{from_x:.1f} {from_y:.1f}L{back_x:.1f} {back_y:.1f}"
    return Trail(path, head, round(from_x, 1), round(from_y, 1), moved > 0)


def _line_of(bubble: Bubble) -> Line:
    assert bubble.trail is not None
    return bubble.trail.x, bubble.trail.y, bubble.x, bubble.y


def _quadrant(index: int, threshold_x: float, threshold_y: float) -> Box:
    """Top left, top right, bottom left, bottom right."""
    left, right = (PLOT.left, threshold_x) if index % 2 == 0 else (threshold_x, PLOT.right)
    top, bottom = (PLOT.top, threshold_y) if index < 2 else (threshold_y, PLOT.bottom)
    return Box(left, top, right, bottom)


def _place_caption(placer: Placer, lines: tuple[str, str], quadrant: Box, index: int) -> Caption:
    """A quadrant's two lines in its outer corner, or in the first other one that no disc covers."""
    width = max(estimate_width(line) for line in lines)
    tops = [quadrant.top + 8, quadrant.bottom - 40]
    sides = ["start", "end"]
    if index >= 2:
        tops.reverse()
    if index % 2:
        sides.reverse()
    spots = []
    for top in tops:
        for anchor in sides:
            x = quadrant.left + 10 if anchor == "start" else quadrant.right - 10
            left = x if anchor == "start" else x - width
            spots.append(
                (Caption(round(x, 1), round(top + 12, 1), anchor), Box(left - 2, top, left + width + 2, top + 32))
            )
    caption, box = next((spot for spot in spots if placer.is_free(spot[1], clear_of_lines=False)), spots[0])
    placer.take(box)
    return caption


def _place_figures(placer: Placer, cell: Box, lines: tuple[str, str] | None) -> tuple[float, float, str] | None:
    """Where a cell's two lines start (x, first baseline, anchor): the first corner that is free."""
    if lines is None:
        return None
    width = max(estimate_width(line) for line in lines)
    for y in (cell.top + 6, cell.bottom - 34):
        for x, anchor in ((cell.left + 6, "start"), (cell.right - 6, "end")):
            left = x if anchor == "start" else x - width
            box = Box(left, y, left + width, y + 28)
            if placer.is_free(box, clear_of_lines=False):
                placer.take(box)
                return round(x, 1), round(y + 10, 1), anchor
    return None


def _smallest_true_arr(points: Sequence[Point], widest: float, largest: float) -> float | None:
    """The ARR that the smallest disc stands for, where some account has less."""
    if largest <= 0:
        return None
    least = largest * (SMALLEST_RADIUS / widest) ** 2
    return least if any(point.arr < least for point in points) else None


__all__ = ["Bubble", "Cell", "CellTotal", "Chart", "Disc", "Point", "draw_accounts", "draw_cells", "shorten"]
