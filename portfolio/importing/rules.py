"""What a row must keep beyond the grammar of its cells, file by file."""

from collections.abc import Callable

from portfolio.columns import Kind, write_cell
from portfolio.contract import ACCOUNTS
from portfolio.importing.cells import Unreadable, choose_reader
from portfolio.importing.layout import Checked, Fault, Layout

type Rule = Callable[[Checked], Fault | None]

_HISTORY_READERS = {
    column.name: choose_reader(ACCOUNTS, column)
    for column in ACCOUNTS.columns
    if column.keeps_history and column.kind is not Kind.REFERENCE
}


def choose_rule(layout: Layout) -> Rule | None:
    """The rule of a file's rows, or None where the grammar of the cells is all there is."""
    place = {column.name: index for index, column in enumerate(layout.columns)}
    if layout.file.name == "account_history" and "value" in place:
        return _read_history_value(layout, place)
    if layout.file.name == "accounts" and "parent_account_id" in place:
        return _refuse_own_parent(layout, place)
    return None


def _read_history_value(layout: Layout, place: dict[str, int]) -> Rule:
    """A past value is of the same kind as the field's present one, and is kept in the same spelling."""

    def check(row: Checked) -> Fault | None:
        read, value = _HISTORY_READERS.get(row.values[place["field"]]), row.values[place["value"]]
        if value and read is not None:
            try:
                row.values[place["value"]] = write_cell(read(value))
            except Unreadable as error:
                return layout.refuse(row, error.code, "value")
        return None

    return check


def _refuse_own_parent(layout: Layout, place: dict[str, int]) -> Rule:
    def check(row: Checked) -> Fault | None:
        if row.values[place["parent_account_id"]] == row.values[place["account_id"]]:
            return layout.refuse(row, "own_parent", "parent_account_id")
        return None

    return check
