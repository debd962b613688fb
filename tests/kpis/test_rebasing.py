"""Fiscal years that begin inside what is measured: a re-basing is neither kept nor lost."""

from datetime import date
from decimal import Decimal

import polars as pl

from diagnostics.kpis.balances import balance_at_closing_rates
from diagnostics.kpis.calendar import Period, frame_periods
from diagnostics.kpis.retention import grr, keep_of_base, nrr
from portfolio.ledger.build import MOVEMENTS

YEAR = frame_periods([Period(date(2025, 7, 1), date(2026, 6, 30), "2026-Q2", "quarter")], date(2026, 6, 30))


def movements(*rows: tuple[str, str, str, int]) -> pl.DataFrame:
    """(account, day, kind, amount)."""
    found = [
        {"account_id": name, "day": date.fromisoformat(day), "kind": kind, "amount": Decimal(amount), "lever": ""}
        for name, day, kind, amount in rows
    ]
    return pl.DataFrame([{c: row.get(c) for c in MOVEMENTS} for row in found], schema=MOVEMENTS)


def keep(*rows):
    kept = keep_of_base(balance_at_closing_rates(movements(*rows), YEAR))
    both = {"nrr": nrr(kept), "grr": grr(kept)}
    return {name: (parts[name].sum(), parts[f"{name}/"].sum()) for name, parts in both.items()}


def test_four_quarters_stand_at_the_rates_of_their_close():
    grown = keep(
        ("a", "2025-01-01", "new", 100), ("a", "2025-10-01", "expansion", 100), ("a", "2026-01-01", "fx", 20),
    )  # fmt: skip
    assert grown == {"nrr": (220, 110), "grr": (110, 110)}


def test_what_began_within_the_four_quarters_has_no_base():
    born = keep(("a", "2025-10-01", "new", 100), ("a", "2026-01-01", "fx", 10), ("a", "2026-02-01", "churn", -110))
    assert born == {"nrr": (0, 0), "grr": (0, 0)}


def test_what_left_before_the_year_turned_is_lost_at_the_rate_it_had():
    left = keep(
        ("a", "2025-01-01", "new", 100), ("a", "2025-10-01", "churn", -100),
        ("b", "2025-01-01", "new", 100), ("b", "2026-01-01", "fx", 20), ("b", "2026-03-01", "contraction", -60),
    )  # fmt: skip
    assert left == {"nrr": (60, 220), "grr": (60, 220)}


def test_what_no_plan_rate_prices_at_the_close_is_neither_kept_nor_lost():
    unpriced = keep(
        ("a", "2025-01-01", "new", 100), ("a", "2025-10-01", "expansion", 100), ("a", "2026-01-01", "fx", -200),
        ("b", "2026-01-01", "fx", 70), ("b", "2026-02-01", "expansion", 10),
        ("c", "2025-01-01", "new", 50),
    )  # fmt: skip
    assert unpriced == {"nrr": (50, 50), "grr": (50, 50)}
