"""The matrix's geometry: true areas, names that cover nothing, trails that end at their disc, cells with figures."""

import math
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diagnostics.charts.discs import Point, shorten
from diagnostics.charts.matrix import (
    LARGEST_RADIUS,
    NAMED,
    PLOT,
    CellTotal,
    draw_accounts,
    draw_cells,
)
from diagnostics.charts.placement import Box, estimate_width

SIDES = {"fragile_below": 60.0, "high_from": 60.0}
CAPTIONS = [("Fragile, room to grow", "€411k, 3 accounts")] * 4
SCORE = st.integers(0, 1600).map(lambda sixteenths: sixteenths / 16)


@st.composite
def books(draw, most=60):
    """Points all over the plot, or crowded into one corner of it."""
    scores = draw(st.sampled_from([SCORE, st.integers(1000, 1200).map(lambda sixteenths: sixteenths / 16)]))
    return [
        Point(
            key=str(number),
            name=draw(st.text("aeilmnorstÉWM €-", min_size=1, max_size=40)),
            arr=float(draw(st.integers(0, 300_000))),
            health=draw(scores),
            potential=draw(scores),
            before=draw(st.none() | st.tuples(scores, scores)),
        )
        for number in range(draw(st.integers(1, most)))
    ]


def label_boxes(chart):
    return [bubble.label.box for bubble in chart.bubbles if bubble.label]


@given(books())
@settings(max_examples=40, deadline=None)
def test_no_name_covers_a_disc_another_name_or_a_caption(points):
    chart = draw_accounts(points, captions=CAPTIONS, **SIDES)
    boxes = label_boxes(chart)
    for index, box in enumerate(boxes):
        assert box.lies_in(PLOT)
        assert not any(box.meets_disc(b.x, b.y, b.radius) for b in chart.bubbles)
        assert not any(box.meets_box(other) for other in boxes[index + 1 :])
    for spot, lines in zip(chart.captions, CAPTIONS, strict=True):
        width = max(map(estimate_width, lines))
        left = spot.x if spot.anchor == "start" else spot.x - width
        caption = Box(left, spot.y - 10, left + width, spot.y + 20)
        assert not any(box.meets_box(caption) for box in boxes)


@given(books())
@settings(max_examples=40, deadline=None)
def test_area_is_proportional_to_arr_down_to_the_smallest_disc(points):
    chart = draw_accounts(points, **SIDES)
    by_key = {point.key: point for point in points}
    largest = chart.bubbles[0]
    assert largest.radius <= LARGEST_RADIUS
    for bubble in chart.bubbles:
        arr = by_key[bubble.key].arr
        if arr > (chart.smallest_arr or 0):
            expected = largest.radius * math.sqrt(arr / by_key[largest.key].arr)
            assert bubble.radius == pytest.approx(expected, abs=0.011)
        else:
            assert bubble.radius == 3.0


def test_a_small_disc_lies_in_front_of_a_large_one():
    points = [Point("small", "Small", 10, 70, 70), Point("large", "Large", 1000, 70, 70)]
    assert [bubble.key for bubble in draw_accounts(points, **SIDES).bubbles] == ["large", "small"]


def test_discs_cover_a_sixth_of_the_plot_at_most():
    points = [Point(str(n), f"Account {n}", 50_000, 40 + n % 50, 30 + n % 60) for n in range(200)]
    area = sum(math.pi * bubble.radius**2 for bubble in draw_accounts(points, **SIDES).bubbles)
    assert area <= 0.161 * (PLOT.right - PLOT.left) * (PLOT.bottom - PLOT.top)


@pytest.mark.parametrize(
    ("before", "has_trail"),
    [(None, False), ((70.0, 50.0), False), ((63.25, 50.0), False), ((63.0, 50.0), True), ((65.0, 45.0), True)],
)
def test_a_trail_begins_at_seven_points(before, has_trail):
    chart = draw_accounts([Point("a", "Alder", 1000, 70.0, 50.0, before)], **SIDES)
    # The disc alone would hide a short trail: the largest is 30 units wide, and this is the largest.
    chart_with_giant = draw_accounts(
        [Point("a", "Alder", 1000, 70.0, 50.0, before), Point("g", "Giant", 900_000, 90.0, 90.0)], **SIDES
    )
    trail = next(bubble.trail for bubble in chart_with_giant.bubbles if bubble.key == "a")
    assert (trail is not None) == has_trail
    assert len(chart.bubbles) == 1


