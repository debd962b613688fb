"""Families that read more than the ledger: one worked example each, on frames as the readers give them."""

from datetime import date, timedelta
from decimal import Decimal

import polars as pl
import pytest

from diagnostics.kpis.activation import expansion_activation_rate
from diagnostics.kpis.anticipation import renewal_anticipation, unprepared_share
from diagnostics.kpis.books import book_load, outcome_of
from diagnostics.kpis.calendar import frame_periods, list_periods
from diagnostics.kpis.cross_sell import cross_sell_conversion_rate, cross_sell_win_rate
from diagnostics.kpis.execution import account_plan_freshness, list_silent, portfolio_coverage, qbr_engagement_rate
from diagnostics.kpis.frames import MONEY, OF
from diagnostics.kpis.growth import referral_expansion_revenue
from diagnostics.kpis.relationships import is_single_threaded, relationship_depth
from diagnostics.kpis.renewals import arr_secured, renewal_rate
from diagnostics.kpis.success import (
    adoption_rate,
    customer_health,
    distribute_health,
    expansion_readiness_index,
    match_seats,
    time_to_value,
)
from tests.kpis.frames import frame, period

CLOSE = date(2026, 6, 30)
QUARTER = frame_periods(list_periods(date(2026, 4, 1), CLOSE, "quarter"), CLOSE)


def balances(**arr: int) -> pl.DataFrame:
    """Accounts that pay the same on day 1 and at the close of the second quarter of 2026."""
    rows = [
        ("2026-Q2", 0, date(2026, 4, 1), CLOSE, name, date(2026, 4, 1), amount, amount) for name, amount in arr.items()
    ]
    names = {"period": pl.String, "place": pl.Int32, "first": pl.Date, "close": pl.Date, "account_id": pl.String}
    return pl.DataFrame(rows, schema=names | {"owner_on": pl.Date, "base": MONEY, "arr_end": MONEY}, orient="row")


def events(*rows: tuple, **more: object) -> pl.DataFrame:
    """(account, days before the close, …)."""
    dated = [(name, CLOSE - timedelta(days=days), *rest) for name, days, *rest in rows]
    return pl.DataFrame(dated, schema={"account_id": pl.String, "on": pl.Date} | more, orient="row")


def figure(parts: pl.DataFrame, name: str) -> tuple[Decimal, Decimal]:
    return parts[name].sum(), parts[name + OF].sum()


def test_coverage_needs_both_halves_and_mail_in_both_directions():
    exchanges = events(("met", 3, "both"), ("mailed", 5, "out"), ("wrote", 5, "out"), ("wrote", 2, "in"), way=pl.String)
    looks = events(("met", 1), ("mailed", 1), ("old", 90))
    parts = portfolio_coverage(balances(met=100, mailed=200, wrote=400, old=800), looks, exchanges)
    assert figure(parts, "portfolio_coverage") == (100, 1500)
    assert figure(parts, "portfolio_coverage:looked") == (300, 1500)
    assert figure(parts, "portfolio_coverage:contacted") == (500, 1500)
    tiers = pl.DataFrame({"account_id": ["mailed", "old"], "tier": ["mid_market", "enterprise"]})
    assert list_silent(parts, tiers)["account_id"].to_list() == ["mailed"]


def test_a_plan_is_fresh_for_ninety_days():
    strategic = pl.DataFrame({"period": ["2026-Q2"] * 2, "account_id": ["fresh", "stale"]})
    parts = account_plan_freshness(
        balances(fresh=300, stale=100, other=50), strategic, events(("fresh", 89), ("stale", 90))
    )
    assert figure(parts, "account_plan_freshness") == (1, 2)
    assert figure(parts, "account_plan_freshness:arr") == (300, 400)


def test_reviews_follow_the_cadence_of_the_tier():
    tiers = pl.DataFrame({"account_id": ["e", "m", "s"], "tier": ["enterprise", "mid_market", "smb"]})
    tiers = tiers.with_columns(period=pl.lit("2026-Q2"))
    parts = qbr_engagement_rate(balances(e=1, m=1, s=1), tiers, events(("e", 100), ("m", 100), ("s", 1)))
    assert figure(parts, "qbr_engagement_rate") == (1, 2)


def test_anticipation_is_weighed_by_arr_and_none_is_nothing():
    decided = pl.DataFrame(
        {"account_id": ["a", "b"], "decision_on": [date(2026, 6, 10)] * 2, "arr": [Decimal(300), Decimal(100)]},
        schema_overrides={"arr": MONEY},
    )
    acts = pl.DataFrame({"account_id": ["a", "a"], "on": [date(2026, 4, 11), date(2026, 6, 1)]})
    assert figure(renewal_anticipation(decided, QUARTER, acts), "renewal_anticipation") == (300 * 60, 400)
    due = decided.rename({"decision_on": "decides_on"}).with_columns(
        period=pl.lit("2026-Q2"), day=pl.lit(date(2026, 5, 1))
    )
    assert figure(unprepared_share(due, acts), "renewal_anticipation:open") == (100, 400)


