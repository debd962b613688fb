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
    """What the next night continues from: the columns `STATE`, one row per account of `night`."""
    columns = ", ".join("account_id::text" if name == "account_id" else name for name in STATE)
    cursor.execute(
        f"SELECT {columns} FROM diagnostics_diagnosis WHERE organization_id = %s AND night = %s",  # noqa: S608  # own names
        [organization_id, night],
    )
    return pl.DataFrame(cursor.fetchall(), schema=STATE, orient="row")


def write_diagnoses(cursor: CursorWrapper, organization_id: uuid.UUID, night: date, diagnoses: pl.DataFrame) -> None:
    """Replace the night's rows by the frame's, in the open transaction."""
    cursor.execute(DELETE, [organization_id, night])
    insert_night_rows(cursor, Diagnosis, organization_id, night, diagnoses.drop("night"))


def insert_night_rows(
    cursor: CursorWrapper, model: type[models.Model], organization_id: uuid.UUID, night: date, frame: pl.DataFrame
) -> None:
    """One INSERT … SELECT over an array literal per column, named as the model's columns; no row, no statement.

    That is the form which PostgreSQL parses fastest: 2.3 times as fast as lists adapted by the driver.
    """
    if not frame.height:
        return
    literals = frame.select(_literal(model, name, dtype) for name, dtype in frame.schema.items()).row(0)
    cursor.execute(_insert(model, tuple(frame.columns)), [organization_id, night, *literals])


@cache
def _insert(model: type[models.Model], names: tuple[str, ...]) -> str:
    sources, reads = [], []
    for name in names:
        field = _field(model, name)
        if hasattr(field, "base_field"):
            # unnest would flatten arrays of arrays: they come as texts.
            sources.append("%s::text[]")
            reads.append(f'"{name}"::{_cast(field.base_field)}[]')
        else:
            sources.append(f"%s::{_cast(field)}[]")
            reads.append(f'"{name}"')
    columns = ", ".join(f'"{name}"' for name in names)
    return (
        f"INSERT INTO {model._meta.db_table} (id, organization_id, night, {columns}) "  # noqa: S608  # own names
        f"SELECT gen_random_uuid(), %s, %s, {', '.join(reads)} FROM unnest({', '.join(sources)}) AS found ({columns})"
    )


@cache
def _field(model: type[models.Model], column: str) -> models.Field:
    return next(field for field in model._meta.concrete_fields if field.column == column)


def _cast(field: models.Field) -> str:
    target = field.target_field if field.is_relation else field
    return next(cast for kind, cast in CASTS.items() if isinstance(target, kind))


def _literal(model: type[models.Model], name: str, dtype: pl.DataType) -> pl.Expr:
    """One text `{…}` with all values of the column."""
    column, field = pl.col(name), _field(model, name)
    if isinstance(dtype, pl.List):
        inner = column.list.eval(pl.element().cast(pl.String).fill_null("NULL")).list.join(",")
        parts = pl.concat_str(pl.lit('"{'), inner, pl.lit('}"'))
    elif dtype == pl.String and not field.is_relation:
        # Missing text is ''. Inside the quotes of an array literal, only these two need a backslash.
        text = column.fill_null("") if not field.null else column
        escaped = text.str.replace_all("\\", "\\\\", literal=True).str.replace_all('"', '\\"', literal=True)
        parts = pl.concat_str(pl.lit('"'), escaped, pl.lit('"')).fill_null("NULL")
    else:
        parts = column.cast(pl.String).fill_null("NULL")
    return pl.concat_str(pl.lit("{"), parts.str.join(","), pl.lit("}")).alias(name)
