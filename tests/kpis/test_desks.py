"""What the Renewals and Expansion screens read, from an organization's facts."""

import random
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import polars as pl
import pytest
from django.db import connection

from accounts.models import Organization
from diagnostics.book import feature_settings
from diagnostics.features import compute_features
from diagnostics.kpis.calendar import list_periods
from diagnostics.kpis.compute import Portfolio, compute_figures
from diagnostics.kpis.contracts import CONTRACTS, contracts_on
from diagnostics.kpis.desks import read_expansion_desk, read_renewal_desk
from diagnostics.kpis.frames import days_frame
from diagnostics.kpis.pipeline import LEVERS, find_falling, opportunities_on
from diagnostics.kpis.reading import nights_of_fall, open_source
from diagnostics.kpis.risk import WINDOW, due_within, value_at_risk
from diagnostics.kpis.running import running_contracts
from diagnostics.kpis.selling import SOLD, falling_accounts, standing_opportunities
from portfolio.models import Account, Opportunity, OpportunityStage, PlanRate, Product, Subscription
from tests.diagnostics.books import NIGHT, make_leaving_account
from tests.diagnostics.diagnosed import diagnose_by_hand, make_account

DAY = date(2026, 11, 18)


def subscribe(account, name="s", **fields):
    product, _ = Product.objects.get_or_create(source_id="core", defaults={"name": "Core"})
    values = {
        "started_on": DAY - timedelta(days=300), "term_months": 12, "notice_days": 30, "mrr": Decimal(100),
        "currency": "EUR",
    } | fields  # fmt: skip
    return Subscription.objects.create(
        source_id=f"{account.source_id}-{name}", account=account, product=product, **values
    )


def test_the_renewal_desk_knows_contracts_and_their_risk(acme_context):
    near, noticed, foreign = (make_account(name) for name in ("near", "noticed", "foreign"))
    subscribe(near)
    subscribe(noticed, notice_given_on=DAY, ended_on=DAY + timedelta(days=20))
    subscribe(foreign, currency="SEK")
    PlanRate.objects.create(fiscal_year=2025, currency="SEK", rate=Decimal("0.1"))
    diagnose_by_hand((near, {"renewal_risk": 0.4, "fragile": True, "health": 50.0}), night=DAY - timedelta(days=1))

    desk = read_renewal_desk(Organization.objects.get(), DAY)

    found = {row["account_id"]: row for row in desk.contracts.to_dicts()}
    assert set(found) == {str(near.id), str(noticed.id)}
    row = found[str(near.id)]
    assert (row["arr"], row["decides_on"], row["renewal_risk"]) == (1200, row["renews_on"] - timedelta(days=30), 0.4)
    assert found[str(noticed.id)]["ends_on"] == DAY + timedelta(days=20)
    # A rate of another year is no rate: the row is listed, without an amount.
    assert desk.unpriced["account_id"].to_list() == [str(foreign.id)]
    assert desk.night == DAY - timedelta(days=1)


def test_value_at_risk_is_that_of_the_night(cast, acme_context):
    weak, well = make_account("weak"), make_account("well")
    for account in (weak, well):
        subscribe(account)
    diagnose_by_hand((weak, {"health": 59.9}), (well, {"health": 60.0, "fragile": True}), night=DAY)
    parts = value_at_risk(read_renewal_desk(Organization.objects.get(), DAY).contracts)
    assert {r["account_id"]: r["numerator"] for r in parts.to_dicts()} == {str(weak.id): 1200, str(well.id): 0}


def test_a_night_of_long_ago_says_nothing_of_today(acme_context):
    account = make_account("a")
    subscribe(account)
    diagnose_by_hand((account, {"renewal_risk": 0.4}), night=DAY - timedelta(days=8))
    desk = read_renewal_desk(Organization.objects.get(), DAY)
    assert (desk.night, desk.contracts["renewal_risk"].to_list()) == (None, [None])


