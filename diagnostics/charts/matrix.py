"""The matrix: health across, potential upwards, area by ARR. Every account as a disc, or a large book as cells.

Pure geometry in user units of an SVG; the template writes it down with classes and presentation attributes.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from diagnostics.charts.discs import (
    SMALLEST_RADIUS,
    Bubble,
    Point,
    find_smallest_true_arr,
    has_moved,
    name_discs,
    place_discs,
)
from diagnostics.charts.placement import Box, Placer, estimate_width
from diagnostics.charts.scale import Axis

WIDTH, HEIGHT = 760.0, 800.0
# The plot inside: room for the axes' figures on the left and below, for their names above and below.
PLOT = Box(34.0, 24.0, 756.0, 756.0)
LARGEST_RADIUS, LARGEST_NAMED_RADIUS = 30.0, 9.0
# Discs cover at most this share of the plot, so that a book of 200 still shows where they stand.
COVERED = 0.16
# Length of a move, in points, from which its trail is drawn: over 30 days, and over one night.
TRAIL_FROM, NIGHT_TRAIL_FROM = 7.0, 3.0
NAMED = 30
CELL_POINTS = 10
CELL_GAP = 2.0
CELL_SHADES = 5


@dataclass(frozen=True, slots=True)
class CellTotal:
    """ARR and number of the accounts from (health, potential) to ten points further."""

    health: int
    potential: int
    arr: float
    count: int


@dataclass(frozen=True, slots=True)
class Spot:
    """Where two lines of text start: x, the first baseline, and the side they are anchored on."""

    x: float
    y: float
    anchor: str


@dataclass(frozen=True, slots=True)
class Cell:
    """`shade` 1 to 5 says how much ARR; `figures` is None where the discs leave no room for them."""

    total: CellTotal
    x: float
    y: float
    width: float
    height: float
    shade: int
    figures: Spot | None


@dataclass(frozen=True, slots=True)
class Chart:
    """A matrix ready to be written down. `smallest_arr`: what is smaller is drawn as large; None where none is."""

    horizontal: Axis
    vertical: Axis
    threshold_x: float
    threshold_y: float
    bubbles: tuple[Bubble, ...]
    smallest_arr: float | None
    cells: tuple[Cell, ...] = ()
    captions: tuple[Spot, ...] = ()
    plot: Box = PLOT
    width: float = WIDTH
    height: float = HEIGHT


def draw_accounts(
    points: Sequence[Point],
    *,
    fragile_below: float,
    high_from: float,
    captions: Sequence[tuple[str, str]] = (),
    first_named: str = "",
) -> Chart:
    """Every account as a disc, the largest behind; names by ARR, the account `first_named` before all others.

    `captions`: the two lines of each quadrant (top left, top right, bottom left, bottom right), which no name covers.
    """
    horizontal, vertical = _fit_axes(points, fragile_below, high_from)
    threshold_x, threshold_y = round(horizontal.at(fragile_below), 1), round(vertical.at(high_from), 1)
    widest = _largest_radius([point.arr for point in points])
    discs = place_discs(points, horizontal, vertical, widest=widest, trail_from=TRAIL_FROM)
    placer = Placer(PLOT, [(b.x, b.y, b.radius) for _, b in discs])
    spots = tuple(
        _place_caption(placer, lines, _quadrant(index, threshold_x, threshold_y), index)
        for index, lines in enumerate(captions)
    )
    return Chart(
        horizontal=horizontal,
        vertical=vertical,
        threshold_x=threshold_x,
        threshold_y=threshold_y,
        bubbles=name_discs(discs, PLOT, placer.boxes, first=first_named, most=NAMED),
        smallest_arr=find_smallest_true_arr(points, widest),
        captions=spots,
    )


def draw_cells(
    named: Sequence[Point],
    totals: Iterable[CellTotal],
    *,
    fragile_below: float,
    high_from: float,
    figures: Mapping[tuple[int, int], tuple[str, str]],
    first_named: str = "",
) -> Chart:
    """A large book: cells of ten points shaded by ARR, and the `named` accounts as discs with their names over them.

    `figures`: the two lines of text of each cell by its (health, potential); they avoid the discs.
    """
    totals = list(totals)
    horizontal, vertical = _fit_cell_axes(totals, fragile_below, high_from)
    discs = place_discs(named, horizontal, vertical, widest=LARGEST_NAMED_RADIUS, trail_from=NIGHT_TRAIL_FROM)
    # Two units of air: figures may not touch a disc.
    placer = Placer(PLOT, [(b.x, b.y, b.radius + 2) for _, b in discs])
    most = max((total.arr for total in totals), default=0.0)
    cells = tuple(_draw_cell(total, horizontal, vertical, placer, figures, most) for total in totals)
    return Chart(
        horizontal=horizontal,
        vertical=vertical,
        threshold_x=round(horizontal.at(fragile_below), 1),
        threshold_y=round(vertical.at(high_from), 1),
        bubbles=name_discs(discs, PLOT, placer.boxes, first=first_named, most=len(discs)),
        smallest_arr=find_smallest_true_arr(named, LARGEST_NAMED_RADIUS),
        cells=cells,
    )


def _largest_radius(amounts: Sequence[float]) -> float:
    largest = max(amounts, default=0.0)
    if largest <= 0:
        return SMALLEST_RADIUS
    weight = sum(max(amount, 0.0) for amount in amounts) / largest
    covered = COVERED * (PLOT.right - PLOT.left) * (PLOT.bottom - PLOT.top)
    return min(LARGEST_RADIUS, math.sqrt(covered / (math.pi * weight)))


def _fit_axes(points: Sequence[Point], fragile_below: float, high_from: float) -> tuple[Axis, Axis]:
    """Scales that hold every point and trail with room for a disc, in steps of five, never narrower than 40 points."""
    starts = [point.before for point in points if point.before and has_moved(point, TRAIL_FROM)]
    across = [point.health for point in points] + [start[0] for start in starts] + [fragile_below]
    upwards = [point.potential for point in points] + [start[1] for start in starts] + [high_from]
    return (
        Axis(*_widen(min(across), max(across)), PLOT.left, PLOT.right),
        Axis(*_widen(min(upwards), max(upwards)), PLOT.bottom, PLOT.top),
    )


def _widen(low: float, high: float) -> tuple[float, float]:
    room = 4.5
    low, high = 5 * math.floor((low - room) / 5), 5 * math.ceil((high + room) / 5)
    while high - low < 40:
        low, high = (low - 5, high) if low > -5 else (low, high + 5)
    return max(low, -5), min(high, 105)


def _fit_cell_axes(totals: Sequence[CellTotal], fragile_below: float, high_from: float) -> tuple[Axis, Axis]:
    def span(starts: list[int], threshold: float) -> tuple[int, int]:
        middle = int(threshold // CELL_POINTS) * CELL_POINTS
        low = max(0, min([*starts, middle - 2 * CELL_POINTS]))
        return low, min(100, max([*starts, middle + CELL_POINTS]) + CELL_POINTS)

    return (
        Axis(*span([total.health for total in totals], fragile_below), PLOT.left, PLOT.right),
        Axis(*span([total.potential for total in totals], high_from), PLOT.bottom, PLOT.top),
    )


def _draw_cell(
    total: CellTotal,
    horizontal: Axis,
    vertical: Axis,
    placer: Placer,
    figures: Mapping[tuple[int, int], tuple[str, str]],
    most: float,
) -> Cell:
    left, right = horizontal.at(total.health), horizontal.at(total.health + CELL_POINTS) - CELL_GAP
    top, bottom = vertical.at(total.potential + CELL_POINTS), vertical.at(total.potential) - CELL_GAP
    # By the root: ARR is spread so widely that by its own measure all but two cells would be pale.
    shade = 1 + int(CELL_SHADES * math.sqrt(max(total.arr, 0.0) / most)) if most > 0 else 1
    lines = figures[total.health, total.potential]
    return Cell(
        total=total,
        x=round(left, 1),
        y=round(top, 1),
        width=round(right - left, 1),
        height=round(bottom - top, 1),
        shade=min(CELL_SHADES, shade),
        figures=_place_figures(placer, Box(left, top, right, bottom), lines),
    )


def _place_figures(placer: Placer, cell: Box, lines: tuple[str, str]) -> Spot | None:
    """The first corner of the cell in which its two lines are free, from the top left."""
    width = max(estimate_width(line) for line in lines)
    for top in (cell.top + 5, cell.bottom - 33):
        for anchor in ("start", "end"):
            x = cell.left + 6 if anchor == "start" else cell.right - 6
            left = x if anchor == "start" else x - width
            box = Box(left, top, left + width, top + 28)
            if placer.is_free(box, clear_of_lines=False):
                placer.take(box)
                return Spot(round(x, 1), round(top + 11, 1), anchor)
    return None


def _quadrant(index: int, threshold_x: float, threshold_y: float) -> Box:
    """Top left, top right, bottom left, bottom right."""
    left, right = (PLOT.left, threshold_x) if index % 2 == 0 else (threshold_x, PLOT.right)
    top, bottom = (PLOT.top, threshold_y) if index < 2 else (threshold_y, PLOT.bottom)
    return Box(left, top, right, bottom)


def _place_caption(placer: Placer, lines: tuple[str, str], quadrant: Box, index: int) -> Spot:
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
            box = Box(left - 2, top, left + width + 2, top + 32)
            spots.append((Spot(round(x, 1), round(top + 12, 1), anchor), box))
    spot, box = next((one for one in spots if placer.is_free(one[1], clear_of_lines=False)), spots[0])
    placer.take(box)
    return spot
