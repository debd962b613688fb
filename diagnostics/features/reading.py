"""How the statements are asked: all of them in one pipeline, each answered by one row that holds its columns packed.

PostgreSQL works on the next statement while the answer to the last one becomes a frame. A packed column is one value:
its numbers one after another in network order, which numpy reads without parsing; texts are one array.
"""

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache, cached_property
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl
import psycopg

FLAG, TEXT, DAY, COUNT, AMOUNT = pl.Boolean, pl.String, pl.Date, pl.Int64, pl.Float64

SINCE_DAYS = (90, 180, 270, 400, 730)

PLANNING = {"enable_nestloop": "off", "plan_cache_mode": "force_generic_plan", "jit": "off"}

type Columns = dict[str, Any]
type Answer = Callable[[], pl.DataFrame]

# How a column travels: in SQL, in numpy, and the value that stands for NULL. (No fact is as small as that.)
SMALLEST_FLOAT = -1.7976931348623157e308
PACKED: dict[Any, tuple[str, str, int | float]] = {
    DAY: ("int4send(coalesce({} - date '1970-01-01', {}))", ">i4", -(2**31) + 1),
    FLAG: ("int4send(coalesce({}::int, {}))", ">i4", -(2**31) + 1),
    COUNT: ("int8send(coalesce({}::bigint, {}))", ">i8", -(2**63) + 1),
    AMOUNT: ("float8send(coalesce({}::float8, {}))", ">f8", SMALLEST_FLOAT),
}


@dataclass(frozen=True, slots=True)
class FeatureSettings:
    """What the features need to know of the organization."""

    time_zone: str
    currency: str
    fiscal_year_start: int = 1  # month
    grace_days: int = 30


@contextmanager
def planned_in_sets(cursor: Any) -> Iterator[psycopg.Pipeline]:
    """Ask in one pipeline while the block runs, in the open transaction, by plans that are kept and that join sets.

    PostgreSQL cannot know how many rows of a shared table one organization has in a step of a statement, and takes one
    for granted: a nested loop over two thousand accounts then ran for ten minutes in the place of half a second. With
    nested loops out, a plan is as good for one organization as for the next: it is made once for a connection.
    """
    connection: psycopg.Connection = cursor.connection
    threshold, connection.prepare_threshold = connection.prepare_threshold, 0
    try:
        with connection.pipeline() as pipeline:
            for name, value in PLANNING.items():
                _set(connection, name, value)
            yield pipeline
            for name in PLANNING:
                _set(connection, name, "DEFAULT")
    finally:
        connection.prepare_threshold = threshold


def _set(connection: psycopg.Connection, name: str, value: str) -> None:
    statement = f"SET LOCAL {name} TO {value}"
    psycopg.Cursor(connection).execute(statement, prepare=False)  # type: ignore[call-overload]  # names of this module


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


# An amount of `row.mrr`-like column in the organization's currency at the night's plan rate; NULL without one.
RATES = """
    rates AS MATERIALIZED (
        SELECT currency, rate::float8 AS rate FROM portfolio_planrate
        WHERE organization_id = %(organization)s AND fiscal_year = %(fiscal_year)s AND currency <> %(currency)s
        UNION ALL SELECT %(currency)s, 1.0
    )"""
