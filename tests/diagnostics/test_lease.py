"""Who may run a night: due at the local hour, one winner, an expired lease taken back, a failure put to rest."""

import uuid
from datetime import UTC, date, datetime, time, timedelta

import pytest
from django.db import connection

from accounts.context import service_context
from accounts.models import Organization
from diagnostics.lease import Lease, LeaseLost, NightRunning, hold_lease, queue_due_night
from diagnostics.models import NightLease

NIGHT = date(2026, 3, 10)
# 03:30 in Paris, in winter
DUE = datetime(2026, 3, 11, 2, 30, tzinfo=UTC)


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
        ("Europe/Paris", time(3, 30), DUE, NIGHT),
        ("Europe/Paris", time(3, 30), DUE - timedelta(seconds=1), NIGHT - timedelta(days=1)),
        ("Pacific/Auckland", time(3, 30), datetime(2026, 3, 10, 14, 30, tzinfo=UTC), NIGHT),
        ("America/Los_Angeles", time(3, 30), DUE, NIGHT - timedelta(days=1)),
        # The hour that the clock leaves out in spring: the night is due when the clock is past it.
        ("Europe/Paris", time(2, 30), datetime(2026, 3, 29, 1, 0, tzinfo=UTC), date(2026, 3, 28)),
        ("Europe/Paris", time(0, 0), datetime(2026, 3, 10, 23, 0, tzinfo=UTC), NIGHT),
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
