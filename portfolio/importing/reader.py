"""Bytes to rows: lines are numbered, quotes may span lines, and one broken line costs no other.

A row is never larger than a million characters; nothing here holds more than one row and its block.
"""

import csv
import io
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

from portfolio.importing.reasons import LONGEST_CELL
from portfolio.importing.sources import Refused

# The module's own limit stands at 131,072; ours is checked per cell and per row.
csv.field_size_limit(2 * LONGEST_CELL)
LONGEST_ROW = 2 * LONGEST_CELL
DELIMITERS = ",;"
BOM = b"\xef\xbb\xbf"


@dataclass(slots=True)
class Row:
    """One record: the line on which it begins, its cells, or the reason why it has none (then `raw` is the line)."""

    line: int
    cells: list[str]
    fault: str = ""
    raw: str = ""


class _Runaway(Exception):
    """A row became longer than any row may be."""


class Lines:
    """The stream's physical lines as text; what belonged to no row can be read again."""

    def __init__(self, stream: io.RawIOBase) -> None:
        self._stream = io.BufferedReader(stream, 2**20)
        self._again: deque[str] = deque()
        self._taken: list[str] = []
        self._size = 0
        self.line = 0

    def __iter__(self) -> "Lines":
        return self

    def __next__(self) -> str:
        if self._again:
            line = self._again.popleft()
        else:
            raw = self._stream.readline(LONGEST_ROW)
            if not raw:
                raise StopIteration
            if len(raw) == LONGEST_ROW and raw[-1:] != b"\n":
                self._skip_line()
            # What is not UTF-8 becomes lone surrogates: cells.check_text finds them, column by column.
            line = raw.decode("utf-8", "surrogateescape")
        self.line += 1
        self._taken.append(line)
        self._size += len(line)
        if self._size >= LONGEST_ROW:
            raise _Runaway
        return line

    def _skip_line(self) -> None:
        while (raw := self._stream.readline(LONGEST_ROW)) and raw[-1:] != b"\n":
            pass

    def begin_row(self) -> None:
        """Forget the lines of the row before."""
        self._taken, self._size = [], 0

    def give_up_row(self) -> str:
        """Give back every line of the row but its first, which is returned: the fault began there."""
        first, rest = self._taken[0], self._taken[1:]
        self._again.extendleft(reversed(rest))
        self.line -= len(rest)
        return first

    def read_on(self, size: int) -> bytes:
        """The stream's next bytes, for a reader that goes by blocks; no line may have been given back."""
        assert not self._again
        return self._stream.read(size)

    def put_back(self, data: bytes, *, first_line: int) -> None:
        """Go on line by line from bytes that were read by blocks."""
        whole = data if data.endswith(b"\n") else data + self._stream.readline()
        *lines, rest = whole.decode("utf-8", "surrogateescape").split("\n")
        # Split at line feeds alone: splitlines() would also cut at the separators inside a text.
        self._again.extend(f"{line}\n" for line in lines)
        if rest:
            self._again.append(rest)
        self.line = first_line - 1


class RowReader:
    """Iterates over the rows behind the header; `header` holds its cells, lower case and trimmed."""

    def __init__(self, stream: io.RawIOBase, known: frozenset[str] = frozenset()) -> None:
        """Read the header; `known` column names settle the delimiter. Raises Refused for what is no CSV text."""
        self.lines = Lines(stream)
        try:
            first = self._first_line()
        except _Runaway as error:
            raise Refused("endless_header") from error
        self.delimiter = _detect_delimiter(first, known)
        self.header = [name.strip().lower() for name in next(csv.reader([first], delimiter=self.delimiter), [])]
        self._rows = csv.reader(self.lines, delimiter=self.delimiter, strict=True)

    def _first_line(self) -> str:
        for line in self.lines:
            self.lines.begin_row()
            text = line.removeprefix(BOM.decode()) if self.lines.line == 1 else line
            if text.startswith(("\udcff\udcfe", "\udcfe\udcff")) or "\0" in text:
                raise Refused("not_text")
            if text.startswith("PK\x03\x04"):
                raise Refused("not_csv")
            if "\r" in text.rstrip("\r\n"):
                raise Refused("old_line_ends")
            # Spreadsheets write `sep=;` above the header.
            if text.strip() and not text.lower().startswith("sep="):
                return text
        raise Refused("nothing_in_it")

    def __iter__(self) -> Iterator[Row]:
        return self

    def __next__(self) -> Row:
        while True:
            self.lines.begin_row()
            line = self.lines.line + 1
            try:
                cells = next(self._rows)
            except _Runaway:
                return Row(line, [], "too_long", self.lines.give_up_row()[:LONGEST_CELL])
            except csv.Error as error:
                fault = "stray_return" if "new-line" in str(error) else "bad_quotes"
                return Row(line, [], fault, self.lines.give_up_row())
            if cells:
                return Row(line, cells)


def _detect_delimiter(header: str, known: frozenset[str]) -> str:
    def merit(delimiter: str) -> tuple[int, int]:
        names = [name.strip().lower() for name in next(csv.reader([header], delimiter=delimiter), [])]
        return sum(name in known for name in names), len(names)

    return max(DELIMITERS, key=merit)