def test_what_is_due_is_what_the_night_reads(cast, acme_context):
    make_leaving_account("gone", owner="bob@acme.example")
    for days in (200, 290, 320, 345, 500):
        subscribe(make_account(f"since {days}"), started_on=NIGHT - timedelta(days=days), mrr=Decimal(days) / 3)
    with connection.cursor() as cursor:
        settings = feature_settings(cast.acme)
        features = compute_features(cursor, cast.acme.id, NIGHT, settings).filter(pl.col("arr_due_90") > 0)

    due = due_within(read_renewal_desk(Organization.objects.get(), NIGHT).contracts, WINDOW)

    assert {row["account_id"]: float(row["arr"]) for row in due.to_dicts()} == pytest.approx(
        dict(features.select("account_id", "arr_due_90").rows()), abs=1e-6
    )
    assert due.height >= 2


def test_what_runs_is_what_every_period_ever_paid_says(acme_context):
    """The statement of a desk and the function over all periods: the same rows, whatever happened to a contract."""
    chance = random.Random(16)
    for number in range(60):
        account = make_account(f"a{number}")
        Account.objects.filter(pk=account.pk).update(currency=chance.choice(["", "", "SEK"]))
        for name in ("s", "t")[: chance.choice([1, 1, 2])]:
            began = DAY - timedelta(days=chance.randrange(60, 1500))
            for _ in range(chance.randrange(1, 6)):
                length = chance.choice([30, 90, 200, 330, 365, 366, 400])
                ends = chance.choice([None, began + timedelta(days=length), began + timedelta(days=length - 40)])
                subscribe(
                    account, name, started_on=began, ended_on=ends, term_months=chance.choice([None, 0, 1, 3, 12, 24]),
                    term_started_on=chance.choice([None, None, None, began, began - timedelta(days=45)]),
                    renews_on=chance.choice([None, None, None, DAY + timedelta(days=77), DAY - timedelta(days=5)]),
                    notice_days=chance.choice([None, 0, 30, 90]), auto_renews=chance.choice([None, True, False]),
                    notice_given_on=chance.choice([None] * 6 + [DAY - timedelta(days=9), DAY + timedelta(days=9)]),
                    currency=chance.choice(["", "EUR", "SEK"]),
                )  # fmt: skip
                began += timedelta(days=length + chance.choice([0, 0, 0, 12, 50]))
    PlanRate.objects.create(fiscal_year=DAY.year, currency="SEK", rate=Decimal("0.1"))
    organization = Organization.objects.get()
    source = open_source(organization, day=DAY)
    for days in (0, 31, 200, 400, 900):
        day = DAY - timedelta(days=days)
        known = contracts_on(source.periods(), [day], rates=source.rates(), grace_days=30)
        found = running_contracts(open_source(organization, day=day), day=day, night=None)
        assert found.select(CONTRACTS).equals(known), day
        some = known["account_id"].unique().sort().to_list()[::3]
        own = running_contracts(open_source(organization, day=day), day=day, night=None, accounts=some)
        assert own.select(CONTRACTS).equals(known.filter(pl.col("account_id").is_in(some))), day
        assert known.height > 5


