"""Expressions that build on one another, added in stages; written once per model and kept."""

from collections.abc import Iterable

import polars as pl


def add_stages(frame: pl.DataFrame, stages: Iterable[Iterable[pl.Expr]]) -> pl.DataFrame:
    """The frame with the columns of each stage added; a stage may read those before it."""
    for stage in stages:
        frame = frame.with_columns(stage)
    return frame
