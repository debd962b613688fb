"""The score history's geometry."""

from datetime import date, timedelta
from itertools import pairwise

from diagnostics.charts.history import BOTTOM, LEFT, MARK_GAP, RIGHT, TOP, Point, draw_history

START = date(2026, 1, 1)


def nights(*health: float | None) -> list[Point]:
    return [Point(START + timedelta(days=30 * i), h, 50.0) for i, h in enumerate(health)]


def test_one_night_is_no_history():
    assert draw_history(nights(70.0), threshold=60) is None


def test_a_withheld_score_breaks_the_line():
    chart = draw_history(nights(70.0, None, 50.0), threshold=60)
    assert chart.health.count("M") == 2
    assert chart.potential.count("M") == 1


def test_everything_stays_inside_the_frame():
    chart = draw_history(nights(0.0, 100.0, 37.5), threshold=60)
    assert next(tick.label for tick in chart.rows) == 0
    assert all(TOP <= tick.at <= BOTTOM for tick in chart.rows)
    assert all(LEFT <= tick.at <= RIGHT for tick in chart.months)
    assert chart.health_end.x == RIGHT


def test_the_end_labels_never_touch():
    chart = draw_history(nights(70.0, 51.0), threshold=60)
    assert abs(chart.health_end.label_y - chart.potential_end.label_y) >= 13


def test_events_outside_the_time_shown_are_left_out_and_numbered_in_order():
    events = [(START - timedelta(days=1), "before"), (START, "first"), (START + timedelta(days=30), "second")]
    chart = draw_history(nights(70.0, 51.0), threshold=60, events=events)
    assert [(mark.number, mark.text) for mark in chart.marks] == [(1, "first"), (2, "second")]


def test_no_mark_covers_another_where_three_stand_close_under_the_frame():
    events = [(START + timedelta(days=days), f"after {days}") for days in (10, 10, 12)]
    chart = draw_history(nights(*[72.0] * 12), threshold=60, events=events)
    heights = sorted(mark.y for mark in chart.marks)
    assert all(round(below - above, 1) >= MARK_GAP for above, below in pairwise(heights))
