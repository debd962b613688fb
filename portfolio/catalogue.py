"""The catalogue changed in Phano: what is sold, what it includes and what its use means. One act per change.

A change of a row that a source brought stands while the source repeats what it said before; once the source says
something new of that cell, the source has it (portfolio.importing.kept_edits).
"""

import uuid
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.db import IntegrityError, models, transaction
from django.http import Http404
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from accounts import audit
from accounts.context import current_context
from accounts.models import AuditEntry, Membership
from accounts.numbers import read_number
from accounts.rules import lock_for
from portfolio.catalogue_files import CATALOGUE_FILES, FROM_SOURCES
from portfolio.columns import Column, File, Kind, write_cell
from portfolio.edits import note_edits, write_key
from portfolio.importing.cells import choose_reader, empty_value
from portfolio.importing.layout import Fault, Layout, Place
from portfolio.importing.reader import Row
from portfolio.importing.reasons import explain_cell
from portfolio.importing.tables import find_ids
from portfolio.models.facts import SourcedFact
from portfolio.value_milestones import MOST_DAYS

# The files of the catalogue, and their columns that people may change; keys and references say what a row is.
EDITABLE: Mapping[str, tuple[str, ...]] = {
    "products": ("name", "family", "core", "need_phrases"),
    "features": ("name", "effect", "opens_expansion"),
    "plans": ("name", "rank", "list_price_monthly", "price_basis", "currency"),
    "plan_limits": ("included",),
    "product_events": ("kind", "happened_on", "ended_on", "title"),
    "value_milestones": ("name", "expected_days"),
}
# What else a new row needs: where it hangs, and what it is called in usage.
GIVEN: Mapping[str, tuple[str, ...]] = {
    "products": (),
    "features": ("product_id", "metric"),
    "plans": ("product_id",),
    "plan_limits": ("plan_id", "metric"),
    "product_events": ("product_id",),
    "value_milestones": ("milestone",),
}
ACTIONS = ("catalogue.changed", "catalogue.added", "catalogue.removed")
UNDO_WITHIN = timedelta(hours=24)
NUMBERS = (Kind.DECIMAL, Kind.NUMBER, Kind.INTEGER)
LONGEST_PHRASES = 4_000


class CellsRefused(ValueError):
    """Cells that cannot stand so: {column: sentence}."""

    def __init__(self, faults: dict[str, str]) -> None:
        super().__init__("; ".join(faults.values()))
        self.faults = faults


class CannotChange(ValueError):
    """The act is not possible on this row; the message says why."""


def access_row(file: str, row_id: uuid.UUID | str) -> Any:
    """A row of a catalogue file in the open organization; Http404 for any other."""
    if file not in EDITABLE:
        raise Http404
    row = CATALOGUE_FILES[file].model._default_manager.filter(pk=row_id).first()
    if row is None:
        raise Http404
    return row


def read_cells(file: str, row: Any) -> dict[str, str]:
    """The row as the contract's file would spell it."""
    return {column.name: write_cell(_value_of(row, column)) for column in CATALOGUE_FILES[file].columns}


