"""One account with everything that its page shows, in as many rows as a test wants of each kind."""

import uuid
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

from django.db import connection

from portfolio.models import (
    Account,
    AccountGoal,
    AccountPlan,
    Act,
    Contact,
    Interaction,
    Invoice,
    Opportunity,
    OpportunityStage,
    Plan,
    PlanLimit,
    Product,
    ProductEvent,
    Subscription,
    Survey,
    Ticket,
    WhitespaceCell,
)
from portfolio.models.usage import ensure_usage_months
from portfolio.people import hash_address
from tests.diagnostics.books import TODAY


def days_ago(days: int) -> date:
    return TODAY - timedelta(days=days)


def at(days: int, hour: int = 10) -> datetime:
    return datetime.combine(days_ago(days), time(hour), UTC)


def make_full_account(name: str, *, owner: str, rows: int = 1, mark: str = "") -> Account:
    """The account with `rows` of each kind of fact, all of them `mark`ed. Needs an open context."""
    ensure_usage_months(days_ago(150), days_ago(-31))
    product = Product.objects.create(source_id=f"plan{mark}", name=f"Planner{mark}", core=True)
    plan = Plan.objects.create(source_id=f"team{mark}", product=product, name=f"Team{mark}", rank=1)
    PlanLimit.objects.create(plan=plan, metric="api_calls", included=1000)
    PlanLimit.objects.create(plan=plan, metric="seats", included=50)
    account = Account.objects.create(
        source_id=f"A{mark}-{name}",
        name=name,
        tier=Account.Tier.ENTERPRISE,
        industry="Shipping",
        country="NO",
        csm_email=owner,
        customer_since=days_ago(500),
        currency="EUR",
    )
    Subscription.objects.create(
        source_id=f"S{mark}",
        contract_id=f"C-2025-1{mark}",
        account=account,
        product=product,
        plan=plan,
        started_on=days_ago(500),
        term_months=12,
        notice_days=30,
        auto_renews=True,
        seats=40,
        mrr=Decimal("1234.50"),
        currency="EUR",
    )
    for number in range(rows):
        _make_rows(account, product, number, mark)
    _make_usage(account)
    return account


def _make_rows(account: Account, product: Product, number: int, mark: str) -> None:
    tag = f"{mark}{number}"
    email = f"person{tag}@customer.example"
    organization_id = account.organization_id
    Contact.objects.create(
        source_id=f"P{tag}",
        account=account,
        name=f"Ingrid Moe{tag}",
        email=email,
        title="COO",
        role="decision_maker" if number == 0 else "user",
        stance="supporter",
        email_hash=hash_address(organization_id, email),
        left_on=days_ago(40) if number == 1 else None,
    )
    Interaction.objects.create(
        source_id=f"X{tag}",
        account=account,
        kind="call",
        happened_at=at(3 + number),
        contact_emails=email,
        contact_hashes=[hash_address(organization_id, email)],
        text=f"Wants one dated fix{tag}.",
    )
    Interaction.objects.create(
        source_id=f"N{tag}",
        account=account,
        kind="note",
        happened_at=at(4 + number),
        author_email=account.csm_email,
        text=f"Budget is set in December{tag}.",
    )
    Ticket.objects.create(
        source_id=f"T{tag}",
        account=account,
        opened_at=at(20 + number),
        due_at=at(10),
        priority="urgent",
        subject=f"Sync fails offline{tag}",
    )
    Invoice.objects.create(
        source_id=f"I{tag}",
        account=account,
        issued_on=days_ago(60 + number),
        due_on=days_ago(30),
        amount=Decimal("1234.50"),
        currency="EUR",
    )
    Survey.objects.create(
        source_id=f"V{tag}", account=account, kind="nps", answered_at=at(50), score=3, contact_email=email
    )
    opportunity = Opportunity.objects.create(
        source_id=f"O{tag}", account=account, lever="upsell", product=product, created_on=days_ago(90)
    )
    OpportunityStage.objects.create(opportunity=opportunity, at=at(80), stage="qualified", amount_arr=Decimal("22300"))
    AccountPlan.objects.create(
        account=account, objective=f"One tool for all vessels{tag}.", updated_on=days_ago(97 + number)
    )
    AccountGoal.objects.create(source_id=f"G{tag}", account=account, title=f"Fleet tier{tag}", due_on=days_ago(-30))
    WhitespaceCell.objects.create(
        account=account, product=product, department=f"Crewing{tag}", state="open", value_arr=Decimal("18000")
    )
    ProductEvent.objects.create(
        source_id=f"E{tag}", kind="release", happened_on=days_ago(30 + number), product=product, title=f"Release 8{tag}"
    )
    Act.objects.create(
        source_id=str(uuid.uuid4()), account=account, kind="called", at=at(6), member_email=account.csm_email
    )


def _make_usage(account: Account) -> None:
    """Ninety-eight days of four metrics; activity halves for the last four weeks."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO portfolio_usage (organization_id, account_id, metric, day, quantity)
            SELECT %s, %s, metric, %s::date - ago, CASE WHEN ago <= 28 THEN high / 2 ELSE high END
            FROM generate_series(1, 98) AS ago,
                (VALUES ('events', 400.0), ('active_users_28d', 36), ('api_calls', 30), ('feature:sync', 40))
                    AS metrics (metric, high)
            """,
            [account.organization_id, account.id, TODAY],
        )
