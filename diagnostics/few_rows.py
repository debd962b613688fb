"""A night's few rows into the database: one INSERT whose plan is kept, its rows one JSON text.

Of movements and priorities there are a handful or a hundred: an expression a column costs more than the rows, and
planning the statement more than both. For a row an account, `writing.pack_night_rows` is the cheaper way.
"""

import json
import uuid
from collections.abc import Mapping, Sequence
from datetime import date
from functools import cache
from typing import Any

import psycopg
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.backends.utils import CursorWrapper

from diagnostics.writing import name_type


def insert_few(
    cursor: CursorWrapper,
    model: type[models.Model],
    organization_id: uuid.UUID,
    night: date,
    rows: Sequence[Mapping[str, Any]],
    *,
    join: str = "",
    also: tuple[tuple[str, str], ...] = (),
) -> None:
    """Insert the rows in their order, the same columns in each, named as the model's; no row, no statement.

    `join` is SQL after `FROM given, found`; `also` are further columns with their expressions. Columns that the model
    does not have are texts for these two.
    """
    if not rows:
        return
    statement = _write(model, tuple(rows[0]), join, also)
    told = json.dumps(rows, default=date.isoformat)
    named = {"organization": organization_id, "night": night, "rows": told}
    psycopg.Cursor(cursor.connection).execute(statement, named)


@cache
def _write(model: type[models.Model], names: tuple[str, ...], join: str, also: tuple[tuple[str, str], ...]) -> str:
    fields = {field.column: field for field in model._meta.concrete_fields}
    into = [*(name for name in names if name in fields), *(name for name, _read in also)]
    reads = [*(f"found.{name}" for name in names if name in fields), *(read for _name, read in also)]
    columns = ", ".join(f"{name} {_name_type(fields.get(name))}" for name in names)
    return (
        f"INSERT INTO {model._meta.db_table} (id, organization_id, night, {', '.join(into)}) "  # noqa: S608  # own names
        f"SELECT uuidv7(), given.organization_id, given.night, {', '.join(reads)} "
        "FROM (SELECT %(organization)s::uuid AS organization_id, %(night)s::date AS night) AS given "
        f"CROSS JOIN json_to_recordset(%(rows)s::json) AS found ({columns}) {join}"
    )


def _name_type(field: models.Field | None) -> str:
    if isinstance(field, ArrayField):
        return f"{name_type(field.base_field)}[]"
    return name_type(field) if field else "text"
