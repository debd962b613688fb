"""Features know nothing later than their night, and nothing of other organizations."""

from decimal import Decimal

import pytest

from diagnostics.features import FeatureSettings
from portfolio.models import (
    AccountHistory,
    AccountPlan,
    Contact,
    IntentSignal,
    Interaction,
    Invoice,
    Milestone,
    Opportunity,
    OpportunityStage,
    Plan,
    Product,
    Subscription,
    Survey,
    Ticket,
    WhitespaceCell,
)
from tests.diagnostics.facts import at, days_ago, make_account, make_catalogue, make_period, make_usage, read, read_one


@pytest.fixture
def book(acme_context):
    return make_catalogue()


def make_every_fact(book, *, after, suffix):
    """One fact of each kind, dated `after` days after the night (negative: before)."""
    account, core, extra = book["account"], book["core"], book["extra"]
    ago = -after
    make_usage(account, "events", [7], last=ago)
    make_usage(account, "feature:export", [7], last=ago)
    Ticket.objects.create(
        source_id=f"t{suffix}", account=account, opened_at=at(ago), priority="urgent", due_at=at(ago - 1)
    )
    Survey.objects.create(source_id=f"s{suffix}", account=account, kind="csat", answered_at=at(ago), score=1)
    Invoice.objects.create(
        source_id=f"f{suffix}", account=account, issued_on=days_ago(ago), due_on=days_ago(ago), amount=Decimal(5)
    )
    Contact.objects.create(source_id=f"c{suffix}", account=account, role="champion", known_since=days_ago(ago))
    Interaction.objects.create(source_id=f"i{suffix}", account=account, kind="qbr", happened_at=at(ago))
    opportunity = Opportunity.objects.create(
        source_id=f"o{suffix}", account=account, lever="seats", created_on=days_ago(ago)
    )
    OpportunityStage.objects.create(opportunity=opportunity, at=at(ago), stage="proposed", amount_arr=Decimal(9))
    AccountPlan.objects.create(account=account, updated_on=days_ago(ago))
    Milestone.objects.create(account=account, milestone=suffix, reached_on=days_ago(ago))
    IntentSignal.objects.create(account=account, observed_on=days_ago(ago), strength=50)
    WhitespaceCell.objects.create(
        account=account, product=extra, department=suffix, state="open", value_arr=50, since=days_ago(ago)
    )
    AccountHistory.objects.create(
        account=account, field="tier", from_on=days_ago(ago), value="smb" if after > 0 else "enterprise"
    )
    plan = Plan.objects.get_or_create(source_id="add-on", defaults={"name": "Add-on", "product": extra, "rank": 1})[0]
    make_period(account, plan, started=ago, name=f"p{suffix}")
    make_account(f"a{suffix}", Plan.objects.get(source_id="all"), started=ago, customer_since=days_ago(ago))
    assert core.pk


def test_no_kind_of_fact_is_known_before_its_day(book):
    make_every_fact(book, after=-20, suffix="old")
    known = read()
    make_every_fact(book, after=1, suffix="tomorrow")
    assert read().equals(known)
    assert not read(days_ago(-1)).equals(known)


def test_what_becomes_of_a_fact_after_the_night_is_not_known(book):
    make_every_fact(book, after=-20, suffix="old")
    opportunity = Opportunity.objects.get()
    known = read()
    tomorrow = days_ago(-1)
    Ticket.objects.update(
        solved_at=at(-1), escalated_at=at(-1), reopened_at=at(-1), satisfaction="bad", satisfaction_at=at(-1)
    )
    Invoice.objects.update(paid_on=tomorrow)
    Contact.objects.update(left_on=tomorrow)
    OpportunityStage.objects.create(opportunity=opportunity, at=at(-1), stage="lost")
    AccountPlan.objects.update(reviewed_on=tomorrow)
    Subscription.objects.update(ended_on=days_ago(-15), notice_given_on=tomorrow)
    make_period(book["account"], book["team"], mrr=500, started=-1)
    assert read().equals(known)
    assert not read(tomorrow).drop("usage_known_to").equals(known.drop("usage_known_to"))


def test_the_night_ends_at_midnight_where_the_organization_is(book):
    # 22:30 in UTC is half past eleven in Paris and half past seven the next morning in Tokyo.
    Ticket.objects.create(source_id="late", account=book["account"], opened_at=at(0, hour=22).replace(minute=30))
    in_paris, in_tokyo = read_one(), read_one(settings=FeatureSettings("Asia/Tokyo", "EUR"))
    assert (in_paris["tickets_90"], in_tokyo["tickets_90"]) == (1, None)


def test_another_organizations_facts_are_never_read(book, cast):
    from accounts.context import organization_context

    mine = read()
    with organization_context(organization_id=cast.globex.id, user_id=cast.charlie.id):
        other = Product.objects.create(source_id="core", name="Core", core=True)
        plan = Plan.objects.create(source_id="team", name="Team", product=other, rank=1)
        account = make_account("theirs", plan, mrr=9999)
        Ticket.objects.create(source_id="t", account=account, opened_at=at(3))
        make_usage(account, "events", [5])
        assert read()["account_id"].to_list() == [str(account.id)]
    assert read().equals(mine)
