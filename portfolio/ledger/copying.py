"""A statement's rows straight into a frame, amounts exact."""

from typing import Any

import polars as pl
from django.db import connection

from accounts.turns import turn


def copy_frame(statement: str, columns: dict[str, Any], values: dict[str, Any]) -> pl.DataFrame:
    """The rows of a statement whose columns come in the order of `columns`: one `COPY (SELECT …) TO STDOUT`.

    Parameters are written into the text as literals: COPY takes no others.
    """
    copying = f"COPY ({statement}) TO STDOUT (FORMAT csv)"
    # psycopg's own cursor: Django's, while it records what it asks (PHANO_DEBUG), takes no parameters for a COPY.
    with turn(), connection.cursor() as cursor, cursor.cursor.copy(copying, values) as copy:
        text = b"".join(bytes(block) for block in copy)
    if not text:
        return pl.DataFrame(schema=columns)
    flags = [name for name, dtype in columns.items() if dtype == pl.Boolean]
    wire = {**columns, **dict.fromkeys(flags, pl.String)}
    return pl.read_csv(text, has_header=False, schema=wire).with_columns(pl.col(flags) == "t")
