"""How the statements are asked: all of them in one pipeline, each answered by one row that holds its columns packed.

PostgreSQL works on the next statement while the answer to the last one is taken in. A packed column is one value: its
numbers one after another in network order, which numpy reads without parsing; texts are one array. An answer becomes a
frame, or `Rows` of plain arrays: a step of a frame of 500 rows costs thirty times what the same step of an array does.
"""

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache, cached_property
from itertools import chain, islice
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl
import psycopg
from numpy.typing import NDArray

from diagnostics.engine.columns import Numbers
from diagnostics.sending import sent_ahead

FLAG, TEXT, DAY, COUNT, AMOUNT = pl.Boolean, pl.String, pl.Date, pl.Int64, pl.Float64
ID = "id"  # of `Rows` alone: 16 bytes, NO_ID for NULL

SINCE_DAYS = (90, 180, 270, 400, 730)

# Until the transaction ends, as SET LOCAL; NULL is the default.
PLAN_IN_SETS = """
SELECT set_config('enable_nestloop', 'off', true), set_config('plan_cache_mode', 'force_generic_plan', true),
    set_config('jit', 'off', true)
"""
PLAN_AS_USUAL = """
SELECT set_config('enable_nestloop', NULL, true), set_config('plan_cache_mode', NULL, true),
    set_config('jit', NULL, true)
"""

type Columns = dict[str, Any]
type Answer = Callable[[], pl.DataFrame]
type Ids = NDArray[np.bytes_]

NO_ID = np.bytes_(b"")
NIL = "00000000-0000-0000-0000-000000000000"

# How a column travels: in SQL, in numpy, and the value that stands for NULL. (No fact is as small as that.)
SMALLEST_FLOAT = -1.7976931348623157e308
PACKED: dict[Any, tuple[str, str, int | float]] = {
    DAY: ("int4send(coalesce({} - date '1970-01-01', {}))", ">i4", -(2**31) + 1),
    FLAG: ("int4send(coalesce({}::int, {}))", ">i4", -(2**31) + 1),
    COUNT: ("int8send(coalesce({}::bigint, {}))", ">i8", -(2**63) + 1),
    AMOUNT: ("float8send(coalesce({}::float8, {}))", ">f8", SMALLEST_FLOAT),
    ID: (f"uuid_send(coalesce({{}}, '{NIL}'))", "S16", 0),
}


@dataclass(frozen=True, slots=True)
class Rows:
    """An answer as arrays, all equally long: ids and numbers by the names of its columns, and texts as lists."""

    height: int
    ids: dict[str, Ids]
    numbers: dict[str, Numbers]
    texts: dict[str, list[str | None]]


@dataclass(frozen=True, slots=True)
class FeatureSettings:
    """What the features need to know of the organization."""

    time_zone: str
    currency: str
    fiscal_year_start: int = 1  # month
    grace_days: int = 30


@contextmanager
def planned_in_sets(cursor: Any) -> Iterator[None]:
    """Ask in one pipeline while the block runs, in the open transaction, by plans that are kept and that join sets.

    PostgreSQL cannot know how many rows of a shared table one organization has in a step of a statement, and takes one
    for granted: a nested loop over two thousand accounts then ran for ten minutes in the place of half a second. With
    nested loops out, a plan is as good for one organization as for the next: it is made once for a connection.
    """
    with sent_ahead(cursor):
        psycopg.Cursor(cursor.connection).execute(PLAN_IN_SETS)
        yield
        psycopg.Cursor(cursor.connection).execute(PLAN_AS_USUAL)


def ask(
    connection: psycopg.Connection,
    statement: str,
    columns: Columns,
    parameters: dict[str, Any],
    *,
    literally: bool = False,
) -> Answer:
    """Send a statement whose columns come in the order of `columns`; what is returned waits for its rows."""
    answer = ask_row(connection, _pack(statement, tuple(columns.values())), parameters, literally=literally)
    return lambda: _unpack(answer(), columns)


def ask_row(
    connection: psycopg.Connection, statement: Any, parameters: dict[str, Any], *, literally: bool = False
) -> Callable[[], tuple[Any, ...] | None]:
    """Send a statement that packs its own answer into one row; what is returned waits for it.

    `literally`: parameters are written into the text, as only literal days let the planner leave out the months of
    usage that are not asked for; any other statement is planned once, where plans are kept.
    """
    cursor = psycopg.Cursor(connection)
    if literally:
        cursor.execute(psycopg.ClientCursor(connection).mogrify(statement, parameters), binary=True, prepare=False)
    else:
        cursor.execute(statement, parameters, binary=True, prepare=True)
    return cursor.fetchone


