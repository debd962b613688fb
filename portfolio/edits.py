"""What the source last said of a cell that people changed in Phano (docs/decisions/0008, 0016).

Every act that changes a row in place which a file may bring again notes it here; importing/kept_edits.py reads it.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from django.utils import timezone

from portfolio.columns import write_cell
from portfolio.models import CatalogueEdit


def note_edits(file: str, key: Sequence[Any], *, before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
    """Keep what the source said of each changed cell; forget it where the cell is as the source said again.

    `key`: the cells of the row's key, as its file spells them; `before` and `after`: values by column of the file.
    Call it in the act's transaction.
    """
    written = write_key(key)
    known = {edit.column: edit for edit in CatalogueEdit.objects.filter(file=file, key=written, column__in=after)}
    now = timezone.now()
    for column, value in after.items():
        edit, cell, said = known.get(column), write_cell(value), write_cell(before[column])
        if edit is None and cell != said:
            CatalogueEdit.objects.create(file=file, key=written, column=column, source_cell=said, changed_at=now)
        elif edit is not None and edit.source_cell == cell:
            edit.delete()
        elif edit is not None:
            # An undo of an import gives back what stood before the last change, not what stood before the first.
            edit.changed_at = now
            edit.save(update_fields=["changed_at"])


def read_source_cell(file: str, key: Sequence[Any], column: str) -> str | None:
    """What the source last said of a changed cell; None where the cell is as the source said."""
    edits = CatalogueEdit.objects.filter(file=file, key=write_key(key), column=column)
    return edits.values_list("source_cell", flat=True).first()


def forget_edits(file: str, key: Sequence[Any]) -> None:
    """Drop the notes of a row that goes, or that no source has written: nothing is left to hold against a file."""
    CatalogueEdit.objects.filter(file=file, key=write_key(key)).delete()


def write_key(cells: Sequence[Any]) -> str:
    """A row's key as CatalogueEdit holds it."""
    return json.dumps([write_cell(cell) for cell in cells], ensure_ascii=False)