def test_depth_decays_and_a_single_thread_is_seen():
    closes = balances(deep=1, thin=1).select("period", "account_id", "close", "owner_on")
    people = [(f"c{n}", role, f"d{n}") for n, role in enumerate(("decision_maker", "champion", "user", "user"))]
    rows = [("deep", 0, "both", *person) for person in people] + [("thin", 90, "in", "t", "user", "")]
    exchanges = events(*rows, way=pl.String, contact_id=pl.String, role=pl.String, department=pl.String)
    ours = pl.DataFrame({"account_id": ["deep", "thin"], "people": [2, 2]})
    found = relationship_depth(closes, exchanges, ours).sort("account_id")
    # Everything at full strength; half a role and an eighth of the threads, a half-life ago.
    assert found["relationship_depth"].to_list() == [100, Decimal("6.04")]
    assert found.select(is_single_threaded()).to_series().to_list() == [False, True]


def test_activation_is_three_days_of_fourteen_after_half_a_year_without():
    used = [date(2026, 5, 1), date(2026, 5, 5), date(2026, 5, 14)]
    rows = [("new", "feature:x", day) for day in used] + [
        ("again", "feature:x", day - timedelta(days=60)) for day in used
    ]
    rows += [("again", "feature:x", day) for day in used] + [
        ("slow", "feature:x", used[0] + timedelta(days=10 * n)) for n in range(3)
    ]
    use = pl.DataFrame(rows, schema={"account_id": pl.String, "metric": pl.String, "day": pl.Date}, orient="row")
    first = pl.DataFrame(
        {"account_id": ["new", "again", "slow", "young"], "first_paid_on": [date(2025, 1, 1)] * 3 + [date(2026, 2, 1)]}
    )
    paying = balances(new=1, again=1, slow=1, young=1)
    parts = expansion_activation_rate(paying, QUARTER, use, first, known_from=date(2025, 9, 19))
    assert figure(parts, "expansion_activation_rate") == (1, 3)
    # A source that began a day later does not know who had used it half a year before.
    assert not expansion_activation_rate(paying, QUARTER, use, first, known_from=date(2025, 9, 20)).height


def test_conversion_counts_products_never_paid_for():
    bought = frame(
        period("2025-01-01", account_id="one", product_id="core"),
        period("2026-05-01", account_id="one", product_id="time", subscription_id="S2"),
        period("2025-01-01", account_id="all", product_id="core", subscription_id="S3"),
        period("2025-02-01", account_id="all", product_id="time", subscription_id="S4"),
        period("2025-01-01", account_id="none", product_id="core", subscription_id="S5"),
    )
    parts = cross_sell_conversion_rate(balances(one=1, all=1, none=1), QUARTER, bought, products=2)
    assert figure(parts, "cross_sell_conversion_rate") == (1, 2)


def test_win_rate_is_of_the_opening_cohort():
    opened = pl.DataFrame(
        {
            "account_id": ["a"] * 4,
            "lever": ["cross_sell"] * 3 + ["upsell"],
            "opened_on": [date(2026, 5, 1)] * 4,
            "stage": ["won", "lost", "proposed", "won"],
        }
    )
    parts = cross_sell_win_rate(opened, QUARTER)
    assert figure(parts, "cross_sell_win_rate") == (1, 3)
    assert figure(parts, "cross_sell_win_rate:open") == (1, 3)


def test_an_amount_by_referral_in_both_ways_counts_once():
    movements = pl.DataFrame(
        {
            "account_id": ["a", "b", "c"],
            "day": [date(2026, 5, 1)] * 3,
            "kind": ["expansion"] * 3,
            "lever": ["upsell"] * 3,
            "amount": [Decimal(100), Decimal(200), Decimal(400)],
        },
        schema_overrides={"amount": MONEY},
    )
    accounts = pl.DataFrame({"account_id": ["a", "b", "c"], "acquired_through": ["referral", "referral", ""]})
    won = pl.DataFrame(
        {
            "account_id": ["a", "c"],
            "lever": ["upsell", "seats"],
            "source": ["referral"] * 2,
            "won_on": [date(2026, 4, 20)] * 2,
        }
    )
    found = referral_expansion_revenue(movements, QUARTER, accounts, won)
    names = ("", ":account", ":opportunity")
    assert [found[f"referral_expansion_revenue{n}"].sum() for n in names] == [300, 300, 100]


