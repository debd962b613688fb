"""What a choice of accounts adds up to, from the shelves: whole parcels by their sums, the rest account by account.

Which accounts these are is asked of the accounts of this minute, never of the shelves: what changed hands since they
were filled is left out of one book and counted in the other at once.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import polars as pl
from django.db import connection

from diagnostics.kpis.calendar import Every, Period
from diagnostics.kpis.frames import MONEY
from diagnostics.kpis.groups import NONE, By, assign_value_segments, sum_placed
from diagnostics.kpis.packing import stack, unpack
from diagnostics.kpis.shelving import SHELF_STEP
from diagnostics.kpis.slim import Slim
from diagnostics.models import KpiShelfPeriod
from diagnostics.queries.kpi_scope import KpiScope
from portfolio.books import accounts_in

# The book is asked as a hashed set: the planner takes a shelf for ten accounts and would look up each by itself.
STATEMENT = """
SELECT s.number, s.mark, s.periods, s.parcels, own.places, {columns}
FROM diagnostics_kpishelf s LEFT JOIN LATERAL (
    SELECT array_agg(u.place) AS places, array_agg(u.id::text) AS ids
    FROM unnest(s.accounts) WITH ORDINALITY AS u (id, place) WHERE (u.id IN ({book})) IS TRUE
) AS own ON true LEFT JOIN diagnostics_kpishelfperiod p ON own.places IS NOT NULL
    AND p.organization_id = s.organization_id AND p.every = s.every AND p.number = s.number AND p.first_on = %s
WHERE s.organization_id = %s AND s.every = %s ORDER BY s.number
"""
PEOPLE = "CASE WHEN own.places IS NOT NULL THEN s.people END"
SUMS = "CASE WHEN own.places IS NOT NULL THEN s.sums END"
NAMES = """
SELECT array_agg(a.id::text), array_agg(a.name), array_agg(a.source_id) FROM portfolio_account a
WHERE a.organization_id = %s AND a.id IN ({book})
"""
WHO = "account_id"
# The first frame of a packed period says the tiers of day 1; parts follow.
TIERS_FIRST = 1
PERSON: dict[str, Any] = {WHO: pl.Int64, "cohort": pl.String, "top": pl.String}
# ARR of day 1 at the period's plan rate.
BASES = ("arr_start", "arr_fx")


@dataclass(frozen=True, slots=True)
class OpenShelf:
    """One shelf and the scope's places on it, and what of it is packed: parts of the scope's period, people, sums.

    `ids`: the accounts' ids in the order of `places`, where they were asked for; `sums` where they were not.
    """

    number: int
    mark: str
    periods: frozenset[str]
    parcels: list[int]
    places: np.ndarray
    parts: bytes | None
    people: bytes | None
    sums: bytes | None = None
    ids: list[str] | None = None

    @property
    def on_shelf(self) -> pl.Series:
        """The scope's accounts as the packed frames name them."""
        return pl.Series(WHO, self.places + self.number * SHELF_STEP, dtype=pl.Int64)

    def split(self) -> tuple[pl.Series, pl.Series]:
        """(parcels of which every account is the scope's, accounts of all others)."""
        sizes = np.array(self.parcels)
        parcel = np.searchsorted(np.cumsum(sizes), self.places, side="left")
        whole = np.bincount(parcel, minlength=len(sizes)) == sizes
        first = self.number * SHELF_STEP
        return (
            pl.Series(np.flatnonzero(whole) + first, dtype=pl.Int64),
            pl.Series(self.places[~whole[parcel]] + first, dtype=pl.Int64),
        )


class ShelvedGroups:
    """To which group each shelved part belongs; value segments are those of the accounts at hand."""

    def __init__(self, tiers: pl.DataFrame, people: pl.DataFrame, bases: pl.DataFrame) -> None:
        self.tiers, self.people, self.bases = tiers, people, bases

    @cached_property
    def segments(self) -> pl.DataFrame:
        """account_id and value_segment of the accounts that pay on day 1."""
        return assign_value_segments(self.bases).select(WHO, group="value_segment")

    def assign(self, parts: pl.DataFrame, by: By) -> pl.DataFrame:
        """The parts of one period with their `group`."""
        if by == "value_segment":
            found = parts.join(self.segments, on=WHO, how="left")
            return found.with_columns(pl.col("group").fill_null("C"))
        if by == "owner":
            found = parts.with_columns(group="owner")
        elif by == "tier":
            found = parts.join(self.tiers.select(WHO, group="tier"), on=WHO, how="left")
        else:
            column = "cohort" if by == "cohort" else "top"
            found = parts.join(self.people.select(WHO, group=column), on=WHO, how="left")
        return found.with_columns(group=pl.when(pl.col("group") != "").then("group").otherwise(pl.lit(NONE)))


