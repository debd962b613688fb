"""Features that nobody marked are proposed where they rank who leaves, and only there."""

import io
from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest
from django.core.management import call_command

from accounts.context import service_context
from diagnostics.telling_features import SHARES, find_telling_features, rank_features
from portfolio.models import Feature, Product, Usage
from portfolio.models.usage import ensure_usage_months
from tests.diagnostics.test_calibration import AS_OF, START, make_portfolio

NIGHTS = [date(2024, month, 1) for month in (1, 2, 3, 4)]


def make_shares(*, turned: bool = False):
    """Who cancels leaves, who plans stays, who prints does either; `turned`: from the third night on the other way."""
    random = np.random.default_rng(7)
    shares, rows = [], []
    for place, night in enumerate(NIGHTS):
        for number in range(300):
            leaves = bool(random.random() < 0.3)
            ill = leaves != (turned and place >= 2)
            account = f"a{number:03}"
            rows.append({"night": night, "account_id": account, "churned_90d": leaves})
            for metric, usual in (("cancel", 0.2 + 0.2 * ill), ("plan", 0.4 - 0.2 * ill), ("print", 0.3)):
                share = usual + random.normal(0, 0.1)
                shares.append({"night": night, "account_id": account, "metric": f"feature:{metric}", "share": share})
        shares.append({"night": night, "account_id": "a000", "metric": "feature:rare", "share": 1.0})
    return pl.DataFrame(shares, schema=SHARES), pl.DataFrame(rows)


def test_what_tells_is_found_with_its_side_and_what_does_not_is_left_out():
    found = rank_features(*make_shares())
    assert {(one.metric, one.effect) for one in found} == {("feature:cancel", "negative"), ("feature:plan", "key")}
    assert all(one.auc.low > 0.8 for one in found)


def test_what_turns_round_in_time_tells_nothing():
    assert rank_features(*make_shares(turned=True)) == []


def test_too_few_losses_tell_nothing():
    shares, rows = make_shares()
    stays = pl.col("account_id") > "a040"
    assert rank_features(shares, rows.with_columns(pl.col("churned_90d") & ~stays)) == []


@pytest.mark.django_db(transaction=True)
def test_the_command_proposes_only_what_nobody_marked(cast):
    with service_context(cast.acme.id):
        ensure_usage_months(START, AS_OF)
        accounts = make_portfolio(cast.acme)
        days = [START + timedelta(days=back) for back in range(0, (AS_OF - START).days, 12)]
        # Accounts with an even number leave (one in five of them stays); the others have two products.
        Usage.objects.bulk_create(
            Usage(organization_id=cast.acme.id, account=account, metric=f"feature:{metric}", day=day, quantity=quantity)
            for number, account in enumerate(accounts)
            for metric, quantity in (("cancel", 5 if number % 2 == 0 else 1), ("print", 4), ("plan", 3))
            for day in days
        )
        Feature.objects.create(product=Product.objects.get(source_id="core"), metric="feature:plan", effect="key")
    out = io.StringIO()
    call_command("calibrate", organization="acme", as_of=AS_OF, stdout=out)
    assert "Unmarked features that accounts which left use more of, with their AUC alone: feature:cancel 0." in (
        out.getvalue()
    )
    assert "feature:plan" not in out.getvalue()
    nights = [date(2024, month, 1) for month in range(3, 12)]
    found = {(one.metric, one.effect) for one in find_telling_features(cast.acme.id, nights, known_by=AS_OF)}
    assert ("feature:cancel", "negative") in found
    assert find_telling_features(cast.globex.id, nights, known_by=AS_OF) == []
