"""Cohorts: what became of the accounts that began together, in real terms."""

from datetime import date
from decimal import Decimal

import polars as pl

from diagnostics.kpis.calendar import frame_periods, list_periods
from diagnostics.kpis.cohorts import age_accounts, cohort_retention, map_cohorts
from tests.kpis.test_rebasing import movements

TODAY = date(2026, 6, 30)
MONTHS = frame_periods(list_periods(date(2025, 1, 1), TODAY, "month"), TODAY)
QUARTERS = frame_periods(list_periods(date(2025, 1, 1), TODAY, "quarter"), TODAY)


def lives(rows, **first: str):
    """Of the ledger's rows and each account's first paid day."""
    days = {"account_id": list(first), "first_paid_on": [date.fromisoformat(day) for day in first.values()]}
    return age_accounts(movements(*rows), pl.DataFrame(days), MONTHS)


def arr_of(found, account, n):
    return found.filter(account_id=account, n=n).select("start", "arr").row(0)


def test_what_left_at_a_new_rate_is_gone_and_no_more():
    rows = [("a", "2025-03-10", "new", 100), ("a", "2026-01-01", "fx", 20), ("a", "2026-02-01", "churn", -120)]
    found = lives(rows, a="2025-03-10")
    assert [arr_of(found, "a", n) for n in (9, 10, 12)] == [(100, 100), (100, 100), (100, 0)]


def test_a_contract_that_moved_stays_with_its_giver():
    rows = [("a", "2025-01-01", "new", 100), ("a", "2025-05-01", "transfer", -100)]
    rows += [("b", "2025-05-01", "transfer", 100), ("b", "2025-09-01", "contraction", -30)]
    found = lives(rows, a="2025-01-01", b="2025-05-01")
    assert arr_of(found, "a", 6) == (100, 100)
    assert arr_of(found, "b", 3) == (0, 0)
    assert arr_of(found, "b", 6) == (0, -30)


def test_an_account_without_a_start_leaves_its_cohort_its_row():
    found = lives([("a", "2025-01-01", "new", 100)], a="2025-01-01", unpriced="2025-02-01")
    cohorts = pl.DataFrame({"account_id": ["a", "unpriced"], "cohort": ["2025-Q1"] * 2})
    row = map_cohorts(found, cohorts).filter(n=12)
    assert row.select("accounts", "start", "nrr").rows() == [(1, 100, 100)]


def test_the_average_is_weighed_over_every_cohort_that_is_old_enough():
    rows = [("a", "2025-01-01", "new", 100), ("a", "2025-02-01", "contraction", -50), ("b", "2025-05-01", "new", 300)]
    parts = cohort_retention(lives(rows, a="2025-01-01", b="2025-05-01"), QUARTERS)
    sums = parts.group_by("period", maintain_order=True).agg(pl.col("nrr:m3", "nrr:m3/").sum()).sort("period")
    assert sums.rows()[:3] == [("2025-Q2", 50, 100), ("2025-Q3", 350, 400), ("2025-Q4", 350, 400)]
    assert parts.filter(period="2026-Q2", account_id="b")["arpa:m12/"].sum() == Decimal(1)
