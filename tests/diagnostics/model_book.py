"""A small real book, diagnosed, and a desk over it: what the tests of the model's page share."""

import re
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from accounts.context import organization_context
from accounts.models import Membership, Organization, Role
from diagnostics.model_desk import open_desk
from diagnostics.model_drafts import publish_draft, save_draft
from diagnostics.model_fields import find_field
from diagnostics.models import ModelVersion
from portfolio.models import Account, Invoice, Product, Subscription, Usage
from portfolio.models.usage import ensure_usage_months
from tests.diagnostics.books import NIGHT, diagnose_book, make_leaving_account

DAYS = 84
URL = "/o/acme/model/"
FRAGILE = {"thresholds.fragile_below": "75", "thresholds.recovered_from": "76", "organization.defense_arr": "10,000"}


def inside(cast, who=None):
    return organization_context(organization_id=cast.acme.id, user_id=(who or cast.alice).id)


def member(cast, who=None) -> Membership:
    """The membership of a person in acme; needs an open context."""
    return Membership.objects.select_related("organization", "user").get(user=who or cast.alice)


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
        usage += [
            Usage(
                organization_id=account.organization_id,
                account=account,
                product=product,
                metric="events",
                day=night - timedelta(days=day),
                quantity=float(10 + 30 * number),
            )
            for day in range(DAYS)
        ]
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


def diagnosed_book(cast, count: int = 8, *, owner: str = "", leaving: int = 0) -> list[Account]:
    """`make_used_book` in acme, diagnosed last night; with so many accounts of the owner beside it that gave notice."""
    with inside(cast):
        accounts = make_used_book(count, owner=owner)
        for number in range(leaving):
            make_leaving_account(f"Leaving {number}", owner=owner, mrr=str(1000 + number))
    diagnose_book(cast.acme)
    return accounts


def changed_model(model, **thresholds):
    return replace(model, thresholds=replace(model.thresholds, **thresholds))


def numbers() -> list[tuple[int, str]]:
    """The versions of the open organization."""
    return list(ModelVersion.objects.order_by("number").values_list("number", "origin"))


def write(cast, written, *, who=None, shown=None):
    """Save as a page would that shows `shown`; without it, what is in force."""
    with inside(cast, who):
        desk = open_desk(Organization.objects.get())
        base = {path: find_field(path).write(desk.value(path)) for path in written}
        return save_draft(actor=member(cast, who), written=written, shown=base | (shown or {}))


def publish(cast, note="Because."):
    with inside(cast):
        desk = open_desk(Organization.objects.get())
        return publish_draft(actor=member(cast), revision=desk.revision, number=desk.number, note=note)


def make_admin(cast, who) -> None:
    with inside(cast):
        Membership.objects.filter(user=who).update(role=Role.ADMIN)


def read(client, path=URL, status=200) -> str:
    answer = client.get(path)
    assert answer.status_code == status
    return answer.content.decode()


def fields_of(page: str) -> dict[str, str]:
    """The form as a browser would send it."""
    form = page[page.index('id="model-form"') : page.index('id="versions"')]
    found = dict(re.findall(r'<input[^>]* name="([^"]+)" value="([^"]*)"', form))
    for name, options in re.findall(r'<select[^>]* name="([^"]+)"[^>]*>(.*?)</select>', form, re.DOTALL):
        found[name] = re.search(r'<option value="([^"]*)" selected', options).group(1)
    return found
