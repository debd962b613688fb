"""Diagnoses in and out of the database in sets: one statement each, whatever the number of accounts."""

import uuid
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from functools import cache

import polars as pl
import psycopg
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.backends.utils import CursorWrapper

from diagnostics.engine import STATE
from diagnostics.features.reading import COUNT, Answer, ask
from diagnostics.models import Diagnosis
from diagnostics.packing import (
    NOTHING,
    Packed,
    PackedIds,
    PackedLists,
    make_ids,
    pack_amounts,
    pack_column,
    pack_ids,
    register_dumpers,
    write_literal,
)

# A month and half of it is looked back for a night to compare with (diagnostics/movements.py), each night's own month.
MOST_NIGHTS = 64
VERSIONS = """
SELECT night, model_version_id FROM diagnostics_night WHERE organization_id = %s AND night < %s
ORDER BY night DESC LIMIT %s
"""
DELETE = "DELETE FROM diagnostics_diagnosis WHERE organization_id = %s AND night = %s"
CONTINUED = {
    **STATE,
    "health": pl.Float64,
    "segment": pl.String,
}
STATEMENT = f"""
SELECT {", ".join(CONTINUED)} FROM diagnostics_diagnosis
WHERE organization_id = %(organization)s AND night = %(night)s
"""  # noqa: S608  # own names
IDS = (models.UUIDField, models.ForeignKey)
PACKED = (models.FloatField, models.SmallIntegerField, models.DateField, models.BooleanField)
CASTS: dict[type[models.Field], str] = {
    models.UUIDField: "uuid",
    models.DateField: "date",
    models.FloatField: "double precision",
    models.DecimalField: "numeric",
    models.CharField: "text",
    models.TextField: "text",
    models.JSONField: "jsonb",
    models.BooleanField: "boolean",
    models.SmallIntegerField: "smallint",
}


def read_versions(cursor: CursorWrapper, organization_id: uuid.UUID, night: date) -> dict[date, uuid.UUID]:
    """The model versions of the last diagnosed nights before this one, newest first, as far as any is compared with."""
    cursor.execute(VERSIONS, [organization_id, night, MOST_NIGHTS])
    return dict(cursor.fetchall())


def ask_state(cursor: CursorWrapper, organization_id: uuid.UUID, night: date) -> Answer:
    """What the next night continues from, one row per account of `night`: the engine's STATE and what may move."""
    counts = [name for name, dtype in CONTINUED.items() if dtype == pl.Int16]
    wire = {**CONTINUED, **dict.fromkeys(counts, COUNT)}
    answer = ask(cursor.connection, STATEMENT, wire, {"organization": organization_id, "night": night})
    return lambda: answer().with_columns(pl.col(counts).cast(pl.Int16))


def read_state(cursor: CursorWrapper, organization_id: uuid.UUID, night: date) -> pl.DataFrame:
    """The same, at once."""
    return ask_state(cursor, organization_id, night)()


def pack_diagnoses(
    cursor: CursorWrapper, organization_id: uuid.UUID, night: date, diagnoses: pl.DataFrame
) -> Callable[[], None]:
    """Pack the night's rows at once; what is returned puts them in the place of those that stand."""
    send = pack_night_rows(cursor, Diagnosis, organization_id, night, diagnoses)

    def replace() -> None:
        psycopg.Cursor(cursor.connection).execute(DELETE, [organization_id, night])
        send()

    return replace


def pack_night_rows(
    cursor: CursorWrapper,
    model: type[models.Model],
    organization_id: uuid.UUID,
    night: date,
    frame: pl.DataFrame,
    *,
    join: str = "",
    also: tuple[tuple[str, str], ...] = (),
) -> Callable[[], None]:
    """One INSERT … SELECT over an array per column, named as the model's columns; no row, no statement.

    The rows are packed at once, and what is returned sends them. Texts travel as one array literal a column, which
    PostgreSQL parses 2.3 times as fast as lists adapted by the driver; ids and whatever is a number, a day or a mark,
    and lists of numbers, in binary: a third of the cost of parsing them; amounts as whole cents. `join` is SQL after
    `FROM given, found`; `also` are further columns with their expressions. Columns of the frame that the model does not
    have are texts for these two; its `night` is left out.
    """
    if not frame.height:
        return lambda: None
    columns = {column.name: _pack(model, column, join) for column in frame.iter_columns() if column.name != "night"}
    packed = {name: column for name, column in columns.items() if isinstance(column, Packed | PackedLists)}
    shapes = tuple((name, isinstance(column, Packed) and column.has_nulls) for name, column in packed.items())
    statement = _insert(model, tuple(columns), shapes, join, also)
    raw = psycopg.Cursor(cursor.connection)
    register_dumpers(raw.adapters)
    given = {"organization": organization_id, "night": night, "new_ids": make_ids(frame.height)}
    values = {**given, **columns}

    def send() -> None:
        raw.execute(statement, values, prepare=False)

    return send


