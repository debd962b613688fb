"""SQL of one contract file, built from its declaration: how its rows are looked up, inserted and changed in sets.

Every statement sends one array per column; ids, dates and numbers are written in words and cast by PostgreSQL.
"""

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import connection, models

from accounts.fields import EncryptedTextField
from portfolio.contract import FILES

TAKE_APART = "coalesce((SELECT array_agg(decode(h, 'hex')) FROM unnest(string_to_array(came.COLUMN, ' ')) AS h), '{}')"

type Rows = list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class _Target:
    """How one database column takes its values from an array."""

    column: str
    array_type: str
    expression: str


@cache
def _targets(model: type[models.Model]) -> dict[str, _Target]:
    targets = {}
    for field in model._meta.concrete_fields:
        column = str(field.column)
        if isinstance(field, ArrayField):
            # Arrays of unequal length make no array of arrays: they travel as text and are taken apart in SQL.
            targets[column] = _Target(column, "text[]", TAKE_APART.replace("COLUMN", column))
        else:
            kind = "bytea" if isinstance(field, (models.BinaryField, EncryptedTextField)) else field.db_type(connection)
            targets[column] = _Target(column, f"{str(kind).split('(')[0]}[]", f"came.{column}")
    return targets


def _arrays(model: type[models.Model], columns: Sequence[str], rows: Rows) -> tuple[str, list[list[Any]]]:
    targets = [_targets(model)[column] for column in columns]
    casts = ", ".join(f"%s::{target.array_type}" for target in targets)
    names = ", ".join(f'"{target.column}"' for target in targets)
    values = [[_travel(row[column]) for row in rows] for column in columns]
    return f"unnest({casts}) AS came ({names})", values


def _travel(value: Any) -> Any:
    if isinstance(value, list):
        return " ".join(part.hex() for part in value)
    return value


def insert_rows(model: type[models.Model], columns: Sequence[str], rows: Rows) -> None:
    """Insert rows given by database column; they must all hold `columns`."""
    if not rows:
        return
    source, values = _arrays(model, columns, rows)
    expressions = ", ".join(_targets(model)[column].expression for column in columns)
    names = ", ".join(f'"{column}"' for column in columns)
    table = model._meta.db_table
    statement = f'INSERT INTO "{table}" ({names}) SELECT {expressions} FROM {source}'  # noqa: S608  # the models' names
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


def update_rows(model: type[models.Model], organization_id: uuid.UUID, columns: Sequence[str], rows: Rows) -> int:
    """Set `columns` of the rows with the ids given; returns how many rows there were."""
    if not rows:
        return 0
    source, values = _arrays(model, ["id", *columns], rows)
    sets = ", ".join(f'"{column}" = {_targets(model)[column].expression}' for column in columns)
    target = f'"{model._meta.db_table}" AS stands'
    meets = "stands.organization_id = %s AND stands.id = came.id"
    statement = f"UPDATE {target} SET {sets} FROM {source} WHERE {meets}"  # noqa: S608  # the models' names
    with connection.cursor() as cursor:
        cursor.execute(statement, [*values, organization_id])
        return cursor.rowcount


def find_rows(
    model: type[models.Model],
    organization_id: uuid.UUID,
    key: Sequence[str],
    keys: Iterable[Sequence[Any]],
    columns: Sequence[str],
) -> dict[tuple[Any, ...], dict[str, Any]]:
    """The rows that stand under the keys given: {key: {column: value}}."""
    wanted = [dict(zip(key, values, strict=True)) for values in keys]
    if not wanted:
        return {}
    source, arrays = _arrays(model, key, wanted)
    chosen = list(dict.fromkeys([*key, *columns]))
    meets = " AND ".join(f'stands."{column}" = came."{column}"' for column in key)
    names = ", ".join(f'stands."{column}"' for column in chosen)
    tables = f'"{model._meta.db_table}" AS stands JOIN {source} ON {meets}'
    statement = f"SELECT {names} FROM {tables} WHERE stands.organization_id = %s"  # noqa: S608  # the models' names
    with connection.cursor() as cursor:
        cursor.execute(statement, [*arrays, organization_id])
        return {row[: len(key)]: dict(zip(chosen, row, strict=True)) for row in cursor.fetchall()}


def find_ids(file: str, organization_id: uuid.UUID, source_ids: Iterable[str]) -> dict[str, uuid.UUID]:
    """Our ids of the source's ids of one file, for those that exist."""
    found = find_rows(
        FILES[file].model, organization_id, ["source_id"], [(one,) for one in set(source_ids)], ["source_id", "id"]
    )
    return {key[0]: row["id"] for key, row in found.items()}
