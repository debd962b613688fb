"""CSV files that people open in a spreadsheet: a cell that would run as a formula is held back by a quote."""

import csv
from collections.abc import Iterable
from typing import Any

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
HELD_BACK = "'"


def hold_back_formula(cell: str) -> str:
    """The cell as a spreadsheet shows it, never runs it. A quote that stood first gets a second, so that the way back
    (one quote less) is exact."""
    return HELD_BACK + cell if cell.startswith((*FORMULA_STARTS, HELD_BACK)) else cell


def let_go(cell: str) -> str:
    """What stood in the cell before `hold_back_formula`."""
    return cell.removeprefix(HELD_BACK)


def write_spreadsheet(out: Any, header: Iterable[str], rows: Iterable[Iterable[str]]) -> None:
    """Write a CSV made from a screen to a text stream opened with newline=''."""
    writer = csv.writer(out)
    writer.writerow(header)
    writer.writerows([hold_back_formula(str(cell)) for cell in row] for row in rows)
