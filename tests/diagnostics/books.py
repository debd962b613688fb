"""Small books of accounts with something to act on, and their nights."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from diagnostics.night import run_night
from portfolio.models import Account, Product, Subscription

# The real yesterday: PostgreSQL's clock, by which contexts expire, does not travel. `conftest` keeps Django's clock on
# this day, whenever midnight passes.
PARIS = ZoneInfo("Europe/Paris")
TODAY = datetime.now(PARIS).date()
NIGHT = TODAY - timedelta(days=1)


def make_leaving_account(name: str, *, owner: str, night: date = NIGHT, mrr: str = "1000") -> Account:
    """An account that gave notice: always a priority of its owner. Needs an open context."""
    product, _ = Product.objects.get_or_create(source_id="core", defaults={"name": "Core", "core": True})
    account = Account.objects.create(source_id=name, name=name, csm_email=owner, currency="EUR")
    Subscription.objects.create(
        source_id=f"{name}-s",
        account=account,
        product=product,
        started_on=night - timedelta(days=400),
        ended_on=night + timedelta(days=60),
        notice_given_on=night - timedelta(days=3),
        term_months=12,
        mrr=Decimal(mrr),
        currency="EUR",
    )
    return account


def diagnose_book(organization: object, night: date = NIGHT) -> None:
    """Run one night as Celery would."""
    run_night(organization.id, night)
