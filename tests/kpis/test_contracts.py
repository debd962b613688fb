"""Contracts of many days at once, held against the rules for one contract at a time."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnostics.kpis.contracts import contracts_on
from portfolio.models import Subscription
from portfolio.terms import find_contracts
from tests.kpis.frames import EUR, frame, period

DAY = date(2026, 11, 21)


def read(*rows, day=DAY, **options):
    return contracts_on(frame(*rows), [day], rates=EUR, **options).to_dicts()


def test_a_contract_with_its_dates_and_amount():
    [contract] = read(period("2026-03-01", mrr="250.5", notice_days=60))
    assert (contract["arr"], contract["renews_on"], contract["decision_on"], contract["decides_on"]) == (
        Decimal("3006"),
        date(2027, 3, 1),
        date(2026, 12, 31),
        date(2026, 12, 31),
    )


@pytest.mark.parametrize(("renews", "decides"), [(False, "2026-12-01"), (True, "2027-11-01"), (None, "2027-11-01")])
def test_once_notice_is_over_the_next_decision_counts(renews, decides):
    [contract] = read(period("2025-12-01", auto_renews=renews))
    assert contract["decision_on"] == date(2026, 11, 1)
    assert contract["decides_on"] == date.fromisoformat(decides)


def test_notice_is_known_from_its_day_on():
    row = period("2025-12-01", "2026-12-01", notice_given_on="2026-10-10")
    assert [c["ends_on"] for c in read(row)] == [date(2026, 12, 1)]
    assert [c["notice_given_on"] for c in read(row, day=date(2026, 10, 9))] == [None]


def test_a_change_inside_the_term_moves_no_date():
    before = read(period("2026-03-01"))
    after = read(period("2026-03-01", "2026-06-15"), period("2026-06-15", mrr="180", plan_id="large"))
    assert [c["renews_on"] for c in after] == [c["renews_on"] for c in before] == [date(2027, 3, 1)]


def test_a_currency_without_a_rate_has_no_amount():
    [contract] = read(period("2026-03-01", currency="SEK"))
    assert contract["arr"] is None


START = date(2024, 1, 1)
periods = st.lists(
    st.builds(
        lambda sub, start, length, term, months, renews, notice: period(
            (START + timedelta(days=start)).isoformat(),
            (START + timedelta(days=start + length)).isoformat() if length else None,
            subscription_id=sub,
            term_started_on=START + timedelta(days=start - term) if term is not None else None,
            term_months=months,
            renews_on=START + timedelta(days=start + renews) if renews else None,
            notice_days=notice,
        ),
        st.sampled_from(["S1", "S2"]),
        st.integers(0, 900),
        st.integers(0, 500),
        st.none() | st.integers(0, 300),
        st.none() | st.integers(1, 24),
        st.none() | st.integers(1, 700),
        st.none() | st.integers(0, 120),
    ),
    max_size=6,
    unique_by=lambda row: (row["subscription_id"], row["started_on"]),
)


@given(periods, st.integers(0, 1200))
def test_the_same_as_one_contract_at_a_time(rows, offset):
    day = START + timedelta(days=offset)
    stored = [
        Subscription(
            source_id=row["subscription_id"],
            **{
                name: row.get(name)
                for name in ("started_on", "ended_on", "term_started_on", "term_months", "renews_on", "notice_days")
            },
        )
        for row in rows
    ]
    expected = {
        c.period.source_id: (c.ends_on, c.decides_on, c.lapsed_on)
        for c in find_contracts(stored, day=day, grace_days=30)
    }
    found = {c["subscription_id"]: (c["renews_on"], c["decision_on"], c["lapsed_on"]) for c in read(*rows, day=day)}
    latest = max((lapsed for *_, lapsed in expected.values() if lapsed), default=None)
    # Of several that ran out, this reading keeps the account's last.
    assert found == {name: dates for name, dates in expected.items() if dates[2] in (None, latest)}
