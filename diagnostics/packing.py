"""Columns on their way to PostgreSQL: binary arrays of numbers and ids, and array literals of texts.

Arrays are read off the columns without a step of frames, each of which costs more than what it computes here.
"""

import os
import time
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import polars as pl
import psycopg
from numpy.typing import NDArray

FLOAT8, FLOAT8_ARRAY, UUID, UUID_ARRAY = 701, 1022, 2950, 2951  # PostgreSQL's numbers of the types
NOTHING = -1.7976931348623157e308  # no figure is as small
RANDOM_BYTES = 8
UNWRITTEN = (None, "None")


@dataclass(frozen=True, slots=True)
class Packed:
    """A column as PostgreSQL's binary form of one array of double precision; `width` items belong to each row.

    An item of an array with NULLs is found by counting from its beginning: NOTHING stands for them on the way.
    """

    binary: bytearray
    width: int
    has_nulls: bool


@dataclass(frozen=True, slots=True)
class PackedIds:
    """PostgreSQL's binary form of one array of uuids."""

    binary: bytearray


class PackedDumper(psycopg.adapt.Dumper):
    """How the driver sends a packed column."""

    format = psycopg.pq.Format.BINARY
    oid = FLOAT8_ARRAY

    def dump(self, obj: Packed | PackedIds) -> bytearray:
        return obj.binary


class PackedIdsDumper(PackedDumper):
    """The same of ids."""

    oid = UUID_ARRAY


def register_dumpers(adapters: psycopg.adapt.AdaptersMap) -> None:
    """Let a cursor send packed columns."""
    adapters.register_dumper(Packed, PackedDumper)
    adapters.register_dumper(PackedIds, PackedIdsDumper)


def pack_columns(columns: Iterable[pl.Series]) -> dict[str, Packed]:
    """Each column of numbers, days (since 1970) or marks (1 or 0), or of equally long lists of numbers, by name."""
    packed = {}
    for column in columns:
        width = 1
        if isinstance(column.dtype, pl.List):
            lengths = column.list.len()
            width = lengths.max()  # type: ignore[assignment]  # an integer
            if width != lengths.min():
                raise ValueError(f"The lists of {column.name} are not equally long.")
            column = column.explode()
        packed[column.name] = _pack(column.cast(pl.Float64), width)
    return packed


def _pack(numbers: pl.Series, width: int) -> Packed:
    values, nulls = numbers.to_numpy(), numbers.null_count()
    binary, items = _lay_out(FLOAT8, values.size, [("number", ">f8")])
    items["number"] = values
    if nulls:
        missing = np.isnan(values)
        # What is not a number is not null.
        if np.count_nonzero(missing) != nulls:
            missing = numbers.is_null().to_numpy()
        np.copyto(items["number"], NOTHING, where=missing)
    return Packed(binary, width, nulls > 0)


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


def _lay_out(oid: int, count: int, fields: list[tuple[str, str]]) -> tuple[bytearray, NDArray[np.void]]:
    """The bytes of an array of so many items without NULL, and the fields in them that are to be filled."""
    item = np.dtype([("bytes", ">i4"), *fields])
    # One dimension, no NULL, of the type; so many items, counted from 1.
    head = np.array([1, 0, oid, count, 1], dtype=">i4").tobytes()
    binary = bytearray(len(head) + count * item.itemsize)
    binary[: len(head)] = head
    items = np.frombuffer(binary, dtype=item, offset=len(head))
    items["bytes"] = item.itemsize - 4
    return binary, items


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
