"""What members change about facts: what is written, what is refused, and what comes back by Undo."""

from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.http import Http404
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.context import organization_context
from accounts.models import AuditEntry, Membership, Organization
from accounts.models.organizations import Visibility
from portfolio import account_plans, business_reviews, next_steps, opportunities
from portfolio.changes import ChangeGone, ChangeOvertaken, ChangeRefused, local_day, take_back
from portfolio.models import Account, AccountGoal, AccountPlan, Interaction, Opportunity, OpportunityStage


@pytest.fixture
def bob(cast):
    """Bob's membership, with his context open and one account of his and one of Dora's."""
    with organization_context(organization_id=cast.acme.id, user_id=cast.bob.id):
        Account.objects.create(source_id="K", name="Kestrel", csm_email=cast.bob.email)
        Account.objects.create(source_id="O", name="Orvanta", csm_email=cast.dora.email)
        yield Membership.objects.select_related("organization", "user").get(user=cast.bob)


def kestrel() -> Account:
    return Account.objects.get(source_id="K")


def today(bob):
    return local_day(bob.organization)


def deal(bob, **options) -> Opportunity:
    entry = opportunities.open_opportunity(
        membership=bob,
        account=kestrel(),
        **{"lever": "upsell", "amount": Decimal(12_000), "closes_on": today(bob) + timedelta(days=30), **options},
    )
    return Opportunity.objects.select_related("account").get(pk=entry.details["opportunity"])


def history(opportunity):
    rows = OpportunityStage.objects.filter(opportunity=opportunity).order_by("at")
    return [(row.stage, row.amount_arr) for row in rows]


def test_an_opportunity_goes_through_its_stages_each_a_dated_row(bob):
    opportunity = deal(bob)
    assert (opportunity.created_on, opportunity.import_number) == (today(bob), None)
    opportunities.move_stage(membership=bob, opportunity=opportunity, stage="qualified")
    opportunities.change_amount(membership=bob, opportunity=opportunity, amount=Decimal("15000.5"))
    opportunities.move_stage(membership=bob, opportunity=opportunity, stage="lost", reason="  No \x00 budget  ")
    assert history(opportunity) == [
        ("identified", Decimal(12_000)),
        ("qualified", Decimal(12_000)),
        ("qualified", Decimal("15000.5")),
        ("lost", Decimal("15000.5")),
    ]
    opportunity.refresh_from_db()
    assert opportunity.loss_reason == "No budget"
    made = list(AuditEntry.objects.filter(action__startswith="opportunity").order_by("at"))
    assert [entry.action.partition(".")[2] for entry in made] == ["opened", "moved", "amount_changed", "moved"]
    assert "budget" not in str([entry.details for entry in made])
    assert "15000" not in str([entry.details for entry in made])


def test_each_change_is_taken_back_once_in_the_order_of_their_making(bob):
    opportunity = deal(bob)
    closing = opportunity.closes_on
    moved = opportunities.move_stage(membership=bob, opportunity=opportunity, stage="proposed")
    later = opportunities.change_closing_day(
        membership=bob, opportunity=opportunity, closes_on=closing + timedelta(days=9)
    )
    lost = opportunities.move_stage(membership=bob, opportunity=opportunity, stage="lost", reason="Price")
    with pytest.raises(ChangeGone):
        take_back(membership=bob, change_id=moved.pk)  # a later stage stands on it
    for entry in (lost, later, moved):
        assert take_back(membership=bob, change_id=entry.pk).name == "Kestrel"
        with pytest.raises(ChangeGone):
            take_back(membership=bob, change_id=entry.pk)
    opportunity.refresh_from_db()
    assert (history(opportunity), opportunity.loss_reason, opportunity.closes_on) == (
        [("identified", Decimal(12_000))],
        "",
        closing,
    )
    assert AuditEntry.objects.filter(action="change.undone").count() == 3


def test_an_opening_is_taken_back_while_nothing_stands_on_it(bob):
    opportunity = deal(bob)
    opened = AuditEntry.objects.get(action="opportunity.opened")
    opportunities.move_stage(membership=bob, opportunity=opportunity, stage="qualified")
    with pytest.raises(ChangeGone):
        take_back(membership=bob, change_id=opened.pk)
    take_back(membership=bob, change_id=AuditEntry.objects.get(action="opportunity.moved").pk)
    take_back(membership=bob, change_id=opened.pk)
    assert Opportunity.objects.count() == OpportunityStage.objects.count() == 0


