"""The kept series: equal to what is computed, frozen when a period closes, rebuilt at will."""

from datetime import date
from decimal import Decimal

import pytest
from django.core.management import call_command

from accounts.models import Organization
from diagnostics.kpis.calendar import list_periods
from diagnostics.kpis.compute import Portfolio, compute_figures
from diagnostics.kpis.groups import BYS
from diagnostics.kpis.series import rebuild_series
from diagnostics.kpis.stored import list_differences, read_series
from diagnostics.models import KpiPeriod
from portfolio.models import Account, AccountHistory, Subscription
from tests.kpis.books import make_account, read, subscribe

TODAY = date(2026, 5, 20)


@pytest.fixture
def book(acme_context):
    """Accounts of two tiers and owners, a group of companies, growth, loss and a new one."""
    top = make_account("top", tier="enterprise", am_email="ana@acme.example")
    sister = make_account("sister", tier="enterprise", parent=top, csm_email="bob@acme.example")
    subscribe(top, 1000, "2025-02-01", "2026-03-10", term_months=12)
    subscribe(top, 1300, "2026-03-10", term_months=12)
    subscribe(sister, 300, "2025-06-01", "2026-04-01", term_months=12)
    subscribe(make_account("small", tier="smb", csm_email="bob@acme.example"), 50, "2026-02-11", term_months=1)
    subscribe(make_account('odd "name" \\'), 20, "2026-05-02")
    for day, tier in ((date(2025, 6, 1), "enterprise"), (date(2026, 4, 1), "mid_market")):
        AccountHistory.objects.create(account=sister, field="tier", from_on=day, value=tier)
    return acme_context


def rebuild(organization_id, today=TODAY):
    return rebuild_series(organization_id, today=today)


def stored(every, by):
    return {
        (row.period, row.group, name): (figure.numerator, figure.denominator)
        for row in read_series(every, group_by=by)
        for name, figure in row.figures.items()
    }


@pytest.mark.parametrize("by", [None, *BYS])
def test_what_is_kept_is_what_is_computed(book, by):
    rebuild(book.organization_id)
    organization = Organization.objects.get()
    for every in ("month", "quarter"):
        periods = list_periods(date(2025, 2, 1), TODAY, every)
        figures = compute_figures(Portfolio.of(organization, periods, TODAY), by)
        rows = {(p, g, k): (top, bottom) for p, g, k, top, bottom in figures.rows() if k != "accounts"}
        if by == "parent":
            # An account that is its own parent and has no sister is computed when asked.
            rows = {key: figure for key, figure in rows.items() if key[1] == "top"}
        assert stored(every, by or "") == rows
        assert rows


def test_a_second_rebuild_touches_nothing(book):
    rebuild(book.organization_id)
    before = list(KpiPeriod.objects.order_by("pk").values())
    rebuild(book.organization_id)
    assert list(KpiPeriod.objects.order_by("pk").values()) == before


def test_a_closed_period_keeps_what_it_said_and_lists_the_difference(book):
    rebuild(book.organization_id)
    assert list(list_differences()) == []
    Subscription.objects.filter(source_id="small-core").update(mrr=Decimal(80))
    rebuild(book.organization_id)
    told = {(d.period, d.group_by, d.kpi): d for d in list_differences()}
    difference = told["2026-Q1", "", "arr_new"]
    assert (difference.as_closed.value, difference.as_now.value) == (600, 960)
    # May is not over: it has nothing to keep.
    assert not any(period in ("2026-05", "2026-Q2") for period, _, _ in told)
    Subscription.objects.filter(source_id="small-core").update(mrr=Decimal(50))
    rebuild(book.organization_id)
    assert list(list_differences()) == []


def test_a_period_closes_once_its_last_day_is_over(book):
    rebuild(book.organization_id)
    assert {row.period for row in read_series("month") if not row.closed} == {"2026-05"}
    rebuild(book.organization_id, today=date(2026, 6, 1))
    assert {row.period for row in read_series("month") if not row.closed} == {"2026-06"}


def test_a_group_that_is_gone_says_nothing_now(book):
    rebuild(book.organization_id)
    Account.objects.filter(am_email="ana@acme.example").update(am_email="eva@acme.example")
    rebuild(book.organization_id)
    march = {row.group: row.figures for row in read_series("month", group_by="owner") if row.period == "2026-03"}
    assert march["ana@acme.example"] == {}
    assert march["eva@acme.example"]["arr_expansion"].value == 3600
    assert {row.group for row in read_series("month", group_by="owner") if row.period == "2026-05"} == {
        "bob@acme.example", "eva@acme.example", "none",
    }  # fmt: skip


def test_what_is_older_than_the_window_stays_as_it_closed(book):
    rebuild(book.organization_id)
    before = list(KpiPeriod.objects.filter(first_on__lt=date(2025, 4, 1)).order_by("pk").values())
    assert before
    rebuild(book.organization_id, today=date(2030, 4, 20))
    assert list(KpiPeriod.objects.filter(first_on__lt=date(2025, 4, 1)).order_by("pk").values()) == before


def test_small_groups_are_marked(book):
    rebuild(book.organization_id)
    [quarter] = [row for row in read_series("quarter") if row.period == "2026-Q1"]
    assert (quarter.accounts, quarter.is_small) == (3, True)


def test_a_book_without_companies_of_one_parent(acme_context):
    subscribe(make_account("alone", tier="smb"), 50, "2026-02-11")
    rebuild(acme_context.organization_id)
    assert {row.group for row in read_series("month", group_by="tier")} == {"smb"}
    assert read_series("month", group_by="parent") == []


def test_an_organization_without_subscriptions_keeps_nothing(acme_context):
    assert rebuild(acme_context.organization_id).rows == 0
    assert not KpiPeriod.objects.exists()


def test_the_command_rebuilds_and_lists_what_changed(book, capsys):
    rebuild(book.organization_id)
    Subscription.objects.filter(source_id="small-core").update(mrr=Decimal(80))
    call_command("rebuild_kpis", organization="acme")
    out = capsys.readouterr().out
    assert "2026-Q1 arr_new: 600 → 960" in out
    assert "2026-Q1 tier smb arr_new: 600 → 960" in out


def test_fiscal_quarters_begin_in_the_organizations_month(book):
    Organization.objects.update(fiscal_year_first_month=4)
    figures = read("2026-04-01", "2026-05-20", today=TODAY)
    assert {period for period, _, _ in figures} == {"2026-Q1"}


def test_the_tier_is_that_of_day_1(book):
    figures = read("2026-01-01", "2026-05-20", by="tier", today=TODAY)
    assert figures["2026-Q1", "enterprise", "arr_start"][0] == 1300 * 12
    assert figures["2026-Q2", "mid_market", "arr_start"][0] == 300 * 12
