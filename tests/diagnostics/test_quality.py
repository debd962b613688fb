"""Facts that contradict themselves: each kind is found, on its account, with its days and a record; nothing else is."""

from decimal import Decimal

import pytest

from accounts.context import organization_context
from diagnostics.day import note_arrival
from diagnostics.doubts import DOUBTS, lost_confidence
from diagnostics.models import Diagnosis, DoubtfulFacts
from diagnostics.night import run_night
from diagnostics.quality import examine_facts
from diagnostics.tasks import diagnose_day
from portfolio.models import (
    Account,
    Contact,
    Invoice,
    Plan,
    PlanLimit,
    PlanRate,
    Product,
    Subscription,
    Ticket,
    Usage,
)
from portfolio.models.usage import ensure_usage_months
from tests.diagnostics.account_book import at, days_ago
from tests.diagnostics.books import NIGHT


def inside(cast):
    return organization_context(organization_id=cast.acme.id, user_id=cast.alice.id)


def make_customer(name, *, mrr=100, started=400, product="core", plan=None, **fields):
    """An account with one running subscription and nothing wrong with it."""
    bought, _made = Product.objects.get_or_create(source_id=product, defaults={"name": product, "core": True})
    account = Account.objects.create(source_id=name, name=name, customer_since=days_ago(started), **fields)
    add_period(account, f"{name}-s", started, product=bought, plan=plan, mrr=mrr)
    return account


def add_period(account, source_id, started, ended=None, *, product=None, mrr=100, **fields):
    return Subscription.objects.create(
        source_id=source_id,
        account=account,
        product=product or Product.objects.get(source_id="core"),
        started_on=days_ago(started),
        ended_on=None if ended is None else days_ago(ended),
        mrr=Decimal(mrr),
        currency=fields.pop("currency", "EUR"),
        **fields,
    )


def use(account, metric, ago, quantity=5):
    Usage.objects.create(
        organization_id=account.organization_id, account=account, metric=metric, day=days_ago(ago), quantity=quantity
    )


def ticket(account, source_id, opened, **fields):
    return Ticket.objects.create(source_id=source_id, account=account, opened_at=at(opened), **fields)


def usage_unpaid(account):
    use(account, "events", 461)
    use(account, "events", 460)  # within the trial
    use(account, "events", 470, quantity=0)
    return 1, days_ago(461), days_ago(461), f"{days_ago(461)} events"


def usage_negative(account):
    use(account, "events", 9, quantity=-2)
    use(account, "active_users", 5, quantity=-1)
    return 2, days_ago(9), days_ago(5), f"{days_ago(9)} events"


def usage_unknown_metric(account):
    PlanLimit.objects.create(plan=make_plan("limits", account), metric="api_calls", included=10)
    for metric in ("events", "active_users_28d", "feature:x", "api_calls", "vessels"):
        use(account, metric, 3)
    return 1, days_ago(3), days_ago(3), f"{days_ago(3)} vessels"


def make_plan(source_id, account, product=None):
    """A plan that the account's subscription is on."""
    period = Subscription.objects.get(account=account)
    plan = Plan.objects.create(source_id=source_id, name=source_id, rank=1, product=product or period.product)
    Subscription.objects.filter(pk=period.pk).update(plan=plan)
    return plan


def periods_overlap(account):
    add_period(account, "double", 300, 190)
    add_period(account, "double", 200, 100)
    add_period(account, "double", 100)
    return 1, days_ago(300), days_ago(300), "double"


def subscription_dates(account):
    add_period(account, "back", 50, 60)
    add_period(account, "at once", 50, 50)
    return 1, days_ago(50), days_ago(50), "back"


def subscription_negative(account):
    add_period(account, "minus", 90, mrr=-5)
    add_period(account, "seats", 80, seats=-1)
    return 2, days_ago(90), days_ago(80), "minus"


def currency_without_rate(account):
    year = NIGHT.year
    PlanRate.objects.create(fiscal_year=year, currency="USD", rate=Decimal("0.9"))
    add_period(account, "dollars", 90, currency="USD")
    add_period(account, "yen", 70, currency="JPY")
    add_period(account, "once in yen", 99, 80, currency="JPY")
    return 1, days_ago(70), days_ago(70), "yen"


