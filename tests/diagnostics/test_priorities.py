"""Priorities: from a CRM alone, for the right person, at most ten, and none twice."""

from datetime import datetime, time, timedelta
from decimal import Decimal

import pytest

from accounts.context import organization_context
from accounts.models import Organization
from diagnostics import acts
from diagnostics.models import Diagnosis, Night, Priority
from diagnostics.night import run_night, run_nights
from diagnostics.queries.today import count_open, read_today
from portfolio.models import Account, AccountPlan, Act, Opportunity, OpportunityStage
from tests.diagnostics.books import NIGHT, TODAY, make_leaving_account
from tests.diagnostics.priority_book import (
    acme,
    at,
    days_ago,
    growing,
    make_account,
    make_contact,
    make_meeting,
    membership_of,
    priorities,
)

__all__ = ["acme", "growing"]


def test_a_crm_alone_brings_priorities_while_health_is_withheld(acme):
    silent = make_account("Silent", decides_in=40, am="am@acme.example")
    make_meeting(silent, make_contact(silent, "Ida Falk", "decision_maker"), 60)
    gone = make_account("Sponsor gone")
    make_contact(gone, "Martin Hale", "champion", left_on=days_ago(10))
    make_account("Nobody’s", csm="")
    stale = make_account("Stale")
    opportunity = Opportunity.objects.create(source_id="O1", account=stale, lever="upsell", created_on=days_ago(90))
    OpportunityStage.objects.create(opportunity=opportunity, at=at(80), stage="qualified", amount_arr=Decimal(22000))
    unplanned = make_account("Unplanned", strategic=True, mrr="20000")
    AccountPlan.objects.create(account=unplanned, objective="Grow", updated_on=days_ago(97))
    run_night(acme.acme.id, NIGHT)

    found = priorities(acme)
    assert {name: (p.kind, p.owner_email) for name, p in found.items()} == {
        "Silent": ("renewal", "am@acme.example"),
        "Sponsor gone": ("sponsor", "bob@acme.example"),
        "Nobody’s": ("owner", ""),
        "Stale": ("opportunity", "bob@acme.example"),
        "Unplanned": ("plan", "bob@acme.example"),
    }
    assert set(Diagnosis.objects.values_list("health", flat=True)) == {None}
    assert Diagnosis.objects.filter(churn_risk=None).count() == 0
    for priority in found.values():
        assert priority.effect == round(
            priority.base * Decimal(str(priority.probability)) * Decimal(str(priority.share)), 2
        ), priority.kind
    assert found["Stale"].base == 22000
    assert found["Silent"].deadline == NIGHT + timedelta(days=40)

    today = read_today(membership_of(acme.bob), scope="team", language="en")
    said = {row.account_name: (row.why, row.action.text, row.health) for row in today.rows}
    assert said["Silent"][0].startswith("Decision on **")
    assert "since **" in said["Silent"][0]
    assert said["Silent"][1].startswith("Open the renewal with Ida Falk before **")
    assert "left on" in said["Sponsor gone"][0]
    assert said["Stale"][0].startswith("An opportunity of **€22,000** has not moved since **")
    assert "**97 days** ago." in said["Unplanned"][0]
    assert said["Nobody’s"][0].startswith("**No CSM and no AM**")
    assert {health for _why, _do, health in said.values()} == {None}


def test_where_nobody_is_named_anywhere_no_owner_is_missing(acme):
    Account.objects.update(csm_email="")
    run_night(acme.acme.id, NIGHT)
    assert priorities(acme) == {}


def test_an_account_plan_is_due_sooner_on_a_strategic_account(acme):
    for name, strategic, age in (("Old", False, 180), ("Older", False, 181), ("Fresh", True, 90), ("Due", True, 91)):
        account = make_account(name, strategic=strategic)
        AccountPlan.objects.create(account=account, updated_on=days_ago(age))
    run_night(acme.acme.id, NIGHT)
    assert sorted(priorities(acme)) == ["Due", "Older"]


def test_a_renewal_with_a_decision_maker_heard_lately_is_none(acme):
    for name, role, days in (("Heard", "decision_maker", 44), ("Unheard", "decision_maker", 45), ("Users", "user", 29)):
        account = make_account(name, decides_in=40)
        make_meeting(account, make_contact(account, "Ida Falk", role), days)
    make_account("Far", decides_in=120)
    run_night(acme.acme.id, NIGHT)
    assert sorted(priorities(acme)) == ["Unheard"]


