"""Parts added up as far as the groupings can still tell them apart: each grouping then reads some thousand rows.

A sum of sums is the same to the last decimal: amounts are whole numbers of their twelfth decimal.
"""

from collections.abc import Sequence

import polars as pl

from diagnostics.kpis.groups import By, Groups, sum_parts
from diagnostics.kpis.slim import Slim

KIND = "kind"


def condense(parts: Sequence[Slim], groups: Groups, bys: Sequence[By]) -> list[Slim]:
    """The parts summed by period and by all of their groups: period, a column per grouping, and the amounts.

    Account ids are those of a numbered portfolio.
    """
    return [part.with_frame(_condense(part.frame, groups, bys)) for part in parts]


def choose_grouping(condensed: Sequence[Slim], by: By | None, bys: Sequence[By]) -> list[Slim]:
    """The condensed parts with the `group` of one grouping; '' for all where `by` is None."""
    group = (pl.lit("") if by is None else pl.col(by)).alias("group")
    return [part.with_frame(part.frame.with_columns(group).drop(bys)) for part in condensed]


def _condense(frame: pl.DataFrame, groups: Groups, bys: Sequence[By]) -> pl.DataFrame:
    """One whole number stands for the period and the groups of a row: it is grouped by that alone."""
    names = {"period": groups.periods["period"].unique(maintain_order=True)}
    kinds = frame["period"].cast(pl.Enum(names["period"])).to_physical().cast(pl.Int64)
    for by in bys:
        names[by], numbers = groups.number(frame, by)
        kinds = kinds * len(names[by]) + numbers
    rows = frame.drop("period", "account_id", "owner_on").with_columns(kinds.alias(KIND))
    sums = sum_parts(rows, [KIND])
    left, found = sums[KIND], {}
    for name in reversed(names):
        found[name] = names[name].gather(left % len(names[name]))
        left = left // len(names[name])
    return sums.drop(KIND).with_columns(found[name].alias(name) for name in names)