@dataclass
class Shelves:
    """The shelves of an organization as a scope sees them."""

    every: Every
    period: Period
    shelves: list[OpenShelf]

    def cover(self, periods: Iterable[Period]) -> bool:
        """Whether these periods are kept; a page of older ones is computed."""
        labels = {period.label for period in periods}
        return all(labels <= shelf.periods for shelf in self.shelves)

    @cached_property
    def own(self) -> list[OpenShelf]:
        """Those on which an account of the scope stands."""
        return [shelf for shelf in self.shelves if len(shelf.places)]

    @cached_property
    def _people(self) -> list[Slim]:
        found = [part for shelf in self.own for part in unpack_of(shelf.people or b"", shelf.on_shelf)]
        return stack(found)

    @property
    def people(self) -> pl.DataFrame:
        """account_id, cohort and top, the ultimate parent, of the scope's accounts."""
        return self._people[0].frame if self.own else pl.DataFrame(schema=PERSON)

    @property
    def lives(self) -> pl.DataFrame:
        """account_id, n, start and arr of the scope's accounts in the months that a cohort map shows."""
        return self._people[1].frame if self.own else pl.DataFrame(schema=PERSON)

    def sum_periods(self, periods: Sequence[Period]) -> pl.DataFrame | None:
        """period, group '' and a column per KPI and denominator; None where the shelves were filled meanwhile."""
        labels = pl.Series([period.label for period in periods]).implode()
        found, apart = [], {}
        for shelf in self.own:
            whole, others = shelf.split()
            [sums] = unpack(shelf.sums or b"")
            rows = sums.frame.filter(pl.col("period").is_in(labels), pl.col("group").is_in(whole.implode()))
            found.append(sums.with_frame(rows))
            if others.len():
                apart[shelf.number] = others
        if apart:
            parts = self._read_apart(periods, apart)
            if parts is None:
                return None
            found += parts
        whole_scope = pl.lit("").alias("group")
        return sum_placed(part.with_frame(part.frame.with_columns(whole_scope)) for part in stack(found))

    def read_parts(self, kpis: Collection[str]) -> tuple[pl.DataFrame, list[Slim]]:
        """(tiers, parts of these KPIs) of the scope's accounts in its period."""
        tiers: list[pl.DataFrame] = []
        parts: list[Slim] = []
        for shelf in self.own:
            found = unpack_of(shelf.parts or b"", shelf.on_shelf, ("tier", *kpis))
            tiers += [part.frame for part in found[:TIERS_FIRST]]
            period = pl.lit(self.period.label).alias("period")
            parts += [part.with_frame(part.frame.with_columns(period)) for part in found[TIERS_FIRST:]]
        return pl.concat(tiers) if tiers else pl.DataFrame(schema={WHO: pl.Int64, "tier": pl.String}), stack(parts)

    def _read_apart(self, periods: Sequence[Period], accounts: dict[int, pl.Series]) -> list[Slim] | None:
        """The parts of some accounts by shelf; None where a shelf was filled anew: its places mean others then."""
        marks = {shelf.number: shelf.mark for shelf in self.own}
        labels = {period.first: period.label for period in periods}
        rows = KpiShelfPeriod.objects.filter(every=self.every, number__in=list(accounts), first_on__in=list(labels))
        found: list[Slim] = []
        for number, first_on, mark, packed in rows.order_by("first_on", "number").values_list(
            "number", "first_on", "mark", "parts"
        ):
            if mark != marks[number]:
                return None
            period = pl.lit(labels[first_on])
            parts = unpack_of(packed, accounts[number])[TIERS_FIRST:]
            found += [part.with_frame(part.frame.with_columns(period=period)) for part in parts]
        return found


def unpack_of(packed: bytes | memoryview, accounts: pl.Series, kpis: Collection[str] | None = None) -> list[Slim]:
    """The rows of these accounts in packed frames."""
    here = pl.col(WHO).is_in(accounts.implode())
    return [part.with_frame(part.frame.rename({"on_shelf": WHO}).filter(here)) for part in unpack(packed, kpis)]


def find_bases(parts: Iterable[Slim]) -> pl.DataFrame:
    """period, place, account_id and base, the ARR of day 1 at the period's plan rate, of parts of one period."""
    for part in parts:
        start, rebased = (part.column_of(name) for name in BASES)
        if start is not None and rebased is not None:
            place = pl.lit(0, dtype=pl.Int32)
            return part.frame.select("period", WHO, place=place, base=start + rebased)
    return pl.DataFrame(schema={"period": pl.String, "place": pl.Int32, WHO: pl.Int64, "base": MONEY})


def open_shelves(scope: KpiScope, *, for_list: bool = False) -> Shelves | None:
    """The shelves with the places of the scope's accounts, one query; None where nothing was ever put on them.

    `for_list`: with the accounts' ids in the place of the sums.
    """
    book, values = _ask_book(scope)
    columns = f"p.parts, {PEOPLE}, {'NULL, own.ids' if for_list else SUMS}"
    with connection.cursor() as cursor:
        given = [*values, scope.period.first, scope.organization.id, scope.every]
        cursor.execute(STATEMENT.format(columns=columns, book=book), given)
        rows = cursor.fetchall()
    shelves = [
        OpenShelf(number, mark, frozenset(periods), parcels, np.array(places or [], dtype=np.int64), *packed)
        for number, mark, periods, parcels, places, *packed in rows
    ]
    return Shelves(scope.every, scope.period, shelves) if shelves else None


def read_account_names(scope: KpiScope, shelves: Shelves) -> pl.DataFrame:
    """account_id, id, name and source_id of the scope's accounts on shelves that were opened for a list: one query."""
    book, values = _ask_book(scope)
    with connection.cursor() as cursor:
        cursor.execute(NAMES.format(book=book), [scope.organization.id, *values])
        columns = dict(zip(("id", "name", "source_id"), cursor.fetchone(), strict=True))
    named = pl.DataFrame(
        {name: found or [] for name, found in columns.items()}, schema=dict.fromkeys(columns, pl.String)
    )
    placed = [pl.DataFrame({WHO: shelf.on_shelf, "id": shelf.ids}) for shelf in shelves.own]
    return pl.concat([pl.DataFrame(schema={WHO: pl.Int64, "id": pl.String}), *placed]).join(named, on="id")


def _ask_book(scope: KpiScope) -> tuple[str, tuple[Any, ...]]:
    return accounts_in(scope.book, scope.membership).order_by().values("pk").query.sql_with_params()
