"""What holds for every account whatever its facts: exactness, order, scale, monotony."""

from decimal import Decimal

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from diagnostics.engine import COLUMNS, DEFAULT_MODEL, STATE, diagnose
from diagnostics.engine.signals import SIGNALS, Ramp
from tests.engine.books import NIGHT, feature_frames

QUICK = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
SCORES = ("health", "potential")


def split_points(diagnosis: dict, score: str) -> list[float]:
    names = DEFAULT_MODEL.names
    of_score = {s.name for s in SIGNALS if s.score == score} | {f"{score}_scale"}
    return [points for name, points in zip(names, diagnosis["points"], strict=True) if name in of_score]


@QUICK
@given(feature_frames())
def test_base_and_points_are_the_score_in_floats_and_in_decimals(features):
    for row in diagnose(features, DEFAULT_MODEL, NIGHT).to_dicts():
        for score in SCORES:
            points = split_points(row, score)
            assert all(value * 16 == int(value * 16) for value in points)
            if row[score] is None:
                assert score == "health" or set(points) == {0.0}
                continue
            assert DEFAULT_MODEL.base[score] + sum(points) == row[score]
            exact = Decimal(repr(DEFAULT_MODEL.base[score])) + sum(Decimal(repr(value)) for value in points)
            assert exact == Decimal(repr(row[score]))
            assert 0 <= row[score] <= 100


@QUICK
@given(feature_frames())
def test_nothing_is_nan_and_probabilities_are_probabilities(features):
    found = diagnose(features, DEFAULT_MODEL, NIGHT)
    assert found.columns == list(COLUMNS)
    for name in ("churn_risk", "renewal_risk", "confidence"):
        assert found[name].drop_nulls().is_between(0, 1).all()
    numbers = found.select(pl.col(pl.Float64))
    assert numbers.select(pl.all().is_finite().all()).row(0) == (True,) * numbers.width
    for lists in ("points", "values"):
        assert found[lists].explode().drop_nulls().is_finite().all()
    assert all(row["expansion_potential_arr"] >= 0 for row in found.to_dicts())


@QUICK
@given(feature_frames(least=2), st.randoms())
def test_the_order_of_rows_changes_no_byte(features, random):
    order = list(range(features.height))
    random.shuffle(order)
    first = diagnose(features, DEFAULT_MODEL, NIGHT)
    assert diagnose(features[order], DEFAULT_MODEL, NIGHT).serialize() == first.serialize()


@QUICK
@given(feature_frames(least=5))
def test_a_book_of_twice_the_same_accounts_says_the_same_of_each(features):
    # Value segments and peers are shares and medians: doubling leaves them alone where groups stay large enough.
    twins = features.with_columns(pl.col("account_id") + "-twin")
    book = pl.concat([features] * 12 + [features.clear()])
    many = book.with_columns(pl.col("account_id") + "-" + pl.int_range(pl.len()).cast(pl.String))
    once = diagnose(pl.concat([features, many]), DEFAULT_MODEL, NIGHT)
    twice = diagnose(
        pl.concat([features, twins, many, many.with_columns(pl.col("account_id") + "-b")]), DEFAULT_MODEL, NIGHT
    )
    ids = features["account_id"].to_list()
    assert twice.filter(pl.col("account_id").is_in(ids)).equals(once.filter(pl.col("account_id").is_in(ids)))


@QUICK
@given(feature_frames(), st.integers(1, 3))
def test_a_night_continued_twice_from_the_same_state_is_the_same(features, nights):
    previous = None
    for _ in range(nights):
        found = diagnose(features, DEFAULT_MODEL, NIGHT, previous)
        assert diagnose(features, DEFAULT_MODEL, NIGHT, previous).equals(found)
        previous = found.select(STATE.keys())


@pytest.mark.parametrize("signal", SIGNALS, ids=lambda signal: signal.name)
@settings(max_examples=30, deadline=None)
@given(values=st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=20))
def test_each_signal_moves_one_way_only(signal, values):
    ordered = sorted(values, reverse=signal.direction < 0)
    strengths = pl.DataFrame({"v": ordered}).select(signal.ramp.strength(pl.col("v")))["v"]
    assert strengths.is_between(-1, 1).all()
    assert strengths.is_sorted()


def test_the_calendar_of_a_contract_changes_no_score():
    from tests.engine.books import days_ago, diagnose_changed

    far = {"renews_on": days_ago(-360), "decision_on": days_ago(-330), "arr_due_90": 0.0}
    near = {"renews_on": days_ago(-8), "decision_on": days_ago(-1), "arr_due_90": 24_000.0}
    far_row, near_row = diagnose_changed(far, near).to_dicts()
    assert (far_row["health"], far_row["potential"]) == (near_row["health"], near_row["potential"])
    assert far_row["points"] == near_row["points"]
    assert near_row["churn_risk"] > far_row["churn_risk"]


@pytest.mark.parametrize(
    "ramp",
    [
        {"neutral": 1.0},
        {"neutral": 0.0, "best": 1.0, "reward": 1.5},
        {"neutral": 1.0, "worst": 2.0, "best": 3.0},
        {"neutral": 0.0, "worst": -1.0, "best": -2.0},
    ],
)
def test_a_ramp_that_turns_round_is_refused(ramp):
    with pytest.raises(ValueError, match="ramp"):
        Ramp(**ramp)
