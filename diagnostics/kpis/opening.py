"""Opening a figure: the accounts and movements that make it up, and that add up to it exactly."""

from dataclasses import dataclass
from decimal import Decimal

import polars as pl

from diagnostics.kpis.calendar import Period, place_in_periods
from diagnostics.kpis.compute import Portfolio, compute_parts
from diagnostics.kpis.frames import MONEY, OF
from diagnostics.kpis.groups import By


@dataclass(frozen=True, slots=True)
class OpenedFigure:
    """What makes up one KPI of one group in one period.

    `accounts`: account_id, numerator, denominator (NULL for an amount) and the account's ledger in the period:
    arr_start, arr_end; largest numerator first. `movements`: the ledger's, of these accounts. `numerator` and
    `denominator` are the sums of `accounts`: the figure itself.
    """

    accounts: pl.DataFrame
    movements: pl.DataFrame
    numerator: Decimal
    denominator: Decimal | None


def is_drawn(name: str) -> bool:
    """Whether a figure is a percentile of draws, no sum: it opens on what `expected_loss`, the mean, opens on."""
    return name.startswith("expected_loss:")


def open_figure(
    portfolio: Portfolio, name: str, period: Period, *, by: By | None = None, group: str = ""
) -> OpenedFigure:
    """The accounts and movements behind a KPI named as in kpis.csv; empty where the KPI has no part there.

    Drawn percentiles (`expected_loss:p10`) open on what `expected_loss` opens on.
    """
    wanted = "expected_loss" if is_drawn(name) else name
    found = []
    for part in compute_parts(portfolio):
        if wanted not in part.columns:
            continue
        rows = part.filter(pl.col("period") == period.label)
        if by is not None:
            rows = portfolio.groups.assign(rows, by).filter(pl.col("group") == group)
        bottom = pl.col(wanted + OF) if wanted + OF in part.columns else pl.lit(None, dtype=MONEY)
        found.append(rows.select("account_id", numerator=pl.col(wanted), denominator=bottom))
    empty = pl.DataFrame(schema={"account_id": pl.String, "numerator": MONEY, "denominator": MONEY})
    parts = pl.concat(found).with_columns(pl.col("account_id").cast(pl.String)) if found else empty
    is_ratio = parts["denominator"].count() > 0
    accounts = parts.drop_nulls("numerator").group_by("account_id").agg(pl.col("numerator", "denominator").sum())
    accounts = accounts.filter((pl.col("numerator") != 0) | (pl.lit(is_ratio) & (pl.col("denominator") != 0)))
    ledger = portfolio.balances.filter(pl.col("period") == period.label)
    ledger = ledger.select(pl.col("account_id").cast(pl.String), "arr_start", "arr_end")
    accounts = accounts.join(ledger, on="account_id", how="left").sort(
        "numerator", "account_id", descending=[True, False]
    )
    zero = Decimal(0)
    return OpenedFigure(
        accounts=accounts,
        movements=_movements_of(portfolio, period, accounts),
        numerator=sum(accounts["numerator"].to_list(), zero),
        denominator=sum(accounts["denominator"].drop_nulls().to_list(), zero) if is_ratio else None,
    )


def _movements_of(portfolio: Portfolio, period: Period, accounts: pl.DataFrame) -> pl.DataFrame:
    inside = place_in_periods(portfolio.movements, "day", portfolio.frame).filter(pl.col("period") == period.label)
    inside = inside.with_columns(pl.col("account_id").cast(pl.String)).join(accounts, on="account_id", how="semi")
    return inside.select("account_id", "day", "kind", "lever", "amount", "late_renewal").sort(
        "day", "account_id", "kind"
    )