def plan_of_other_product(account):
    make_plan("foreign", account, Product.objects.create(source_id="other", name="Other"))
    return 1, days_ago(400), days_ago(400), f"{account.source_id}-s"


def invoice_dates(account):
    for number, (due, paid) in enumerate(((31, None), (10, 31), (10, 20))):
        Invoice.objects.create(
            source_id=f"i{number}",
            account=account,
            issued_on=days_ago(30),
            due_on=days_ago(due),
            paid_on=None if paid is None else days_ago(paid),
            amount=10,
        )
    return 2, days_ago(30), days_ago(30), "i0"


def tickets_before_signup(account):
    ticket(account, "early", 461)
    ticket(account, "trial", 459)
    return 1, days_ago(461), days_ago(461), "early"


def ticket_dates(account):
    ticket(account, "t1", 30, solved_at=at(31))
    ticket(account, "t2", 30, first_reply_at=at(30), solved_at=at(29))
    ticket(account, "t3", 20, first_reply_at=at(21))
    return 2, days_ago(30), days_ago(20), "t1"


def contact_dates(account):
    Contact.objects.create(source_id="c1", account=account, known_since=days_ago(10), left_on=days_ago(11))
    Contact.objects.create(source_id="c2", account=account, known_since=days_ago(10), left_on=days_ago(10))
    return 1, days_ago(11), days_ago(11), "c1"


def customer_since_late(account):
    Account.objects.filter(pk=account.pk).update(customer_since=days_ago(368))
    return 1, days_ago(400), days_ago(368), account.source_id


def accounts_alike(account):
    Account.objects.filter(pk=account.pk).update(name="Élan")
    make_customer("ELAN")
    return 1, None, None, account.source_id


CONTRADICTIONS = {
    made.__name__: made
    for made in (
        usage_unpaid,
        usage_negative,
        usage_unknown_metric,
        periods_overlap,
        subscription_dates,
        subscription_negative,
        currency_without_rate,
        plan_of_other_product,
        invoice_dates,
        tickets_before_signup,
        ticket_dates,
        contact_dates,
        customer_since_late,
        accounts_alike,
    )
}


def test_every_kind_on_an_account_is_tried_here():
    assert CONTRADICTIONS.keys() == DOUBTS.keys() - {"plans_unused"}


@pytest.mark.parametrize("kind", CONTRADICTIONS)
def test_a_contradiction_is_found_and_nothing_beside_it(cast, kind):
    with inside(cast):
        ensure_usage_months(days_ago(480), days_ago(0))
        account, quiet = make_customer("Kestrel"), make_customer("Quiet")
        expected = CONTRADICTIONS[kind](account)
    run_night(cast.acme.id, NIGHT)
    examine_facts(cast.acme.id)
    with inside(cast):
        rows = list(DoubtfulFacts.objects.values_list("kind", "account", "facts", "first_on", "last_on", "record"))
        own = [row[2:] for row in rows if row[:2] == (kind, account.pk)]
        others = [row for row in rows if row[:2] != (kind, account.pk)]
    assert own == [expected]
    if kind == "accounts_alike":
        assert len(others) == 1  # its twin
    else:
        assert others == []
    assert quiet.pk not in [row[1] for row in rows]


