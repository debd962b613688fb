"""Priorities: from a CRM alone, for the right person, at most ten, and none twice."""

from datetime import datetime, time, timedelta
from decimal import Decimal

<<<<<<< HEAD
import numpy as np
import polars as pl
import psycopg
=======
>>>>>>> 736ccf0 (tests: Priorities and renewals are tested by subject, from one book each.)
import pytest
from django.db import connection

from accounts.context import organization_context
from accounts.models import Organization
from diagnostics import acts
from diagnostics.models import Diagnosis, Night, Priority
from diagnostics.night import run_night, run_nights
<<<<<<< HEAD
from diagnostics.priorities.candidates import Candidate, round_to
from diagnostics.priorities.comparing import SENT, Comparison, read_points
from diagnostics.priorities.ranking import keep_first_left_out, keep_one_per_account, rank, weigh
from diagnostics.queries.today import count_open, find_account_priorities, read_today
from portfolio.models import (
    Account,
    AccountPlan,
    Act,
    Contact,
    Interaction,
    Opportunity,
    OpportunityStage,
    Plan,
    Product,
    Subscription,
    Usage,
)
from portfolio.models.usage import ensure_usage_months
=======
from diagnostics.queries.today import count_open, read_today
from portfolio.models import Account, AccountPlan, Act, Opportunity, OpportunityStage
>>>>>>> 736ccf0 (tests: Priorities and renewals are tested by subject, from one book each.)
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


<<<<<<< HEAD
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


def test_rank_is_by_effect_and_a_near_deadline_weighs_up_to_double():
    rows = [
        candidate("a", base=100.0),
        candidate("b", base=60.0, days=0),
        candidate("c", base=70.0, days=15),
        candidate("d", base=90.0, days=30),
        candidate("e", base=99.0, days=-5),
    ]
    assert tell(rank(weighed(rows), 10), "account_id", "effect", "urgency", "rank") == [
        ("b", 30.0, 2.0, 1),
        ("c", 35.0, 1.5, 2),
        ("a", 50.0, 1.0, 3),
        # A deadline that has passed hurries nobody.
        ("e", 49.5, 1.0, 4),
        ("d", 45.0, 1.0, 5),
    ]


def test_at_most_ten_a_person_and_what_is_left_out_says_why():
    rows = [candidate(f"b{n:02}", base=1000.0 - n) for n in range(25)]
    rows += [candidate("small", base=1.0), candidate("dora", base=5.0, owner="dora")]
    rows += [candidate("snoozed", base=5000.0, left_out="snoozed")]
    ranked = rank(weighed(rows), 10)
    by_account = {one.account_id: one for one in ranked}
    assert [by_account[f"b{n:02}"].rank for n in range(10)] == list(range(1, 11))
    assert {by_account[f"b{n:02}"].left_out for n in range(10, 25)} == {"more_than_ten"}
    assert (by_account["dora"].rank, by_account["dora"].left_out) == (1, "")
    # What is snoozed takes no place and sets no measure.
    assert (by_account["snoozed"].rank, by_account["snoozed"].left_out) == (None, "snoozed")
    assert by_account["small"].left_out == "below_threshold"
    kept, unlisted = keep_first_left_out(ranked)
    assert unlisted == {"bob": 6}
    assert len(kept) == len(ranked) - 6
    assert {one.account_id for one in kept if one.rank is None} == {"snoozed", *(f"b{n}" for n in range(10, 20))}


def test_one_subject_an_account_and_person_the_heaviest_speaks_for_the_others():
    rows = [
        candidate("a", base=10.0, kind="plan"),
        candidate("a", base=50.0, kind="sponsor"),
        candidate("a", base=20.0, kind="renewal", owner="am"),
    ]
    assert sorted(tell(keep_one_per_account(weighed(rows)), "owner_email", "kind", "also")) == [
        ("am", "renewal", []),
        ("bob", "sponsor", ["plan"]),
    ]


def test_a_subject_left_out_hides_none_that_waits():
    rows = [
        candidate("a", base=5_000.0, kind="upsell", left_out="dismissed"),
        candidate("a", base=3_000.0, kind="renewal"),
        candidate("a", base=1_000.0, kind="plan"),
        candidate("b", base=9_000.0, kind="price", left_out="cooldown"),
        candidate("b", base=None, kind="plan"),
    ]
    ranked = rank(keep_one_per_account(weighed(rows)), 10)
    assert sorted(tell(ranked, "account_id", "kind", "left_out", "also", "rank")) == [
        ("a", "renewal", "", ["plan"], 1),
        ("a", "upsell", "dismissed", [], None),
        # Nor does its amount stand for one that nobody knows.
        ("b", "plan", "", [], 2),
        ("b", "price", "cooldown", [], None),
    ]