@pytest.mark.parametrize(
    ("change", "values"),
    [
        ("move_stage", {"stage": "identified"}),
        ("move_stage", {"stage": "bribed"}),
        ("move_stage", {"stage": "lost", "reason": " \x00 "}),
        ("change_amount", {"amount": Decimal(-1)}),
        ("change_amount", {"amount": Decimal(10) ** 13}),
        ("change_amount", {"amount": Decimal(12_000)}),
    ],
)
def test_what_cannot_be_is_refused_and_changes_nothing(bob, change, values):
    opportunity = deal(bob)
    with pytest.raises(ChangeRefused):
        getattr(opportunities, change)(membership=bob, opportunity=opportunity, **values)
    assert history(opportunity) == [("identified", Decimal(12_000))]
    assert AuditEntry.objects.filter(action__startswith="opportunity").count() == 1


def test_a_closed_opportunity_stays_closed(bob):
    opportunity = deal(bob)
    opportunities.move_stage(membership=bob, opportunity=opportunity, stage="won")
    for change in (
        lambda: opportunities.move_stage(membership=bob, opportunity=opportunity, stage="proposed"),
        lambda: opportunities.change_amount(membership=bob, opportunity=opportunity, amount=Decimal(1)),
        lambda: opportunities.change_closing_day(membership=bob, opportunity=opportunity, closes_on=today(bob)),
    ):
        with pytest.raises(ChangeRefused, match="closed"):
            change()


def test_a_closing_day_lies_ahead(bob):
    with pytest.raises(ChangeRefused):
        deal(bob, closes_on=today(bob) - timedelta(days=1))


def test_a_step_is_added_done_and_both_come_back(bob):
    added = next_steps.add_step(
        membership=bob, account=kestrel(), title="Terms back  from legal", due_on=today(bob), term="2026-12-27:S-1"
    )
    goal = AccountGoal.objects.get()
    assert goal.source_id.startswith("step:2026-12-27:S-1#")
    assert (goal.title, goal.done_on) == ("Terms back from legal", None)
    done = next_steps.finish_step(membership=bob, goal=goal)
    with pytest.raises(ChangeRefused):
        next_steps.finish_step(membership=bob, goal=goal)
    with pytest.raises(ChangeGone):
        take_back(membership=bob, change_id=added.pk)  # done since
    take_back(membership=bob, change_id=done.pk)
    take_back(membership=bob, change_id=added.pk)
    assert AccountGoal.objects.count() == 0


def test_a_step_changes_its_words_and_keeps_an_overdue_day(bob):
    goal = AccountGoal.objects.create(
        source_id="G", account=kestrel(), title="Old", due_on=today(bob) - timedelta(days=9)
    )
    next_steps.change_step(membership=bob, goal=goal, title="New", due_on=goal.due_on, owner_email="Bob@Acme.example")
    goal.refresh_from_db()
    assert (goal.title, goal.owner_email) == ("New", "bob@acme.example")
    with pytest.raises(ChangeRefused):
        next_steps.change_step(membership=bob, goal=goal, title="New", due_on=goal.due_on - timedelta(days=1))


def test_a_plan_is_written_reviewed_and_taken_back(bob):
    with pytest.raises(ChangeRefused):
        account_plans.review_account_plan(membership=bob, account=kestrel())
    words = {"objective": "60 stores by summer", "success_criteria": "One order"}
    written = account_plans.update_account_plan(membership=bob, account=kestrel(), **words)
    again = account_plans.update_account_plan(membership=bob, account=kestrel(), objective="61", success_criteria="")
    assert (written.action, again.action) == ("plan.written", "plan.rewritten")
    with pytest.raises(ChangeGone):
        take_back(membership=bob, change_id=again.pk)
    reviewed = account_plans.review_account_plan(membership=bob, account=kestrel())
    plan = AccountPlan.objects.get()
    assert (plan.objective, plan.updated_on, plan.reviewed_on) == ("61", today(bob), today(bob))
    take_back(membership=bob, change_id=reviewed.pk)
    with pytest.raises(ChangeOvertaken):
        take_back(membership=bob, change_id=written.pk)  # other words stand in its place
    assert AccountPlan.objects.get().objective == "61"


def test_a_plan_that_nobody_touched_since_is_gone_again(bob):
    written = write_plan(bob, "60 stores")
    take_back(membership=bob, change_id=written.pk)
    assert AccountPlan.objects.count() == 0


@contextmanager
def as_dora(cast):
    """Dora's context and membership, inside Bob's."""
    with organization_context(organization_id=cast.acme.id, user_id=cast.dora.id):
        yield Membership.objects.select_related("organization", "user").get(user=cast.dora)


def write_plan(member, objective):
    return account_plans.update_account_plan(
        membership=member, account=kestrel(), objective=objective, success_criteria=""
    )


