"""What a KPI is made of: the accounts of one figure, which add up to it exactly, and one account's movements."""

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, overload

import polars as pl
from django.http import Http404

from diagnostics.kpis import families
from diagnostics.kpis.balances import END, MOVED, START
from diagnostics.kpis.compute import Family, list_movements
from diagnostics.kpis.frames import MONEY, OF
from diagnostics.kpis.groups import By
from diagnostics.kpis.opening import is_drawn
from diagnostics.kpis.slim import Slim
from diagnostics.kpis.stored import Figure
from diagnostics.queries.kpi_computed import read_parts
from diagnostics.queries.kpi_scope import KpiScope
from diagnostics.queries.kpi_series import FOUR_QUARTERS
from diagnostics.queries.kpi_shelf import BASES, WHO, ShelvedGroups, find_bases, open_shelves, read_account_names
from portfolio.ledger.build import build_movements
from portfolio.ledger.reading import read_periods, read_rates, read_ultimate_parents
from portfolio.models import Account
from portfolio.terms import add_months


@dataclass(frozen=True, slots=True)
class AccountPart:
    """One account's share of a figure; `denominator` is None where the figure has none."""

    account_id: uuid.UUID
    name: str
    source_id: str
    numerator: Decimal
    denominator: Decimal | None


class PartRows(Sequence[AccountPart]):
    """The rows of a sorted frame; only those that are asked for are made."""

    def __init__(self, frame: pl.DataFrame) -> None:
        self.frame = frame

    def __len__(self) -> int:
        return self.frame.height

    def __iter__(self) -> Iterator[AccountPart]:
        columns = self.frame.select("id", "name", "source_id", "top", "bottom")
        return (AccountPart(uuid.UUID(pk), *plain) for pk, *plain in columns.iter_rows())

    @overload
    def __getitem__(self, place: int) -> AccountPart: ...

    @overload
    def __getitem__(self, place: slice) -> "PartRows": ...

    def __getitem__(self, place: int | slice) -> "AccountPart | PartRows":
        if isinstance(place, slice):
            return PartRows(self.frame[place])
        return next(iter(PartRows(self.frame[place : place + 1 or None])))


@dataclass(frozen=True, slots=True)
class PartList:
    """The accounts of a figure, largest numerator first; `total` is their sum."""

    rows: Sequence[AccountPart]
    total: Figure | None

    def find(self, account_id: uuid.UUID) -> AccountPart | None:
        """The part of one account; None where it has none."""
        frame = self.rows.frame.filter(pl.col("id") == str(account_id)) if isinstance(self.rows, PartRows) else None
        return None if frame is None else next(iter(PartRows(frame)), None)


PICKED: dict[str, Any] = {WHO: pl.String, "top": MONEY, "bottom": MONEY}
NAMED: dict[str, Any] = dict.fromkeys((WHO, "id", "name", "source_id"), pl.String)

# Which family gives a KPI: a list then computes nothing else. A name that is not here is looked for in all of them.
FAMILY_OF: dict[str, Family] = {
    **dict.fromkeys(("nrr", "grr", "logo_retention"), families.read_retention),
    **dict.fromkeys(("renewal_rate", "renewal_rate_accounts", "arr_secured"), families.read_renewals),
    **dict.fromkeys(("value_at_risk", "confirmed_loss", "expected_loss"), families.read_risk),
    **dict.fromkeys(("expansion_revenue", "expansion_rate", "expansion_growth", "quick_ratio"), families.read_growth),
    **dict.fromkeys(("arpa", "monthly_arpa", "average_revenue_per_expansion_account"), families.read_growth),
    **dict.fromkeys((START, *MOVED, END), list_movements),
}


def find_family(name: str) -> Family | None:
    """The family of a KPI; None where any may give it."""
    bare, _colon, detail = name.partition(":")
    return families.read_cohorts if detail[:1] == "m" and detail[1:].isdigit() else FAMILY_OF.get(bare)


def list_accounts(scope: KpiScope, name: str, *, by: By | None = None, group: str = "") -> PartList:
    """Who makes up one KPI of the scope's period, in one group where `by` is given; nobody where nothing is known.

    Raises Http404 for a group that none of the scope's accounts belongs to, alike for a hidden and a missing one.
    """
    name = "expected_loss" if is_drawn(name) else name
    found = _read_shelved(scope, name, by, group)
    parts, names = found if found is not None else _compute(scope, name, by, group)
    if by is not None and not parts.height:
        raise Http404
    sums = (
        parts.drop_nulls("top")
        .group_by(WHO)
        .agg(pl.col("top").sum(), bottom=pl.when(pl.col("bottom").count() > 0).then(pl.col("bottom").sum()))
        .filter((pl.col("top") != 0) | (pl.col("bottom").fill_null(0) != 0))
        .join(names, on=WHO, how="inner")
        .sort(pl.col("top").abs(), pl.col("bottom").fill_null(0), "name", descending=[True, True, False])
    )
    if not sums.height:
        return PartList((), None)
    given = pl.when(pl.col("bottom").count() > 0).then(pl.col("bottom").sum())
    return PartList(PartRows(sums), Figure(*sums.select(pl.col("top").sum(), given).row(0)))


