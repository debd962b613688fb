"""Columns of frames as arrays, for what is looked at row by row: of hundreds of accounts a handful."""

from collections.abc import Iterable
from datetime import date
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray


def place_of(wanted: Iterable[str], standing: Iterable[str]) -> NDArray[np.int64]:
    """Where each wanted one stands among the others; -1 where it does not."""
    places = {one: place for place, one in enumerate(standing)}
    return np.array([places.get(one, -1) for one in wanted], dtype=np.int64)


def as_array(column: pl.Series) -> NDArray[Any]:
    """The column with what is missing as NaN, NaT, '' or False."""
    if column.dtype == pl.String:
        return np.array([one or "" for one in column.to_list()], dtype=object)
    return np.array(column.to_list(), dtype=object) == np.True_ if column.dtype == pl.Boolean else column.to_numpy()


def as_array_and_nothing(column: pl.Series) -> NDArray[Any]:
    """The same with one more place, at which everything is missing."""
    return np.append(as_array(column), as_array(pl.Series([None], dtype=column.dtype)))


def days_between(until: NDArray[Any], since: date) -> NDArray[np.float64]:
    """Days, NaN where the end is not known."""
    days = (until - np.datetime64(since)).astype(np.float64)
    return np.where(np.isnat(until), np.nan, days)


def or_none(number: float) -> float | None:
    """The number; None for NaN."""
    return float(number) if number == number else None  # numpy asks a single number slowly
