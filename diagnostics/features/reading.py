"""How the statements are asked: one `COPY (SELECT …) TO STDOUT` each, straight into a frame."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl

FLAG, TEXT, DAY, COUNT, AMOUNT = pl.Boolean, pl.String, pl.Date, pl.Int64, pl.Float64

SINCE_DAYS = (90, 180, 270, 400, 730)


@dataclass(frozen=True, slots=True)
class FeatureSettings:
    """What the features need to know of the organization."""

    time_zone: str
    currency: str
    fiscal_year_start: int = 1  # month
    grace_days: int = 30


@contextmanager
def planned_in_sets(cursor: Any) -> Iterator[None]:
    """Let PostgreSQL join sets by hash or merge while the block runs, in the open transaction.

    It cannot know how many rows of a shared table one organization has in a step of a statement, and takes one for
    granted: a nested loop over two thousand accounts then ran for ten minutes in the place of half a second.
    """
    cursor.execute("SET LOCAL enable_nestloop = off")
    yield
    cursor.execute("SET LOCAL enable_nestloop = on")


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

    def read(self, statement: str, columns: dict[str, Any], **more: Any) -> pl.DataFrame:
        """The rows of a statement whose columns come in the order of `columns`.

        Parameters are written into the text by psycopg as literals: COPY takes no others, and only literal days let
        the planner leave out the months of usage that are not asked for.
        """
        # psycopg's own cursor: Django's, while it records what it asks (PHANO_DEBUG), takes no parameters for a COPY.
        cursor = getattr(self.cursor, "cursor", self.cursor)
        with cursor.copy(f"COPY ({statement}) TO STDOUT (FORMAT csv)", {**self.parameters, **more}) as copy:
            text = b"".join(bytes(block) for block in copy)
        if not text:
            return pl.DataFrame(schema=columns)
        flags = [name for name, dtype in columns.items() if dtype == FLAG]
        wire = {**columns, **dict.fromkeys(flags, TEXT)}
        return pl.read_csv(text, has_header=False, schema=wire).with_columns(pl.col(flags) == "t")


# An amount of `row.mrr`-like column in the organization's currency at the night's plan rate; NULL without one.
RATES = """
    rates AS MATERIALIZED (
        SELECT currency, rate::float8 AS rate FROM portfolio_planrate
        WHERE organization_id = %(organization)s AND fiscal_year = %(fiscal_year)s AND currency <> %(currency)s
        UNION ALL SELECT %(currency)s, 1.0
    )"""
