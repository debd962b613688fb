"""On any book: the KPIs hold together to the last decimal."""

from datetime import date, timedelta
from decimal import Decimal

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from diagnostics.kpis.balances import END, MOVED, START, balance_periods
from diagnostics.kpis.calendar import frame_periods, list_periods
from diagnostics.kpis.frames import OF
from diagnostics.kpis.groups import Groups
from diagnostics.kpis.retention import grr, keep_of_base, logo_retention, nrr
from portfolio.ledger import build_movements
from portfolio.ledger.build import PARENTS
from portfolio.ledger.periods import RATES
from tests.kpis.frames import frame, period

BEGUN = date(2024, 1, 1)
UNTIL = date(2026, 12, 31)
CURRENCIES = [(year, "SEK", Decimal(8 + year % 5) / 100) for year in range(2023, 2028)]
CURRENCIES += [(year, "EUR", Decimal(1)) for year in range(2023, 2028)]
PLAN_RATES = pl.DataFrame(CURRENCIES, schema=RATES, orient="row")
SISTERS = pl.DataFrame([("A", "P"), ("B", "P")], schema=PARENTS, orient="row")
ACCOUNTS = "ABCD"

books = st.lists(
    st.builds(
        lambda account, sub, product, start, length, mrr, currency: period(
            (BEGUN + timedelta(days=start)).isoformat(),
            (BEGUN + timedelta(days=start + length)).isoformat() if length else None,
            str(Decimal(mrr) / 100),
            account_id=account,
            subscription_id=account + sub,
            product_id=product,
            family="one" if product in "pq" else product,
            currency=currency,
        ),
        st.sampled_from(ACCOUNTS),
        st.sampled_from("12"),
        st.sampled_from("pqr"),
        st.integers(0, 900),
        st.integers(0, 400),
        st.integers(0, 99_999),
        st.sampled_from(["EUR", "SEK"]),
    ),
    max_size=8,
    unique_by=lambda row: (row["subscription_id"], row["started_on"]),
)
lengths = st.sampled_from(["month", "quarter"])


def balances_of(rows, every, first_month=4):
    movements, _unpriced = build_movements(
        frame(*rows), until=UNTIL, rates=PLAN_RATES, reporting="EUR", first_month=first_month, parents=SISTERS
    )
    periods = frame_periods(list_periods(date(2024, 4, 1), UNTIL, every, first_month=first_month), UNTIL)
    return movements, balance_periods(movements, periods)


@given(books, lengths)
def test_start_and_movements_are_the_end(rows, every):
    _movements, balances = balances_of(rows, every)
    assert balances.filter(pl.col(START) + pl.sum_horizontal(MOVED) != pl.col(END)).is_empty()
    sums = balances.group_by("period").agg(pl.col(START, *MOVED, END).sum())
    assert sums.filter(pl.col(START) + pl.sum_horizontal(MOVED) != pl.col(END)).is_empty()


@given(books)
def test_a_period_begins_where_the_one_before_ended(rows):
    _movements, balances = balances_of(rows, "month")
    by_place = {(row["account_id"], row["place"]): row for row in balances.to_dicts()}
    for (account, place), row in by_place.items():
        before = by_place.get((account, place - 1))
        if place:
            assert row[START] == (before[END] if before else 0)


@given(books)
def test_quarters_are_the_sum_of_their_months(rows):
    _movements, months = balances_of(rows, "month")
    _movements, quarters = balances_of(rows, "quarter")
    assert [months[name].sum() for name in MOVED] == [quarters[name].sum() for name in MOVED]


@given(books, lengths, st.booleans())
def test_grr_is_never_above_one_and_nrr_less_grr_is_the_net_expansion(rows, every, with_reactivation):
    _movements, balances = balances_of(rows, every)
    kept = keep_of_base(balances, with_reactivation=with_reactivation)
    net, gross = nrr(kept), grr(kept)
    assert gross.filter(pl.col("grr") > pl.col("grr" + OF)).is_empty()
    growth = kept.select(pl.max_horizontal(pl.col("kept") - pl.col("base"), pl.lit(0)).sum()).item() or Decimal(0)
    difference = (net["nrr"].sum() or Decimal(0)) - (gross["grr"].sum() or Decimal(0))
    assert difference == growth
    logos = logo_retention(kept)
    assert logos.filter(pl.col("logo_retention") > pl.col("logo_retention" + OF)).is_empty()


@given(books, lengths)
def test_groups_add_up_to_the_total(rows, every):
    _movements, balances = balances_of(rows, every)
    accounts = pl.DataFrame(
        {
            "account_id": list(ACCOUNTS),
            "source_id": list(ACCOUNTS),
            "tier": ["smb", "", "enterprise", "smb"],
            "csm_email": ["x", "y", "", ""],
            "am_email": ["", "z", "", "z"],
        }
    )
    history = pl.DataFrame({"account_id": ["A"], "field": ["am_email"], "from_on": [date(2025, 5, 5)], "value": ["v"]})
    cohorts = pl.DataFrame({"account_id": ["A", "B"], "cohort": ["2024-Q1", "2024-Q2"]})
    periods = balances.select("period", "first").unique()
    groups = Groups(
        periods=periods, balances=balances, cohorts=cohorts, parents=SISTERS, accounts=accounts, history=history
    )
    part = nrr(keep_of_base(balances))
    for by in ("tier", "value_segment", "cohort", "owner"):
        placed = groups.assign(part, by)
        assert placed.height == part.height
        assert placed["group"].null_count() == 0
        assert placed["nrr"].sum() == part["nrr"].sum()


@given(books)
def test_a_transfer_costs_no_retention(rows):
    """What one sister gives and the other takes is zero in all, and in the base of neither."""
    movements, balances = balances_of(rows, "quarter")
    assert (movements.filter(pl.col("kind") == "transfer")["amount"].sum() or 0) == 0
    moved = balances.filter(pl.col("base") != 0, pl.col("arr_transfer") < 0, pl.col("arr_reactivation") == 0)
    kept = keep_of_base(moved)
    given_away = kept["base"] + kept["arr_expansion"] + kept["arr_contraction"] + kept["arr_churn"]
    assert kept["kept"].to_list() == given_away.to_list()
