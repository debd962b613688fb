"""Acts: what they write, who may see them, and what they refuse."""

from datetime import timedelta

import pytest
from django.db import connection
from django.http import Http404
from django.utils import timezone

from accounts.context import organization_context
from accounts.models import AuditEntry, Membership, Organization
from accounts.models.organizations import Visibility
from diagnostics import acts
from diagnostics.models import Priority
from diagnostics.night import run_night
from portfolio.models import Act
from tests.diagnostics.books import NIGHT, TODAY, make_leaving_account


@pytest.fixture
def book(cast):
    """Bob's and Dora's accounts, diagnosed last night; Bob's context is open."""
    with organization_context(organization_id=cast.acme.id, user_id=cast.alice.id):
        make_leaving_account("Kestrel", owner=cast.bob.email)
        make_leaving_account("Orvanta", owner=cast.dora.email)
    run_night(cast.acme.id, NIGHT)
    with organization_context(organization_id=cast.acme.id, user_id=cast.bob.id):
        yield cast


def bob(book) -> Membership:
    return Membership.objects.select_related("organization", "user").get(user=book.bob)


def kestrel() -> Priority:
    return Priority.objects.select_related("account").get(account__name="Kestrel")


def test_an_act_is_a_fact_with_a_sealed_note_and_an_audit_row_without_it(book):
    act = acts.record_done(membership=bob(book), priority=kestrel(), kind="called", note="  Ingrid wants dates.  ")
    stored = Act.objects.get()
    assert (stored.kind, stored.priority, stored.member_email, stored.reason) == (
        "called",
        "retain",
        book.bob.email,
        "",
    )
    assert stored.note == "Ingrid wants dates."
    with connection.cursor() as cursor:
        cursor.execute("SELECT note FROM portfolio_act")
        assert b"Ingrid" not in bytes(cursor.fetchone()[0])
    entry = AuditEntry.objects.get(action="priority.called")
    assert (entry.actor_id, entry.subject_id) == (book.bob.id, str(stored.account_id))
    assert "Ingrid" not in str(entry.details)
    assert acts.describe_act(act, account=kestrel().account) == "Kestrel: called, recorded."


def test_only_a_planned_act_keeps_its_day(book):
    day = TODAY + timedelta(days=4)
    planned = acts.record_done(membership=bob(book), priority=kestrel(), kind="planned", planned_on=day)
    called = acts.record_done(membership=bob(book), priority=kestrel(), kind="called", planned_on=day)
    assert (planned.reason, called.reason) == (day.isoformat(), "")


@pytest.mark.parametrize(
    ("act", "arguments"),
    [
        (acts.record_done, {"kind": "bribed"}),
        (acts.snooze, {"until": TODAY}),
        (acts.snooze, {"until": TODAY - timedelta(days=1)}),
        (acts.dismiss, {"reason": "because"}),
    ],
)
def test_what_makes_no_sense_is_refused_and_writes_nothing(book, act, arguments):
    with pytest.raises(ValueError, match=r"none of|a day ahead"):
        act(membership=bob(book), priority=kestrel(), **arguments)
    assert not Act.objects.exists()


def test_undo_takes_back_ones_own_act_of_the_last_day(book):
    mine = acts.dismiss(membership=bob(book), priority=kestrel(), reason="handled")
    acts.undo(membership=bob(book), act_id=mine.pk)
    assert not Act.objects.exists()
    assert AuditEntry.objects.filter(action__in=("priority.dismissed", "priority.undone")).count() == 2

    old = acts.record_done(membership=bob(book), priority=kestrel(), kind="met")
    Act.objects.filter(pk=old.pk).update(at=timezone.now() - timedelta(hours=25))
    hers = acts.record_done(membership=bob(book), priority=kestrel(), kind="met")
    Act.objects.filter(pk=hers.pk).update(member_email=book.dora.email)
    imported = acts.record_done(membership=bob(book), priority=kestrel(), kind="met")
    Act.objects.filter(pk=imported.pk).update(import_number=1)
    for act in (old, hers, imported):
        with pytest.raises(acts.ActGone):
            acts.undo(membership=bob(book), act_id=act.pk)
    assert Act.objects.count() == 3


def test_a_hidden_a_foreign_and_a_missing_priority_look_the_same(book):
    Organization.objects.update(visibility=Visibility.OWN)
    hidden = Priority.objects.get(account__name="Orvanta")
    assert acts.access_priority(bob(book), kestrel().pk) == kestrel()
    for priority_id in (hidden.pk, book.acme.id):
        with pytest.raises(Http404):
            acts.access_priority(bob(book), priority_id)


def test_snoozes_count_from_the_organizations_day(book):
    days = {code: until(TODAY) for code, (_label, until) in acts.SNOOZES.items()}
    assert days["tomorrow"] == TODAY + timedelta(days=1)
    assert days["next_week"].weekday() == 0
    assert TODAY < days["next_week"] <= TODAY + timedelta(days=7)
    assert acts.snooze_day(Organization.objects.get(), "two_weeks") == TODAY + timedelta(days=14)


def test_who_may_act(book):
    member = bob(book)
    assert acts.may_act(member)
    member.role = "viewer"
    assert not acts.may_act(member)
    member.role = "csm"
    member.organization.trial_ends_at = timezone.now() - timedelta(days=1)
    assert not acts.may_act(member)


def make_more(book, count: int) -> list[Priority]:
    """So many more leaving accounts of Bob's, diagnosed; their priorities."""
    with organization_context(organization_id=book.acme.id, user_id=book.alice.id):
        for number in range(count):
            make_leaving_account(f"More {number}", owner=book.bob.email)
    run_night(book.acme.id, NIGHT)
    with organization_context(organization_id=book.acme.id, user_id=book.bob.id):
        return list(Priority.objects.select_related("account").filter(account__name__startswith="More"))


def test_what_is_recorded_together_is_taken_back_as_one(book):
    more = make_more(book, 3)
    alone = acts.record_done(membership=bob(book), priority=kestrel(), kind="met")
    made = acts.record_done_together(membership=bob(book), priorities=more, kind="mailed", note="Same letter")
    assert acts.describe_together(made) == "3 accounts: mailed, recorded."
    assert {act.note for act in Act.objects.filter(kind="mailed")} == {"Same letter"}
    acts.undo(membership=bob(book), act_id=made[1].pk)
    assert list(Act.objects.all()) == [alone]
    assert AuditEntry.objects.filter(action="priority.mailed").count() == 3
    assert AuditEntry.objects.filter(action="priority.undone").count() == 3
    with pytest.raises(acts.ActGone):
        acts.undo(membership=bob(book), act_id=made[0].pk)


@pytest.mark.parametrize("count", [1, 30])
def test_recording_together_asks_as_many_queries_for_one_as_for_thirty(book, count, django_assert_num_queries):
    more, member = make_more(book, count), bob(book)
    with django_assert_num_queries(2):
        acts.dismiss_together(membership=member, priorities=more, reason="no_problem")


def test_all_priorities_or_none(book):
    Organization.objects.update(visibility=Visibility.OWN)
    hidden = Priority.objects.get(account__name="Orvanta")
    assert acts.access_priorities(bob(book), [kestrel().pk]) == [kestrel()]
    for ids in ([kestrel().pk, hidden.pk], [kestrel().pk, book.acme.id], []):
        with pytest.raises(Http404):
            acts.access_priorities(bob(book), ids)
