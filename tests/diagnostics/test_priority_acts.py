"""What was done, snoozed or dismissed stays away until something is new, and the row's lighter subjects with it."""

from datetime import timedelta
from decimal import Decimal

import numpy as np
import psycopg
import pytest
from django.db import connection

from accounts.context import organization_context, service_context
from diagnostics import acts
from diagnostics.engine import DEFAULT_MODEL
from diagnostics.model_versions import read_model
from diagnostics.models import Diagnosis, Night, Priority
from diagnostics.night import run_night
from diagnostics.priorities.comparing import Comparison
from diagnostics.stored_points import SENT, read_points
from portfolio.models import Account, AccountPlan, Act, Opportunity, OpportunityStage, Subscription
from tests.diagnostics.books import TODAY
from tests.diagnostics.priority_book import at, days_ago, leaving, make_account, make_contact, membership_of

__all__ = ["leaving"]


def act_on(cast, verb, **arguments) -> Act:
    """Bob acts today on last night's priority of Kestrel."""
    with organization_context(organization_id=cast.acme.id, user_id=cast.bob.id):
        priority = Priority.objects.get(night=days_ago(9), account__name="Kestrel")
        return verb(membership=membership_of(cast.bob), priority=priority, **arguments)


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


def test_points_of_another_width_or_none_are_not_compared():
    with connection.cursor() as cursor:
        raw = psycopg.Cursor(cursor.connection)
        [[sent]] = raw.execute(f"SELECT {SENT.format('%s::float8[]')}", [[1.5, -2.0]], binary=True).fetchall()
    assert read_points(sent, 2).tolist() == [1.5, -2.0]
    assert read_points(sent, 3) is None
    assert read_points(None, 2) is None