@dataclass(frozen=True)
class Facts:
    """The facts of one organization as they were known on one night."""

    cursor: Any  # Django's or psycopg's, inside the organization's context
    organization_id: uuid.UUID
    night: date
    settings: FeatureSettings

    @cached_property
    def until(self) -> datetime:
        """The first instant that is not known: the end of the night's day in the organization's time zone."""
        return datetime.combine(self.night + timedelta(days=1), time(), ZoneInfo(self.settings.time_zone))

    @cached_property
    def fiscal_year(self) -> int:
        """The calendar year in which the night's fiscal year begins."""
        return self.night.year - (self.night.month < self.settings.fiscal_year_start)

    @cached_property
    def parameters(self) -> dict[str, Any]:
        return {
            "organization": self.organization_id,
            "night": self.night,
            "until": self.until,
            # Written out: an instant minus an interval depends on the session, so it would be computed for every row.
            **{f"since_{days}": self.until - timedelta(days=days) for days in SINCE_DAYS},
            "zone": self.settings.time_zone,
            "currency": self.settings.currency,
            "fiscal_year": self.fiscal_year,
            "grace": self.settings.grace_days,
        }

    def ask(self, statement: str, columns: Columns, *, literally: bool = False, **more: Any) -> Answer:
        """Send a statement about these facts; what is returned waits for its rows."""
        parameters = {**self.parameters, **more}
        return ask(self.cursor.connection, statement, columns, parameters, literally=literally)

    def ask_row(self, statement: str, *, literally: bool = False, **more: Any) -> Callable[[], tuple[Any, ...] | None]:
        """Send a statement about these facts that packs its own answer; what is returned waits for it."""
        parameters = {**self.parameters, **more}
        return ask_row(self.cursor.connection, statement, parameters, literally=literally)

    def ask_rows(self, statement: str, columns: Columns, *, literally: bool = False, **more: Any) -> Callable[[], Rows]:
        """Send a statement about these facts; what is returned waits for its rows, as arrays."""
        answer = self.ask_row(_pack(statement, tuple(columns.values())), literally=literally, **more)
        return lambda: _take_apart(answer(), columns)

    def ask_together(self, *asked: tuple[str, Columns]) -> Callable[[], list[Rows]]:
        """Send several statements, each with its columns, as one; what is returned waits for the rows of each.

        Sent by themselves, each costs the driver and PostgreSQL some 0.2 ms besides its work.
        """
        shapes = tuple((statement, tuple(columns.values())) for statement, columns in asked)
        answer = self.ask_row(_pack_together(shapes))

        def read() -> list[Rows]:
            values = iter(answer() or ())
            return [_take_apart(tuple(islice(values, len(columns))), columns) for _statement, columns in asked]

        return read

    def read(self, statement: str, columns: Columns, **more: Any) -> pl.DataFrame:
        """The rows of a statement, at once."""
        return self.ask(statement, columns, **more)()


@cache
def _pack(statement: str, dtypes: tuple[Any, ...]) -> str:
    names = [f"c{place}" for place in range(len(dtypes))]
    values = (
        f"array_agg({name}::text)"
        if dtype == TEXT
        else f"string_agg({PACKED[dtype][0].format(name, PACKED[dtype][2])}, '')"
        for name, dtype in zip(names, dtypes, strict=True)
    )
    return f"SELECT {', '.join(values)} FROM ({statement}) AS packed ({', '.join(names)})"  # noqa: S608  # constants


@cache
def _pack_together(asked: tuple[tuple[str, tuple[Any, ...]], ...]) -> str:
    parts = (f"({_pack(statement, dtypes)}) AS part_{place}" for place, (statement, dtypes) in enumerate(asked))
    return f"SELECT * FROM {', '.join(parts)}"  # noqa: S608  # each is one row


def _unpack(row: tuple[Any, ...] | None, columns: Columns) -> pl.DataFrame:
    if row is None or row[0] is None:
        return pl.DataFrame(schema=columns)
    packed = zip(columns.items(), row, strict=True)
    return pl.DataFrame([_read_column(name, dtype, value) for (name, dtype), value in packed])


def _read_column(name: str, dtype: Any, value: Any) -> pl.Series:
    if dtype == TEXT:
        return pl.Series(name, value, dtype=TEXT)
    _sql, wire, nothing = PACKED[dtype]
    numbers = np.frombuffer(value, dtype=wire).astype(wire[1:])
    series = pl.Series(name, numbers)
    missing = numbers == nothing
    if missing.any():
        series = series.set(pl.Series(missing), None)
    return series if series.dtype == dtype else series.cast(dtype)


def _take_apart(row: tuple[Any, ...] | None, columns: Columns) -> Rows:
    values = dict(zip(columns, row or (None,) * len(columns), strict=True))
    kinds = {name: TEXT if dtype == TEXT else ID if dtype == ID else AMOUNT for name, dtype in columns.items()}
    ids = {name: np.frombuffer(values[name] or b"", "S16") for name, kind in kinds.items() if kind == ID}
    texts = {name: values[name] or [] for name, kind in kinds.items() if kind == TEXT}
    numbers = {name: read_numbers(values[name], columns[name]) for name, kind in kinds.items() if kind == AMOUNT}
    height = len(next(chain(ids.values(), numbers.values(), texts.values())))
    return Rows(height, ids, numbers, texts)


def read_numbers(value: bytes | None, dtype: Any) -> Numbers:
    """A packed column as floats: days since 1970, counts, marks, amounts."""
    _sql, wire, nothing = PACKED[dtype]
    packed = np.frombuffer(value or b"", dtype=wire)
    numbers = packed.astype(np.float64)
    missing = packed == nothing
    if missing.any():
        numbers[missing] = np.nan
    return numbers


# An amount of `row.mrr`-like column in the organization's currency at the night's plan rate; NULL without one.
RATES = """
    rates AS MATERIALIZED (
        SELECT currency, rate::float8 AS rate FROM portfolio_planrate
        WHERE organization_id = %(organization)s AND fiscal_year = %(fiscal_year)s AND currency <> %(currency)s
        UNION ALL SELECT %(currency)s, 1.0
    )"""