def test_a_trail_points_at_its_disc_and_says_which_way():
    giant = Point("g", "Giant", 900_000, 95.0, 95.0)
    chart = draw_accounts([giant, Point("a", "Alder", 40_000, 40.0, 50.0, (80.0, 50.0))], **SIDES)
    bubble = next(b for b in chart.bubbles if b.key == "a")
    tip_x, tip_y = map(float, re.match(r"M([\d.]+) ([\d.]+)L", bubble.trail.head).groups())
    assert math.hypot(tip_x - bubble.x, tip_y - bubble.y) == pytest.approx(bubble.radius, abs=0.11)
    assert tip_x > bubble.x
    assert bubble.trail.rises is False


def test_the_selected_account_is_named_first_and_thirty_at_most():
    points = [Point(str(n), f"A{n}", 100_000 - n, 30 + n % 9 * 8, 25 + n // 9 * 8) for n in range(72)]
    chart = draw_accounts(points, first_named="71", **SIDES)
    named = {bubble.key for bubble in chart.bubbles if bubble.label}
    assert "71" in named
    assert len(named) <= NAMED


@given(books())
@settings(max_examples=30, deadline=None)
def test_a_name_without_a_leader_stands_nearest_to_its_own_disc(points):
    bubbles = draw_accounts(points, **SIDES).bubbles

    def distance(box, bubble):
        across = bubble.x - min(max(bubble.x, box.left), box.right)
        upwards = bubble.y - min(max(bubble.y, box.top), box.bottom)
        return math.hypot(across, upwards) - bubble.radius

    for bubble in bubbles:
        if bubble.label and not bubble.label.leader:
            own = distance(bubble.label.box, bubble)
            rivals = [one for one in bubbles if one is not bubble and one.radius >= bubble.radius / 2]
            # Two discs in one place share their distance.
            assert all(own <= distance(bubble.label.box, one) + 2.5 for one in rivals)


def test_a_long_name_is_cut_at_a_word():
    assert shorten("Société Générale de Construction Navale") == "Société Générale de…"
    assert shorten("Kestrel  Logistics\n") == "Kestrel Logistics"
    assert len(shorten("x" * 300)) == 28


def test_one_account_without_arr_is_drawn():
    chart = draw_accounts([Point("a", "Alder", 0.0, 0.0, 100.0)], **SIDES)
    (bubble,) = chart.bubbles
    assert (bubble.radius, chart.smallest_arr) == (3.0, None)
    assert PLOT.left < bubble.x < PLOT.right
    assert PLOT.top < bubble.y < PLOT.bottom


@given(books(most=25))
@settings(max_examples=25, deadline=None)
def test_a_cells_figures_cover_no_disc_and_no_name(points):
    totals = [CellTotal(h, p, 1000.0 * (h + p + 1), h + p) for h in range(20, 100, 10) for p in range(0, 100, 10)]
    figures = {(total.health, total.potential): ("€1.18M", "1,240") for total in totals}
    chart = draw_cells(points, totals, figures=figures, **SIDES)
    names = label_boxes(chart)
    assert len(chart.cells) == len(totals)
    width = max(map(estimate_width, ("€1.18M", "1,240")))
    for cell in chart.cells:
        assert 1 <= cell.shade <= 5
        if cell.figures:
            left = cell.figures.x if cell.figures.anchor == "start" else cell.figures.x - width
            box = Box(left, cell.figures.y - 11, left + width, cell.figures.y + 17)
            assert not any(box.meets_disc(b.x, b.y, b.radius) for b in chart.bubbles)
            assert not any(box.meets_box(name) for name in names)


def test_cells_tile_the_plot():
    totals = [CellTotal(h, p, 10.0, 1) for h in (50, 60) for p in (50, 60)]
    figures = {(total.health, total.potential): ("€10", "1") for total in totals}
    cells = {(c.total.health, c.total.potential): c for c in draw_cells([], totals, figures=figures, **SIDES).cells}
    left, right = cells[50, 50], cells[60, 50]
    assert left.x + left.width + 2 == pytest.approx(right.x, abs=0.11)
    assert cells[50, 60].y + cells[50, 60].height + 2 == pytest.approx(left.y, abs=0.11)
