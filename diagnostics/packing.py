"""Columns on their way to PostgreSQL: binary arrays of numbers and ids, and array literals of texts.

Arrays are read off the columns without a step of frames, each of which costs more than what it computes here.
"""

import os
import time
import uuid
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
import psycopg
from numpy.typing import NDArray

FLOAT8, FLOAT8_ARRAY, UUID, UUID_ARRAY = 701, 1022, 2950, 2951  # PostgreSQL's numbers of the types
NOTHING = -1.7976931348623157e308  # no figure is as small
RANDOM_BYTES = 8
MOST_UNITS = 1e15
MANY = 10_000
NO_ID = str(uuid.UUID(int=0))
UNWRITTEN = (None, "None")


@dataclass(frozen=True, slots=True)
class Packed:
    """A column as PostgreSQL's binary form of one array of double precision.

    An item of an array with NULLs is found by counting from its beginning: NOTHING stands for them on the way.
    """

    binary: bytearray
    has_nulls: bool


@dataclass(frozen=True, slots=True)
class PackedLists:
    """A column of lists as the binary form of one array of `diagnostics_numbers`, each an array of its own."""

    binary: bytes


@dataclass(frozen=True, slots=True)
class PackedIds:
    """The binary form of one array of uuids."""

    binary: bytearray


class PackedDumper(psycopg.adapt.Dumper):
    """How the driver sends a packed column."""

    format = psycopg.pq.Format.BINARY
    oid = FLOAT8_ARRAY

    def dump(self, obj: Packed | PackedLists | PackedIds) -> bytes | bytearray:
        return obj.binary


class PackedListsDumper(PackedDumper):
    """The same of lists, whose type has a number of its own in each database: the statement names it."""

    oid = 0


class PackedIdsDumper(PackedDumper):
    """The same of ids."""

    oid = UUID_ARRAY


def register_dumpers(adapters: psycopg.adapt.AdaptersMap) -> None:
    """Let a cursor send packed columns."""
    adapters.register_dumper(Packed, PackedDumper)
    adapters.register_dumper(PackedLists, PackedListsDumper)
    adapters.register_dumper(PackedIds, PackedIdsDumper)


def pack_column(column: pl.Series) -> Packed | PackedLists:
    """A column of numbers, days (since 1970) or marks (1 or 0), or of equally long lists of numbers."""
    if isinstance(column.dtype, pl.List):
        return _pack_lists(column)
    values, missing = _read_numbers(column)
    binary, items = _lay_out(FLOAT8, values.size, [("number", ">f8")])
    items["number"] = values
    if missing is not None:
        np.copyto(items["number"], NOTHING, where=missing)
    return Packed(binary, missing is not None)


def pack_amounts(column: pl.Series, places: int) -> Packed | None:
    """A column of floats in the last of so many decimal places: cents where it is 2. None where one has more places.

    A number of up to fifteen digits is the only one that so many digits write in its float: nothing is rounded.
    """
    values = column.to_numpy()
    units = np.rint(values * 10.0**places)
    exact = (units / 10.0**places == values) & (np.abs(units) < MOST_UNITS)
    if np.count_nonzero(exact) != column.len() - column.null_count():
        return None
    return pack_column(pl.Series(column.name, units, nan_to_null=True))  # type: ignore[return-value]  # not of lists


