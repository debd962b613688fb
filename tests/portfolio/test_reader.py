"""Bytes to rows: what a spreadsheet, a database dump and a broken tool may hand in."""

import io
import tracemalloc

import pytest

from portfolio.contract import FILES
from portfolio.importing.blocks import read_blocks
from portfolio.importing.layout import Checked, Fault, read_layout
from portfolio.importing.reader import RowReader
from portfolio.importing.sources import Refused

KNOWN = frozenset(FILES["accounts"].names)


class Stream(io.RawIOBase):
    """Bytes that say how far they were read."""

    def __init__(self, data: bytes) -> None:
        self.data, self.at = data, 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer) -> int:
        part = self.data[self.at : self.at + len(buffer)]
        buffer[: len(part)] = part
        self.at += len(part)
        return len(part)

    def share(self) -> float:
        return self.at / len(self.data)


def read(data: bytes) -> list[tuple[int, list[str] | str]]:
    reader = RowReader(Stream(data), KNOWN)
    return [(row.line, row.cells or row.fault) for row in reader]


@pytest.mark.parametrize(
    "data",
    [
        b"account_id,name\nA1,One\nA2,Two\n",
        b"\xef\xbb\xbfaccount_id,name\r\nA1,One\r\nA2,Two",
        b"account_id;name\nA1;One\nA2;Two\n",
        b"sep=;\n\nAccount_ID ;NAME\nA1;One\nA2;Two\n",
        b'"account_id","name"\n"A1","One"\n"A2","Two"\n',
    ],
    ids=["plain", "mark and CRLF", "semicolon", "sep line", "quoted"],
)
def test_the_same_rows_in_other_dress(data):
    reader = RowReader(Stream(data), KNOWN)
    assert reader.header == ["account_id", "name"]
    assert [row.cells for row in reader] == [["A1", "One"], ["A2", "Two"]]


def test_a_semicolon_list_does_not_make_a_semicolon_file():
    reader = RowReader(Stream(b"account_id,name;domain\nA1,x;y\n"), KNOWN)
    assert (reader.delimiter, reader.header) == (",", ["account_id", "name;domain"])


def test_lines_are_those_of_an_editor():
    data = b'account_id,name\nA1,"two\nlines, and a ""quote"""\n\n\nA2,x\n'
    assert read(data) == [(2, ["A1", 'two\nlines, and a "quote"']), (6, ["A2", "x"])]


def test_separators_inside_a_text_end_no_line():
    text = "a\u2028b\x0bc\x85d"
    assert read(f"account_id,name\nA1,{text}\n".encode()) == [(2, ["A1", text])]


def test_an_open_quote_costs_one_row():
    data = b'account_id,name\nA1,"never closed\nA2,Two\nA3,Three\n'
    assert read(data) == [(2, "bad_quotes"), (3, ["A2", "Two"]), (4, ["A3", "Three"])]


def test_an_open_quote_that_swallows_another_cell_costs_one_row():
    data = b'account_id,name\nA1,"open\nA2,Two\nA3,"Three"\nA4,Four\n'
    assert read(data) == [(2, "bad_quotes"), (3, ["A2", "Two"]), (4, ["A3", "Three"]), (5, ["A4", "Four"])]


def test_an_open_quote_before_a_large_file_is_given_up_soon():
    rest = b"".join(b"A%07d,%s\n" % (index, b"x" * 90) for index in range(30_000))
    rows = read(b'account_id,name\nA1,"open\n' + rest)
    assert rows[0] == (2, "too_long")
    assert (len(rows), rows[1], rows[-1][0]) == (30_001, (3, ["A0000000", "x" * 90]), 30_002)


def test_a_line_without_an_end_costs_one_row():
    rows = read(b"account_id,name\n" + b"x" * 5_000_000 + b"\nA2,Two\n")
    assert rows == [(2, "too_long"), (3, ["A2", "Two"])]


def test_a_stray_carriage_return_costs_one_row():
    assert read(b"account_id,name\nA1,a\rb\nA2,Two\n") == [(2, "stray_return"), (3, ["A2", "Two"])]


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "nothing_in_it"),
        (b"\n\n", "nothing_in_it"),
        ("account_id,name\nA1,é\n".encode("utf-16"), "not_text"),
        (b"PK\x03\x04rest", "not_csv"),
        (b"\x00\x01\x02\n", "not_text"),
        (b"account_id,name\rA1,One\r", "old_line_ends"),
    ],
)
def test_what_is_no_csv_is_refused_as_a_whole(data, code):
    with pytest.raises(Refused) as refused:
        RowReader(Stream(data), KNOWN)
    assert refused.value.code == code


def check(data: bytes, file: str = "accounts") -> list:
    stream = Stream(data)
    reader = RowReader(stream, frozenset(FILES[file].names))
    layout = read_layout(FILES[file], reader.header)
    return [item for block in read_blocks(reader, layout, stream) for item in [*block.checked, *block.faults]]


def test_bytes_that_are_not_utf8_are_named_by_line_and_column():
    rows = check(
        "account_id,name,industry\nA1,One,Café\nA2,Two,Café\n".encode().replace(b"2,Two,Caf\xc3\xa9", b"2,Two,Caf\xe9")
    )
    good, bad = rows
    assert isinstance(good, Checked)
    assert good.values == ["A1", "One", "Café"]
    assert bad == Fault(
        3, "not_utf8", "industry", "Caf\ufffd", {"account_id": "A2", "name": "Two", "industry": "Caf\ufffd"}
    )


def test_short_rows_are_filled_and_long_ones_refused():
    good, bad = check(b"account_id,name,domain\nA1,One\nA2,Two,x.example,more\n")
    assert good.values == ["A1", "One", ""]
    assert (bad.line, bad.code, bad.value) == (3, "too_many_cells", "more")


@pytest.mark.parametrize(
    ("header", "code", "columns"),
    [
        ("account_id,name,name", "column_twice", ["name"]),
        ("account_id,domain", "column_missing", ["name"]),
        ("x,y", "no_known_column", ["account_id", "name"]),
    ],
)
def test_a_header_by_which_nothing_could_be_read(header, code, columns):
    with pytest.raises(Refused) as refused:
        read_layout(FILES["accounts"], header.split(","))
    assert (refused.value.code, refused.value.details) == (code, {"columns": columns})


class Endless(Stream):
    """A file of many megabytes that stands nowhere."""

    def __init__(self, row: bytes, rows: int) -> None:
        self.row, self.rows, self.at = row * 500, rows // 500, 0
        self.rest = b"account_id,name\n"

    def readinto(self, buffer) -> int:
        while len(self.rest) < len(buffer) and self.at < self.rows:
            self.rest += self.row
            self.at += 1
        part, self.rest = self.rest[: len(buffer)], self.rest[len(buffer) :]
        buffer[: len(part)] = part
        return len(part)

    def share(self) -> float:
        return self.at / self.rows


def test_a_large_file_streams():
    """Forty megabytes pass through less than a quarter of that: nothing is read into memory whole."""
    stream = Endless(b"A1," + b"x" * 997 + b"\n", 40_000)
    tracemalloc.start()
    reader = RowReader(stream, KNOWN)
    rows = sum(block.rows for block in read_blocks(reader, read_layout(FILES["accounts"], reader.header), stream))
    _now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert rows == 40_000
    assert peak < 20 * 2**20