def test_an_accounts_page_takes_what_waits_before_what_was_put_away(leaving):
    with service_context(leaving.acme.id):
        found = Priority.objects.get(night=days_ago(9))
        Priority.objects.filter(pk=found.pk).update(rank=None, left_out="dismissed", base=9_000, effect=9_000)
        named = {"account": found.account, "night": found.night, "owner_email": found.owner_email}
        amounts = {"base": 3_000, "effect": 3_000, "share": 1.0, "urgency": 1.0}
        Priority.objects.create(**named, **amounts, kind="renewal", subject="renewal", left_out="more_than_ten")
        listed = find_account_priorities(found.account_id, days_ago(9))
        assert [one.left_out for one in listed] == ["more_than_ten", "dismissed"]


def test_an_unknown_amount_is_listed_last_and_not_left_out():
    rows = [candidate("known", base=10.0), candidate("unknown", base=None)]
    assert tell(rank(weighed(rows), 10), "account_id", "effect", "rank") == [("known", 5.0, 1), ("unknown", None, 2)]


@pytest.mark.parametrize("digits", [1, 2, 4, 6])
def test_amounts_are_rounded_as_frames_round_them(digits):
    numbers = [n / 8 + m / 1000 for n in range(400) for m in (0, 1, 5, 15, 285)] + [1.115, 2.675, 1e15 + 0.5, -0.125]
    assert [round_to(number, digits) for number in numbers] == pl.Series(numbers).round(digits).to_list()


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


=======
>>>>>>> 736ccf0 (tests: Priorities and renewals are tested by subject, from one book each.)
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


<<<<<<< HEAD
def act_on(cast, verb, **arguments) -> Act:
    """Bob acts today on last night's priority of Kestrel."""
    with organization_context(organization_id=cast.acme.id, user_id=cast.bob.id):
        priority = Priority.objects.get(night=days_ago(9), account__name="Kestrel")
        return verb(membership=membership_of(cast.bob), priority=priority, **arguments)


@pytest.fixture
def leaving(cast):
    """Kestrel gave notice; diagnosed night by night, and seen by Bob after the first of them."""
    with organization_context(organization_id=cast.acme.id, user_id=cast.alice.id):
        make_leaving_account("Kestrel", owner=cast.bob.email, night=days_ago(9))
    run_night(cast.acme.id, days_ago(9))
    return cast


def left_out(cast, days: int) -> tuple[int | None, str]:
    run_night(cast.acme.id, days_ago(days))
    with service_context(cast.acme.id):
        return Priority.objects.values_list("rank", "left_out").get(night=days_ago(days))


def move_act(act: Act, days: int) -> None:
    with service_context(act.organization_id):
        Act.objects.filter(pk=act.pk).update(at=at(days))


@pytest.mark.parametrize("kind", acts.DONE_KINDS)
def test_what_was_done_stays_away_until_something_is_new(leaving, kind):
    move_act(act_on(leaving, acts.record_done, kind=kind), 8)
    assert left_out(leaving, 8) == (None, "done")
    assert left_out(leaving, 7) == (None, "done")
    with service_context(leaving.acme.id):
        # A newer notice is a newer fact of the subject's own kind.
        Subscription.objects.update(notice_given_on=days_ago(6))
    assert left_out(leaving, 6) == (1, "")


def test_a_snooze_ends_in_the_list_of_its_day(leaving):
    act = act_on(leaving, acts.snooze, until=TODAY + timedelta(days=1))
    with service_context(leaving.acme.id):
        Act.objects.filter(pk=act.pk).update(at=at(8), reason=days_ago(4).isoformat())
    assert left_out(leaving, 8) == (None, "snoozed")
    assert left_out(leaving, 6) == (None, "snoozed")
    # The list of a day is that of the night before it.
    assert left_out(leaving, 5) == (1, "")


def test_what_was_dismissed_or_planned_stays_away_too(leaving):
    move_act(act_on(leaving, acts.dismiss, reason="no_problem"), 8)
    assert left_out(leaving, 8) == (None, "dismissed")
    act = act_on(leaving, acts.record_done, kind="planned", planned_on=days_ago(5))
    move_act(act, 7)
    assert left_out(leaving, 7) == (None, "done")
    assert left_out(leaving, 6) == (1, "")