def test_what_is_for_sale_is_what_every_stage_and_night_says(acme_context):
    """The statements of the Expansion desk and the KPI's functions over all stages and nights: the same rows."""
    chance, first = random.Random(17), datetime(2026, 7, 1, 21, 30, tzinfo=UTC)
    accounts = [make_account(f"a{number}") for number in range(40)]
    for number, account in enumerate(accounts * 2):
        sold = Opportunity.objects.create(
            source_id=f"o{number}", account=account, lever=chance.choice([*LEVERS, "renewal"]),
            created_on=chance.choice([None, DAY - timedelta(days=40), DAY + timedelta(days=4)]),
        )  # fmt: skip
        for _ in range(chance.choice([0, 1, 1, 2, 4])):
            at = first + timedelta(days=chance.randrange(0, 160), seconds=chance.randrange(0, 86_400))
            stage = chance.choice(["identified", "qualified", "proposed", "negotiation", "won", "lost"])
            amount = chance.choice([None, Decimal(chance.randrange(0, 9000))])
            OpportunityStage.objects.create(opportunity=sold, at=at, stage=stage, amount_arr=amount)
    slopes = {account: chance.choice([-2.0, -1.0, -1.0, -0.5, 0.0, 1.0]) for account in accounts}
    for back in (37, 36, 33, 30, *range(7, -1, -1)):
        healths = {
            account: None if chance.random() < 0.02 else 70.0 + slope * (8 - back)
            for account, slope in slopes.items()
            if chance.random() > 0.02
        }
        rows = ((account, {"health": health}) for account, health in healths.items())
        diagnose_by_hand(*rows, night=DAY - timedelta(days=back))
    source, quarter = open_source(Organization.objects.get(), day=DAY), date(2026, 10, 1)
    known = opportunities_on(source.opportunities(), source.stages(), days_frame([DAY]))
    stage, won_lately = pl.col("stage"), pl.col("moved_on") >= quarter
    known = known.filter(pl.col("lever").is_in(LEVERS), (stage != "lost") & ((stage != "won") | won_lately))
    known = known.select(*SOLD).sort("opportunity_id")
    found = standing_opportunities(source, won_since=quarter)
    assert found.sort("opportunity_id").equals(known)
    assert {"won", "identified"} < set(known["stage"])
    some = known["account_id"].unique().sort().to_list()[::2]
    own = standing_opportunities(source, won_since=quarter, accounts=some)
    assert own.sort("opportunity_id").equals(known.filter(pl.col("account_id").is_in(some)))

    falls = find_falling(source.health(nights_of_fall(source.nights(), DAY)), days_frame([DAY])).filter("falling")
    selling = {str(one) for one in Opportunity.objects.filter(lever__in=LEVERS).values_list("account_id", flat=True)}
    expected = set(falls["account_id"]) & selling
    assert set(falling_accounts(source, DAY).filter("falling")["account_id"]) == expected
    assert 3 < len(expected) < 30
    own = falling_accounts(source, DAY, accounts=some).filter("falling")
    assert set(own["account_id"]) == expected & set(some)


def test_the_expansion_desk_hatches_what_is_fictional(acme_context):
    solid, fragile = make_account("solid"), make_account("fragile")
    for account in (solid, fragile):
        sold = Opportunity.objects.create(source_id=account.name, account=account, lever="upsell")
        at = datetime(2026, 10, 1, 22, 30, tzinfo=UTC)
        OpportunityStage.objects.create(opportunity=sold, at=at, stage="qualified", amount_arr=Decimal(1000))
    growing = {"lever": "seats", "potential": 75.0, "seats_arr": Decimal(400)}
    diagnose_by_hand((solid, growing), (fragile, {"fragile": True, "lever": "retain"}), night=DAY)

    desk = read_expansion_desk(Organization.objects.get(), DAY)

    pipeline = {row["account_id"]: row for row in desk.pipeline.to_dicts()}
    assert {key: row["fictional"] for key, row in pipeline.items()} == {str(solid.id): False, str(fragile.id): True}
    # Half past ten in the evening in London is tomorrow in Paris.
    assert pipeline[str(solid.id)]["moved_on"] == date(2026, 10, 2)
    estimated = desk.potential.filter(~desk.potential["opened"]).select("account_id", "lever", "numerator").rows()
    assert estimated == [(str(solid.id), "seats", Decimal(300))]
    # Shown on the KPIs too, and added on neither.
    subscribe(solid)
    subscribe(fragile)
    quarter = list_periods(DAY, DAY, "quarter")
    figures = compute_figures(Portfolio.of(Organization.objects.get(), quarter, DAY))
    told = {
        kpi: top for kpi, top in figures.select("kpi", "numerator").rows() if kpi.endswith(("pipeline", ":qualified"))
    }
    assert told == dict.fromkeys(told, Decimal(1000))
    assert told.keys() == {"expansion_pipeline", "expansion_pipeline:qualified", "fictional_pipeline"}
