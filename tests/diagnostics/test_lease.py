"""Who may run a night: due at the local hour, one winner, an expired lease taken back, a failure put to rest."""

import threading
import time
import uuid
from datetime import UTC, date, datetime, timedelta
from datetime import time as clock

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from accounts.context import organization_context, service_context
from accounts.models import Organization
from diagnostics.lease import Lease, LeaseLost, NightRunning, hold_lease, queue_due_night
from diagnostics.models import NightLease
from portfolio.models import Account

NIGHT = date(2026, 3, 10)
# 03:30 in Paris, in winter
DUE = datetime(2026, 3, 11, 2, 30, tzinfo=UTC)


@pytest.fixture
def cast(cast):
    """The cast with an account each: an organization without one has no night."""
    for organization, owner in ((cast.acme, cast.alice), (cast.globex, cast.charlie)):
        with organization_context(organization_id=organization.id, user_id=owner.id):
            Account.objects.create(source_id="first", name="First")
    return cast


def queue(organization_id: uuid.UUID, now: datetime) -> date | None:
    with service_context(organization_id):
        return queue_due_night(now)


def lease_of(organization_id: uuid.UUID) -> NightLease:
    with service_context(organization_id):
        return NightLease.objects.get()


def age_heartbeat(organization_id: uuid.UUID, seconds: int) -> None:
    with service_context(organization_id), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE diagnostics_nightlease SET heartbeat_at = heartbeat_at - %s * interval '1 second' "
            "WHERE organization_id = %s",
            [seconds, organization_id],
        )


@pytest.mark.parametrize(
    ("zone", "night_at", "now", "expected"),
    [
        ("Europe/Paris", clock(3, 30), DUE, NIGHT),
        ("Europe/Paris", clock(3, 30), DUE - timedelta(seconds=1), NIGHT - timedelta(days=1)),
        ("Pacific/Auckland", clock(3, 30), datetime(2026, 3, 10, 14, 30, tzinfo=UTC), NIGHT),
        ("America/Los_Angeles", clock(3, 30), DUE, NIGHT - timedelta(days=1)),
        # The hour that the clock leaves out in spring: the night is due when the clock is past it.
        ("Europe/Paris", clock(2, 30), datetime(2026, 3, 29, 1, 0, tzinfo=UTC), date(2026, 3, 28)),
        ("Europe/Paris", clock(0, 0), datetime(2026, 3, 10, 23, 0, tzinfo=UTC), NIGHT),
    ],
)
def test_a_night_is_due_at_its_local_hour(cast, zone, night_at, now, expected):
    with service_context(cast.acme.id):
        Organization.objects.update(time_zone=zone, night_at=night_at)
    assert queue(cast.acme.id, now) == expected


def test_a_night_is_queued_once_and_again_when_nobody_took_it(cast):
    assert queue(cast.acme.id, DUE) == NIGHT
    assert queue(cast.acme.id, DUE + timedelta(minutes=5)) is None
    assert queue(cast.acme.id, DUE + timedelta(minutes=31)) == NIGHT
    # The next night is due whatever became of this one.
    assert queue(cast.acme.id, DUE + timedelta(days=1, minutes=1)) == NIGHT + timedelta(days=1)


def test_a_running_night_is_not_queued_until_its_heartbeat_stops(cast):
    queue(cast.acme.id, DUE)
    Lease(cast.acme.id).take(NIGHT, 0)
    assert queue(cast.acme.id, DUE + timedelta(hours=2)) is None
    age_heartbeat(cast.acme.id, 121)
    assert queue(cast.acme.id, DUE + timedelta(hours=2)) == NIGHT


def test_after_the_trial_no_night_is_due(cast):
    with service_context(cast.acme.id):
        Organization.objects.update(trial_ends_at=DUE - timedelta(days=1))
    assert queue(cast.acme.id, DUE) is None
    assert queue(cast.globex.id, DUE) == NIGHT


