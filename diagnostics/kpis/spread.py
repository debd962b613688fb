"""expected_loss:p10 and :p90 by group: the one figure that is drawn, not added up."""

from typing import Any

import polars as pl

from diagnostics.kpis.compute import Portfolio
from diagnostics.kpis.frames import MONEY
from diagnostics.kpis.groups import By
from diagnostics.kpis.risk import FEW_CONTRACTS, expected_loss, loss_range

SCHEMA: dict[str, Any] = {
    "period": pl.String,
    "group": pl.String,
    "expected_loss:p10": MONEY,
    "expected_loss:p90": MONEY,
}


def spread_losses(portfolio: Portfolio, by: By | None) -> pl.DataFrame:
    """period, group and the 10th and 90th percentile of 10,000 draws; none under five contracts: they are listed."""
    due = expected_loss(portfolio.contracts.drop_nulls("arr"))
    if not due.height:
        return pl.DataFrame(schema=SCHEMA)
    due = due.with_columns(owner_on=pl.col("decides_on"))
    placed = due.with_columns(group=pl.lit("")) if by is None else portfolio.groups.assign(due, by)
    rows = []
    for (period, group), contracts in placed.group_by("period", "group", maintain_order=True):
        if contracts.height < FEW_CONTRACTS:
            continue
        losses = loss_range(contracts, day=contracts["day"][0])
        rows.append((period, group, losses.p10, losses.p90))
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")