type Found = tuple[pl.DataFrame, pl.DataFrame]  # account_id, top, bottom; account_id, id, name, source_id


def _read_shelved(scope: KpiScope, name: str, by: By | None, group: str) -> Found | None:
    """What the shelves say; None where they do not reach back so far, or were never filled."""
    shelves = open_shelves(scope, for_list=True)
    if shelves is None or not shelves.cover([scope.period]):
        return None
    tiers, parts = shelves.read_parts((name, *(BASES if by == "value_segment" else ())))
    if by is not None:
        groups = ShelvedGroups(tiers, shelves.people, find_bases(parts))
        parts = [part.with_frame(groups.assign(part.frame, by)) for part in parts if part.column_of(name) is not None]
        parts = [part.with_frame(part.frame.filter(pl.col("group") == group)) for part in parts]
    rows = [_pick(part, name) for part in parts if part.column_of(name) is not None]
    return pl.concat([pl.DataFrame(schema=PICKED | {WHO: pl.Int64}), *rows]), read_account_names(scope, shelves)


def _compute(scope: KpiScope, name: str, by: By | None, group: str) -> Found:
    """The same from the facts, by the one family that gives the figure."""
    portfolio, parts = read_parts(scope, [scope.period], find_family(name))
    parts = [part.filter(pl.col("period") == scope.period.label) for part in parts if name in part.columns]
    if by is not None:
        parts = [portfolio.groups.assign(part, by).filter(pl.col("group") == group) for part in parts]
    rows = [_pick(Slim(part.with_columns(pl.col(WHO).cast(pl.String))), name) for part in parts]
    found = pl.concat([pl.DataFrame(schema=PICKED), *rows])
    accounts = Account.objects.filter(pk__in=found[WHO].unique().to_list()).values_list("pk", "name", "source_id")
    named = [(str(pk), str(pk), *plain) for pk, *plain in accounts]
    return found, pl.DataFrame(named, schema=NAMED, orient="row")


def _pick(part: Slim, name: str) -> pl.DataFrame:
    top, bottom = part.column_of(name), part.column_of(name + OF)
    assert top is not None
    none = pl.lit(None, dtype=MONEY)
    return part.frame.select(WHO, top.alias("top"), (none if bottom is None else bottom).alias("bottom"))


@dataclass(frozen=True, slots=True)
class LedgerRow:
    """One movement of an account's ARR."""

    day: date
    kind: str
    lever: str
    amount: Decimal
    level: Decimal  # ARR after it


@dataclass(frozen=True, slots=True)
class AccountLedger:
    """An account's ARR through one period, `before` it and all that moved in it; the end is the sum."""

    start: Decimal
    inside: tuple[LedgerRow, ...]
    end: Decimal
    others: tuple[LedgerRow, ...]


def first_day_of(scope: KpiScope, name: str) -> date:
    """The first day of the time that a KPI of the scope's period speaks of."""
    return add_months(scope.period.first, -9) if name.endswith(FOUR_QUARTERS) else scope.period.first


def read_account_ledger(scope: KpiScope, account: Account, *, first: date) -> AccountLedger:
    """The account's movements by the ledger of today, those from `first` to the period's end apart from the rest."""
    organization = scope.organization
    parents = read_ultimate_parents(organization)
    kin = _list_kin(parents, str(account.pk))
    periods = read_periods(organization).filter(pl.col("account_id").is_in(kin))
    movements, _unpriced = build_movements(
        periods,
        until=scope.today,
        rates=read_rates(organization),
        reporting=organization.currency,
        first_month=organization.fiscal_year_first_month,
        parents=parents,
        grace_days=organization.late_renewal_grace_days,
    )
    own = movements.filter(pl.col("account_id") == str(account.pk)).sort("day", maintain_order=True)
    level, start = Decimal(0), Decimal(0)
    inside, others = [], []
    for day, kind, lever, amount in own.select("day", "kind", "lever", "amount").rows():
        level += amount
        row = LedgerRow(day, kind, lever or "", amount, level)
        if first <= day <= scope.period.last:
            inside.append(row)
        else:
            others.append(row)
            if day < first:
                start = level
    return AccountLedger(start, tuple(inside), inside[-1].level if inside else start, tuple(others))


def _list_kin(parents: pl.DataFrame, account_id: str) -> list[str]:
    """The account and those of its ultimate parent: contracts may move between them."""
    own = parents.filter(pl.col("account_id") == account_id)
    if not own.height:
        return [account_id]
    return parents.filter(pl.col("parent") == own["parent"][0])["account_id"].to_list()