def change_row(
    *, actor: Membership, file: str, row_id: uuid.UUID, cells: Mapping[str, str], shown: Mapping[str, str] | None = None
) -> AuditEntry | None:
    """Change cells of a row; returns the audit entry by which it can be undone, None where nothing changed.

    `shown`: the cells that the person's page held; one that somebody else changed since is refused. Raises
    CellsRefused, Http404, PermissionDenied.
    """
    lock_for(actor, "catalogue.change")
    row, declared = access_row(file, row_id), CATALOGUE_FILES[file]
    before = read_cells(file, row)
    wanted = {name: _as_cell(declared.by_name[name], cell) for name, cell in cells.items() if name in EDITABLE[file]}
    if overtaken := {
        name: _("Somebody has changed this to “%(now)s” meanwhile. Yours is not saved.") % {"now": before[name]}
        for name in wanted
        if shown is not None and shown.get(name, before[name]) != before[name] and wanted[name] != shown.get(name)
    }:
        raise CellsRefused(overtaken)
    # A cell that stands on the page as it was, and has changed since, is nobody's wish.
    wanted = {name: cell for name, cell in wanted.items() if shown is None or cell != shown.get(name)}
    values = _check(declared, {**before, **wanted}, touched=set(wanted))
    after = {name: write_cell(values[name]) for name in wanted}
    changed = [name for name in after if after[name] != before[name]]
    if not changed:
        return None
    for name in changed:
        setattr(row, declared.by_name[name].field, values[name])
    row.save(update_fields=[declared.by_name[name].field for name in changed])
    _keep_edits(declared, before, {name: after[name] for name in changed})
    return audit.record(
        "catalogue.changed",
        subject=file,
        subject_id=row.pk,
        before={name: before[name] for name in changed},
        after={name: after[name] for name in changed},
    )


def add_row(
    *, actor: Membership, file: str, cells: Mapping[str, str], row_id: uuid.UUID | None = None
) -> tuple[Any, AuditEntry]:
    """Add a row to the catalogue. Raises CellsRefused, PermissionDenied, Http404 for another file."""
    lock_for(actor, "catalogue.change")
    if file not in EDITABLE:
        raise Http404
    declared = CATALOGUE_FILES[file]
    given = {
        column.name: _as_cell(column, cells.get(column.name, ""))
        for column in declared.columns
        if column.name in (*EDITABLE[file], *GIVEN[file]) or column.name == declared.own_id
    }
    if declared.own_id and not given[declared.own_id]:
        given[declared.own_id] = f"phano-{uuid.uuid4().hex[:12]}"
    values = _check(declared, given, touched=set(given))
    fields = _resolve(declared, values)
    row = declared.model(id=row_id or uuid.uuid4(), organization_id=actor.organization_id, **fields)
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError as error:
        raise CellsRefused({declared.key[-1]: _("The catalogue has this already.")}) from error
    return row, audit.record("catalogue.added", subject=file, subject_id=row.pk, row=given)


def remove_row(*, actor: Membership, file: str, row_id: uuid.UUID) -> AuditEntry:
    """Take a row that was added in Phano out again. Raises CannotChange, Http404, PermissionDenied."""
    lock_for(actor, "catalogue.change")
    row = access_row(file, row_id)
    if row.import_number is not None:
        raise CannotChange(
            _("Import %(number)s brought it: it would come back with the next one. Remove it at its source.")
            % {"number": row.import_number}
        )
    cells = read_cells(file, row)
    try:
        with transaction.atomic():
            type(row)._default_manager.filter(pk=row.pk)._raw_delete("default")
    except IntegrityError as error:
        raise CannotChange(_("Facts refer to it: it cannot be removed.")) from error
    return audit.record("catalogue.removed", subject=file, subject_id=row_id, row=cells)


def undo_change(*, actor: Membership, entry_id: uuid.UUID) -> str:
    """Take one's own change of the last day back, by its audit entry; returns its file.

    Raises Http404 where there is no such entry of the actor's, CannotChange where the row has changed since.
    """
    lock_for(actor, "catalogue.change")
    entry = AuditEntry.objects.filter(
        pk=entry_id,
        actor_id=actor.user_id,
        action__in=ACTIONS,
        at__gte=timezone.now() - UNDO_WITHIN,
        subject__in=EDITABLE,
    ).first()
    if entry is None:
        raise Http404
    file, row_id = entry.subject, uuid.UUID(entry.subject_id)
    try:
        if entry.action == "catalogue.added":
            remove_row(actor=actor, file=file, row_id=row_id)
        elif entry.action == "catalogue.removed":
            add_row(actor=actor, file=file, cells=entry.details["row"], row_id=row_id)
        else:
            now, after = read_cells(file, access_row(file, row_id)), entry.details["after"]
            if any(now[name] != cell for name, cell in after.items()):
                raise CannotChange(_("It has changed since: there is nothing to take back."))
            change_row(actor=actor, file=file, row_id=row_id, cells=entry.details["before"])
    except (Http404, CellsRefused) as error:
        raise CannotChange(_("It has changed since: there is nothing to take back.")) from error
    return file


