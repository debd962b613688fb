"""From a header to what is read: which cell is which column, and what the header lacks or has too much."""

from dataclasses import dataclass, field
from typing import Any

from portfolio.columns import Column, File
from portfolio.importing.cells import Read, Unreadable, check_text, choose_reader, empty_value
from portfolio.importing.reader import Row
from portfolio.importing.sources import Refused
from portfolio.spreadsheets import let_go

# The first columns of a file of rejected rows (portfolio.importing.rejects); in it, formulas are held back.
REJECTED = ("rejected_file", "rejected_line", "rejected_column", "rejected_value", "rejected_reason")
REJECTED_FILE = REJECTED[0]


@dataclass(slots=True)
class Fault:
    """One refused row: where, why, and its cells by column for the file in which it can be mended."""

    line: int
    code: str
    column: str
    value: str
    cells: dict[str, str]


@dataclass(slots=True)
class Checked:
    """One readable row: its values in the order of Layout.columns, and its cells as they stood."""

    line: int
    values: list[Any]
    cells: list[str]


@dataclass(slots=True)
class Place:
    """Where a column stands in the cells, how it is read, and what an empty cell lands as."""

    index: int
    column: Column
    read: Read
    empty: Any


@dataclass
class Layout:
    """How the rows of one file are read."""

    file: File
    width: int
    places: list[Place]
    unknown: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    rejected_file_at: int | None = None

    @property
    def columns(self) -> list[Column]:
        return [place.column for place in self.places]

    def check(self, row: Row) -> Checked | Fault | None:
        """Read one row; None where a file of rejected rows holds it for another file."""
        cells = row.cells
        if row.fault:
            return Fault(row.line, row.fault, "", _show(row.raw.rstrip("\r\n")), {})
        if len(cells) < self.width:
            cells = cells + [""] * (self.width - len(cells))
        elif len(cells) > self.width and any(cells[self.width :]):
            return Fault(row.line, "too_many_cells", "", _show(cells[self.width]), self._cells_by_name(cells))
        if self.rejected_file_at is not None:
            if cells[self.rejected_file_at] != self.file.name:
                return None
            cells = [let_go(cell) for cell in cells]
        values = []
        for place in self.places:
            cell = cells[place.index]
            # A cell of spaces is as empty as one of nothing.
            if not cell or cell.isspace():
                if place.column.required:
                    return Fault(row.line, "empty", place.column.name, "", self._cells_by_name(cells))
                values.append(place.empty)
                continue
            try:
                check_text(cell)
                values.append(place.read(cell))
            except Unreadable as error:
                return Fault(row.line, error.code, place.column.name, _show(cell), self._cells_by_name(cells))
        return Checked(row.line, values, cells)

    def refuse(self, row: Checked, code: str, column: str) -> Fault:
        """The fault of a row that could be read but may not land."""
        by_name = self._cells_by_name(row.cells)
        return Fault(row.line, code, column, _show(by_name.get(column, "")), by_name)

    def _cells_by_name(self, cells: list[str]) -> dict[str, str]:
        return {place.column.name: _show(cells[place.index]) for place in self.places if cells[place.index]}


def _show(cell: str) -> str:
    """What can be stored of a refused cell: bytes that were not UTF-8 become U+FFFD, NUL its picture."""
    return cell.encode("utf-8", "surrogateescape").decode("utf-8", "replace").replace("\0", "␀")


def read_layout(file: File, header: list[str]) -> Layout:
    """Match a header with the contract's columns; raises Refused where rows could not be read by it."""
    twice = sorted({name for name in header if name in file.by_name and header.count(name) > 1})
    if twice:
        raise Refused("column_twice", columns=twice)
    lacking = [name for name in file.required if name not in header]
    if len(lacking) == len(file.required) and not any(name in file.by_name for name in header):
        raise Refused("no_known_column", columns=list(file.required))
    if lacking:
        raise Refused("column_missing", columns=lacking)
    places = [
        Place(header.index(column.name), column, choose_reader(file, column), empty_value(file, column))
        for column in file.columns
        if column.name in header
    ]
    ours = REJECTED_FILE in header
    return Layout(
        file=file,
        width=len(header),
        places=places,
        unknown=[_show(name) for name in header if name and name not in file.by_name and not (ours and _is_ours(name))],
        missing=[column.name for column in file.columns if column.name not in header],
        rejected_file_at=header.index(REJECTED_FILE) if ours else None,
    )


def _is_ours(name: str) -> bool:
    from portfolio.contract import FILES

    return name in REJECTED or any(name in file.by_name for file in FILES.values())
