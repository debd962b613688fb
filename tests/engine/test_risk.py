"""The default curves: what moves them, and what does not."""

import math

import pytest

from diagnostics.engine import DEFAULT_MODEL
from tests.engine.books import days_ago, diagnose_changed

FAR = {"renews_on": days_ago(-200), "decision_on": days_ago(-170)}
NEAR = {"renews_on": days_ago(-60), "decision_on": days_ago(-30)}


def risks(*facts):
    return [(row["churn_risk"], row["renewal_risk"]) for row in diagnose_changed(*facts).to_dicts()]


def test_a_term_that_ends_within_the_window_raises_churn_and_leaves_renewal_alone():
    (far_churn, far_renewal), (near_churn, near_renewal) = risks(FAR, NEAR)
    assert near_churn > 3 * far_churn
    assert far_renewal == near_renewal


def test_notice_makes_both_near_certain():
    [(churn, renewal)] = risks(
        {**NEAR, "notice_given_on": days_ago(2), "arr_noticed": 24_000.0, "ends_on": days_ago(-60)}
    )
    assert churn > 0.95
    assert renewal > 0.98


def test_notice_for_a_day_beyond_the_window_is_not_churn_within_it():
    [(churn, renewal)] = risks(
        {**FAR, "notice_given_on": days_ago(2), "arr_noticed": 24_000.0, "ends_on": days_ago(-200)}
    )
    assert churn < 0.7
    assert renewal > 0.98


def test_worse_health_is_riskier_and_a_withheld_one_is_what_is_known():
    unpaid = {"overdue_invoices": 2, "overdue_days": 60, "overdue_amount": 9.0}
    blind = {"usage_known_to": None, "last_used_on": None}
    plain, ill, unseen, unseen_ill = diagnose_changed(
        NEAR, NEAR | unpaid, NEAR | blind, NEAR | blind | unpaid
    ).to_dicts()
    assert ill["churn_risk"] > plain["churn_risk"]
    # Nobody knows whether it is used; that it does not pay is known.
    assert (unseen["health"], unseen_ill["health"]) == (None, None)
    curve = DEFAULT_MODEL.risk
    fewer = plain["health"] - ill["health"]
    for risk, per_point in (("churn_risk", curve.churn_per_point), ("renewal_risk", curve.renewal_per_point)):
        moved = log_odds(unseen_ill[risk]) - log_odds(unseen[risk])
        assert moved == pytest.approx(-per_point * fewer, abs=0.01)


def log_odds(probability):
    return math.log(probability / (1 - probability))


def test_a_contract_without_a_term_has_no_renewal_risk():
    assert risks({"renews_on": None, "decision_on": None})[0][1] is None


def test_value_at_risk_is_the_arr_that_decides_while_health_is_fragile():
    ill = {
        "overdue_invoices": 2,
        "overdue_days": 60,
        "active_users": 8.0,
        "features_84": 3,
        "last_used_on": days_ago(20),
    }
    rows = diagnose_changed({**ill, "arr_due_90": 20_000.0}, {"arr_due_90": 20_000.0}).to_dicts()
    assert [row["value_at_risk"] for row in rows] == [20_000.0, 0.0]
    assert rows[0]["health"] < 60 <= rows[1]["health"]
