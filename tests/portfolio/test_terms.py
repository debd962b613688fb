"""When a term ends and when it is decided, as the night reads it."""

from datetime import date

import pytest

from portfolio.models import Subscription
from portfolio.terms import add_months, find_contracts, find_term_end

DAY = date(2026, 11, 21)


def period(started: str, **fields) -> Subscription:
    days = {name: date.fromisoformat(value) for name, value in fields.items() if name.endswith("_on")}
    defaults = {"source_id": "s", "term_months": 12, "notice_days": 30}
    return Subscription(started_on=date.fromisoformat(started), **{**defaults, **fields, **days})


@pytest.mark.parametrize(
    ("periods", "ends"),
    [
        ([period("2026-03-01")], date(2027, 3, 1)),
        # Whole terms follow each other.
        ([period("2023-03-01")], date(2027, 3, 1)),
        # A change inside the term keeps its end …
        ([period("2026-03-01", ended_on="2026-06-15"), period("2026-06-15")], date(2027, 3, 1)),
        # … one after it begins a new term, and so does a gap.
        ([period("2025-03-01", ended_on="2026-04-10"), period("2026-04-10")], date(2027, 4, 10)),
        ([period("2026-01-01", ended_on="2026-05-01"), period("2026-06-01")], date(2027, 6, 1)),
        # What the contract says overrides what can be derived, until it has passed.
        ([period("2026-03-01", renews_on="2026-12-31")], date(2026, 12, 31)),
        ([period("2025-03-01", renews_on="2026-06-30")], date(2027, 6, 30)),
        ([period("2026-03-01", term_started_on="2025-12-01")], date(2026, 12, 1)),
        # The last day of a month stays one.
        ([period("2026-08-31", term_months=6)], date(2027, 2, 28)),
        ([period("2026-03-01", term_months=None)], None),
    ],
)
def test_where_the_term_ends(periods, ends):
    assert find_term_end(periods, day=DAY) == ends


def test_the_decision_is_the_end_less_the_notice():
    [contract] = find_contracts([period("2026-03-01", notice_days=60)], day=DAY, grace_days=30)
    assert (contract.ends_on, contract.decides_on) == (date(2027, 3, 1), date(2026, 12, 31))


def test_what_ended_is_gone_after_the_grace_and_never_beside_something_that_runs():
    late = period("2025-01-01", ended_on="2026-11-01")
    gone = period("2025-01-01", ended_on="2026-10-01", source_id="gone")
    running = period("2026-02-01", source_id="running")
    to_come = period("2026-12-01", source_id="to come")
    assert [c.lapsed_on for c in find_contracts([late, gone, to_come], day=DAY, grace_days=30)] == [date(2026, 11, 1)]
    found = find_contracts([late, running, to_come], day=DAY, grace_days=30)
    assert [c.period.source_id for c in found] == ["running"]


def test_months_are_added_within_their_month():
    assert add_months(date(2024, 2, 29), 12) == date(2025, 2, 28)
    assert add_months(date(2026, 11, 30), 3) == date(2027, 2, 28)
    assert add_months(date(2026, 1, 31), -2) == date(2025, 11, 30)