@pytest.mark.parametrize(
    ("change", "returns"),
    [
        ({"segment": "expansion_priority"}, True),
        ({"top_cause": 1}, True),
        ({"lever": "upsell"}, True),
        ({"decision_on": days_ago(-300)}, True),
        ({}, False),
    ],
)
def test_new_is_what_differs_from_the_night_that_was_seen(leaving, change, returns):
    move_act(act_on(leaving, acts.record_done, kind="called"), 8)
    with service_context(leaving.acme.id):
        Diagnosis.objects.filter(night=days_ago(9)).update(**change)
    assert left_out(leaving, 8) == ((1, "") if returns else (None, "done"))


def test_a_contribution_that_got_worse_by_three_points_is_new(leaving):
    move_act(act_on(leaving, acts.record_done, kind="called"), 8)
    for worse, expected in ((2.9375, (None, "done")), (3.0, (1, ""))):
        run_night(leaving.acme.id, days_ago(8))
        with service_context(leaving.acme.id):
            now, seen = Diagnosis.objects.get(night=days_ago(8)), Diagnosis.objects.get(night=days_ago(9))
            seen.points = [now.points[0] + worse, *now.points[1:]]
            Diagnosis.objects.filter(pk=seen.pk).update(points=seen.points)
        assert left_out(leaving, 8) == expected


def test_points_that_no_night_kept_are_no_news(leaving):
    """Until they were kept, points of a withheld health were stored as 0: they did not all get worse since."""
    move_act(act_on(leaving, acts.record_done, kind="called"), 8)
    with service_context(leaving.acme.id):
        seen = Diagnosis.objects.get(night=days_ago(9))
        assert seen.health is None
        model = read_model(Night.objects.get(night=days_ago(9)).model_version)
        of_health = {n for n, signal in enumerate(model.declarations) if signal.score == "health"}
        assert min(seen.points[n] for n in of_health) <= -3
        points = [0.0 if n in of_health else given for n, given in enumerate(seen.points)]
        points[model.names.index("health_scale")] = 0.0
        Diagnosis.objects.filter(pk=seen.pk).update(points=points)
    assert left_out(leaving, 8) == (None, "done")
    with service_context(leaving.acme.id):
        # A night that kept some says what it says.
        Diagnosis.objects.filter(pk=seen.pk).update(points=[0.0625, *points[1:]])
    assert left_out(leaving, 8) == (1, "")


def test_only_health_that_was_not_kept_is_not_compared():
    """The first cause, read from the facts, tells a withheld health without points from one that was not kept."""
    model = DEFAULT_MODEL
    ill = model.names.index("notice_given")
    ripe = next(n for n, signal in enumerate(model.declarations) if signal.score == "potential")

    def points(**given):
        return [given.get({ill: "ill", ripe: "ripe"}.get(n, ""), 0.0) for n in range(len(model.names))]

    cases = [
        (points(ripe=5.0), None, ill + 1, "retain", True),
        (points(ripe=5.0), None, ripe + 1, "upsell", True),
        (points(ripe=5.0), None, ripe + 1, "retain", False),
        (points(), None, None, "", False),
        (points(), 72.0, ill + 1, "retain", False),
        (points(ill=-9.0), None, ill + 1, "retain", False),
    ]
    comparison = Comparison(model)
    for stored, health, top_cause, lever, expected in cases:
        not_kept = comparison.was_not_kept(np.array(stored), health=health, top_cause=top_cause, lever=lever)
        assert not_kept == expected, (stored, health, top_cause, lever)


def test_points_of_another_width_or_none_are_not_compared():
    with connection.cursor() as cursor:
        raw = psycopg.Cursor(cursor.connection)
        [[sent]] = raw.execute(f"SELECT {SENT.format('%s::float8[]')}", [[1.5, -2.0]], binary=True).fetchall()
    assert read_points(sent, 2).tolist() == [1.5, -2.0]
    assert read_points(sent, 3) is None
    assert read_points(None, 2) is None


