"""expected_loss:p10 and :p90 by group: the one figure that is drawn, not added up."""

import polars as pl

from diagnostics.kpis.compute import Portfolio
from diagnostics.kpis.groups import FIGURES, By
from diagnostics.kpis.risk import expected_loss, loss_range


def spread_losses(portfolio: Portfolio, by: By | None) -> pl.DataFrame:
    """Columns FIGURES: the 10th and 90th percentile of 10,000 draws, per period and group."""
    due = expected_loss(portfolio.contracts.drop_nulls("arr"))
    if not due.height:
        return pl.DataFrame(schema=FIGURES)
    due = due.with_columns(owner_on=pl.col("decides_on"))
    placed = due.with_columns(group=pl.lit("")) if by is None else portfolio.groups.assign(due, by)
    rows = []
    for (period, group), contracts in placed.group_by("period", "group", maintain_order=True):
        losses = loss_range(contracts, day=contracts["day"][0])
        rows += [
            (period, group, "expected_loss:p10", losses.p10, None),
            (period, group, "expected_loss:p90", losses.p90, None),
        ]
    return pl.DataFrame(rows, schema=FIGURES, orient="row")