def test_without_an_account_no_night_is_due(cast):
    with service_context(cast.acme.id):
        Account.objects.all().delete()
    assert queue(cast.acme.id, DUE) is None
    assert queue(cast.globex.id, DUE) == NIGHT


@pytest.mark.django_db(transaction=True)
def test_who_waits_gets_the_lease_when_it_is_given_back(cast):
    first, second = Lease(cast.acme.id), Lease(cast.acme.id)
    first.take(NIGHT, 0)

    def give_back():
        try:
            with service_context(cast.acme.id):
                first.give_back()
        finally:
            connection.close()

    timer = threading.Timer(0.7, give_back)
    timer.start()
    second.take(NIGHT, 10)
    timer.join()
    assert lease_of(cast.acme.id).holder == second.holder


@pytest.mark.django_db(transaction=True)
def test_the_heartbeat_beats_while_the_block_runs(cast, monkeypatch):
    monkeypatch.setattr("diagnostics.lease.HEARTBEAT_SECONDS", 0.05)
    with hold_lease(cast.acme.id, NIGHT) as lease:
        age_heartbeat(cast.acme.id, 119)
        aged = lease_of(cast.acme.id).heartbeat_at
        deadline = time.monotonic() + 5
        while lease_of(cast.acme.id).heartbeat_at == aged and time.monotonic() < deadline:
            threading.Event().wait(0.05)
        assert lease_of(cast.acme.id).heartbeat_at - aged > timedelta(seconds=100)
        with service_context(cast.acme.id):
            lease.give_back()


def test_only_one_run_holds_an_organization(cast):
    first, second = Lease(cast.acme.id), Lease(cast.acme.id)
    first.take(NIGHT, 0)
    with pytest.raises(NightRunning):
        second.take(NIGHT, 0)
    Lease(cast.globex.id).take(NIGHT, 0)
    with service_context(cast.acme.id):
        first.give_back()
    second.take(NIGHT, 0)
    assert lease_of(cast.acme.id).holder == second.holder


def test_the_command_says_that_it_waits(cast, capsys):
    Lease(cast.acme.id).take(NIGHT, 0)
    with pytest.raises(CommandError, match="still running after 0 s"):
        call_command("diagnose", organization=cast.acme.slug, night=NIGHT, wait=0.5)
    assert "is running. Waiting for it, at most 0 s." in capsys.readouterr().err
    with pytest.raises(CommandError, match="still running after 0 s"):
        call_command("diagnose", organization=cast.acme.slug, night=NIGHT, wait=0)
    assert capsys.readouterr().err == ""


def test_a_run_whose_lease_was_taken_back_may_write_nothing(cast):
    dead, heir = Lease(cast.acme.id), Lease(cast.acme.id)
    dead.take(NIGHT, 0)
    age_heartbeat(cast.acme.id, 121)
    heir.take(NIGHT, 0)
    assert not dead.beat()
    with pytest.raises(LeaseLost), service_context(cast.acme.id):
        dead.give_back()
    assert heir.beat()


def test_a_failure_lets_the_night_rest_longer_each_time(cast):
    def fail() -> datetime:
        with pytest.raises(ZeroDivisionError), hold_lease(cast.acme.id, NIGHT):
            raise ZeroDivisionError
        return lease_of(cast.acme.id).not_before

    queue(cast.acme.id, DUE)
    first = fail()
    second = fail()
    assert lease_of(cast.acme.id).failures == 2
    assert lease_of(cast.acme.id).holder is None
    # One minute, then two; both count from the failure.
    assert second - first > timedelta(seconds=55)
    with service_context(cast.acme.id):
        NightLease.objects.update(not_before=DUE + timedelta(minutes=10))
    assert queue(cast.acme.id, DUE + timedelta(minutes=9)) is None
    assert queue(cast.acme.id, DUE + timedelta(minutes=10)) == NIGHT