@pytest.fixture
def unsponsored(cast):
    """Tern lost its sponsor and its plan is old: one row of Bob's, for the sponsor; the plan is spoken for."""
    with organization_context(organization_id=cast.acme.id, user_id=cast.alice.id):
        account = make_account("Tern")
        make_contact(account, "Martin Hale", "champion", left_on=days_ago(20))
        AccountPlan.objects.create(account=account, objective="Grow", updated_on=days_ago(300))
    run_night(cast.acme.id, days_ago(9))
    return cast


def act_on_tern(cast, verb, *, days: int, **arguments) -> None:
    """Bob acts on Tern's row of the night of `days` ago, on the day after it."""
    with organization_context(organization_id=cast.acme.id, user_id=cast.bob.id):
        row = Priority.objects.get(night=days_ago(days), kind="sponsor")
        act = verb(membership=membership_of(cast.bob), priority=row, **arguments)
    move_act(act, days - 1)


def rows_of_tern(cast, days: int) -> list[tuple[str, int | None, str, list[str]]]:
    run_night(cast.acme.id, days_ago(days))
    with service_context(cast.acme.id):
        found = Priority.objects.filter(night=days_ago(days)).order_by("rank", "kind")
        return list(found.values_list("kind", "rank", "left_out", "also"))


@pytest.mark.parametrize(
    ("verb", "arguments", "left"),
    [(acts.record_done, {"kind": "called"}, "done"), (acts.dismiss, {"reason": "no_problem"}, "dismissed")],
)
def test_an_act_holds_for_the_lighter_subjects_that_the_row_spoke_for(unsponsored, verb, arguments, left):
    with service_context(unsponsored.acme.id):
        assert Priority.objects.values_list("kind", "rank", "also").get() == ("sponsor", 1, ["plan"])
    act_on_tern(unsponsored, verb, days=9, **arguments)
    for days in (8, 7, 6):
        assert rows_of_tern(unsponsored, days) == [("sponsor", None, left, ["plan"])]
    # Said once more on the row that was put away, it still holds for both.
    act_on_tern(unsponsored, acts.record_done, kind="met", days=6)
    assert rows_of_tern(unsponsored, 5) == [("sponsor", None, "done", ["plan"])]
    with service_context(unsponsored.acme.id):
        Diagnosis.objects.update(segment="expansion_priority")
    assert rows_of_tern(unsponsored, 4) == [("sponsor", 1, "", ["plan"])]


def test_a_lighter_subject_that_arises_after_the_act_is_a_row(unsponsored):
    with service_context(unsponsored.acme.id):
        AccountPlan.objects.update(updated_on=days_ago(188))  # overdue from the night of seven days ago on
    assert rows_of_tern(unsponsored, 9) == [("sponsor", 1, "", [])]
    act_on_tern(unsponsored, acts.record_done, kind="called", days=9)
    assert rows_of_tern(unsponsored, 8) == [("sponsor", None, "done", [])]
    assert rows_of_tern(unsponsored, 7) == [("plan", 1, "", []), ("sponsor", None, "done", [])]


def test_a_lighter_subject_returns_when_its_speaker_is_gone_and_something_is_new(unsponsored):
    act_on_tern(unsponsored, acts.record_done, kind="called", days=9)
    with service_context(unsponsored.acme.id):
        make_contact(Account.objects.get(), "Ada Lind", "champion")  # the sponsor's subject ends
    assert rows_of_tern(unsponsored, 8) == [("plan", None, "done", [])]
    with service_context(unsponsored.acme.id):
        Diagnosis.objects.filter(night=days_ago(9)).update(decision_on=days_ago(-300))
    assert rows_of_tern(unsponsored, 7) == [("plan", 1, "", [])]


def test_another_persons_subject_is_not_spoken_for(unsponsored):
    with service_context(unsponsored.acme.id):
        opportunity = Opportunity.objects.create(
            source_id="O1", account=Account.objects.get(), lever="upsell", created_on=days_ago(90)
        )
        OpportunityStage.objects.create(opportunity=opportunity, at=at(80), stage="qualified", amount_arr=Decimal(900))
        Account.objects.update(am_email="am@acme.example")
    assert rows_of_tern(unsponsored, 9) == [("opportunity", 1, "", []), ("sponsor", 1, "", ["plan"])]
    act_on_tern(unsponsored, acts.record_done, kind="called", days=9)
    assert rows_of_tern(unsponsored, 8) == [("opportunity", 1, "", []), ("sponsor", None, "done", ["plan"])]


=======
>>>>>>> 736ccf0 (tests: Priorities and renewals are tested by subject, from one book each.)
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
