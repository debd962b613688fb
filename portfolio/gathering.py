"""Several kinds of facts about one account in one statement: each kind an array of JSON rows beside the account's own.

A page about one account reads a dozen small tables; asked one by one, the round trips and the policies' checks cost
more than the rows. `gather` makes the array, `revive` makes a row of it a model instance again, sealed texts included.
"""

import uuid
from collections.abc import Mapping
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import F, Model, QuerySet
from django.db.models.functions import JSONObject

from accounts.fields import EncryptedTextField, Sealed


def gather[M: Model](rows: QuerySet[M], *fields: str, **expressions: Any) -> ArraySubquery:
    """The rows (filtered by OuterRef of the account, ordered, sliced) as an array of JSON objects.

    `fields` are the model's columns by attribute name (`account_id`, not `account`); `expressions` come beside them
    under their own name. Sealed columns travel sealed.
    """
    return ArraySubquery(rows.values(row=JSONObject(**{name: F(name) for name in fields}, **expressions)))


def revive[M: Model](model: type[M], row: Mapping[str, Any], *, organization_id: uuid.UUID) -> M:
    """The model instance that a row of `gather` tells of; its other columns hold their defaults, so never save it."""
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
