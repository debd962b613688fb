"""Quantities of days added up over the windows of a night: one row for each account and metric."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from diagnostics.engine.columns import Marks, Numbers

from .reading import Ids
from .vectors import Places, find_places, known

WINDOW_DAYS = 84  # three times four whole weeks: each window has the same number of Mondays
WINDOW_STARTS = [0, 28, 56]  # days before the night
# A count of distinct people over 28 days is read where the window ends, not where it was highest.
ROLLING = "active_users_28d"
WEEK = 7

type Bits = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class PackedUsage:
    """Usage as the database packed it: months of accounts, metric after metric."""

    metrics: list[str]
    rows: NDArray[np.int64]  # of each metric
    account: Ids  # of each row
    items: NDArray[np.int64]  # of each row
    days: NDArray[np.int64]  # of each item, since 2000
    quantities: Numbers


@dataclass(frozen=True, slots=True)
class UsageRows:
    """One row for each account and metric with a day within the 84 days, metric after metric.

    A count that is not known in a window is not a number. A row of `bits` holds the days of use, the night first.
    """

    account: Places  # among the accounts of the book
    metric: Places  # among the names
    names: list[str]
    sums: NDArray[np.float64]  # by window
    peaks: NDArray[np.float64]  # of the first two windows
    least: Numbers
    bits: Bits

    def find(self, metric: str) -> "UsageRows":
        """The rows of one metric."""
        return self.choose(self.metric == (self.names.index(metric) if metric in self.names else -1))

    def choose(self, wanted: Marks) -> "UsageRows":
        """Some of them."""
        return UsageRows(
            self.account[wanted], self.metric[wanted], self.names, self.sums[wanted], self.peaks[wanted],
            self.least[wanted], self.bits[wanted],
        )  # fmt: skip


def join_rows(parts: Sequence[UsageRows]) -> UsageRows:
    """The rows of several slices of accounts, under the names of all."""
    if len(parts) == 1:
        return parts[0]
    names = sorted(set(chain(*(part.names for part in parts))))
    metric = [np.array([names.index(name) for name in part.names], dtype=np.intp)[part.metric] for part in parts]
    columns = [
        np.concatenate([getattr(part, name) for part in parts])
        for name in ("account", "sums", "peaks", "least", "bits")
    ]
    return UsageRows(columns[0], np.concatenate(metric), names, *columns[1:])


def add_up(parts: Sequence[PackedUsage], accounts: Ids, night: int) -> UsageRows:
    """Add up the parts of a slice of accounts; `night` is counted as their days are.

    Sums go day by day, and on a day from the least product to the greatest: nothing depends on how the rows lie.
    """
    names = sorted(set(chain(*(part.metrics for part in parts))))
    place, stands = find_places(accounts, _join([part.account for part in parts]))
    of = [np.repeat(np.array([names.index(name) for name in part.metrics], dtype=np.intp), part.rows) for part in parts]
    key = _join(of) * accounts.size + place
    items = _join([part.items for part in parts])
    before = night - _join([part.days for part in parts])
    quantity = _join([part.quantities for part in parts])
    if not stands.all():
        which = np.repeat(stands, items)
        key, items, before, quantity = key[stands], items[stands], before[which], quantity[which]
    # A table of all accounts and metrics: cheaper than to sort them.
    there = np.zeros(len(names) * accounts.size, dtype=bool)
    there[key] = True
    rows = np.flatnonzero(there)
    row = (np.cumsum(there) - 1)[key]
    # As wide as the days go, so that none need be left out before.
    earliest = min(int(before.min(initial=0)), 0)
    width = max(int(before.max(initial=0)), WINDOW_DAYS - 1) - earliest + 1
    at = np.repeat(row * width - earliest, items) + before
    metric, account = np.divmod(rows, max(accounts.size, 1))
    rolling = np.array([name == ROLLING for name in names], dtype=bool)[metric]
    windows = slice(-earliest, WINDOW_DAYS - earliest)
    return _sum_windows(_lay_out(at, quantity, (rows.size, width)), windows, rolling, account, metric, names)


def _join[Item: np.generic](parts: list[NDArray[Item]]) -> NDArray[Item]:
    """One behind another; the only one as it is, for a copy of a night's quantities is felt."""
    return parts[0] if len(parts) == 1 else np.concatenate(parts)


