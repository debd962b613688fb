"""The rejected rows of an import as one CSV in which they can be mended and that can be dropped again as it is.

Its first columns say what was wrong; the others are the contract's. Only these rows are then read.
"""

import json
from collections.abc import Iterator
from typing import Any

from portfolio.contract import FILES
from portfolio.importing.layout import REJECTED
from portfolio.importing.reasons import explain
from portfolio.models import Import, ImportFile, RejectedRow
from portfolio.spreadsheets import write_spreadsheet

CHUNK = 2_000


def write_rejected_rows(of_import: Import, out: Any) -> int:
    """Write them to a text stream, in the order of files and lines; returns how many. Inside the context."""
    files = list(ImportFile.objects.filter(of_import=of_import, rejected__gt=0).order_by("position"))
    concerned = {file.file for file in files}
    columns = list(dict.fromkeys(name for file in FILES.values() if file.name in concerned for name in file.names))
    count = 0

    def rows() -> Iterator[list[str]]:
        nonlocal count
        for file in files:
            for row in _read(file):
                count += 1
                yield _write(file, row, columns)

    write_spreadsheet(out, [*REJECTED, *columns], rows())
    return count


def _read(file: ImportFile) -> Iterator[RejectedRow]:
    return RejectedRow.objects.filter(file=file).order_by("line", "pk").iterator(chunk_size=CHUNK)


def _write(file: ImportFile, row: RejectedRow, columns: list[str]) -> list[str]:
    value, cells = read_cells(row)
    reason = explain(row.reason, file=file.file, column=row.column, value=value)
    return [file.file, str(row.line), row.column, value, reason, *(cells.get(name, "") for name in columns)]


def read_cells(row: RejectedRow) -> tuple[str, dict[str, str]]:
    """The refused value and the row's cells by column."""
    stored = json.loads(row.cells)
    return stored["value"], stored["cells"]
