"""What the tests of Renewals and Expansion share: contracts with decision dates, and a diagnosed book of them."""

import re
from datetime import date, timedelta
from decimal import Decimal

from django.db import connection
from django.test.utils import CaptureQueriesContext

from portfolio.models import Account, Opportunity, OpportunityStage, Product, Subscription
from tests.diagnostics.books import NIGHT, TODAY
from tests.diagnostics.diagnosed import diagnose_by_hand, make_account


def in_days(days: int) -> date:
    return TODAY + timedelta(days=days)


def make_contract(account: Account, *, decides_in: int, mrr: str = "1000", name: str = "", **fields) -> Subscription:
    """A yearly contract with 30 days of notice, whose decision date lies so many days ahead of today."""
    product, _ = Product.objects.get_or_create(source_id="core", defaults={"name": "Core", "core": True})
    ends_on = in_days(decides_in + 30)
    return Subscription.objects.create(
        source_id=name or f"{account.source_id}-s",
        account=account,
        product=product,
        started_on=TODAY - timedelta(days=500),
        renews_on=ends_on,
        **{"term_months": 12, "notice_days": 30, "auto_renews": True, "mrr": Decimal(mrr), "currency": "EUR", **fields},
    )


def make_deal(account: Account, *, lever: str, stage: str, amount: str, closes_in: int, name: str) -> Opportunity:
    """An opportunity that stands at a stage since ten days."""
    deal = Opportunity.objects.create(
        source_id=name,
        account=account,
        lever=lever,
        created_on=TODAY - timedelta(days=20),
        closes_on=in_days(closes_in),
    )
    OpportunityStage.objects.create(
        opportunity=deal, at=f"{TODAY - timedelta(days=10)}T10:00:00Z", stage=stage, amount_arr=Decimal(amount)
    )
    return deal


def count_queries(client, url: str) -> list[str]:
    """The statements that a page asks once it is warm, transaction control apart."""
    client.get(url)
    with CaptureQueriesContext(connection) as queries:
        assert client.get(url).status_code == 200
    return [q["sql"] for q in queries if not q["sql"].startswith(("SAVEPOINT", "RELEASE", "BEGIN", "COMMIT"))]


def text_of(page: str) -> str:
    """The words of a page, one space between them."""
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


__all__ = ["NIGHT", "TODAY", "diagnose_by_hand", "in_days", "make_account", "make_contract", "make_deal"]
