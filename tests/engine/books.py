"""Accounts to diagnose: one plain healthy account, and a book of its like."""

from datetime import date, timedelta
from typing import Any

import polars as pl
from hypothesis import strategies as st

from diagnostics.engine import DEFAULT_MODEL, FEATURES, conform, diagnose, read_contributions

NIGHT = date(2026, 11, 19)


def days_ago(days: int) -> date:
    return NIGHT - timedelta(days=days)


# Steady use, paid on time, heard last week, one contract that runs for months: nothing to say about it.
PLAIN: dict[str, Any] = {
    "tier": "mid_market",
    "country": "FR",
    "employees": 90,
    "phase": "steady",
    "strategic": False,
    "has_owner": True,
    "customer_since": days_ago(400),
    "running": True,
    "first_paid_on": days_ago(400),
    "arr": 24_000.0,
    "arr_180_ago": 24_000.0,
    "expansions_365": 0,
    "products": 1,
    "products_sold": 2,
    "open_product_arr": 6_000.0,
    "main_product_id": "plan",
    "main_plan_id": "team",
    "main_mrr": 2_000.0,
    "price_basis": "per_seat",
    "seats": 40.0,
    "plan_has_seat_limit": False,
    "next_plan_id": "business",
    "next_plan_mrr": 3_000.0,
    "term_months": 12,
    "renews_on": days_ago(-300),
    "decision_on": days_ago(-270),
    "auto_renews": True,
    "arr_due_90": 0.0,
    "arr_noticed": 0.0,
    "discount_percent": 0.0,
    "periods_overlap": False,
    "billing_known_to": days_ago(10),
    "invoices_365": 12,
    "paid_on_time_365": 11,
    "overdue_invoices": 0,
    "overdue_amount": 0.0,
    "failed_90": 0,
    "usage_known_to": NIGHT,
    "activity_28": 2_000.0,
    "activity_29_56": 2_000.0,
    "activity_57_84": 2_000.0,
    "active_users": 26.0,
    "active_users_before": 26.0,
    "active_days_7": 5,
    "active_days_28": 20,
    "active_days_84": 60,
    "last_used_on": days_ago(1),
    "features_28": 8,
    "features_84": 10,
    "feature_activity_28": 1_500.0,
    "usage_contradicts": False,
    "support_known_to": days_ago(1),
    "tickets_90": 4,
    "tickets_open": 1,
    "tickets_overdue": 0,
    "severe_90": 1,
    "severe_open": 0,
    "reopened_90": 0,
    "good_180": 2,
    "bad_180": 0,
    "last_ticket_on": days_ago(12),
    "crm_known_to": days_ago(1),
    "contacts_known": True,
    "exchanges_known": True,
    "contacts": 5,
    "sponsors": 2,
    "sponsors_left": 0,
    "detractors": 0,
    "supporters": 1,
    "last_exchange_on": days_ago(8),
    "last_decider_on": days_ago(20),
    "threads_90": 3,
    "meetings_90": 3,
    "cancelled_90": 0,
    "reviews_known": False,
    "milestones_known": False,
}


def make_book(*changed: dict[str, Any], plain: int = 20) -> pl.DataFrame:
    """Plain accounts `p00`… and after them one account `x0`, `x1`… for each dict of changes."""
    rows = [{"account_id": f"p{number:02}", **PLAIN} for number in range(plain)]
    rows += [{"account_id": f"x{number}", **PLAIN, **changes} for number, changes in enumerate(changed)]
    return pl.DataFrame(rows, schema_overrides={name: dtype for name, dtype in FEATURES.items() if name in PLAIN})


def diagnose_changed(*changed: dict[str, Any], model=DEFAULT_MODEL, previous=None) -> pl.DataFrame:
    """The diagnoses of the changed accounts alone, amid a book of plain ones."""
    found = diagnose(make_book(*changed), model, NIGHT, previous)
    return found.filter(pl.col("account_id").str.starts_with("x"))


def explain(diagnosis: dict[str, Any], model=DEFAULT_MODEL) -> dict[str, Any]:
    """The contributions of one row by signal name."""
    return {c.name: c for c in read_contributions(model, diagnosis["points"], diagnosis["values"])}


TEXTS = {
    "tier": ["", "enterprise", "mid_market", "smb"],
    "country": ["", "FR", "DE"],
    "phase": ["", "onboarding", "adopting", "steady", "leaving"],
    "price_basis": ["", "flat", "per_seat", "metered"],
    "main_plan_id": ["team", "business"],
    "limit_metric": ["seats", "api_calls"],
}
VALUES = {
    pl.Boolean: st.booleans(),
    pl.Date: st.dates(days_ago(900), days_ago(-400)),
    pl.Int64: st.integers(0, 5_000),
    pl.Float64: st.one_of(st.just(0.0), st.floats(0, 1e7, allow_nan=False)),
}


def _column(name: str, dtype: Any) -> st.SearchStrategy:
    values = st.sampled_from(TEXTS.get(name, ["a", "b"])) if dtype == pl.String else VALUES[dtype]
    return st.one_of(st.none(), values, values)


@st.composite
def feature_frames(draw: Any, least: int = 1, most: int = 8) -> pl.DataFrame:
    """Frames of accounts with any facts at all, known or not."""
    count = draw(st.integers(least, most))
    row = st.fixed_dictionaries(
        {name: _column(name, dtype) for name, dtype in FEATURES.items() if name != "account_id"}
    )
    rows = [{"account_id": f"a{number}", **draw(row)} for number in range(count)]
    return conform(pl.DataFrame(rows, schema=dict(FEATURES)))