def key_of(file: File, cells: Mapping[str, str]) -> str:
    """A row's key as CatalogueEdit keeps it."""
    return write_key([cells[name] for name in file.key])


def _keep_edits(file: File, before: Mapping[str, str], after: Mapping[str, str]) -> None:
    """Note what the source said of each changed cell; forget it where the cell is as the source said again."""
    if file.name in FROM_SOURCES:
        note_edits(file.name, [before[name] for name in file.key], before=before, after=after)


def _check(file: File, cells: Mapping[str, str], *, touched: set[str]) -> dict[str, Any]:
    """The values of cells by column, read as an import reads them; raises CellsRefused."""
    faults, values = {}, {}
    for name, cell in cells.items():
        column = file.by_name[name]
        # One column at a time, so that every fault is told at once.
        layout = Layout(file, 1, [Place(0, column, choose_reader(file, column), empty_value(file, column))])
        checked = layout.check(Row(1, [cell]))
        if isinstance(checked, Fault):
            faults[name] = explain_cell(checked.code, column, cell)
        elif checked is not None:
            values[name] = checked.values[0]
    faults |= {name: fault for name, fault in _find_senseless(values).items() if name not in faults}
    if found_faults := {name: fault for name, fault in faults.items() if name in touched}:
        raise CellsRefused(found_faults)
    return values


def _find_senseless(values: Mapping[str, Any]) -> dict[str, str]:
    """What the grammar of a cell lets through and a catalogue cannot mean."""
    faults = {}
    if (rank := values.get("rank")) is not None and rank < 1:
        faults["rank"] = _("The lowest plan has rank 1.")
    if (price := values.get("list_price_monthly")) is not None and price < 0:
        faults["list_price_monthly"] = _("A price is not negative.")
    if (included := values.get("included")) is not None and included <= 0:
        faults["included"] = _("A limit is above zero; without one the plan includes as much as is wanted.")
    if (days := values.get("expected_days")) is not None and not 0 < days <= MOST_DAYS:
        faults["expected_days"] = _("A milestone is expected within 1 to %(most)s days.") % {"most": MOST_DAYS}
    if len(values.get("need_phrases") or "") > LONGEST_PHRASES:
        faults["need_phrases"] = _("Need phrases have at most %(most)s characters.") % {"most": LONGEST_PHRASES}
    began, ended = values.get("happened_on"), values.get("ended_on")
    if began and ended and ended < began:
        faults["ended_on"] = _("It ends before it begins.")
    return faults


def _resolve(file: File, values: Mapping[str, Any]) -> dict[str, Any]:
    """Values by model field, references as our ids; raises CellsRefused for one that points at nothing."""
    fields: dict[str, Any] = {}
    for name, value in values.items():
        column = file.by_name[name]
        if column.kind is Kind.REFERENCE:
            if value:
                found = find_ids(column.refers_to, current_context().organization_id, {value})
                if value not in found:
                    raise CellsRefused({name: explain_cell("dangling", column, value)})
                fields[f"{column.field}_id"] = found[value]
        else:
            fields[column.field] = value
    return fields


def _as_cell(column: Column, text: str) -> str:
    """What a person wrote, in the contract's spelling; a number may have a comma, a text must have no NUL."""
    text = text.replace("\0", "").strip()
    if column.kind in NUMBERS and text:
        number = read_number(text, language=get_language() or "en")
        if number is not None:
            return str(int(number)) if number == int(number) else repr(number)
    return text


def _value_of(row: models.Model, column: Column) -> Any:
    value = getattr(row, column.field)
    return value.source_id if isinstance(value, SourcedFact) else value
