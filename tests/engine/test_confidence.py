"""What is known, what is withheld, and how sure a diagnosis is."""

import pytest

from tests.engine.books import days_ago, diagnose_changed

NO_USAGE = {"usage_known_to": None, "last_used_on": None, **dict.fromkeys(("activity_28", "active_users"))}
NO_SUPPORT = {"support_known_to": None}
NO_CRM = {"crm_known_to": None}
NO_BILLING = {"running": False, "invoices_365": None, "billing_known_to": None}
MISSING, STALE, CONTRADICTORY, FRESH = range(4)


def known(facts):
    [row] = diagnose_changed(facts).to_dicts()
    return row["sources"], row["confidence"], row["health"] is None, row["potential"] is None, row["churn_risk"] is None


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({}, ([FRESH] * 4, 1.0, False, False, False)),
        (NO_USAGE, ([MISSING, FRESH, FRESH, FRESH], 0.65, True, False, False)),
        ({**NO_SUPPORT, **NO_CRM}, ([FRESH, MISSING, FRESH, MISSING], 0.6, False, False, False)),
        ({**NO_SUPPORT, **NO_CRM, **NO_BILLING}, ([FRESH, MISSING, MISSING, MISSING], 0.35, True, True, True)),
        ({**NO_BILLING, **NO_CRM}, ([FRESH, FRESH, MISSING, MISSING], 0.55, False, True, True)),
        # A CRM that carries the contracts: no health, but risk and potential.
        ({**NO_USAGE, **NO_SUPPORT}, ([MISSING, MISSING, FRESH, FRESH], 0.45, True, False, False)),
        ({"usage_known_to": days_ago(5)}, ([STALE, FRESH, FRESH, FRESH], 0.82, False, False, False)),
        ({"usage_known_to": days_ago(4)}, ([FRESH] * 4, 1.0, False, False, False)),
        ({"usage_contradicts": True}, ([CONTRADICTORY, FRESH, FRESH, FRESH], 0.79, False, False, False)),
        ({"periods_overlap": True}, ([FRESH, FRESH, CONTRADICTORY, FRESH], 0.85, False, False, False)),
        ({"amount_unknown": True}, ([FRESH, FRESH, CONTRADICTORY, FRESH], 0.85, False, False, False)),
        ({"support_contradicts": True}, ([FRESH, CONTRADICTORY, FRESH, FRESH], 0.88, False, False, False)),
    ],
)
def test_sources_confidence_and_what_is_withheld(facts, expected):
    assert known(facts) == expected


def test_a_withheld_health_keeps_its_causes_and_their_points():
    [row] = diagnose_changed({**NO_USAGE, "sponsors_left": 2, "sponsors": 0, "sponsor_left_on": days_ago(9)}).to_dicts()
    from tests.engine.books import explain

    cause = explain(row)["sponsor_left"]
    assert (row["health"], cause.points, cause.number) == (None, -14.0, row["top_cause"])
    assert cause.sentence("en").startswith("A sponsor or champion left on")
