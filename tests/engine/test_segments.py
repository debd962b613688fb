"""Segments over nights: who enters, who leaves, and that nobody flickers."""

import polars as pl
import pytest

from diagnostics.engine import DEFAULT_MODEL, STATE
from diagnostics.engine.peers import compute_value_floors
from diagnostics.engine.segments import assign_segments, assign_value_segments, attach_state

DEFENSE, EXPANSION, REGULAR = "defense_priority", "expansion_priority", "regular_follow_up"


def follow_nights(healths, potentials=None, value_segment="A", arr=24_000.0, model=DEFAULT_MODEL):
    """The segment of one account on each of consecutive nights."""
    previous, segments = None, []
    for number, health in enumerate(healths):
        frame = pl.DataFrame(
            {
                "account_id": ["a"],
                "health": [health],
                "potential": [potentials[number] if potentials else 40.0],
                "value_segment": [value_segment],
                "arr": [arr],
            },
            schema_overrides={"health": pl.Float64},
        )
        found = assign_segments(attach_state(frame, previous), model)
        segments.append(found["segment"][0])
        rest = {name: pl.lit(None, dtype=dtype) for name, dtype in STATE.items() if name not in found.columns}
        previous = found.with_columns(**rest).select(STATE.keys())
    return segments


def test_one_night_below_sixty_is_not_yet_defense_two_are():
    assert follow_nights([70, 59.9375, 70, 59, 59]) == [REGULAR, REGULAR, REGULAR, REGULAR, DEFENSE]


def test_the_first_night_ever_is_judged_by_its_level_alone():
    assert follow_nights([59]) == [DEFENSE]
    assert follow_nights([60]) == [REGULAR]


def test_defense_is_left_after_fourteen_nights_in_a_row_at_sixty_three():
    assert follow_nights([50, *[63] * 14])[-2:] == [DEFENSE, REGULAR]


@pytest.mark.parametrize("dip", [62.9375, 40.0])
def test_a_night_below_sixty_three_starts_the_fourteen_again(dip):
    nights = follow_nights([50, *[63] * 13, dip, *[63] * 14])
    assert nights[:-1] == [DEFENSE] * 28
    assert nights[-1] == REGULAR


def test_a_night_without_a_health_counts_for_neither_side():
    assert follow_nights([70, 59, None, 59]) == [REGULAR, REGULAR, REGULAR, DEFENSE]
    assert follow_nights([50, *[63] * 13, None, 63])[-3:] == [DEFENSE, DEFENSE, REGULAR]


def test_a_withheld_health_is_neither_fragile_nor_ready_to_grow():
    assert follow_nights([None], potentials=[90]) == [REGULAR]


def test_fragile_accounts_of_low_value_stay_regular():
    assert follow_nights([50, 50], value_segment="B") == [REGULAR, REGULAR]


def test_the_organizations_amount_defends_whatever_the_value_segment():
    from dataclasses import replace

    model = replace(DEFAULT_MODEL, thresholds=replace(DEFAULT_MODEL.thresholds, value_amount=20_000.0))
    assert follow_nights([50], value_segment="C", arr=20_000.0, model=model) == [DEFENSE]
    assert follow_nights([50], value_segment="C", arr=19_999.0, model=model) == [REGULAR]


def test_expansion_begins_at_sixty_and_ends_below_fifty_seven():
    healths, potentials = [80] * 5, [59.9375, 60, 57, 56.9375, 59]
    assert follow_nights(healths, potentials) == [REGULAR, EXPANSION, EXPANSION, REGULAR, REGULAR]


def test_an_expansion_account_keeps_its_place_through_one_weak_night_only():
    assert follow_nights([80, 55, 80, 55, 55], [90] * 5) == [EXPANSION, EXPANSION, EXPANSION, EXPANSION, DEFENSE]


def value_segments(*arrs):
    arr = pl.Series("arr", arrs, dtype=pl.Float64)
    return assign_value_segments(arr.to_numpy(), compute_value_floors(arr)).to_list()


def test_the_largest_accounts_that_make_four_fifths_are_a():
    assert value_segments(500, 300, 100, 60, 40) == ["A", "A", "B", "B", "C"]
    assert value_segments(100, 100, 100, 100) == ["A"] * 4
    assert value_segments(None, 0, 10) == ["C", "C", "A"]
    assert value_segments(None, 0) == ["C", "C"]
