"""Facts for the tests of features: a small catalogue, one account, and readings of a night."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from django.db import connection
from polars.testing import assert_frame_equal

from diagnostics.engine import conform
from diagnostics.features import FeatureSettings, compute_features
from portfolio.models import (
    Account,
    Feature,
    Plan,
    PlanLimit,
    Product,
    Subscription,
    Usage,
)
from portfolio.models.usage import ensure_usage_months
from portfolio.usage_months import pack_usage

NIGHT = date(2026, 3, 10)
SETTINGS = FeatureSettings(time_zone="Europe/Paris", currency="EUR")


def days_ago(days: int) -> date:
    return NIGHT - timedelta(days=days)


def at(days: int, hour: int = 12) -> datetime:
    """An instant so many days before the night's day, in UTC."""
    return datetime(NIGHT.year, NIGHT.month, NIGHT.day, hour, tzinfo=UTC) - timedelta(days=days)


def make_catalogue():
    """Two products, two plans, one of them with a limit, and one account."""
    ensure_usage_months(days_ago(120), days_ago(-60))
    core = Product.objects.create(source_id="core", name="Core", core=True)
    extra = Product.objects.create(source_id="extra", name="Extra", core=False)
    team = Plan.objects.create(source_id="team", name="Team", product=core, rank=1, list_price_monthly=Decimal(50))
    Plan.objects.create(source_id="all", name="All", product=core, rank=2, list_price_monthly=Decimal(900))
    PlanLimit.objects.create(plan=team, metric="api_calls", included=1000)
    Feature.objects.create(product=core, metric="feature:export", effect="key")
    account = make_account("one", team, customer_since=days_ago(200), employees=300, csm_email="bob@acme.example")
    return {"account": account, "core": core, "extra": extra, "team": team}


def make_account(name, plan, *, mrr=100, started=200, **fields):
    account = Account.objects.create(source_id=name, name=name, **fields)
    make_period(account, plan, mrr=mrr, started=started)
    return account


def make_period(account, plan, *, mrr=100, started=200, ended=None, name="", **fields):
    return Subscription.objects.create(
        source_id=name or f"{account.source_id}-s",
        account=account,
        product=plan.product,
        plan=plan,
        started_on=days_ago(started),
        ended_on=None if ended is None else days_ago(ended),
        mrr=Decimal(mrr),
        currency=fields.pop("currency", "EUR"),
        **fields,
    )


def read(night=NIGHT, settings=SETTINGS):
    """The features of the night, the same whether the months of usage are behind or packed, and conformed."""
    from accounts.context import current_context

    organization_id = current_context().organization_id
    with connection.cursor() as cursor:
        features = compute_features(cursor, organization_id, night, settings)
        pack_usage(organization_id)
        assert_frame_equal(compute_features(cursor, organization_id, night, settings), features)
    assert_frame_equal(conform(features), features, check_exact=True)
    return features


def read_one(night=NIGHT, settings=SETTINGS, source="one"):
    ids = {str(account.id): account.source_id for account in Account.objects.all()}
    rows = {ids[row["account_id"]]: row for row in read(night, settings).to_dicts()}
    return rows.get(source)


def pick(row, *names):
    return tuple(row[name] for name in names)


def make_usage(account, metric, quantities, *, last=0):
    """Quantities on consecutive days, the last of them so many days before the night."""
    for back, quantity in enumerate(reversed(quantities)):
        Usage.objects.create(
            organization_id=account.organization_id,
            account=account,
            metric=metric,
            day=days_ago(last + back),
            quantity=quantity,
        )