@pytest.mark.parametrize("kind", [kind for kind, doubt in DOUBTS.items() if doubt.contradicts])
def test_the_night_goes_on_and_says_what_it_lost(cast, kind):
    """What the page says of an account's confidence is what the engine took from it."""
    with inside(cast):
        ensure_usage_months(days_ago(480), days_ago(0))
        account, quiet = make_customer("Kestrel", started=60), make_customer("Quiet", started=60)
        for one in (account, quiet):
            use(one, "events", 2)
        if kind == "usage_unpaid":
            Subscription.objects.filter(account=account).update(started_on=days_ago(5))
            Account.objects.filter(pk=account.pk).update(customer_since=days_ago(5))
            use(account, "events", 70)
        elif kind == "tickets_before_signup":
            for number, (one, days) in enumerate(((account, 1), (quiet, 1), (account, 130))):
                ticket(one, f"t{number}", days)
        else:
            CONTRADICTIONS[kind](account)
    assert run_night(cast.acme.id, NIGHT).accounts == 2
    examine_facts(cast.acme.id)
    with inside(cast):
        given = {row.account_id: row for row in Diagnosis.objects.all()}
        assert DoubtfulFacts.objects.get(kind=kind).account_id == account.pk
    lost = lost_confidence(kind, given[account.pk].sources)
    assert lost == pytest.approx({"usage": 0.21, "billing": 0.15, "support": 0.12}[DOUBTS[kind].source])
    assert given[account.pk].confidence == pytest.approx(given[quiet.pk].confidence - lost)
    assert lost_confidence(kind, given[quiet.pk].sources) == 0


def test_a_family_may_share_its_domain_and_strangers_may_not(cast):
    with inside(cast):
        parent = make_customer("Parent", domain="h.example")
        make_customer("Child", domain="H.example", parent=parent)
        make_customer("No domain one")
        make_customer("No domain two")
    run_night(cast.acme.id, NIGHT)
    assert examine_facts(cast.acme.id) == 0
    with inside(cast):
        make_customer("Stranger", domain="h.example")
    assert examine_facts(cast.acme.id) == 3


def test_a_plan_that_nobody_has_belongs_to_no_account(cast):
    with inside(cast):
        account = make_customer("Kestrel")
        make_plan("used", account)
        Plan.objects.create(source_id="idle", name="Idle", rank=2, product=Product.objects.get())
    run_night(cast.acme.id, NIGHT)
    assert examine_facts(cast.acme.id) == 1
    with inside(cast):
        [found] = DoubtfulFacts.objects.all()
    assert (found.kind, found.account_id, found.facts, found.record) == ("plans_unused", None, 1, "idle")


def test_facts_are_examined_anew_and_only_after_a_night(cast):
    with inside(cast):
        account = make_customer("Kestrel")
        ticket_dates(account)
    assert examine_facts(cast.acme.id) == 0
    run_night(cast.acme.id, NIGHT)
    assert (examine_facts(cast.acme.id), examine_facts(cast.acme.id)) == (1, 1)
    with inside(cast):
        Ticket.objects.all().delete()
    assert examine_facts(cast.acme.id) == 0


def test_facts_that_came_in_the_day_are_examined_with_their_accounts(cast):
    with inside(cast):
        account = make_customer("Kestrel")
    run_night(cast.acme.id, NIGHT)
    with inside(cast):
        ticket_dates(account)
        note_arrival(cast.acme.id, {account.pk})
    diagnose_day(str(cast.acme.id))
    with inside(cast):
        assert [row.kind for row in DoubtfulFacts.objects.all()] == ["ticket_dates"]


def test_without_subscriptions_no_use_lies_outside_of_them(cast):
    with inside(cast):
        ensure_usage_months(days_ago(30), days_ago(0))
        account = Account.objects.create(source_id="crm", name="Crm", customer_since=days_ago(50))
        use(account, "events", 20)
    run_night(cast.acme.id, NIGHT)
    assert examine_facts(cast.acme.id) == 0
    with inside(cast):
        make_customer("Kestrel")
    assert examine_facts(cast.acme.id) == 1


def test_another_organization_is_left_alone(cast):
    for organization, owner in ((cast.acme, cast.alice), (cast.globex, cast.charlie)):
        with organization_context(organization_id=organization.id, user_id=owner.id):
            ticket_dates(make_customer("Kestrel"))
        run_night(organization.id, NIGHT)
        examine_facts(organization.id)
    with inside(cast):
        Ticket.objects.all().delete()
    assert examine_facts(cast.acme.id) == 0
    with organization_context(organization_id=cast.globex.id, user_id=cast.charlie.id):
        assert DoubtfulFacts.objects.count() == 1
