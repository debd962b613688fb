"""Versions of the scoring model: read back as written, refused where they make no sense."""

from dataclasses import replace

import pytest

from diagnostics.engine import DEFAULT_MODEL, ScoringModel, diagnose, read_contributions
from tests.engine.books import NIGHT, diagnose_changed, explain, make_book


def test_a_model_survives_json_and_diagnoses_the_same():
    changed = DEFAULT_MODEL.with_weights({"tenure": {"enterprise": 1.0, "mid_market": 2.0, "smb": 3.5}}, version=7)
    model = replace(changed, thresholds=replace(changed.thresholds, value_amount=40_000.0))
    again = ScoringModel.from_json(model.to_json())
    assert again == model
    assert again.to_json() == model.to_json()
    assert diagnose(make_book({}), again, NIGHT).equals(diagnose(make_book({}), model, NIGHT))


def test_weights_are_those_of_the_tier():
    model = DEFAULT_MODEL.with_weights(
        {"overdue_invoices": {"enterprise": 3.0, "mid_market": 6.0, "smb": 12.0}}, version=2
    )
    facts = [
        {"tier": tier, "overdue_invoices": 1, "overdue_days": 60}
        for tier in ("enterprise", "mid_market", "smb", "", "galactic")
    ]
    points = [
        explain(row, model)["overdue_invoices"].points for row in diagnose_changed(*facts, model=model).to_dicts()
    ]
    assert points == [-3.0, -6.0, -12.0, -6.0, -6.0]


def test_a_model_with_fewer_signals_numbers_its_own():
    few = replace(DEFAULT_MODEL, signals=("tenure", "limit_used", "overdue_invoices"))
    row = diagnose(make_book({}), few, NIGHT).row(0, named=True)
    contributions = read_contributions(few, row["points"], row["values"])
    names = [(c.number, c.name) for c in contributions]
    assert names == [
        (1, "tenure"),
        (2, "limit_used"),
        (3, "overdue_invoices"),
        (4, "health_scale"),
        (5, "potential_scale"),
    ]
    assert few.base["health"] + sum(c.points for c in contributions if c.score == "health") == row["health"]


def test_the_ends_of_the_scale_are_a_contribution_of_their_own():
    heavy = {
        name: {tier: weight * 16 for tier, weight in weights.items()} for name, weights in DEFAULT_MODEL.weights.items()
    }
    model = DEFAULT_MODEL.with_weights(heavy, version=3)
    [row] = diagnose_changed({}, model=model).to_dicts()
    scale = explain(row, model)["health_scale"]
    assert row["health"] == 100.0
    assert scale.points < 0
    assert scale.sentence("fr") == "L’échelle s’arrête à 0 et à 100."


@pytest.mark.parametrize(
    "change",
    [
        {"signals": ("tenure", "horoscope")},
        {"base": {"health": 70.01, "potential": 40.0}},
        {"weights": {**DEFAULT_MODEL.weights, "tenure": {"enterprise": 1.0, "mid_market": -1.0, "smb": 1.0}}},
        {"weights": {**DEFAULT_MODEL.weights, "tenure": {"enterprise": 1.0}}},
    ],
)
def test_a_model_that_makes_no_sense_is_refused(change):
    with pytest.raises(ValueError, match=r"signal|weights|base"):
        replace(DEFAULT_MODEL, **change)


def test_a_frame_with_an_account_twice_is_refused():
    book = make_book({})
    with pytest.raises(ValueError, match="exactly one row"):
        diagnose(book.vstack(book.head(1)), DEFAULT_MODEL, NIGHT)


def test_some_accounts_diagnosed_again_in_the_day_stand_as_in_the_whole_book():
    from diagnostics.engine import measure_book

    book = make_book({"features_84": 4}, {"activity_28": 100.0})
    whole = diagnose(book, DEFAULT_MODEL, NIGHT).tail(2)
    assert diagnose(book.tail(2), DEFAULT_MODEL, NIGHT, peers=measure_book(book, NIGHT)).equals(whole)
