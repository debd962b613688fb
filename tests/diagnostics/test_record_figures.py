"""The track record's figures and drawings, each against a count by hand."""

from datetime import date

import numpy as np
import pytest

from diagnostics.backtest import Loss
from diagnostics.charts.track_record import BAR_LEFT, BAR_RIGHT, draw_recalls, draw_reliability, draw_warnings
from diagnostics.discrimination import Decile, Share, measure_auc, measure_share
from diagnostics.track_record import share_warnings


def count_pairs(labels, scores, nights):
    """The AUC within nights, pair by pair."""
    won, pairs = 0.0, 0
    for i in np.flatnonzero(labels):
        for j in np.flatnonzero(~labels):
            if nights[i] == nights[j]:
                won += (scores[i] > scores[j]) + (scores[i] == scores[j]) / 2
                pairs += 1
    return won / pairs


def test_within_a_night_it_is_the_share_of_pairs_in_the_right_order():
    random = np.random.default_rng(11)
    labels, nights = random.random(300) < 0.3, random.integers(0, 5, 300)
    scores = np.round(random.normal(size=300) + labels * 0.5, 1)
    assert measure_auc(labels, scores, nights=nights).value == pytest.approx(count_pairs(labels, scores, nights))


def test_a_book_that_drifts_ranks_nobody():
    # Both the score and the rate rise from night to night; within a night the score says nothing.
    nights = np.repeat([1, 2, 3], 200)
    labels = np.tile(np.arange(200), 3) % 10 < np.repeat([1, 4, 8], 200)
    scores = nights.astype(float)
    assert measure_auc(labels, scores).value > 0.7
    assert measure_auc(labels, scores, nights=nights).value == 0.5
    # A night on which nobody left has no pair to compare.
    assert measure_auc(np.zeros(600, dtype=bool), scores, nights=nights).value is None


def test_a_share_has_the_interval_of_its_accounts():
    parts, wholes = np.array([9.0, 0.0, 0.0]), np.array([9.0, 1.0, 0.0])
    share = measure_share(parts, wholes, ["large", "small", "none"])
    assert share.value == 0.9
    # Drawn without the large account, nothing is caught; without the small one, everything.
    assert (share.low, share.high) == (0.0, 1.0)
    assert measure_share(parts * 0, wholes * 0, ["a", "b", "c"]) == Share(None)


def test_bars_are_as_long_as_their_shares_and_carry_their_intervals():
    drawn = draw_recalls([Share(0.5, 0.25, 0.75), Share(None), Share(0.2, 0.2, 0.2)])
    span = BAR_RIGHT - BAR_LEFT
    half, nothing, chance = drawn.bars
    assert (half.width, half.low, half.high) == (span / 2, BAR_LEFT + span / 4, BAR_LEFT + span * 0.75)
    assert half.label_x > half.high
    assert (nothing.width, nothing.share) == (0.0, 0.0)
    assert chance.y - nothing.y == nothing.y - half.y
    assert [tick.share for tick in drawn.ticks] == [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]


def test_the_reliability_curve_has_equal_axes_that_hold_every_point():
    curve = draw_reliability([Decile(100, 0.0, 0.0), Decile(50, 0.1, 0.2), Decile(100, 0.35, 0.31)])
    assert [tick.share for tick in curve.columns] == [tick.share for tick in curve.rows]
    assert curve.columns[-1].share == 0.4
    first, middle, last = curve.dots
    assert (first.x, first.y) == (40.0, 216.0)
    assert (middle.x, middle.y) == (40 + 344 / 4, 216 - 204 / 2)
    assert last.x < 384
    assert last.y > 12
    assert curve.path == f"M{first.x} {first.y}L{middle.x} {middle.y}L{last.x} {last.y}"


def test_the_highest_column_fills_the_height():
    low, high, none = draw_warnings([0.2, 0.8, 0.0])
    assert (high.height, low.height, none.height) == (134.0, 33.5, 0.0)
    assert high.y + high.height == low.y + low.height == 164.0


def test_each_loss_counts_once_by_its_days_of_warning():
    class Found:
        losses = [
            Loss("a", 60.0, date(2026, 1, 1), 14),
            Loss("b", 20.0, date(2026, 1, 1), 15),
            Loss("c", 10.0, date(2026, 1, 1), 300),
            Loss("d", 10.0, date(2026, 1, 1), None),
        ]

    rows = {label: (share, arr, count) for label, share, arr, count in share_warnings(Found())}
    assert rows == {
        "under 15 d": (0.6, 60.0, 1),
        "15 to 30": (0.2, 20.0, 1),
        "30 to 60": (0.0, 0.0, 0),
        "60 to 90": (0.0, 0.0, 0),
        "over 90": (0.1, 10.0, 1),
        "missed": (0.1, 10.0, 1),
    }