def _pack(model: type[models.Model], column: pl.Series, join: str) -> Packed | PackedLists | PackedIds | str:
    field = _field(model, column.name)
    if isinstance(field, IDS) and column.dtype == pl.String:
        return pack_ids(column)
    if f"found.{column.name}" not in join:
        if isinstance(field, models.DecimalField) and column.dtype == pl.Float64:
            return pack_amounts(column, field.decimal_places) or write_literal(column, quoted=False)
        if isinstance(field, PACKED) or (isinstance(column.dtype, pl.List) and column.dtype.inner.is_numeric()):
            return pack_column(column)
    return write_literal(column, quoted=column.dtype == pl.String)


@cache
def _insert(
    model: type[models.Model],
    names: tuple[str, ...],
    packed: tuple[tuple[str, bool], ...],
    join: str,
    also: tuple[tuple[str, str], ...],
) -> str:
    has_nulls = dict(packed)
    into, reads = (
        ["id", "organization_id", "night"],
        ["(%(new_ids)s)[found.nth::int]", "given.organization_id", "given.night"],
    )
    columns, sources = [], []
    for name in names:
        field = _field(model, name)
        if field is not None:
            into.append(f'"{name}"')
        if field is not None and name in has_nulls and not isinstance(field, ArrayField):
            reads.append(_unpack(name, field, has_nulls[name]))
            continue
        columns.append(f'"{name}"')
        if field is None:
            sources.append(f"%({name})s::text[]")
        elif isinstance(field, ArrayField):
            # unnest would flatten arrays of arrays: they come as texts, or of a domain.
            sources.append(f"%({name})s::{'diagnostics_numbers' if name in has_nulls else 'text'}[]")
            reads.append(f'found."{name}"::{name_type(field.base_field)}[]')
        else:
            sources.append(f"%({name})s::{name_type(field)}[]")
            reads.append(f'found."{name}"')
    into += [name for name, _read in also]
    reads += [read for _name, read in also]
    return (
        f"INSERT INTO {model._meta.db_table} ({', '.join(into)}) SELECT {', '.join(reads)} "  # noqa: S608  # own names
        "FROM (SELECT %(organization)s::uuid AS organization_id, %(night)s::date AS night) AS given "
        f"CROSS JOIN unnest({', '.join(sources)}) WITH ORDINALITY AS found ({', '.join(columns)}, nth) {join}"
    )


def _unpack(name: str, field: models.Field, has_nulls: bool) -> str:
    """The value of row `found.nth` from a packed column."""
    read = f"(%({name})s)[found.nth::int]"
    read = f"nullif({read}, {NOTHING})" if has_nulls else read
    if isinstance(field, models.DateField):
        return f"date '1970-01-01' + ({read})::int"
    if isinstance(field, models.BooleanField):
        return f"{read} = 1"
    if isinstance(field, models.DecimalField):
        return f"({read})::bigint * {Decimal(1).scaleb(-field.decimal_places)}"
    return read if isinstance(field, models.FloatField) else f"({read})::{name_type(field)}"


@cache
def _field(model: type[models.Model], column: str) -> models.Field | None:
    return next((field for field in model._meta.concrete_fields if field.column == column), None)


def name_type(field: models.Field) -> str:
    """PostgreSQL's name of what the column holds."""
    target = field.target_field if isinstance(field, models.ForeignKey) else field
    return next(cast for kind, cast in CASTS.items() if isinstance(target, kind))