def test_a_colleagues_later_words_outlive_the_undo_of_ones_own(bob, cast):
    written = write_plan(bob, "60 stores")
    added = next_steps.add_step(membership=bob, account=kestrel(), title="Ask legal", due_on=today(bob))
    opportunity = deal(bob)
    opened = AuditEntry.objects.get(action="opportunity.opened")
    with as_dora(cast) as dora:
        write_plan(dora, "Her words")
        step = next_steps.access_goal(dora, AccountGoal.objects.get().pk)
        next_steps.change_step(membership=dora, goal=step, title="Her step", due_on=step.due_on)
        opportunities.change_closing_day(membership=dora, opportunity=opportunity, closes_on=today(dora))
    for entry in (written, added, opened):
        with pytest.raises(ChangeOvertaken):
            take_back(membership=bob, change_id=entry.pk)
    assert AccountPlan.objects.get().objective == "Her words"
    assert AccountGoal.objects.get().title == "Her step"
    assert Opportunity.objects.get().closes_on == today(bob)
    assert not AuditEntry.objects.filter(action="change.undone").exists()


def test_a_change_taken_back_once_does_not_take_back_a_colleagues_same_one(bob, cast):
    business_reviews.plan_review(membership=bob, account=kestrel(), day=today(bob))
    review = Interaction.objects.get()
    held = business_reviews.close_review(membership=bob, review=review, state="held")
    take_back(membership=bob, change_id=held.pk)
    with as_dora(cast) as dora:
        business_reviews.close_review(membership=dora, review=review, state="held", attended=True)
    with pytest.raises(ChangeGone):
        take_back(membership=bob, change_id=held.pk)
    assert Interaction.objects.get().state == "held"


def test_whether_a_change_was_overtaken_is_one_query_whatever_came_later(bob):
    step = next_steps.add_step(membership=bob, account=kestrel(), title="One", due_on=None)
    for other in range(3):
        next_steps.add_step(membership=bob, account=kestrel(), title=f"Other {other}", due_on=None)
    with CaptureQueriesContext(connection) as asked:
        take_back(membership=bob, change_id=step.pk)
    read = [one["sql"] for one in asked if 'FROM "accounts_auditentry"' in one["sql"]]
    assert len(read) == 2  # the change itself, and what came after it
    assert AccountGoal.objects.filter(title="One").count() == 0


def test_a_review_is_planned_held_and_taken_back(bob):
    ahead = business_reviews.plan_review(membership=bob, account=kestrel(), day=today(bob) + timedelta(days=20))
    review = Interaction.objects.get()
    assert (review.kind, review.state) == ("qbr", "planned")
    assert review.happened_at.astimezone(bob.organization.zone).date() == today(bob) + timedelta(days=20)
    with pytest.raises(ChangeRefused, match="ahead"):
        business_reviews.close_review(membership=bob, review=review, state="held")
    cancelled = business_reviews.close_review(membership=bob, review=review, state="cancelled")
    take_back(membership=bob, change_id=cancelled.pk)
    Interaction.objects.update(happened_at=timezone.now() - timedelta(days=1))
    review.refresh_from_db()
    held = business_reviews.close_review(membership=bob, review=review, state="held", attended=False)
    review.refresh_from_db()
    assert (review.state, review.attended) == ("held", False)
    take_back(membership=bob, change_id=held.pk)
    take_back(membership=bob, change_id=ahead.pk)
    assert Interaction.objects.count() == 0


def test_nobody_takes_back_what_another_did_or_what_is_a_day_old_or_out_of_sight(bob, cast):
    deal(bob)
    opened = AuditEntry.objects.get(action="opportunity.opened")
    dora = Membership.objects.select_related("organization", "user").get(user=cast.dora)
    with pytest.raises(ChangeGone):
        take_back(membership=dora, change_id=opened.pk)
    Organization.objects.update(visibility=Visibility.OWN)
    Account.objects.filter(source_id="K").update(csm_email=cast.dora.email)
    bob.organization.refresh_from_db()
    with pytest.raises(ChangeGone):
        take_back(membership=bob, change_id=opened.pk)
    with pytest.raises(Http404):
        opportunities.access_opportunity(bob, Opportunity.objects.get().pk)
    assert Opportunity.objects.count() == 1


def test_the_rooms_above_hear_of_a_change_behind_its_commit(bob, monkeypatch, django_capture_on_commit_callbacks):
    heard = []
    monkeypatch.setattr("portfolio.events.facts_arrived", [lambda *told: heard.append(told)])
    with django_capture_on_commit_callbacks(execute=True):
        deal(bob)
        assert heard == []
    assert heard == [(bob.organization_id, frozenset({kestrel().pk}), (today(bob), today(bob)))]
