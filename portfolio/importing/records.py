"""The books that an import keeps about itself: its number, its files, its blocks, its end. One function per act."""

import json
import uuid
from collections.abc import Sequence
from datetime import date

from django.db import IntegrityError, connection, transaction
from django.db.models import F, Max, Min
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import audit
from accounts.models import Organization
from portfolio.importing.landing import Outcome
from portfolio.importing.layout import Fault
from portfolio.importing.notes import note
from portfolio.importing.sources import Refused, Source
from portfolio.models import Import, ImportFile, RejectedRow

# A wrong file of a gigabyte would else be stored a second time, sealed row by row.
MOST_REJECTED = 100_000


class NotPossible(ValueError):
    """An import cannot begin, go on or be undone; the message says why, in the reader's language."""


class Stopped(Exception):
    """Somebody asked the import to stop, or another worker has taken it over."""


def begin_import(
    organization: Organization,
    sources: Sequence[Source],
    *,
    origin: Import.Origin,
    created_by: uuid.UUID | None = None,
    last_paid_days: bool = False,
    import_id: uuid.UUID | None = None,
) -> Import:
    """Number an import and list its files; call inside the organization's context. It waits until it is claimed."""
    # One row of the organization is locked, so that two imports never take the same number.
    Organization.objects.select_for_update().get(pk=organization.pk)
    number = Import.objects.aggregate(last=Coalesce(Max("number"), 0))["last"] + 1
    begun = Import.objects.create(
        id=import_id or uuid.uuid4(),
        number=number,
        origin=origin,
        created_by=created_by,
        day=timezone.now().astimezone(organization.zone).date(),
        last_paid_days=last_paid_days,
    )
    list_files(begun, sources)
    audit.record("import.begun", subject="import", subject_id=begun.pk, number=number, files=len(sources))
    return begun


def list_files(begun: Import, sources: Sequence[Source]) -> None:
    """Note which files an import will read, in their order, and what is known of each before it is read."""
    for position, source in enumerate(sources):
        state, notes = _judge(source)
        ImportFile.objects.create(
            of_import=begun,
            position=position,
            name=source.name,
            file=source.file,
            zip_entry=source.zip_entry,
            stored_as=source.path.name if begun.origin == Import.Origin.PAGE else "",
            state=state,
            notes=notes,
        )


def _judge(source: Source) -> tuple[ImportFile.State, list[dict[str, object]]]:
    """What is known of a file before it is read."""
    if source.refused:
        return ImportFile.State.REFUSED, [note(source.refused.code, **source.refused.details)]
    if source.ignored_because:
        details = {"close_to": source.close_to} if source.ignored_because == "not_in_contract" else {}
        return ImportFile.State.IGNORED, [note(source.ignored_because, **details)]
    return ImportFile.State.WAITING, []


def claim_import(import_id: uuid.UUID) -> Import | None:
    """Make a waiting, stopped, failed or interrupted import ours to run; None where somebody else has it.

    Raises NotPossible where another import of the organization runs.
    """
    silent = [row.pk for row in Import.objects.filter(state__in=["running", "undoing"]) if row.is_interrupted]
    left = Import.objects.filter(pk__in=silent).exclude(pk=import_id)
    left.filter(state=Import.State.RUNNING).update(state=Import.State.STOPPED)
    # An undo is one transaction: one that was interrupted has undone nothing.
    left.filter(state=Import.State.UNDOING).update(state=Import.State.LANDED)
    ready = Import.objects.filter(pk=import_id, state__in=["waiting", "stopped", "failed"])
    taken = Import.objects.filter(pk=import_id, pk__in=silent, state=Import.State.RUNNING)
    now = timezone.now()
    fields = {
        "state": Import.State.RUNNING,
        "heartbeat_at": now,
        "stop_requested": False,
        "ended_at": None,
        "fault": "",
    }
    try:
        with transaction.atomic():
            if ready.update(started_at=Coalesce(F("started_at"), now), **fields) + taken.update(**fields) != 1:
                return None
    except IntegrityError as error:
        raise NotPossible(_("Another import is running. Wait for its end, or stop it.")) from error
    return Import.objects.get(pk=import_id)


def latest_begun() -> int:
    """The highest number among the open organization's imports that have begun to land; 0 where none has.

    An import may not run behind a later one: what an undo gives back is kept in the order of the numbers.
    """
    begun = Import.objects.exclude(started_at=None).exclude(state=Import.State.UNDONE)
    return begun.aggregate(last=Coalesce(Max("number"), 0))["last"]


