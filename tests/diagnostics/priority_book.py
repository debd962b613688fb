"""What the tests of priorities share: accounts that something calls for, their nights, and rows to rank."""

from datetime import datetime, time, timedelta
from decimal import Decimal

import pytest

from accounts.context import organization_context
from accounts.encryption import hash_for_lookup
from accounts.models import Membership, Organization
from diagnostics.models import Priority
from diagnostics.night import run_night, run_nights
from diagnostics.priorities.candidates import Candidate
from diagnostics.priorities.ranking import weigh
from portfolio.models import Account, Contact, Interaction, Plan, Product, Subscription, Usage
from portfolio.models.usage import ensure_usage_months
from tests.diagnostics.books import NIGHT, make_leaving_account


def days_ago(days: int):
    return NIGHT - timedelta(days=days)


def at(days: int) -> datetime:
    """Noon of a day before the night."""
    return datetime.combine(days_ago(days), time(12), Organization.objects.get().zone)


def make_account(
    name: str, *, csm="bob@acme.example", am="", decides_in: int = 200, mrr: str = "2000", **more
) -> Account:
    """An account with a contract of a year whose decision falls in so many days."""
    product, _ = Product.objects.get_or_create(source_id="core", defaults={"name": "Core", "core": True})
    account = Account.objects.create(source_id=name, name=name, csm_email=csm, am_email=am, currency="EUR", **more)
    Subscription.objects.create(
        source_id=f"{name}-s",
        account=account,
        product=product,
        started_on=days_ago(500),
        renews_on=NIGHT + timedelta(days=decides_in + 30),
        notice_days=30,
        term_months=12,
        auto_renews=False,
        mrr=Decimal(mrr),
        currency="EUR",
    )
    return account


def make_contact(account: Account, name: str, role: str, **more) -> Contact:
    email = f"{name.split()[0].lower()}@{account.source_id.lower()}.example"
    return Contact.objects.create(
        source_id=f"{account.source_id}-{name}",
        account=account,
        name=name,
        email=email,
        email_hash=hash_for_lookup(account.organization_id, "email", email),
        role=role,
        **more,
    )


def make_meeting(account: Account, contact: Contact, days: int) -> None:
    Interaction.objects.create(
        source_id=f"{account.source_id}-{days}",
        account=account,
        kind="meeting",
        happened_at=at(days),
        contact_hashes=[contact.email_hash],
    )


@pytest.fixture
def acme(cast):
    """Alice's open context, with one exchange and one contact somewhere, so that the organization keeps both."""
    with organization_context(organization_id=cast.acme.id, user_id=cast.alice.id):
        known = make_account("Known", decides_in=300)
        make_meeting(known, make_contact(known, "Nora Berg", "decision_maker"), 3)
        yield cast


def priorities(cast) -> dict[str, Priority]:
    """Last night's priorities by account."""
    return {p.account.name: p for p in Priority.objects.filter(night=NIGHT).select_related("account", "contact")}


def membership_of(user) -> Membership:
    return Membership.objects.select_related("organization", "user").get(user=user)


@pytest.fixture
def growing(acme):
    """An account whose seats fill up month by month; two nights before the last one."""
    product = Product.objects.get(source_id="core")
    small = Plan.objects.create(source_id="small", product=product, name="Small", rank=1)
    Plan.objects.create(source_id="large", product=product, name="Scale", rank=2, list_price_monthly=Decimal(5000))
    from portfolio.models import PlanLimit

    PlanLimit.objects.create(plan=small, metric="seats", included=50)
    account = make_account("Growing", am="am@acme.example")
    Subscription.objects.filter(account=account).update(plan=small, seats=50)
    claire = make_contact(account, "Claire Aubrac", "champion", stance="supporter", title="COO")
    make_contact(account, "Ida Falk", "decision_maker")
    for days in (5, 35, 65):
        make_meeting(account, claire, days)
    ensure_usage_months(days_ago(90), NIGHT)
    Usage.objects.bulk_create(
        Usage(organization_id=account.organization_id, account=account, metric=metric, day=days_ago(n), quantity=q)
        for n in range(90)
        for metric, q in (("events", 900 - n), ("active_users", 48 - n // 8))
    )
    run_nights(acme.acme.id, [days_ago(2), days_ago(1), NIGHT])
    return acme


@pytest.fixture
def leaving(cast):
    """Kestrel gave notice; diagnosed night by night, and seen by Bob after the first of them."""
    with organization_context(organization_id=cast.acme.id, user_id=cast.alice.id):
        make_leaving_account("Kestrel", owner=cast.bob.email, night=days_ago(9))
    run_night(cast.acme.id, days_ago(9))
    return cast


def candidate(
    account: str, *, base: float | None, owner="bob", days: int | None = None, kind="retain", **more
) -> Candidate:
    deadline = NIGHT + timedelta(days=days) if days is not None else None
    return Candidate(0, account, kind, base, 0.5, 1.0, deadline, "retain", owner_email=owner, **more)


def weighed(candidates: list[Candidate]) -> list[Candidate]:
    weigh(candidates, NIGHT)
    return candidates


def tell(candidates: list[Candidate], *names: str) -> list[tuple]:
    return [tuple(getattr(one, name) for name in names) for one in candidates]
