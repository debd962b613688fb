"""Value at risk, confirmed loss and expected loss."""

from datetime import date
from decimal import Decimal

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnostics.kpis.contracts import contracts_on
from diagnostics.kpis.risk import (
    confirmed_loss,
    draw_losses,
    expected_loss,
    list_outcomes,
    loss_range,
    value_at_risk,
)
from tests.kpis.frames import EUR, frame, period

DAY = date(2026, 11, 21)


def book():
    """Decisions in 10, 40 and 200 days, and a contract under notice; A, B and D are weak."""
    rows = [
        period("2026-01-01", subscription_id="a", account_id="A", renews_on="2026-12-31", mrr="100"),
        period("2026-01-01", subscription_id="b", account_id="B", renews_on="2027-01-30", mrr="200"),
        period("2026-01-01", subscription_id="c", account_id="C", renews_on="2027-01-30", mrr="400"),
        period("2026-01-01", subscription_id="d", account_id="D", renews_on="2027-07-09", mrr="800"),
        period("2026-01-01", "2026-12-31", subscription_id="e", account_id="A", notice_given_on="2026-11-01", mrr="50"),
    ]
    found = contracts_on(frame(*rows), [DAY], rates=EUR)
    diagnosed = pl.DataFrame(
        {
            "account_id": ["A", "B", "C", "D"],
            "weak": [True, True, False, True],
            "renewal_risk": [0.5, 0.25, 0.1, None],
        }
    )
    return found.join(diagnosed, on="account_id", how="left")


def test_value_at_risk_is_the_weak_arr_that_is_decided_in_the_window():
    for window, at_risk, due in ((30, 1200, 1200), (60, 3600, 8400), (90, 3600, 8400), (365, 13200, 18000)):
        parts = value_at_risk(book(), window)
        assert (parts["numerator"].sum(), parts["denominator"].sum()) == (at_risk, due)


def test_confirmed_loss_stands_beside_it():
    assert confirmed_loss(book())["numerator"].to_list() == [Decimal(600)]
    assert confirmed_loss(book(), 30).height == 0
    assert "e" not in value_at_risk(book(), 365)["subscription_id"]


def test_expected_loss_is_exact():
    assert expected_loss(book())["numerator"].sum() == Decimal(600) + Decimal(600) + Decimal(480)


def test_a_contract_without_a_risk_is_left_out():
    assert "d" not in expected_loss(book(), 365)["subscription_id"]


def test_draws_come_out_the_same_and_near_the_truth():
    amounts, risks = [Decimal(100)] * 50, [0.2] * 50
    spread = draw_losses(amounts, risks, seed=7)
    assert spread == draw_losses(amounts, risks, seed=7)
    # Binomial(50, 0.2): its 10th, 50th and 90th percentiles are 6, 10 and 14.
    assert (spread.p10, spread.p50, spread.p90) == (Decimal(600), Decimal(1000), Decimal(1400))


def test_the_range_of_a_book_is_made_of_amounts_that_can_be_lost():
    due = expected_loss(book())
    spread = loss_range(due, day=DAY)
    possible = {outcome.amount for outcome in list_outcomes(due)}
    assert {spread.p10, spread.p50, spread.p90} <= possible


def test_ids_of_ours_draw_no_other_range():
    """An export gets new ids where it is imported, and is to give the same figures."""
    due = expected_loss(book())
    renamed = due.with_columns(account_id=pl.col("account_id").replace({"A": "Z", "B": "Y", "C": "X"}))
    for draws in range(1, 30):
        assert loss_range(renamed, day=DAY, draws=draws) == loss_range(due, day=DAY, draws=draws)


def test_few_contracts_are_listed_and_many_refused():
    outcomes = list_outcomes(expected_loss(book()))
    assert [(o.lost, o.amount) for o in outcomes[:2]] == [((), Decimal(0)), (("a",), Decimal(1200))]
    assert len(outcomes) == 8
    with pytest.raises(ValueError, match="under 5 contracts"):
        list_outcomes(pl.concat([expected_loss(book())] * 2))


@given(st.lists(st.tuples(st.integers(1, 9999), st.floats(0, 1)), max_size=4))
def test_the_outcomes_add_up_to_certainty_and_to_the_expected_loss(contracts):
    due = pl.DataFrame(
        {
            "subscription_id": [str(n) for n in range(len(contracts))],
            "arr": [Decimal(amount) for amount, _ in contracts],
            "renewal_risk": [risk for _, risk in contracts],
        },
        schema={"subscription_id": pl.String, "arr": pl.Decimal(38, 12), "renewal_risk": pl.Float64},
    )
    outcomes = list_outcomes(due)
    assert sum(o.probability for o in outcomes) == pytest.approx(1)
    mean = sum(float(o.amount) * o.probability for o in outcomes)
    assert mean == pytest.approx(sum(amount * risk for amount, risk in contracts))
