"""The night: claim → features → diagnose → write → movements → priorities → record.

Everything is written in one transaction: a run that is killed leaves yesterday's diagnoses standing, nothing by
halves, and a lease whose heartbeat stops.
"""

import time
import uuid
from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta

import polars as pl
from django.db import connection
from django.db.backends.utils import CursorWrapper
from django.utils import timezone

from accounts.context import service_context
from accounts.models import Organization
from diagnostics.book import DiagnosedBook
from diagnostics.engine import diagnose
from diagnostics.lease import hold_lease
from diagnostics.model_versions import ensure_model_version, read_model
from diagnostics.models import Night
from diagnostics.movements import ask_moves, write_movements
from diagnostics.needs import find_voiced_needs
from diagnostics.night_facts import read_night_facts
from diagnostics.priorities.pooling import ask_felt
from diagnostics.priorities.suppression import ask_acts
from diagnostics.priorities.writing import write_priorities
from diagnostics.sending import sent_ahead
from diagnostics.writing import pack_diagnoses, read_versions
from portfolio.usage_months import pack_usage

SOURCES = ("usage", "support", "billing", "crm")


class NightNotOver(ValueError):
    """The night's day has not ended in the organization's time zone: its facts are not complete."""


def run_night(organization_id: uuid.UUID, night: date, *, wait_seconds: float = 0.0) -> Night:
    """Diagnose one night of an organization and return its record; safe to run twice.

    Raises NightRunning where another run of the organization outlasts `wait_seconds`, NightNotOver for a night whose
    day has not ended, LeaseLost where this run was given up as dead meanwhile (then nothing was written).
    """
    return run_nights(organization_id, [night], wait_seconds=wait_seconds)[-1]


def run_nights(
    organization_id: uuid.UUID,
    nights: Sequence[date],
    *,
    wait_seconds: float = 0.0,
    progress: Callable[[int], None] | None = None,
) -> list[Night]:
    """Diagnose nights one after another under one lease, each in a transaction of its own; raises as `run_night`.

    `progress` is called with the number of nights done.
    """
    with service_context(organization_id):
        refuse_unfinished(Organization.objects.get(), max(nights))
    records = []
    with hold_lease(organization_id, nights[-1], wait_seconds=wait_seconds) as lease:
        pack_usage(organization_id)
        # In a transaction of its own: what was found in texts stands, whatever becomes of the night.
        with service_context(organization_id):
            find_voiced_needs()
        for done, night in enumerate(nights, start=1):
            began = time.monotonic()
            with service_context(organization_id):
                records.append(write_night(diagnose_book(Organization.objects.get(), night), began))
                lease.confirm() if done < len(nights) else lease.give_back()
            if progress:
                progress(done)
    return records


def diagnose_book(organization: Organization, night: date, *, compared: bool = True) -> DiagnosedBook:
    """Read the facts known on the night and diagnose every account; writes nothing but a first model version.

    `compared`: whether to read what movements and priorities compare it with, in the time that the engine takes.
    """
    version = ensure_model_version(organization, night)
    model = read_model(version)
    with connection.cursor() as cursor:
        versions = read_versions(cursor, organization.id, night)
        continued = next(iter(versions), None)
        with sent_ahead(cursor):
            facts = read_night_facts(
                cursor, organization, night, versions=versions, continued=continued, compared=compared
            )
            acts = ask_acts(cursor, organization, night) if compared else None
            diagnoses = diagnose(facts.features, model, night, facts.previous, conformed=True)
    return DiagnosedBook(
        organization, night, version, model, continued, facts.previous, facts.features, diagnoses,
        versions=versions, past=facts.past() if facts.past else None, acts=acts() if acts else None,
    )  # fmt: skip


def write_night(book: DiagnosedBook, began: float) -> Night:
    """Replace what stands of this night by what was found, in the open transaction."""
    with connection.cursor() as cursor:
        movements, priorities, unlisted = write_found(cursor, book)
    known_to = {f"{source}_known_to": _last_day(book.features, f"{source}_known_to") for source in SOURCES}
    record, _created = Night.objects.update_or_create(
        night=book.night,
        defaults={
            "organization_id": book.organization.id,
            "model_version": book.version,
            "continued": book.continued,
            "accounts": book.diagnoses.height,
            "withheld": book.diagnoses["health"].null_count(),
            "arr": round(float(book.diagnoses["arr"].sum()), 2),
            "movements": movements,
            "priorities": priorities,
            "unlisted": unlisted,
            "finished_at": timezone.now(),
            "seconds": round(time.monotonic() - began, 3),
            **known_to,
        },
    )
    return record


def write_found(cursor: CursorWrapper, book: DiagnosedBook) -> tuple[int, int, dict[str, int]]:
    """Replace the night's diagnoses, movements and priorities; returns how many of the last two there are.

    Also how many priorities of each owner were not kept as rows. Movements and priorities are worked out while
    PostgreSQL writes the diagnoses: what they read is asked before, and answered while the rows are packed.
    """
    with sent_ahead(cursor) as sent:
        moves, felt = ask_moves(cursor, book), ask_felt(cursor, book)
        send = pack_diagnoses(cursor, book.organization.id, book.night, book.diagnoses)
        sent.wait()
        send()
        sent.push()
        movements = write_movements(cursor, book, moves())
        priorities, unlisted = write_priorities(cursor, book, felt)
    return movements, priorities, unlisted


def refuse_unfinished(organization: Organization, night: date) -> None:
    """Raise NightNotOver unless the night's day has ended."""
    if night > last_ended_day(organization, timezone.now()):
        raise NightNotOver(f"{night} is not over in {organization.time_zone}.")


def last_ended_day(organization: Organization, now: datetime) -> date:
    """Yesterday, in the organization's time zone."""
    return now.astimezone(organization.zone).date() - timedelta(days=1)


def _last_day(features: pl.DataFrame, column: str) -> date | None:
    return features[column].max() if column in features.columns else None  # type: ignore[return-value]  # a Date column
