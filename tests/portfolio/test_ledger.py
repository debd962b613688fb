"""The ledger of ARR movements: worked examples, and the invariant on any periods."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portfolio.ledger import Movement, Period, Rates, build_ledger, settle_periods
from portfolio.ledger.periods import frame_periods

EUR = Rates("EUR")
UNTIL = date(2026, 12, 31)


def period(start: str, end: str | None, mrr: str, **fields: object) -> Period:
    values = {"account_id": "A", "subscription_id": "S1", "product_id": "core", "currency": "EUR"} | fields
    return Period(
        started_on=date.fromisoformat(start),
        ended_on=date.fromisoformat(end) if end else None,
        mrr=Decimal(mrr),
        **values,
    )


def read(*periods: Period, until: date = UNTIL, **options: object) -> list[tuple[str, str, str, Decimal]]:
    """(day, kind, lever, amount) of every movement."""
    ledger = build_ledger(periods, until=until, **{"rates": EUR, **options})
    return [(m.day.isoformat(), m.kind, m.lever, m.amount) for m in ledger.movements]


def test_a_life_from_new_to_churn_and_back():
    assert read(
        period("2025-01-01", "2026-01-01", "100"),
        period("2026-01-01", "2026-04-01", "80", change_reason="contraction"),
        period("2026-07-01", None, "50"),
    ) == [
        ("2025-01-01", "new", "", Decimal(1200)),
        ("2026-01-01", "contraction", "", Decimal(-240)),
        ("2026-04-01", "churn", "", Decimal(-960)),
        ("2026-07-01", "reactivation", "", Decimal(600)),
    ]


def test_a_gap_within_the_grace_is_a_late_renewal_and_no_movement():
    late = [period("2025-01-01", "2026-01-01", "100"), period("2026-01-31", None, "100")]
    assert read(*late) == [("2025-01-01", "new", "", Decimal(1200))]
    assert [kind for _, kind, _, _ in read(*late, grace_days=29)] == ["new", "churn", "reactivation"]


def test_a_late_renewal_at_another_price_is_marked():
    ledger = build_ledger(
        [period("2025-01-01", "2026-01-01", "100"), period("2026-01-20", None, "110")], until=UNTIL, rates=EUR
    )
    assert ledger.movements[-1] == Movement("A", date(2026, 1, 20), "expansion", Decimal(120), "price", True)


def test_another_subscription_within_the_grace_keeps_the_account():
    again = [period("2025-01-01", "2026-01-01", "100"), period("2026-01-20", None, "90", subscription_id="S2")]
    assert read(*again)[1:] == [("2026-01-20", "contraction", "", Decimal(-120))]
    assert [kind for _, kind, _, _ in read(*again, grace_days=18)] == ["new", "churn", "reactivation"]


def test_an_end_whose_grace_still_runs_is_not_churn_yet():
    ending = period("2025-01-01", "2026-12-10", "100")
    assert [kind for _, kind, _, _ in read(ending)] == ["new"]
    assert [kind for _, kind, _, _ in read(ending, until=date(2027, 1, 9))] == ["new", "churn"]


def test_losing_one_of_two_is_contraction_and_a_second_product_is_cross_sell():
    assert read(
        period("2025-01-01", None, "100"),
        period("2025-06-01", "2026-06-01", "30", subscription_id="S2", product_id="time"),
    ) == [
        ("2025-01-01", "new", "", Decimal(1200)),
        ("2025-06-01", "expansion", "cross_sell", Decimal(360)),
        ("2026-06-01", "contraction", "", Decimal(-360)),
    ]


@pytest.mark.parametrize(
    ("after", "parts"),
    [
        ({"mrr": "200", "plan_rank": 2, "seats": Decimal(10)}, [("upsell", Decimal(1200))]),
        ({"mrr": "150", "plan_rank": 1, "seats": Decimal(15)}, [("seats", Decimal(600))]),
        ({"mrr": "110", "plan_rank": 1, "seats": Decimal(10)}, [("price", Decimal(120))]),
        # 10 seats at 10 → 12 seats at 20: the plan's step on the old seats, then the new seats at the new price.
        ({"mrr": "240", "plan_rank": 2, "seats": Decimal(12)}, [("seats", Decimal(480)), ("upsell", Decimal(1200))]),
        # 10 seats at 10 → 20 seats at 11: seats at the old price, then the price on all.
        ({"mrr": "220", "plan_rank": 1, "seats": Decimal(20)}, [("price", Decimal(240)), ("seats", Decimal(1200))]),
        ({"mrr": "300", "plan_rank": 1, "change_reason": "usage"}, [("usage", Decimal(2400))]),
    ],
)
def test_an_expansion_is_split_by_lever(after, parts):
    mrr = after.pop("mrr")
    made = read(
        period("2025-01-01", "2026-01-01", "100", plan_rank=1, seats=Decimal(10)),
        period("2026-01-01", None, mrr, **after),
    )[1:]
    assert sorted((lever, amount) for _, _, lever, amount in made) == sorted(parts)


def test_a_migration_within_a_family_is_one_net_movement():
    made = read(
        period("2025-01-01", "2026-01-01", "100", family="plan"),
        period("2026-01-01", None, "130", subscription_id="S2", product_id="core-2", family="plan"),
    )
    assert made[1:] == [("2026-01-01", "expansion", "cross_sell", Decimal(360))]


def test_a_contract_moved_between_accounts_of_one_parent_is_a_transfer():
    moved = [
        period("2025-01-01", "2026-03-01", "100"),
        period("2026-03-01", None, "120", account_id="B", subscription_id="S9"),
    ]
    assert read(*moved, parents={"A": "P", "B": "P"})[1:] == [
        ("2026-03-01", "transfer", "", Decimal(-1200)),
        ("2026-03-01", "new", "", Decimal(240)),
        ("2026-03-01", "transfer", "", Decimal(1200)),
    ]
    assert [kind for _, kind, _, _ in read(*moved)] == ["new", "churn", "new"]


def test_rebasing_at_a_fiscal_years_start_is_fx():
    rates = Rates("EUR", {(2025, "SEK"): Decimal("0.09"), (2026, "SEK"): Decimal("0.10")}, first_month=4)
    made = read(period("2025-05-01", None, "1000", currency="SEK"), rates=rates)
    assert made == [("2025-05-01", "new", "", Decimal(1080)), ("2026-04-01", "fx", "", Decimal(120))]


def test_a_missing_rate_is_an_error_on_that_row_and_not_a_guess():
    ledger = build_ledger(
        [period("2025-05-01", None, "1000", currency="SEK"), period("2025-01-01", None, "5", subscription_id="S2")],
        until=UNTIL,
        rates=EUR,
    )
    assert [m.amount for m in ledger.movements] == [Decimal(60)]
    assert ledger.errors == [("A", "S1", "No rate for SEK in 2025.")]


def test_a_year_without_a_rate_is_neither_churn_nor_new():
    rates = Rates("EUR", {(2024, "SEK"): Decimal("0.09"), (2025, "SEK"): Decimal("0.10")})
    ledger = build_ledger(
        [
            period("2023-02-01", "2024-06-01", "1000", currency="SEK"),
            period("2024-06-01", "2025-03-01", "1500", currency="SEK", change_reason="upsell"),
            period("2025-03-01", None, "2000", currency="SEK", change_reason="upsell"),
        ],
        until=UNTIL,
        rates=rates,
    )
    assert [(m.day.isoformat(), m.kind, m.amount) for m in ledger.movements] == [
        ("2024-01-01", "fx", Decimal(1080)),
        ("2024-06-01", "expansion", Decimal(540)),
        ("2025-01-01", "fx", Decimal(180)),
        ("2025-03-01", "expansion", Decimal(600)),
        ("2026-01-01", "fx", Decimal(-2400)),
    ]
    assert [reason for *_row, reason in ledger.errors] == ["No rate for SEK in 2023.", "No rate for SEK in 2026."]


START = date(2025, 1, 1)
periods = st.builds(
    lambda account, subscription, product, start, length, mrr, currency, seats, rank: Period(
        account_id=account,
        subscription_id=account + subscription,
        product_id=product,
        family="one" if product in "pq" else "",
        started_on=START + timedelta(days=start),
        ended_on=START + timedelta(days=start + length) if length else None,
        mrr=Decimal(mrr) / 100,
        currency=currency,
        seats=Decimal(seats) if seats else None,
        plan_rank=rank,
    ),
    st.sampled_from("ABC"),
    st.sampled_from("12"),
    st.sampled_from("pqr"),
    st.integers(0, 700),
    st.integers(0, 400),
    st.integers(0, 99_999),
    st.sampled_from(["EUR", "SEK"]),
    st.integers(0, 20),
    st.integers(1, 3),
)
RATES = Rates("EUR", {(year, "SEK"): Decimal(8 + year % 5) / 100 for year in range(2024, 2030)}, first_month=4)


def paid_on(rows, account, day, until):
    """ARR of one account on one day, from its settled periods one by one."""
    settled = settle_periods(frame_periods(rows, "EUR"), grace_days=30, until=until).to_dicts()
    return sum(
        (
            row["mrr"] * 12 * (1 if row["currency"] == "EUR" else RATES.by_year[RATES.fiscal_year(day), "SEK"])
            for row in settled
            if row["account_id"] == account
            and row["started_on"] <= day
            and (row["end_on"] is None or day < row["end_on"])
        ),
        Decimal(0),
    )


@given(st.lists(periods, max_size=8), st.integers(0, 1100))
def test_the_movements_up_to_a_day_are_what_is_paid_on_it(rows, offset):
    until, day = START + timedelta(days=1100), START + timedelta(days=offset)
    ledger = build_ledger(rows, until=until, rates=RATES, parents={"A": "P", "B": "P"})
    for account in "ABC":
        assert ledger.arr_on(day, account) == paid_on(rows, account, day, until)
    assert sum((m.amount for m in ledger.movements if m.kind == "transfer"), Decimal(0)) == 0


@given(st.lists(periods, max_size=6), st.integers(0, 700))
def test_nothing_later_is_known(rows, offset):
    until = START + timedelta(days=offset)
    seen = build_ledger(rows, until=until, rates=RATES).movements
    from dataclasses import replace

    cut = [
        replace(row, ended_on=None if row.ended_on and row.ended_on > until else row.ended_on)
        for row in rows
        if row.started_on <= until
    ]
    assert build_ledger(cut, until=until, rates=RATES).movements == seen
