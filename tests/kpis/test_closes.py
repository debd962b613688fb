"""What stands at a close, of real books: without a night, in a quarter that runs, and without any review."""

from datetime import date

import pytest

from accounts.models import Organization
from diagnostics.kpis.calendar import list_periods
from diagnostics.kpis.compute import Portfolio
from portfolio.models import AccountPlan
from tests.kpis.books import make_account, read, subscribe

TODAY = date(2026, 5, 20)


def test_a_running_quarter_is_held_against_as_many_days_a_year_before(acme_context):
    account = make_account("a")
    steps = [("2024-01-01", "2025-04-10", 100), ("2025-04-10", "2025-06-10", 110), ("2025-06-10", "2026-05-01", 150)]
    for start, end, mrr in steps:
        subscribe(account, mrr, start, end)
    subscribe(account, 170, "2026-05-01")
    assert read("2026-05-20", "2026-05-20", today=TODAY)["2026-Q2", "", "expansion_growth"] == (120, 120)


@pytest.mark.parametrize(
    ("month", "last"), [(date(2024, 2, 1), date(2023, 2, 28)), (date(2025, 2, 1), date(2024, 2, 29))]
)
def test_february_is_held_against_the_whole_of_february(acme_context, month, last):
    portfolio = Portfolio.of(Organization.objects.get(), list_periods(month, month, "month"), TODAY)
    assert portfolio.frame_a_year_before["last"].to_list() == [last]


def test_notice_and_what_is_due_need_no_night(acme_context):
    gone, due, monthly = (make_account(name) for name in ("gone", "due", "monthly"))
    subscribe(gone, 100, "2025-08-01", "2026-08-01", term_months=12, notice_given_on=date(2026, 5, 1))
    subscribe(due, 50, "2025-09-01", term_months=12)
    subscribe(monthly, 10, "2025-09-01", term_months=1)
    AccountPlan.objects.create(account=gone, updated_on=date(2026, 5, 2), reviewed_on=date(2026, 5, 2))
    figures = read("2026-05-20", "2026-05-20", today=TODAY)
    assert figures["2026-Q2", "", "confirmed_loss"][0] == 1200
    assert figures["2026-Q2", "", "renewal_anticipation:open"] == (600, 600)
    assert ("2026-Q2", "", "value_at_risk") not in figures


def test_without_any_review_the_rate_is_nothing_and_not_absent(acme_context):
    subscribe(make_account("e", tier="enterprise"), 100, "2025-01-01")
    assert read("2026-05-20", "2026-05-20", today=TODAY)["2026-Q2", "", "qbr_engagement_rate"] == (0, 1)