def _pack_lists(column: pl.Series) -> PackedLists:
    lengths = column.list.len()
    rows, width = column.len(), int(lengths.max() or 0)  # type: ignore[arg-type]  # an integer
    if width != lengths.min():
        raise ValueError(f"The lists of {column.name} are not equally long.")
    values, missing = _read_numbers(column.explode())
    item = np.dtype([("bytes", ">i4"), ("number", ">f8")])
    lists = np.empty(rows, dtype=[("bytes", ">i4"), ("head", ">i4", 5), ("items", item, (width,))])
    lists["head"] = 1, missing is not None, FLOAT8, width, 1
    lists["bytes"] = lists.dtype.itemsize - 4
    lists["items"]["bytes"], lists["items"]["number"] = 8, values.reshape(rows, width)
    words = lists.view(">u4")
    if missing is not None:
        missing = missing.reshape(rows, width)
        # NULL has a length of -1, and no number behind it.
        lists["items"]["bytes"][missing] = -1
        lists["bytes"] -= 8 * np.count_nonzero(missing, axis=1)
        kept = np.ones((rows, words.size // rows), dtype=bool)
        kept[:, -3 * width + 1 :: 3] = kept[:, -3 * width + 2 :: 3] = ~missing
        words = words[kept.ravel()]
    return PackedLists(_head(FLOAT8_ARRAY, rows) + words.tobytes())


def _read_numbers(column: pl.Series) -> tuple[NDArray[np.float64], NDArray[np.bool_] | None]:
    """The column's numbers, and where it is null, if anywhere."""
    numbers = column.cast(pl.Float64)
    if not numbers.null_count():
        return numbers.to_numpy(), None
    # As `to_numpy` does by itself, at half the cost where there are many.
    values = numbers.fill_null(np.nan).to_numpy() if numbers.len() > MANY else numbers.to_numpy()
    missing = np.isnan(values)
    # What is not a number is not null.
    return values, missing if np.count_nonzero(missing) == numbers.null_count() else numbers.is_null().to_numpy()


def make_ids(count: int) -> PackedIds:
    """So many new ids in ascending order, as `uuidv7()` makes them one by one, which is a tenth of an INSERT's time.

    Twelve bits after the milliseconds are their fraction, and count on from id to id; 62 are random.
    """
    now = time.time_ns()
    steps = (now // 1_000_000 << 12) + (now % 1_000_000 << 12) // 1_000_000 + np.arange(count, dtype=np.uint64)
    head = (steps >> np.uint64(12) << np.uint64(16)) | np.uint64(0x7000) | (steps & np.uint64(0xFFF))
    tail = np.frombuffer(os.urandom(RANDOM_BYTES * count), dtype=np.uint64)
    tail = tail & np.uint64(2**62 - 1) | np.uint64(2**63)
    binary, items = _lay_out(UUID, count, [("head", ">u8"), ("tail", ">u8")])
    items["head"], items["tail"] = head, tail
    return PackedIds(binary)


def pack_ids(column: pl.Series) -> PackedIds:
    """A column of ids written as text."""
    missing = column.is_null().to_numpy() if column.null_count() else None
    texts = column.to_list() if missing is None else [text or NO_ID for text in column.to_list()]
    binary, items = _lay_out(UUID, len(texts), [("halves", ">u8", 2)])
    items["halves"] = np.frombuffer(bytes.fromhex("".join(texts).replace("-", "")), dtype=">u8").reshape(-1, 2)
    if missing is not None:
        # NULL has a length of -1, and no id behind it.
        items["bytes"][missing] = -1
        words = items.view(">u4").reshape(len(texts), -1)
        kept = np.ones(words.shape, dtype=bool)
        kept[missing, 1:] = False
        binary = bytearray(_head(UUID, len(texts)) + words[kept].tobytes())
    return PackedIds(binary)


def _lay_out(oid: int, count: int, fields: list[tuple[Any, ...]]) -> tuple[bytearray, NDArray[np.void]]:
    """The bytes of an array of so many items without NULL, and the fields in them that are to be filled."""
    item = np.dtype([("bytes", ">i4"), *fields])
    head = _head(oid, count)
    binary = bytearray(len(head) + count * item.itemsize)
    binary[: len(head)] = head
    items = np.frombuffer(binary, dtype=item, offset=len(head))
    items["bytes"] = item.itemsize - 4
    return binary, items


def _head(oid: int, items: int) -> bytes:
    # One dimension, no NULL, of the type; so many items, counted from 1.
    return np.array([1, 0, oid, items, 1], dtype=">i4").tobytes()


def write_literal(column: pl.Series, *, quoted: bool) -> str:
    """One text `{…}` with all values of a column. `quoted`: of text, where null is ''; else null is NULL."""
    if isinstance(column.dtype, pl.List):
        inner = column.list.eval(pl.element().cast(pl.String).fill_null("NULL")).list.join(",")
        return "{" + ",".join([f'"{{{items}}}"' for items in inner]) + "}"
    if quoted:
        # Inside the quotes of an array literal, only these two need a backslash.
        found = column.cast(pl.String).to_list()
        texts = {text: '"' + (text or "").replace("\\", "\\\\").replace('"', '\\"') + '"' for text in {*found}}
        return "{" + ",".join(map(texts.__getitem__, found)) + "}"
    # As Python writes floats, to the last digit and as shortly as may be.
    found = [*map(repr, column.to_list())] if column.dtype.is_float() else column.cast(pl.String).to_list()
    if column.null_count():
        found = ["NULL" if text in UNWRITTEN else text for text in found]
    return "{" + ",".join(found) + "}"
