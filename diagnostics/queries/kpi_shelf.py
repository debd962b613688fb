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
from diagnostics.kpis.packing import pack, stack, unpack
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
NOTHING = pack([])
PERSON: dict[str, Any] = {WHO: pl.Int64, "cohort": pl.String, "top": pl.String}
# ARR of day 1 at the period's plan rate.
BASES = ("arr_start", "arr_fx")


@dataclass(frozen=True, slots=True)
class OpenShelf:
    """One shelf and the scope's places on it, and what is packed of the scope's period and of the accounts.

    For a list: the parts of every KPI, and the accounts' ids in the order of `places`. For a page: the sums.
    """

    number: int
    mark: str
    periods: frozenset[str]
    parcels: list[int]
    places: np.ndarray
    tables: bytes | None
    people: bytes | None
    sums: bytes | None = None
    parts: bytes | None = None
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
        self._known: dict[By, pl.DataFrame] = {}

    def assign(self, parts: pl.DataFrame, by: By) -> pl.DataFrame:
        """The parts of one period with their `group`."""
        if by == "owner":
            return parts.with_columns(group=_name_none(pl.col("owner")))
        if by not in self._known:
            self._known[by] = self._find(by)
        return parts.join(self._known[by], on=WHO, how="left")

    def _find(self, by: By) -> pl.DataFrame:
        """account_id and group of every account."""
        if by == "value_segment":
            paying = assign_value_segments(self.bases).select(WHO, group="value_segment")
            return self.tiers.select(WHO).join(paying, on=WHO, how="left").with_columns(pl.col("group").fill_null("C"))
        if by == "tier":
            return self.tiers.select(WHO, group=_name_none(pl.col("tier")))
        return self.people.select(WHO, group=_name_none(pl.col("cohort" if by == "cohort" else "top")))


def _name_none(group: pl.Expr) -> pl.Expr:
    return pl.when(group != "").then(group).otherwise(pl.lit(NONE))


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
        found = [part for shelf in self.own for part in unpack_of(shelf.people or NOTHING, shelf.on_shelf)]
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
            [sums] = unpack(shelf.sums or NOTHING)
            rows = sums.frame.filter(pl.col("period").is_in(labels), pl.col("group").is_in(whole.implode()))
            found.append(sums.with_frame(rows))
            if others.len():
                apart[shelf.number] = others
        if apart:
            parts = self._read_apart(periods, apart)
            if parts is None:
                return None
            found += parts
        all_of_it = pl.lit("").alias("group")
        return sum_placed(part.with_frame(part.frame.with_columns(all_of_it)) for part in stack(found))

    def read_parts(self, kpis: Collection[str] | None = None) -> tuple[pl.DataFrame, list[Slim]]:
        """(tiers, parts of these KPIs) of the scope's accounts in its period; of those IN_TABLES for None."""
        wanted = None if kpis is None else ("tier", *kpis)
        tiers: list[pl.DataFrame] = []
        parts: list[Slim] = []
        for shelf in self.own:
            first, *others = unpack_of(shelf.tables or NOTHING, shelf.on_shelf, wanted)
            tiers.append(first.frame)
            parts += others
            if wanted is not None:
                parts += unpack_of(shelf.parts or NOTHING, shelf.on_shelf, wanted)
        return pl.concat(tiers) if tiers else pl.DataFrame(schema={WHO: pl.Int64, "tier": pl.String}), stack(parts)

    def _read_apart(self, periods: Sequence[Period], accounts: dict[int, pl.Series]) -> list[Slim] | None:
        """The parts of some accounts by shelf; None where a shelf was filled anew: its places mean others then.

        None too where a shelf or a period of it was taken away: what stood there would be missing without a word.
        """
        marks = {shelf.number: shelf.mark for shelf in self.own}
        rows = KpiShelfPeriod.objects.filter(
            every=self.every, number__in=list(accounts), first_on__in=[period.first for period in periods]
        )
        found: list[Slim] = []
        columns = ("number", "mark", "tables", "parts")
        read = list(rows.order_by("first_on", "number").values_list(*columns))
        if len(read) != len(accounts) * len(periods) or any(mark != marks[number] for number, mark, *_packed in read):
            return None
        for number, _mark, tables, parts in read:
            _tiers, *shown = unpack_of(tables, accounts[number])
            found += [*shown, *unpack_of(parts, accounts[number])]
        return found


def unpack_of(packed: bytes | memoryview, accounts: pl.Series, kpis: Collection[str] | None = None) -> list[Slim]:
    """The rows of these accounts in packed frames."""
    here = pl.col(WHO).is_in(accounts.implode())
    return [part.with_frame(part.frame.filter(here)) for part in unpack(packed, kpis)]


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

    `for_list`: with the parts of every KPI and the accounts' ids in the place of the sums.
    """
    book, values = _ask_book(scope)
    columns = f"p.tables, {PEOPLE}, {'NULL, p.parts, own.ids' if for_list else SUMS}"
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
