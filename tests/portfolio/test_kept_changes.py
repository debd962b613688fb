"""What members changed of imported rows, met by later imports: a change stands until its source speaks anew."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.context import organization_context
from accounts.models import Membership
from accounts.tenancy import service_context
from portfolio.account_plans import review_account_plan
from portfolio.business_reviews import close_review
from portfolio.changes import take_back
from portfolio.models import Account, AccountGoal, AccountPlan, CatalogueEdit, Interaction, Opportunity
from portfolio.next_steps import change_step, finish_step
from portfolio.opportunities import change_closing_day, move_stage
from tests.portfolio.desk import BASE

pytestmark = pytest.mark.django_db

TODAY = timezone.now().date()
SOON, LATER = TODAY + timedelta(days=30), TODAY + timedelta(days=60)
OPPORTUNITIES = f"opportunity_id,account_id,lever,created_on,closes_on,loss_reason\nO1,A1,upsell,2026-01-05,{SOON},\n"
HISTORY = "opportunity_id,at,stage,amount_arr\nO1,2026-01-05T09:00:00+00:00,qualified,9000\n"
GOALS = f"goal_id,account_id,title,due_on,done_on\nG1,A1,Meet the buyer,{SOON},\n"
PLANS = "account_id,objective,updated_on,reviewed_on\nA1,Keep them,2026-01-05,\n"
REVIEWS = "interaction_id,account_id,kind,happened_at,state\nQ1,A1,qbr,2026-01-05T10:00:00+00:00,planned\n"
FILES = {
    "opportunities.csv": OPPORTUNITIES, "opportunity_history.csv": HISTORY, "account_goals.csv": GOALS,
    "account_plans.csv": PLANS, "interactions.csv": REVIEWS,
}  # fmt: skip


@pytest.fixture
def act(cast, desk):
    desk.drop({**BASE, **FILES})

    def run(change):
        with organization_context(organization_id=cast.acme.id, user_id=cast.alice.id):
            return change(Membership.objects.select_related("organization", "user").get(user=cast.alice))

    return run


def postpone(member):
    return change_closing_day(membership=member, opportunity=Opportunity.objects.get(), closes_on=LATER)


def change_everything(member):
    postpone(member)
    move_stage(membership=member, opportunity=Opportunity.objects.get(), stage="lost", reason="no budget")
    change_step(membership=member, goal=AccountGoal.objects.get(), title="Call the buyer", due_on=LATER)
    finish_step(membership=member, goal=AccountGoal.objects.get())
    review_account_plan(membership=member, account=Account.objects.get(source_id="A1"))
    close_review(membership=member, review=Interaction.objects.get(), state="held")


def stands(desk):
    with service_context(desk.organization.pk):
        goal, opportunity = AccountGoal.objects.get(), Opportunity.objects.get()
        return {
            "closes_on": opportunity.closes_on, "loss_reason": opportunity.loss_reason, "title": goal.title,
            "due_on": goal.due_on, "is_done": goal.done_on is not None,
            "is_reviewed": AccountPlan.objects.get().reviewed_on is not None, "review": Interaction.objects.get().state,
        }  # fmt: skip


CHANGED = {
    "closes_on": LATER, "loss_reason": "no budget", "title": "Call the buyer", "due_on": LATER, "is_done": True,
    "is_reviewed": True, "review": "held",
}  # fmt: skip


def test_the_same_files_again_leave_what_members_changed(desk, act):
    act(change_everything)
    record = desk.drop(FILES)
    assert {row[2] for row in desk.counts(record).values()} == {0}  # nothing updated
    assert stands(desk) == CHANGED


def test_what_the_source_says_anew_lands_and_the_rest_stands(desk, act):
    act(change_everything)
    new = TODAY + timedelta(days=90)
    said = {"opportunities.csv": OPPORTUNITIES.replace(str(SOON), str(new)), "account_goals.csv": GOALS}
    desk.drop(said)
    assert stands(desk) == CHANGED | {"closes_on": new}
    # The note is forgotten: from now on the source's word is the only one.
    desk.drop({"opportunities.csv": OPPORTUNITIES})
    assert stands(desk) == CHANGED | {"closes_on": SOON}


def test_a_change_taken_back_is_no_change(desk, act):
    entry = act(postpone)
    act(lambda member: take_back(membership=member, change_id=entry.pk))
    assert stands(desk)["closes_on"] == SOON
    with service_context(desk.organization.pk):
        assert not CatalogueEdit.objects.exists()
    desk.drop({"opportunities.csv": OPPORTUNITIES.replace(str(SOON), str(LATER))})
    assert stands(desk)["closes_on"] == LATER


def with_reason(words):
    return {"opportunities.csv": OPPORTUNITIES.replace(f"{SOON},", f"{SOON},{words}")}


@pytest.mark.parametrize(
    ("said", "words", "said_then", "left"),
    [
        ("", "no budget", None, ""),
        ("price", "no budget", None, "price"),
        ("price", "price", None, "price"),
        # The source speaks anew between the loss and its undo: that word stands.
        ("price", "no budget", "timing", "timing"),
        ("price", "no budget", "price", "price"),
    ],
)
def test_a_loss_taken_back_gives_the_sources_reason_back(desk, act, said, words, said_then, left):
    desk.drop(with_reason(said))
    entry = act(lambda m: move_stage(membership=m, opportunity=Opportunity.objects.get(), stage="lost", reason=words))
    assert stands(desk)["loss_reason"] == words
    if said_then is not None:
        desk.drop(with_reason(said_then))
    act(lambda member: take_back(membership=member, change_id=entry.pk))
    assert stands(desk)["loss_reason"] == left
    with service_context(desk.organization.pk):
        assert not CatalogueEdit.objects.exists()
    # No note is left: whatever the source says lands.
    desk.drop(with_reason("timing"))
    assert stands(desk)["loss_reason"] == "timing"


def test_a_second_change_still_knows_what_the_source_said(desk, act):
    act(postpone)
    act(lambda m: change_closing_day(membership=m, opportunity=Opportunity.objects.get(), closes_on=TODAY))
    with service_context(desk.organization.pk):
        assert list(CatalogueEdit.objects.values_list("file", "key", "column", "source_cell")) == [
            ("opportunities", '["O1"]', "closes_on", SOON.isoformat())
        ]
    desk.drop({"opportunities.csv": OPPORTUNITIES})
    assert stands(desk)["closes_on"] == TODAY


def test_the_undo_of_an_import_leaves_what_was_changed_since(desk, act):
    record = desk.drop({"opportunities.csv": OPPORTUNITIES.replace(str(SOON), str(LATER))})
    act(lambda m: change_closing_day(membership=m, opportunity=Opportunity.objects.get(), closes_on=TODAY))
    desk.take_back(record)
    assert stands(desk)["closes_on"] == TODAY
    with service_context(desk.organization.pk):
        assert CatalogueEdit.objects.get().source_cell == SOON.isoformat()


def test_an_export_carries_the_changes_and_what_the_source_said(cast, desk, act, tmp_path):
    act(change_everything)
    before = desk.export()
    assert '"column": "closes_on"' in before["settings.json"].decode()
    record = desk.drop(before)
    assert {row[2] for row in desk.counts(record).values()} == {0}
    assert stands(desk) == CHANGED
