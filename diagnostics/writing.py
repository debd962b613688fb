"""Diagnoses in and out of the database in sets: one statement each, whatever the number of accounts."""

import uuid
from datetime import date
from functools import cache

import polars as pl
from django.db import models
from django.db.backends.utils import CursorWrapper

from diagnostics.engine import STATE
from diagnostics.models import Diagnosis, Night

DELETE = "DELETE FROM diagnostics_diagnosis WHERE organization_id = %s AND night = %s"
CONTINUED = {
    **STATE,
    "health": pl.Float64,
    "segment": pl.String,
    "limit_metric": pl.String,
    "limit_on": pl.Date,
}
# Texts that hold nothing to quote, and for which missing is NULL.
UNQUOTED = (models.UUIDField, models.ForeignKey)
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


def last_night_before(night: date) -> date | None:
    """The last diagnosed night before this one, in the open context's organization."""
    return Night.objects.filter(night__lt=night).order_by("-night").values_list("night", flat=True).first()


def read_state(cursor: CursorWrapper, organization_id: uuid.UUID, night: date) -> pl.DataFrame:
    """What the next night continues from, one row per account of `night`: the engine's STATE and what may move."""
    columns = ", ".join("account_id::text" if name == "account_id" else name for name in CONTINUED)
    cursor.execute(
        f"SELECT {columns} FROM diagnostics_diagnosis WHERE organization_id = %s AND night = %s",  # noqa: S608  # own names
        [organization_id, night],
    )
    return pl.DataFrame(cursor.fetchall(), schema=CONTINUED, orient="row")


def write_diagnoses(cursor: CursorWrapper, organization_id: uuid.UUID, night: date, diagnoses: pl.DataFrame) -> None:
    """Replace the night's rows by the frame's, in the open transaction."""
    cursor.execute(DELETE, [organization_id, night])
    insert_night_rows(cursor, Diagnosis, organization_id, night, diagnoses.drop("night"))


def insert_night_rows(
    cursor: CursorWrapper,
    model: type[models.Model],
    organization_id: uuid.UUID,
    night: date,
    frame: pl.DataFrame,
    *,
    join: str = "",
    also: tuple[tuple[str, str], ...] = (),
) -> None:
    """One INSERT … SELECT over an array literal per column, named as the model's columns; no row, no statement.

    That is the form which PostgreSQL parses fastest: 2.3 times as fast as lists adapted by the driver. `join` is SQL
    after `FROM given, found`; `also` are further columns with their expressions. Columns of the frame that the model
    does not have are texts for these two.
    """
    if not frame.height:
        return
    literals = frame.select(_literal(model, name, dtype) for name, dtype in frame.schema.items()).row(0)
    statement = _insert(model, tuple(frame.columns), join, also)
    cursor.execute(statement, [organization_id, night, *literals])


@cache
def _insert(model: type[models.Model], names: tuple[str, ...], join: str, also: tuple[tuple[str, str], ...]) -> str:
    into, sources, reads = ["id", "organization_id", "night"], [], ["uuidv7()", "given.organization_id", "given.night"]
    for name in names:
        field = _field(model, name)
        if field is None:
            sources.append("%s::text[]")
            continue
        into.append(f'"{name}"')
        if hasattr(field, "base_field"):
            # unnest would flatten arrays of arrays: they come as texts.
            sources.append("%s::text[]")
            reads.append(f'found."{name}"::{_cast(field.base_field)}[]')
        else:
            sources.append(f"%s::{_cast(field)}[]")
            reads.append(f'found."{name}"')
    columns = ", ".join(f'"{name}"' for name in names)
    into += [name for name, _read in also]
    reads += [read for _name, read in also]
    return (
        f"INSERT INTO {model._meta.db_table} ({', '.join(into)}) SELECT {', '.join(reads)} "  # noqa: S608  # own names
        "FROM (SELECT %s::uuid AS organization_id, %s::date AS night) AS given "
        f"CROSS JOIN unnest({', '.join(sources)}) AS found ({columns}) {join}"
    )


@cache
def _field(model: type[models.Model], column: str) -> models.Field | None:
    return next((field for field in model._meta.concrete_fields if field.column == column), None)


def _cast(field: models.Field) -> str:
    target = field.target_field if isinstance(field, models.ForeignKey) else field
    return next(cast for kind, cast in CASTS.items() if isinstance(target, kind))


def _literal(model: type[models.Model], name: str, dtype: pl.DataType) -> pl.Expr:
    """One text `{…}` with all values of the column."""
    column, field = pl.col(name), _field(model, name)
    if isinstance(dtype, pl.List):
        inner = column.list.eval(pl.element().cast(pl.String).fill_null("NULL")).list.join(",")
        parts = pl.concat_str(pl.lit('"{'), inner, pl.lit('}"'))
    elif dtype == pl.String and not isinstance(field, UNQUOTED):
        # Missing text is ''. Inside the quotes of an array literal, only these two need a backslash.
        escaped = column.fill_null("").str.replace_all("\\", "\\\\", literal=True)
        parts = pl.concat_str(pl.lit('"'), escaped.str.replace_all('"', '\\"', literal=True), pl.lit('"'))
    else:
        parts = column.cast(pl.String).fill_null("NULL")
    return pl.concat_str(pl.lit("{"), parts.str.join(","), pl.lit("}")).alias(name)
