"""CSV files made from screens: people open them in spreadsheets, so no cell may begin a formula (OWASP)."""

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Any

from django.http import HttpResponse

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def write_screen_csv(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """The rows as CSV, texts neutralized, numbers as they are; by the byte-order mark spreadsheets know UTF-8."""
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow([neutralize(cell) for cell in header])
    writer.writerows([neutralize(cell) for cell in row] for row in rows)
    return "\N{BYTE ORDER MARK}" + file.getvalue()


def answer_csv(name: str, header: Sequence[str], rows: Iterable[Sequence[Any]]) -> HttpResponse:
    """The rows as a file to download, named `name`.csv."""
    return HttpResponse(
        write_screen_csv(header, rows),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}.csv"'},
    )


def neutralize(cell: Any) -> Any:
    """A text that a spreadsheet would run, behind an apostrophe; everything else as it is, None as ''."""
    if cell is None:
        return ""
    if isinstance(cell, str) and cell.lstrip(" \n").startswith(FORMULA_STARTS):
        return f"'{cell}"
    return cell
