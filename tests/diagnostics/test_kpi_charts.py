"""Geometry of the KPI screen: sums become heights, nothing is stretched, labels do not cover each other."""

from decimal import Decimal

from diagnostics.charts.kpis import FLOOR, TOP, Step, draw_lines, draw_tiny, draw_waterfall, place_on_bullet


def amounts(*pairs):
    return [
        Step(key, Decimal(amount), is_level=number in (0, len(pairs) - 1)) for number, (key, amount) in enumerate(pairs)
    ]


def test_each_step_begins_where_the_one_before_it_ended():
    chart = draw_waterfall(amounts(("start", 3292), ("upsell", 124), ("seats", 76), ("churn", -96), ("end", 3396)))
    start, upsell, seats, churn, end = chart.bars
    assert upsell.y + upsell.height == start.joint
    assert seats.y + seats.height == round(upsell.joint, 1)
    assert churn.y == seats.joint
    assert churn.joint == end.y == end.joint
    assert [bar.tone for bar in chart.bars] == ["level", "up", "up", "down", "level"]


def test_a_large_base_breaks_the_axis_and_a_small_one_does_not():
    assert draw_waterfall(amounts(("start", 3292), ("new", 100), ("end", 3392))).is_broken
    small = draw_waterfall(amounts(("start", 100), ("new", 300), ("end", 400)))
    assert not small.is_broken
    start, _new, end = small.bars
    assert (round(start.height / end.height, 2), end.y) == (0.25, TOP)
    assert start.y + start.height == FLOOR


def test_an_empty_ledger_has_no_waterfall():
    assert draw_waterfall(amounts(("start", 0), ("end", 0))) is None


def test_a_book_that_left_whole_is_drawn_from_zero():
    chart = draw_waterfall(amounts(("start", 500), ("churn", -500), ("end", 0)))
    assert not chart.is_broken
    assert chart.bars[-1].height == 0.0


def test_a_period_without_a_figure_breaks_the_line():
    nrr = [Decimal("1.03"), None, Decimal("1.05"), Decimal("1.06")]
    chart = draw_lines([nrr, [None] * 4], [[None, None, None, Decimal("1.08")], [None] * 4])
    line, empty = chart.lines
    assert line.path.count("M") == 2
    assert len(line.dots) == 3
    assert (empty.path, empty.label_y, empty.target_path) == ("", None, "")
    assert line.target_path.startswith("M")
    assert abs(line.target_y - line.label_y) >= 15
    assert (chart.rows[0].share, chart.rows[-1].share) == (1.03, 1.08)


def test_two_lines_that_end_together_have_their_labels_apart():
    same = [Decimal(1), Decimal(1)]
    first, second = draw_lines([same, same], [[None, None], [None, None]]).lines
    assert abs(first.label_y - second.label_y) >= 15


def test_one_value_is_no_line():
    assert draw_lines([[Decimal(1), None]], [[None, None]]) is None
    assert draw_tiny([Decimal(1), None]) is None


def test_a_small_line_fills_its_height_and_a_level_one_stays_in_the_middle():
    rising = draw_tiny([Decimal(1), Decimal(2), Decimal(3)])
    assert rising.path == "M2.0 31.0L72.0 18.0L142.0 5.0"
    assert draw_tiny([Decimal(2), Decimal(2)]).end.y == 18.0


def test_a_bullet_measures_against_its_whole_or_a_quarter_above_its_target():
    assert place_on_bullet(Decimal("0.78"), Decimal("0.85"), whole=Decimal(1)) == (156.0, 170.0)
    assert place_on_bullet(Decimal(60), Decimal(80), whole=None) == (120.0, 160.0)
    assert place_on_bullet(None, None, whole=None) == (0.0, 0.0)
