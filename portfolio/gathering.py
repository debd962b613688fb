"""Several kinds of facts about one account in one statement: every kind an array of rows in one JSON document.

A page about one account reads a dozen small tables; asked one by one, the round trips, the policies' checks and the
building of query sets cost several times what the rows do.
"""

import json
import uuid
from collections.abc import Mapping
from typing import Any

from django.db import connection
from django.db.models import Model

from accounts.fields import EncryptedTextField, Sealed


def gather(
    statements: Mapping[str, str], parameters: Mapping[str, Any], *, given: str = ""
) -> dict[str, list[dict[str, Any]]]:
    """The rows of every statement by its name, in one round trip: dates and sealed bytes as JSON writes them.

    The statements are the caller's own SQL; every value goes through `parameters`, by name. Amounts are cast to text
    there, or they would pass through binary floats. `given`: a WITH clause that all of them may read.
    """
    array = "'{name}', (SELECT coalesce(json_agg(found), '[]') FROM ({statement}) AS found)"
    arrays = ", ".join(array.format(name=name, statement=statement) for name, statement in statements.items())
    with connection.cursor() as cursor:
        cursor.execute(f"{given} SELECT json_build_object({arrays})::text", parameters)
        found: dict[str, list[dict[str, Any]]] = json.loads(cursor.fetchone()[0])
    return found


def revive[M: Model](model: type[M], row: Mapping[str, Any], *, organization_id: uuid.UUID) -> M:
    """The model instance that a gathered row tells of; its other columns hold their defaults, so never save it."""
    values: dict[str, Any] = {"organization_id": organization_id}
    for field in model._meta.concrete_fields:
        if field.attname not in row:
            continue
        value = row[field.attname]
        if isinstance(field, EncryptedTextField):
            # PostgreSQL writes bytea into JSON as text: \x0a1b…
            values[field.attname] = Sealed(bytes.fromhex(value.removeprefix("\\x")) if value else b"")
        else:
            values[field.attname] = field.to_python(value)
    return model(**values)
