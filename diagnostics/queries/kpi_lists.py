"""What a KPI is made of: the accounts of one figure, which add up to it exactly, and one account's movements."""

import uuid
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import polars as pl
from django.http import Http404

from diagnostics.kpis import families
from diagnostics.kpis.balances import END, MOVED, START
from diagnostics.kpis.compute import Family, list_movements
from diagnostics.kpis.frames import OF
from diagnostics.kpis.groups import By
from diagnostics.kpis.stored import Figure
from diagnostics.queries.kpi_series import FOUR_QUARTERS, KpiScope, read_parts
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


@dataclass(frozen=True, slots=True)
class PartList:
    """The accounts of a figure, largest numerator first; `total` is their sum."""

    rows: tuple[AccountPart, ...]
    total: Figure | None


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
    # Drawn percentiles are no sums: they open on what was drawn from.
    name = "expected_loss" if name.startswith("expected_loss:") else name
    portfolio, parts = read_parts(scope, [scope.period], find_family(name))
    found = next((part for part in parts if name in part.columns), None)
    if by is not None and found is not None:
        found = portfolio.groups.assign(found, by).filter(pl.col("group") == group)
    if by is not None and (found is None or not found.height):
        raise Http404
    if found is None:
        return PartList((), None)
    bottom = pl.col(name + OF) if name + OF in found.columns else pl.lit(None, dtype=pl.Decimal(38, 12))
    sums = (
        found.filter(pl.col("period") == scope.period.label)
        .select(pl.col("account_id").cast(pl.String), top=pl.col(name), bottom=bottom)
        .drop_nulls("top")
        .group_by("account_id")
        .agg(pl.col("top").sum(), bottom=pl.when(pl.col("bottom").count() > 0).then(pl.col("bottom").sum()))
    )
    sums = sums.filter((pl.col("top") != 0) | (pl.col("bottom").fill_null(0) != 0))
    rows = _name_accounts(sums)
    if not rows:
        return PartList((), None)
    bottoms = [row.denominator for row in rows if row.denominator is not None]
    whole = Figure(sum((row.numerator for row in rows), Decimal(0)), sum(bottoms, Decimal(0)) if bottoms else None)
    return PartList(tuple(rows), whole)


def _name_accounts(sums: pl.DataFrame) -> list[AccountPart]:
    ids = sums["account_id"].to_list()
    names = {
        str(pk): (name, source_id)
        for pk, name, source_id in Account.objects.filter(pk__in=ids).values_list("pk", "name", "source_id")
    }
    rows = [
        AccountPart(uuid.UUID(account_id), *names[account_id], top, bottom)
        for account_id, top, bottom in sums.select("account_id", "top", "bottom").rows()
        if account_id in names
    ]
    return sorted(rows, key=lambda row: (-abs(row.numerator), -(row.denominator or 0), row.name))


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
