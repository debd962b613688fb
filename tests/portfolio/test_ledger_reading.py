"""The ledger read from an organization's facts."""

from datetime import date
from decimal import Decimal

from portfolio.ledger.reading import read_ledger
from portfolio.models import Account, Plan, PlanRate, Product, Subscription


def test_the_ledger_reads_plans_rates_and_parents(acme_context):
    core = Product.objects.create(source_id="core", name="Core", family="suite")
    small = Plan.objects.create(source_id="s", product=core, name="Small", rank=1)
    large = Plan.objects.create(source_id="l", product=core, name="Large", rank=2)
    PlanRate.objects.create(fiscal_year=2026, currency="SEK", rate=Decimal("0.1"))
    group = Account.objects.create(source_id="G", name="Group")
    north = Account.objects.create(source_id="N", name="North", parent=group)
    south = Account.objects.create(source_id="S", name="South", parent=group)
    common = {"product": core, "currency": "SEK"}
    Subscription.objects.create(
        source_id="1",
        account=north,
        plan=small,
        started_on=date(2026, 1, 1),
        ended_on=date(2026, 5, 1),
        mrr=100,
        **common,
    )
    Subscription.objects.create(
        source_id="1",
        account=north,
        plan=large,
        started_on=date(2026, 5, 1),
        ended_on=date(2026, 7, 1),
        mrr=200,
        **common,
    )
    Subscription.objects.create(
        source_id="2", account=south, plan=large, started_on=date(2026, 7, 1), mrr=200, **common
    )

    made = [
        (m.account_id, m.day.isoformat(), m.kind, m.lever, m.amount)
        for m in read_ledger(until=date(2026, 12, 31)).movements
    ]

    assert made == [
        (str(north.id), "2026-01-01", "new", "", Decimal("120")),
        (str(north.id), "2026-05-01", "expansion", "upsell", Decimal("120")),
        *sorted(
            [
                (str(north.id), "2026-07-01", "transfer", "", Decimal("-240")),
                (str(south.id), "2026-07-01", "transfer", "", Decimal("240")),
            ]
        ),
    ]
