"""Arrays whose unknown items are not a number: what SQL says of groups and of months, said of them."""

import numpy as np
from numpy.typing import NDArray

from diagnostics.engine.columns import Marks, Numbers, where

from .reading import Ids

type Places = NDArray[np.intp]


def find_places(sorted_ids: Ids, ids: Ids) -> tuple[Places, Marks]:
    """Where each of `ids` stands among the sorted ones, and whether it stands there at all."""
    if not sorted_ids.size:
        return np.zeros(ids.size, dtype=np.intp), np.zeros(ids.size, dtype=bool)
    places = np.minimum(np.searchsorted(sorted_ids, ids), sorted_ids.size - 1)
    return places, sorted_ids[places] == ids


def known(values: Numbers) -> Marks:
    return ~np.isnan(values)


def as_marks(holds: Marks, *told_by: Numbers) -> Numbers:
    """1 or 0; not known where one of `told_by` is not."""
    marks = holds.astype(np.float64)
    for values in told_by:
        marks[np.isnan(values)] = np.nan
    return marks


def total(places: Places, values: Numbers, size: int) -> Numbers:
    """The sum of what is known in each group, unknown where nothing is; in the order of the rows."""
    told = known(values)
    sums = np.bincount(places[told], values[told], size).astype(np.float64)  # of nothing: integers
    sums[np.bincount(places[told], minlength=size) == 0] = np.nan
    return sums


def count(places: Places, holds: Marks, size: int) -> Numbers:
    """In how many rows of each group it holds."""
    return np.bincount(places[holds], minlength=size).astype(np.float64)


def least(places: Places, values: Numbers, size: int) -> Numbers:
    """The least that is known in each group."""
    return -most(places, -values, size)


def most(places: Places, values: Numbers, size: int) -> Numbers:
    """The greatest that is known in each group."""
    found = np.full(size, -np.inf)
    told = known(values)
    np.maximum.at(found, places[told], values[told])
    return where(found > -np.inf, found)


def median(places: Places, values: Numbers, size: int) -> Numbers:
    """The median of what is known in each group, as percentile_cont(0.5): unknown where nothing is."""
    told = known(values)
    places, values = places[told], values[told]
    values = values[np.lexsort((values, places))]
    counts = np.bincount(places, minlength=size)
    found = np.full(size, np.nan)
    some = counts > 0
    first = (np.cumsum(counts) - counts)[some]
    low, high = values[first + (counts[some] - 1) // 2], values[first + counts[some] // 2]
    found[some] = low + 0.5 * (high - low)
    return found


def add_months(days: Numbers, months: Numbers) -> Numbers:
    """Each day so many months later: the same day of the month, or the month's last (`+ make_interval(months)`)."""
    told = known(days) & known(months)
    month, day = _split(np.where(told, days, 0.0))
    month = month + np.where(told, months, 0.0).astype(np.int64)
    first = _first_day(month)
    found = first + np.minimum(day, _first_day(month + 1) - first - 1)
    return where(told, found.astype(np.float64))


def whole_months(since: Numbers, until: int) -> Numbers:
    """How many months are over from each day to another (`age`), less than 0 where the day is still to come."""
    told = known(since)
    month, day = _split(np.where(told, since, 0.0))
    last_month, last_day = _split(np.array([float(until)]))
    months = last_month - month
    months = np.where(since > until, months + (day < last_day), months - (last_day < day))
    return where(told, months.astype(np.float64))


def _split(days: Numbers) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Months since 1970, and days since the month began."""
    whole = days.astype(np.int64)
    month = whole.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    return month, whole - _first_day(month)


def _first_day(months: NDArray[np.int64]) -> NDArray[np.int64]:
    return months.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
