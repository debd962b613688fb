"""Writing a block of usage: one array per column, created rows counted apart from changed ones."""

import uuid
from collections.abc import Iterable

import polars as pl
import psycopg
from django.db import connection

from portfolio.importing.landing import Errand, Outcome
from portfolio.importing.usage import UsageBlock, touched_accounts

INSERT = """
INSERT INTO portfolio_usage (organization_id, import_number, account_id, product_id, metric, day, quantity)
SELECT %s::uuid, %s::integer, *
FROM unnest(%s::uuid[], %s::uuid[], %s::text[], %s::date[], %s::double precision[])
ON CONFLICT (organization_id, account_id, metric, day, product_id) DO NOTHING
"""
# Only for blocks with rows that stood already. PostgreSQL 18 returns what a row was before its update.
CHANGE = """
WITH changed AS (
    UPDATE portfolio_usage AS stands SET quantity = came.quantity
    FROM unnest(%s::uuid[], %s::uuid[], %s::text[], %s::date[], %s::double precision[])
        AS came (account_id, product_id, metric, day, quantity)
    WHERE stands.organization_id = %s AND stands.day BETWEEN %s AND %s
      AND stands.account_id = came.account_id AND stands.metric = came.metric AND stands.day = came.day
      AND stands.product_id IS NOT DISTINCT FROM came.product_id AND stands.quantity IS DISTINCT FROM came.quantity
    RETURNING old.account_id, old.product_id, old.metric, old.day, old.quantity
)
INSERT INTO portfolio_previoususage
    (id, organization_id, import_number, account_id, product_id, metric, day, quantity)
SELECT gen_random_uuid(), %s, %s, * FROM changed
"""


def land_usage(block: UsageBlock, errand: Errand) -> Outcome:
    """Write one block; call inside the organization's context, in the block's transaction."""
    # In the order of the index, so that its pages are visited once.
    frame = block.frame.sort("account", "metric", "day")
    outcome = Outcome(faults=block.faults)
    if frame.is_empty():
        return outcome
    arrays = _write_arrays(frame)
    outcome.first_day, outcome.last_day = frame["day"].min(), frame["day"].max()  # type: ignore[assignment]  # dates
    # Server-side binding: Django's own cursor would copy four megabytes into the statement first.
    with psycopg.Cursor(connection.connection) as cursor:
        cursor.execute(INSERT, [errand.organization_id, errand.number, *arrays])
        outcome.created = cursor.rowcount
        if outcome.created < len(frame):
            days = [outcome.first_day, outcome.last_day]
            stamp: list[uuid.UUID | int] = [errand.organization_id, errand.number]
            cursor.execute(CHANGE, [*arrays, errand.organization_id, *days, *stamp])
            outcome.updated = cursor.rowcount
    outcome.unchanged = len(frame) - outcome.created - outcome.updated
    if outcome.created or outcome.updated:
        outcome.accounts = touched_accounts(frame)
    return outcome


def _write_arrays(frame: pl.DataFrame) -> list[str]:
    """PostgreSQL's own text form of each column: twice as fast as lists adapted value by value."""
    metric = pl.col("metric").str.replace_all("\\", "\\\\", literal=True).str.replace_all('"', '\\"', literal=True)
    texts = frame.select(
        pl.col("account"),
        pl.col("product").fill_null("NULL"),
        pl.concat_str(pl.lit('"'), metric, pl.lit('"')).alias("metric"),
        pl.col("day").cast(pl.String),
        pl.col("quantity").cast(pl.String),
    )
    return [_braces(texts[name]) for name in texts.columns]


def _braces(values: pl.Series) -> str:
    joined: Iterable[str] = values.implode().list.join(",")
    return "{" + next(iter(joined)) + "}"
