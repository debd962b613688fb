"""Doors of the night for Celery: ids in, one call into the domain."""

import logging
import uuid
from datetime import date
from typing import Any

from celery import shared_task
from django.db import Error as DatabaseProblem
from django.utils import timezone

from accounts.context import service_context
from accounts.directory import all_organization_ids
from accounts.models import Organization
from diagnostics.day import diagnose_arrived
from diagnostics.following import follow_night
from diagnostics.lease import LeaseLost, NightRunning, queue_due_night
from diagnostics.models import Night
from diagnostics.night import last_ended_day, run_night
from diagnostics.quality import examine_facts
from diagnostics.studies import make_study

logger = logging.getLogger(__name__)

AGAIN_SECONDS = 60
AGAIN_TRIES = 30


@shared_task(name="diagnostics.queue_due_nights")
def queue_due_nights() -> int:
    """Queue one task for each organization whose local night is due; returns how many were queued.

    An organization whose row cannot be read is logged and does not keep the others from their night.
    """
    now, queued = timezone.now(), 0
    for organization_id in all_organization_ids():
        try:
            with service_context(organization_id):
                night = queue_due_night(now)
        except DatabaseProblem:
            logger.exception("The night of organization %s could not be queued.", organization_id)
            continue
        if night is not None:
            diagnose_night.delay(str(organization_id), night.isoformat())
            queued += 1
    return queued


@shared_task(name="diagnostics.diagnose_night", bind=True, acks_late=True, max_retries=AGAIN_TRIES)
def diagnose_night(self: Any, organization_id: str, night: str, again: bool = False) -> None:
    """Run one organization's night, unless it was done meanwhile or somebody else runs it.

    `again`: late facts came for a night that is done; while another run has the organization it is tried again later.
    A failure is raised after the lease was put to rest: the queue may forget the message, beat queues the night again.
    """
    organization, day = uuid.UUID(organization_id), date.fromisoformat(night)
    with service_context(organization):
        if not Organization.objects.exists():
            logger.info("Organization %s is gone: its night %s is dropped.", organization, day)
            return
        if not again and Night.objects.filter(night=day).exists():
            return
    try:
        record = run_night(organization, day)
    except (NightRunning, LeaseLost) as reason:
        if again:
            raise self.retry(exc=reason, countdown=AGAIN_SECONDS) from reason
        logger.info("Night %s of organization %s is left to another run: %s", day, organization, reason)
        return
    logger.info("Night %s of %s: %s accounts in %.1f s.", day, organization, record.accounts, record.seconds)
    follow_night(organization)


@shared_task(name="diagnostics.make_study", acks_late=True)
def make_study_task(organization_id: str, study_id: str) -> None:
    """Make a track record or a calibration that was asked for."""
    state = make_study(uuid.UUID(organization_id), uuid.UUID(study_id))
    logger.info("Study %s of %s ended: %s.", study_id, organization_id, state or "it waits no longer")


@shared_task(name="diagnostics.diagnose_day", bind=True, acks_late=True, max_retries=AGAIN_TRIES)
def diagnose_day(self: Any, organization_id: str) -> None:
    """Diagnose the accounts whose facts arrived since last night; a message that finds none waiting does nothing.

    Where the facts brought a source that last night did not know, the night is run again for the whole book.
    """
    organization = uuid.UUID(organization_id)
    with service_context(organization):
        if not Organization.objects.exists():
            logger.info("Organization %s is gone: its day is dropped.", organization)
            return
        ended = last_ended_day(Organization.objects.get(), timezone.now())
    try:
        run = diagnose_arrived(organization)
    except (NightRunning, LeaseLost) as reason:
        raise self.retry(exc=reason, countdown=AGAIN_SECONDS) from reason
    logger.info("Day of %s: %s accounts, %s movements.", organization, run.accounts, run.movements)
    # Whoever has just brought facts in looks at once whether they contradict themselves.
    examine_facts(organization)
    if run.new_source:
        diagnose_night.delay(organization_id, ended.isoformat(), again=True)
