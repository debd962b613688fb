"""Changes that people made to imported rows in Phano, met by an import of the same cells.

While a source repeats what it said before the change, the change stands; where it says something new, that lands and
the change is forgotten. A file that already holds the change (an export) leaves it as it is.
"""

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from django.utils import timezone

from accounts.context import current_context
from portfolio.catalogue_files import FROM_SOURCES
from portfolio.columns import File, write_cell
from portfolio.contract import FILES
from portfolio.edits import write_key
from portfolio.models import CatalogueEdit

CATALOGUE = FROM_SOURCES
# Files whose rows are changed in place, also beyond the catalogue.
EDITED = (*CATALOGUE, "interactions", "opportunities", "account_plans", "account_goals", "plan_rates")

type Record = dict[str, Any]


def keep_edits(file: File, rows: Sequence[tuple[Sequence[Any], Record, Mapping[str, Any] | None]]) -> None:
    """Put people's changes into records before they land: (cells of the key, record, the row that stands or None).

    One statement for a block, and one more where the file has changes; nothing for files that nobody changes.
    """
    if file.name not in EDITED or not CatalogueEdit.objects.filter(file=file.name).exists():
        return
    by_key = {write_key(key): (record, standing) for key, record, standing in rows}
    over = []
    for edit in CatalogueEdit.objects.filter(file=file.name, key__in=list(by_key)):
        record, standing = by_key[edit.key]
        column = file.database_column(file.by_name[edit.column])
        if standing is None or column not in record:
            continue
        said = write_cell(record[column])
        if said == edit.source_cell:
            record[column] = standing[column]
        elif said != write_cell(standing[column]):
            over.append(edit.pk)
    if over:
        CatalogueEdit.objects.filter(pk__in=over).delete()


def find_edited(file: File, row_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, dict[str, CatalogueEdit]]:
    """The changes of rows that stand, by row and database column: what an undo leaves as people set it."""
    if file.name not in EDITED:
        return {}
    edits: dict[str, dict[str, CatalogueEdit]] = {}
    for edit in CatalogueEdit.objects.filter(file=file.name):
        edits.setdefault(edit.key, {})[file.database_column(file.by_name[edit.column])] = edit
    if not edits:
        return {}
    keys = [
        f"{file.by_name[name].field}__source_id" if file.by_name[name].refers_to else file.by_name[name].field
        for name in file.key
    ]
    rows = file.model._default_manager.filter(pk__in=row_ids).values_list("pk", *keys)
    return {pk: edits[write_key(key)] for pk, *key in rows if write_key(key) in edits}


def write_edits() -> list[dict[str, str]]:
    """The changes of the open organization as settings.json holds them."""
    rows = CatalogueEdit.objects.order_by("file", "key", "column")
    return [{"file": edit.file, "key": edit.key, "column": edit.column, "source": edit.source_cell} for edit in rows]


def read_edits(content: Any) -> None:
    """Take the changes of an export; raises ValueError where they are none. Those that stand are replaced."""
    now, made = timezone.now(), []
    if not isinstance(content, list):
        raise ValueError("no catalogue edits")
    for one in content:
        if not isinstance(one, dict) or not all(isinstance(one.get(name), str) for name in ("key", "column", "source")):
            raise ValueError("no catalogue edit")
        if one.get("file") not in EDITED or one["column"] not in FILES[one["file"]].by_name:
            raise ValueError("no catalogue edit")
        made.append(
            CatalogueEdit(
                organization_id=current_context().organization_id,
                file=one["file"],
                key=one["key"],
                column=one["column"],
                source_cell=one["source"],
                changed_at=now,
            )
        )
    CatalogueEdit.objects.all().delete()
    CatalogueEdit.objects.bulk_create(made)