def decisions() -> pl.DataFrame:
    rows = [("a", 12, 1200, 1000, False), ("b", 12, 600, 0, False), ("c", 1, 100, 100, False), ("d", 12, 900, 0, True)]
    end, decision = date(2026, 5, 31), date(2026, 5, 1)
    return pl.DataFrame(
        [(name, f"{name}-s", end, decision, *rest) for name, *rest in rows],
        schema={
            "account_id": pl.String, "subscription_id": pl.String, "term_end_on": pl.Date, "decision_on": pl.Date,
            "term_months": pl.Int64, "due": MONEY, "after": MONEY, "open": pl.Boolean,
        },
        orient="row",
    )  # fmt: skip


def test_short_terms_and_open_ones_stand_apart():
    parts = renewal_rate(decisions(), QUARTER)
    assert figure(parts, "renewal_rate") == (1000, 1800)
    assert figure(parts, "renewal_rate:monthly") == (100, 100)
    assert figure(parts, "renewal_rate_accounts") == (1, 2)


def test_secured_is_what_renewed_after_an_act():
    entries = pl.DataFrame({"account_id": ["a", "b"], "entered_on": [date(2026, 3, 1)] * 2})
    acts = pl.DataFrame({"account_id": ["a", "b"], "on": [date(2026, 4, 1), date(2026, 5, 2)]})
    parts = arr_secured(decisions(), QUARTER, entries, acts)
    assert parts["arr_secured"].sum() == 1000
    assert figure(parts, "arr_secured:without_act") == (0, 600)


def test_monthly_contracts_and_acts_before_the_night_secure_nothing():
    entries = pl.DataFrame({"account_id": ["a", "c"], "entered_on": [date(2026, 4, 1)] * 2})
    acts = pl.DataFrame({"account_id": ["a", "c"], "on": [date(2026, 4, 1), date(2026, 4, 10)]})
    parts = arr_secured(decisions(), QUARTER, entries, acts)
    assert parts["arr_secured"].sum() == 0
    assert figure(parts, "arr_secured:without_act") == (1000, 1200)


def test_health_is_weighed_and_readiness_held_down():
    diagnosed = balances(well=300, ill=100, unknown=50).with_columns(
        health=pl.Series([80.0, 30.0, None]), potential=pl.Series([60.0, 60.0, 90.0])
    )
    assert figure(customer_health(diagnosed), "customer_health") == (80 * 300 + 30 * 100, 400)
    assert figure(expansion_readiness_index(diagnosed), "expansion_readiness_index") == (90, 2)
    assert distribute_health(diagnosed).select("band", "accounts").rows() == [(0, 1), (80, 1)]


def test_adoption_adds_up_products_with_seats_of_accounts_that_were_seen():
    held = [
        ("two", "core", 10),
        ("two", "time", 20),
        ("silent", "core", 5),
        ("unseen", "core", 100),
        ("whole", "core", 8),
    ]
    seats = pl.DataFrame(held, schema=["account_id", "product_id", "seats"], orient="row")
    seats = seats.with_columns(period=pl.lit("2026-Q2"), close=pl.lit(CLOSE))
    users = [("two", "core", 6.0), ("two", "time", 9.0), ("two", "free", 50.0), ("whole", None, 4.0)]
    active = pl.DataFrame(users, schema=["account_id", "product_id", "active_users"], orient="row")
    seen = events(("two", 200), ("silent", 90), ("whole", 1))
    used = match_seats(seats, active.with_columns(close=pl.lit(CLOSE)), seen)
    paying = balances(two=1, silent=1, unseen=1, whole=1).join(used, on=["period", "account_id"])
    assert figure(adoption_rate(paying), "adoption_rate") == (6 + 9 + 0 + 4, 10 + 20 + 5 + 8)


def test_time_to_value_is_never_negative():
    first = pl.DataFrame({"account_id": ["a", "b"], "first_paid_on": [date(2026, 4, 1), date(2026, 5, 1)]})
    reached = pl.DataFrame({"account_id": ["a", "b"], "reached_on": [date(2026, 4, 11), date(2026, 4, 20)]})
    assert figure(time_to_value(first, reached, QUARTER), "time_to_value") == (10, 2)


def test_a_book_is_full_at_the_upper_end_of_its_ratios():
    accounts = pl.DataFrame(
        {"account_id": [str(n) for n in range(15)], "tier": ["enterprise"] * 5 + ["mid_market"] * 10}
    ).with_columns(csm_email=pl.lit("x"), am_email=pl.lit(""), arr=pl.lit(Decimal(10), dtype=MONEY))
    loads = book_load(accounts)
    assert loads.select("owner", "role", "tier", "accounts").rows() == [
        ("x", "csm", "enterprise", 5),
        ("x", "csm", "mid_market", 10),
    ]
    assert loads["load"].to_list() == pytest.approx([1.0, 1.0])


def test_an_outcome_is_revenue():
    figures = {"nrr": (Decimal(110), Decimal(100)), "expansion_revenue": (Decimal(500), None)}
    found = outcome_of("x", figures, rate=Decimal("0.1"))
    assert (found.renewal_rate, found.nrr, found.expansion, found.variable) == (None, Decimal("1.1"), 500, 50)
