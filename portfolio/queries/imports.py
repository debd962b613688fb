"""The import page: the imports of the organization, one of them with its files, what was refused."""

import uuid
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import Count, QuerySet, Sum
from django.db.models.functions import Coalesce
from django.http import Http404
from django.utils import timezone

from accounts.models import Membership
from portfolio.importing.notes import write_note
from portfolio.importing.reasons import explain, shorten
from portfolio.importing.records import latest_begun
from portfolio.importing.rejects import read_cells
from portfolio.importing.undo import UNDOABLE
from portfolio.importing.uploads import are_kept
from portfolio.models import Import, ImportFile, RejectedRow

PER_PAGE = 8
REJECTED_AT_FIRST = 5
REJECTED_PER_PAGE = 50
ACTIVE = (Import.State.WAITING, Import.State.RUNNING, Import.State.UNDOING)
# A worker takes an import within seconds; one that waits so long has been forgotten by the queue.
FORGOTTEN = timedelta(minutes=2)


@dataclass
class ImportLine:
    """One import in the list, with what may be done about it now."""

    record: Import
    by: str
    files: int
    rows: int
    created: int
    updated: int
    unchanged: int
    rejected: int
    is_forgotten: bool = False
    is_overtaken: bool = False

    @property
    def landed(self) -> int:
        """The rows that stand in Phano after it."""
        return self.created + self.updated + self.unchanged

    @property
    def is_sample(self) -> bool:
        return self.record.origin == Import.Origin.SAMPLE

    @property
    def may_stop(self) -> bool:
        stoppable = self.record.state in (Import.State.WAITING, Import.State.RUNNING)
        return stoppable and not self.record.stop_requested and not self.record.is_interrupted and not self.is_sample

    @property
    def may_undo(self) -> bool:
        return self.record.state in UNDOABLE or self.record.is_interrupted

    @property
    def may_remove(self) -> bool:
        """Whether it is a sample that can be taken out, be it one whose worker never came."""
        return self.is_sample and (self.may_undo or self.is_forgotten)

    @property
    def may_run_again(self) -> bool:
        """Whether it did not come to its end, no later import has begun, and its uploads are still there."""
        ended_early = self.record.state in (Import.State.STOPPED, Import.State.FAILED)
        interrupted = self.record.is_interrupted and self.record.state == Import.State.RUNNING
        unfinished = ended_early or interrupted or self.is_forgotten
        return unfinished and not self.is_overtaken and are_kept(self.record)


@dataclass
class FileLine:
    """One file of an import."""

    record: ImportFile
    notes: list[str] = field(default_factory=list)


@dataclass
class RejectedLine:
    """One row that did not land, with the reason in the reader's language."""

    file: str
    line: int
    column: str
    value: str
    reason: str


def access_import(import_id: uuid.UUID) -> Import:
    """An import of the open organization; raises Http404."""
    found = Import.objects.filter(pk=import_id).first()
    if found is None:
        raise Http404
    return found


def list_imports(page: str | None) -> tuple[Page, list[ImportLine]]:
    """A page of the open organization's imports, newest first."""
    shown = Paginator(_with_counts().order_by("-number"), PER_PAGE).get_page(page)
    return shown, _write_lines(list(shown.object_list))


def choose_import(number: int | None, listed: list[ImportLine], active: list[Import]) -> ImportLine | None:
    """The import that the page shows: the one asked for, else the one that runs, else the newest. Raises Http404."""
    if number is None and active:
        number = next((one.number for one in active if one.state != Import.State.WAITING), active[0].number)
    if number is None:
        return listed[0] if listed else None
    for line in listed:
        if line.record.number == number:
            return line
    found = _write_lines(list(_with_counts().filter(number=number)))
    if not found:
        raise Http404
    return found[0]


def find_active_imports() -> list[Import]:
    """The imports to which something still happens, oldest first."""
    return [one for one in Import.objects.filter(state__in=ACTIVE).order_by("number") if one.is_active]


def find_ended(numbers: list[int]) -> list[ImportLine]:
    """Those of the numbered imports to which nothing happens any more."""
    if not numbers:
        return []
    return [
        line
        for line in _write_lines(list(_with_counts().filter(number__in=numbers).order_by("number")))
        if not line.record.is_active
    ]


def list_files(of_import: Import) -> list[FileLine]:
    """The files of an import in the order in which they are read, each with its notes."""
    files = ImportFile.objects.filter(of_import=of_import).order_by("position")
    return [FileLine(file, [write_note(stored) for stored in file.notes]) for file in files]


def list_first_rejected(of_import: Import) -> list[RejectedLine]:
    """The first few rejected rows of an import."""
    return [_write_rejected(row) for row in _rejected(of_import)[:REJECTED_AT_FIRST]]


def page_of_rejected(of_import: Import, page: str | None) -> tuple[Page, list[RejectedLine]]:
    """A page of an import's rejected rows, in the order of files and lines."""
    shown = Paginator(_rejected(of_import), REJECTED_PER_PAGE).get_page(page)
    return shown, [_write_rejected(row) for row in shown.object_list]


def _rejected(of_import: Import) -> QuerySet[RejectedRow]:
    rows = RejectedRow.objects.filter(file__of_import=of_import).select_related("file")
    return rows.order_by("file__position", "line", "pk")


def _write_rejected(row: RejectedRow) -> RejectedLine:
    value, _cells = read_cells(row)
    reason = explain(row.reason, file=row.file.file, column=row.column, value=value)
    return RejectedLine(row.file.name, row.line, row.column, shorten(value), reason)


def _with_counts() -> QuerySet[Import, Any]:
    sums = {
        name: Coalesce(Sum(f"files__{column}"), 0)
        for name, column in (
            ("row_count", "rows_read"),
            ("created_count", "created"),
            ("updated_count", "updated"),
            ("unchanged_count", "unchanged"),
            ("rejected_count", "rejected"),
        )
    }
    return Import.objects.annotate(file_count=Count("files"), **sums)


def _write_lines(records: list[Any]) -> list[ImportLine]:
    names = _name_people({record.created_by for record in records} - {None})
    long_ago = timezone.now() - FORGOTTEN
    last = latest_begun()
    return [
        ImportLine(
            record=record,
            by=names.get(record.created_by, ""),
            files=record.file_count,
            rows=record.row_count,
            created=record.created_count,
            updated=record.updated_count,
            unchanged=record.unchanged_count,
            rejected=record.rejected_count,
            is_forgotten=record.state == Import.State.WAITING and record.created_at < long_ago,
            is_overtaken=record.number < last,
        )
        for record in records
    ]


def _name_people(user_ids: set[uuid.UUID]) -> dict[uuid.UUID, str]:
    """Names of this organization's people, those who left included."""
    if not user_ids:
        return {}
    members = Membership.objects.filter(user_id__in=user_ids).select_related("user")
    return {member.user_id: str(member.user) for member in members}
