"""A small real book, diagnosed, and a desk over it: what the tests of the model's page share."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from accounts.context import organization_context
from accounts.models import Membership
from diagnostics.models import ModelVersion
from portfolio.models import Account, Invoice, Product, Subscription, Usage
from portfolio.models.usage import ensure_usage_months
from tests.diagnostics.books import NIGHT, diagnose_book

DAYS = 84


def inside(cast, who=None):
    return organization_context(organization_id=cast.acme.id, user_id=(who or cast.alice).id)


def member(cast, who=None) -> Membership:
    """The membership of a person in acme; needs an open context."""
    found = Membership.objects.select_related("organization", "user").get(user=who or cast.alice)
    return found


def make_used_book(count: int = 8, *, owner: str = "", night=NIGHT) -> list[Account]:
    """`count` accounts with usage that grows from one to the next, subscriptions and one overdue invoice in two.

    Their ARR is 12,000 for the first and 6,000 more for each. Needs an open context.
    """
    ensure_usage_months(night - timedelta(days=120), night)
    product = Product.objects.create(source_id="core", name="Core", core=True)
    accounts, usage = [], []
    for number in range(count):
        account = Account.objects.create(
            source_id=f"u{number}", name=f"Used {number}", csm_email=owner, currency="EUR", tier="mid_market"
        )
        accounts.append(account)
        Subscription.objects.create(
            source_id=f"u{number}-s",
            account=account,
            product=product,
            started_on=night - timedelta(days=500),
            term_months=12,
            mrr=Decimal(1000 + 500 * number),
            currency="EUR",
        )
        for day in range(DAYS):
            usage.append(
                Usage(
                    organization_id=account.organization_id,
                    account=account,
                    product=product,
                    metric="events",
                    day=night - timedelta(days=day),
                    quantity=float(10 + 30 * number),
                )
            )
        if number % 2:
            Invoice.objects.create(
                source_id=f"u{number}-i",
                account=account,
                issued_on=night - timedelta(days=90),
                due_on=night - timedelta(days=60),
                amount=Decimal(900),
                currency="EUR",
            )
    Usage.objects.bulk_create(usage)
    return accounts


def diagnosed_book(cast, count: int = 8) -> list[Account]:
    """`make_used_book` in acme, diagnosed last night."""
    with inside(cast):
        accounts = make_used_book(count)
    diagnose_book(cast.acme)
    return accounts


def changed_model(model, **thresholds):
    return replace(model, thresholds=replace(model.thresholds, **thresholds))


def numbers() -> list[tuple[int, str]]:
    """The versions of the open organization."""
    return list(ModelVersion.objects.order_by("number").values_list("number", "origin"))
