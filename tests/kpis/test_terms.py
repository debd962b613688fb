"""Term ends: what was due, what followed, and what is still open."""

from datetime import date, timedelta

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from diagnostics.kpis.terms import list_decisions
from portfolio.ledger.build import PARENTS
from tests.kpis.frames import EUR, frame, period

TODAY = date(2026, 11, 21)


def read(*rows, today=TODAY, parents=(), **options):
    above = pl.DataFrame(list(parents), schema=PARENTS, orient="row")
    found = list_decisions(frame(*rows), today=today, rates=EUR, parents=above, **options)
    return [
        (r["subscription_id"], r["term_end_on"].isoformat(), int(r["due"]), int(r["after"]), r["open"])
        for r in found.to_dicts()
    ]


def test_whole_terms_follow_each_other():
    assert read(period("2024-03-01")) == [
        ("S1", "2025-03-01", 1200, 1200, False),
        ("S1", "2026-03-01", 1200, 1200, False),
    ]


def test_what_ends_with_its_term_is_due_and_lost():
    assert read(period("2024-03-01", "2025-03-01")) == [("S1", "2025-03-01", 1200, 0, False)]


def test_a_change_inside_the_term_moves_no_renewal():
    changed = [period("2025-03-01", "2025-06-15"), period("2025-06-15", mrr="150")]
    assert read(*changed) == [("S1", "2026-03-01", 1800, 1800, False)]


def test_an_early_renewal_counts_at_the_old_term_end():
    early = [period("2025-03-01", "2025-12-01"), period("2025-12-01", mrr="80", term_started_on="2025-12-01")]
    assert read(*early) == [("S1", "2026-03-01", 1200, 960, False)]


def test_a_contract_broken_off_counts_at_the_old_term_end():
    assert read(period("2025-03-01", "2025-08-01")) == [("S1", "2026-03-01", 1200, 0, False)]


def test_within_the_grace_it_is_open_and_after_it_nothing():
    ends = period("2025-11-01", "2026-11-01")
    assert read(ends) == [("S1", "2026-11-01", 1200, 0, True)]
    assert read(ends, today=date(2026, 12, 1)) == [("S1", "2026-11-01", 1200, 0, False)]


def test_a_late_renewal_is_what_it_came_back_for():
    late = [period("2024-11-01", "2025-11-01"), period("2025-11-20", mrr="90")]
    assert read(*late)[0] == ("S1", "2025-11-01", 1200, 1080, False)


def test_what_the_contract_says_overrides_its_term():
    assert read(period("2024-03-01", renews_on="2025-12-31")) == [("S1", "2025-12-31", 1200, 1200, False)]


def test_a_migration_within_the_family_renews():
    moved = [period("2025-03-01", "2026-03-01"), period("2026-03-01", subscription_id="S2", mrr="130")]
    assert read(*moved) == [("S1", "2026-03-01", 1200, 1560, False)]
    other = [moved[0], moved[1] | {"family": "other"}]
    assert read(*other) == [("S1", "2026-03-01", 1200, 0, False)]


def test_two_contracts_merged_into_one_share_it():
    rows = [
        period("2025-03-01", "2026-03-01", mrr="100", subscription_id="S1"),
        period("2025-03-01", "2026-03-01", mrr="50", subscription_id="S2"),
        period("2026-03-01", subscription_id="S3", mrr="120"),
    ]
    assert read(*rows) == [("S1", "2026-03-01", 1200, 1440, False), ("S2", "2026-03-01", 600, 240, False)]


def test_a_contract_moved_to_a_sister_account_renews():
    rows = [period("2025-03-01", "2026-03-01"), period("2026-03-01", account_id="B", subscription_id="S2")]
    assert read(*rows, parents=[("A", "P"), ("B", "P")])[0] == ("S1", "2026-03-01", 1200, 1200, False)
    assert read(*rows)[0] == ("S1", "2026-03-01", 1200, 0, False)


@given(st.integers(0, 800), st.integers(1, 24), st.integers(1, 700), st.integers(1, 500))
def test_a_mid_term_change_never_moves_a_renewal_date(start, months, change, mrr):
    begun = date(2023, 1, 31) + timedelta(days=start)
    changed_on = begun + timedelta(days=change)
    whole = [period(begun.isoformat(), term_months=months, term_started_on=begun)]
    cut = [
        period(begun.isoformat(), changed_on.isoformat(), term_months=months, term_started_on=begun),
        period(changed_on.isoformat(), mrr=str(mrr), term_months=months, term_started_on=begun),
    ]
    assert [row[1] for row in read(*cut)] == [row[1] for row in read(*whole)]