@dataclass(frozen=True, slots=True)
class Days:
    """Row by day: what is known, and of the products of a day the sum, the greatest and the least."""

    known: Marks
    total: NDArray[np.float64]
    highest: NDArray[np.float64]
    lowest: NDArray[np.float64]


def _lay_out(at: NDArray[np.int64], quantity: Numbers, shape: tuple[int, int]) -> Days:
    size = shape[0] * shape[1]
    there, sums = np.zeros(size, dtype=bool), np.zeros(size)
    there[at] = True
    highest = lowest = sums
    if np.count_nonzero(there) == at.size:
        sums[at] = quantity
    else:  # several products on one day
        order = np.lexsort((quantity, at))
        at, quantity = at[order], quantity[order]
        starts = np.flatnonzero(np.diff(at, prepend=-1))
        highest, lowest = np.zeros(size), np.zeros(size)
        for into, add in ((sums, np.add), (highest, np.maximum), (lowest, np.minimum)):
            into[at[starts]] = add.reduceat(quantity, starts)
    return Days(there.reshape(shape), sums.reshape(shape), highest.reshape(shape), lowest.reshape(shape))


def _sum_windows(
    days: Days, windows: slice, rolling: Marks, account: Places, metric: Places, names: list[str]
) -> UsageRows:
    there, highest = days.known[:, windows], days.highest[:, windows]
    counted = there.any(axis=1)
    if not counted.all():
        rows = Days(*(getattr(days, name)[counted] for name in Days.__slots__))
        return _sum_windows(rows, windows, rolling[counted], account[counted], metric[counted], names)
    if not account.size:
        none = np.zeros((0, 3))
        return UsageRows(account, metric, names, none, none[:, :2], none[:, 0], np.zeros((0, 11), dtype=np.uint8))
    told = np.logical_or.reduceat(there, WINDOW_STARTS, axis=1)
    sums = np.add.reduceat(days.total[:, windows], WINDOW_STARTS, axis=1)
    sums[~told] = np.nan
    recent = np.where(there[:, : WINDOW_STARTS[2]], highest[:, : WINDOW_STARTS[2]], -np.inf)
    peaks = np.maximum.reduceat(recent, WINDOW_STARTS[:2], axis=1)
    if rolling.any():
        for place, start in enumerate(WINDOW_STARTS[:2]):
            peaks[rolling, place] = _read_end(recent[rolling, start : start + WEEK])
    peaks[np.isinf(peaks)] = np.nan
    least = np.where(there, days.lowest[:, windows], np.inf).min(axis=1)
    return UsageRows(account, metric, names, sums, peaks, least, np.packbits(there & (highest > 0), axis=1))


def _read_end(week: NDArray[np.float64]) -> Numbers:
    """What is said by the end of a window, the last day first: of the last three days, else the last known of a week.

    Some sources count once a week.
    """
    at_end = week[:, :3].max(axis=1)
    latest = week[np.arange(len(week)), (week > -np.inf).argmax(axis=1)]
    return np.where(at_end > -np.inf, at_end, latest)


def days_of_use(usage: UsageRows, accounts: int) -> Marks:
    """Account by day before the night: whether anything was used."""
    bits = np.zeros((accounts, usage.bits.shape[1]), dtype=np.uint8)
    for metric in range(len(usage.names)):
        # Of one metric an account has one row.
        of = usage.metric == metric
        bits[usage.account[of]] |= usage.bits[of]
    return np.unpackbits(bits, axis=1, count=WINDOW_DAYS).astype(bool)


def sum_of(usage: UsageRows, which: Marks, values: Numbers, accounts: int) -> Numbers:
    """The sum of what is known of the chosen rows, by account; 0 where nothing is."""
    which = which & known(values)
    return np.bincount(usage.account[which], values[which], accounts)
