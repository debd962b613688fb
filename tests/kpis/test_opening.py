"""Every figure opens on accounts that add up to it exactly."""

from datetime import date

import pytest

from accounts.models import Organization
from diagnostics.kpis.calendar import list_periods
from diagnostics.kpis.compute import Portfolio, compute_figures
from diagnostics.kpis.opening import open_figure
from tests.diagnostics.diagnosed import diagnose_by_hand
from tests.kpis.books import make_account, subscribe

TODAY = date(2026, 5, 20)


@pytest.fixture
def portfolio(acme_context):
    grows, leaves, fragile = (make_account(name, tier="smb") for name in ("grows", "leaves", "fragile"))
    subscribe(grows, 100, "2025-01-01", "2026-04-10", term_months=12)
    subscribe(grows, "150.3333", "2026-04-10", term_months=12)
    subscribe(leaves, 70, "2025-04-12", "2026-04-12", term_months=12)
    subscribe(fragile, 30, "2025-06-15", term_months=12, notice_days=10)
    found = {"health": 50.0, "renewal_risk": 0.3, "potential": 40.0}
    diagnose_by_hand((grows, {"renewal_risk": 0.1}), (fragile, found), night=TODAY)
    return Portfolio.of(Organization.objects.get(), list_periods(date(2026, 1, 1), TODAY, "quarter"), TODAY)


@pytest.mark.parametrize("by", [None, "tier"])
def test_the_accounts_add_up_to_the_figure(portfolio, by):
    figures = compute_figures(portfolio, by)
    opened = 0
    for label, group, name, numerator, denominator in figures.rows():
        if name.startswith("expected_loss:"):
            continue
        [period] = [p for p in portfolio.periods if p.label == label]
        found = open_figure(portfolio, name, period, by=by, group=group)
        assert (found.numerator, found.denominator or 0) == (numerator, denominator or 0), name
        opened += bool(found.accounts.height)
    assert opened > 40


def test_nrr_opens_on_the_movements_of_its_accounts(portfolio):
    quarter = portfolio.periods[-1]
    found = open_figure(portfolio, "nrr", quarter)
    assert found.accounts.height == 3
    moved = found.movements.select("day", "kind", "amount").rows()
    assert [(day.isoformat(), kind) for day, kind, _ in moved] == [
        ("2026-04-10", "expansion"), ("2026-04-12", "churn"),
    ]  # fmt: skip
    start, end = found.accounts["arr_start"].sum(), found.accounts["arr_end"].sum()
    assert start + found.movements["amount"].sum() == end


def test_a_name_without_parts_opens_on_nothing(portfolio):
    found = open_figure(portfolio, "adoption_rate", portfolio.periods[-1])
    assert (found.accounts.height, found.numerator, found.denominator) == (0, 0, None)