def find_next_import(import_id: uuid.UUID | None = None) -> Import | None:
    """The open organization's import to be run next: the one named while it runs, else the one waiting longest."""
    named = Import.objects.filter(pk=import_id, state=Import.State.RUNNING).first() if import_id else None
    # What a page or a queue lost stays in the order of the numbers.
    waiting = Import.objects.filter(state=Import.State.WAITING, origin=Import.Origin.PAGE)
    return named or waiting.order_by("number").first()


def record_block(file: ImportFile, index: int, *, rows: int, share: float, outcome: Outcome) -> None:
    """Count a block that has just landed, in its transaction; raises Stopped where nothing may land any more."""
    _keep_rejected(file, outcome.faults)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE portfolio_importfile SET rows_read = rows_read + %s, created = created + %s, "
            "updated = updated + %s, unchanged = unchanged + %s, rejected = rejected + %s, "
            "share = greatest(share, %s), blocks_landed = blocks_landed || %s::integer, "
            "first_day = least(first_day, %s), last_day = greatest(last_day, %s) "
            "WHERE organization_id = %s AND id = %s AND NOT %s = ANY (blocks_landed)",
            [
                rows,
                outcome.created,
                outcome.updated,
                outcome.unchanged,
                len(outcome.faults),
                share,
                index,
                outcome.first_day,
                outcome.last_day,
                file.organization_id,
                file.pk,
                index,
            ],
        )
        if cursor.rowcount != 1:
            raise Stopped
    beating = Import.objects.filter(pk=file.of_import_id, state=Import.State.RUNNING)
    if beating.update(heartbeat_at=timezone.now()) != 1:
        raise Stopped


def check_stop(import_id: uuid.UUID) -> None:
    """Raise Stopped where a member asked for it; blocks that landed stay."""
    if Import.objects.filter(pk=import_id, stop_requested=True).exists():
        raise Stopped


def _keep_rejected(file: ImportFile, faults: Sequence[Fault]) -> None:
    if not faults:
        return
    kept = RejectedRow.objects.filter(file=file).count()
    RejectedRow.objects.bulk_create(
        [
            RejectedRow(
                organization_id=file.organization_id,
                file=file,
                line=fault.line,
                column=fault.column,
                reason=fault.code,
                cells=json.dumps({"value": fault.value, "cells": fault.cells}, ensure_ascii=False),
            )
            for fault in faults[: max(0, MOST_REJECTED - kept)]
        ],
        batch_size=5_000,
    )
    if kept + len(faults) > MOST_REJECTED:
        add_note(file, "more_rejected", kept=MOST_REJECTED)


def add_note(file: ImportFile, code: str, **details: object) -> None:
    """Say something about a whole file, once."""
    notes = ImportFile.objects.select_for_update().values_list("notes", flat=True).get(pk=file.pk)
    added = note(code, **details)
    if added not in notes:
        ImportFile.objects.filter(pk=file.pk).update(notes=[*notes, added])


def open_file(file: ImportFile) -> None:
    """A file is being read from now on."""
    ImportFile.objects.filter(pk=file.pk).update(state=ImportFile.State.READING)


def close_file(file: ImportFile) -> None:
    """A file was read to its end."""
    ImportFile.objects.filter(pk=file.pk).update(state=ImportFile.State.LANDED, share=1)


def refuse_file(file: ImportFile, refused: Refused) -> None:
    """A file cannot be read, or not further; blocks that landed stay."""
    add_note(file, refused.code, **refused.details)
    ImportFile.objects.filter(pk=file.pk).update(state=ImportFile.State.REFUSED)


def end_import(import_id: uuid.UUID, state: Import.State, *, fault: str = "") -> None:
    """The import has landed, was stopped or failed."""
    ended = Import.objects.filter(pk=import_id, state=Import.State.RUNNING)
    if ended.update(state=state, ended_at=timezone.now(), fault=fault) == 1:
        audit.record(f"import.{state}", subject="import", subject_id=import_id)


def ask_to_stop(import_id: uuid.UUID) -> bool:
    """Ask a running import to stop behind its present block; one that waits stops at once. False where it has ended."""
    waiting = Import.objects.filter(pk=import_id, state=Import.State.WAITING)
    if waiting.update(state=Import.State.STOPPED, ended_at=timezone.now()):
        return True
    asked = Import.objects.filter(pk=import_id, state=Import.State.RUNNING).update(stop_requested=True)
    if asked:
        audit.record("import.stop_asked", subject="import", subject_id=import_id)
    return bool(asked)


def days_of(import_id: uuid.UUID) -> tuple[date, date] | None:
    """The first and the last day that an import's created and changed rows name; None where they name none."""
    days = ImportFile.objects.filter(of_import=import_id).aggregate(first=Min("first_day"), last=Max("last_day"))
    return (days["first"], days["last"]) if days["first"] else None