def test_the_night_reads_no_later_owner_contact_or_act(acme):
    account = make_account("Silent", decides_in=40)
    make_contact(account, "Too Late", "decision_maker", known_since=TODAY)
    make_contact(account, "Gone Already", "decision_maker", left_on=NIGHT)
    right = make_contact(account, "Ida Falk", "user")
    make_contact(account, "An Enemy", "decision_maker", stance="detractor")
    Act.objects.create(
        source_id="later",
        account=account,
        kind="called",
        at=datetime.combine(TODAY, time(0), Organization.objects.get().zone),
        priority="renewal",
        member_email="bob@acme.example",
    )
    from portfolio.models import AccountHistory

    AccountHistory.objects.create(account=account, field="csm_email", from_on=days_ago(100), value="dora@acme.example")
    AccountHistory.objects.create(account=account, field="csm_email", from_on=TODAY, value="bob@acme.example")
    run_night(acme.acme.id, NIGHT)
    found = priorities(acme)["Silent"]
    assert (found.contact, found.owner_email, found.rank) == (right, "dora@acme.example", 1)


def test_growth_is_the_account_managers_with_its_room_and_potential(growing):
    found = priorities(growing)["Growing"]
    diagnosis = Diagnosis.objects.get(night=NIGHT, account=found.account)
    assert (found.kind, found.lever, found.owner_email) == ("upsell", "upsell", "am@acme.example")
    assert found.base == diagnosis.upsell_arr == 36000
    assert found.effect == round(found.base * Decimal(diagnosis.potential) / 100, 2)
    row = next(r for r in read_today(membership_of(growing.bob), scope="team", language="en").rows if r.id == found.id)
    assert row.action.text.startswith("Propose Scale to Claire Aubrac (COO), **+€36,000**")
    assert row.action.label == "Write to Claire"
    assert row.action.url == "mailto:claire@growing.example"
    assert "seats" in row.causes[0].sentence
    french = read_today(membership_of(growing.bob), scope="team", language="fr").rows
    text = next(r.action.text for r in french if r.id == found.id)
    assert text.startswith("Proposez Scale à Claire Aubrac (COO), **+36\u202f000\u00a0€**")


def test_the_days_acts_move_a_row_at_once_and_undo_brings_it_back(cast):
    with organization_context(organization_id=cast.acme.id, user_id=cast.alice.id):
        for name in ("Kestrel", "Orvanta", "Solveig"):
            make_leaving_account(name, owner=cast.bob.email)
    run_night(cast.acme.id, NIGHT)
    with organization_context(organization_id=cast.acme.id, user_id=cast.bob.id):
        bob = membership_of(cast.bob)
        found = {p.account.name: p for p in Priority.objects.select_related("account")}
        done = acts.record_done(membership=bob, priority=found["Kestrel"], kind="met", note="Stays")
        acts.snooze(membership=bob, priority=found["Orvanta"], until=TODAY + timedelta(days=3))
        today = read_today(bob, scope="mine", language="en")
        assert today.counts == {"open": 1, "snoozed": 1, "done": 1, "dismissed": 0, "left_out": 0}
        assert (today.rows[0].account_name, today.done[0].act_kind) == ("Solveig", "met")
        assert today.snoozed[0].until == TODAY + timedelta(days=3)
        assert (today.expected, today.to_defend) == (today.rows[0].effect, today.rows[0].base)
        assert count_open(bob) == 1
        acts.undo(membership=bob, act_id=done.pk)
        assert read_today(bob, scope="mine", language="en").counts["open"] == 2
        with pytest.raises(acts.ActGone):
            acts.undo(membership=bob, act_id=done.pk)


def test_unowned_priorities_are_the_admins(cast):
    with organization_context(organization_id=cast.acme.id, user_id=cast.alice.id):
        make_leaving_account("Nobody’s", owner="")
        make_leaving_account("Bob’s", owner=cast.bob.email)
    run_night(cast.acme.id, NIGHT)
    seen = {}
    for person in (cast.alice, cast.bob, cast.dora):
        with organization_context(organization_id=cast.acme.id, user_id=person.id):
            today = read_today(membership_of(person), scope="mine", language="en")
            seen[person.email] = ([row.account_name for row in today.rows], today.mine_accounts, today.team_accounts)
    assert seen == {
        cast.alice.email: (["Nobody’s"], 1, 2),
        cast.bob.email: (["Bob’s"], 1, 2),
        cast.dora.email: ([], 0, 2),
    }


def test_today_takes_the_same_number_of_queries_for_one_and_for_thirty(cast, django_assert_num_queries):
    with organization_context(organization_id=cast.acme.id, user_id=cast.alice.id):
        make_leaving_account("First", owner=cast.bob.email)
    run_nights(cast.acme.id, [NIGHT - timedelta(days=1), NIGHT])
    for more in (0, 29):
        with organization_context(organization_id=cast.acme.id, user_id=cast.alice.id):
            for number in range(more):
                make_leaving_account(f"More {number}", owner=cast.bob.email)
        run_night(cast.acme.id, NIGHT)
        with organization_context(organization_id=cast.acme.id, user_id=cast.bob.id):
            bob = membership_of(cast.bob)
            with django_assert_num_queries(6):
                today = read_today(bob, scope="mine", language="en")
            assert (today.counts["open"], today.counts["left_out"]) == ((1, 0), (10, 10))[bool(more)]
            assert Night.objects.get(night=NIGHT).unlisted == ({}, {cast.bob.email: 10})[bool(more)]
