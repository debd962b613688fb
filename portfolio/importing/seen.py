"""Which keys a file has already brought: eight bytes a row, so that a file of a gigabyte can be watched."""

from dataclasses import dataclass
from typing import Any

import polars as pl

# Runs are merged up to this many keys; beyond it they stand side by side, which bounds the merge's memory.
LARGEST_RUN = 4_000_000
# A block that shares few days with a run is not worth merging into it: a file in order of days never merges.
SHARED_ENOUGH = 0.25


@dataclass(slots=True)
class _Run:
    digests: pl.Series
    first: Any
    last: Any


class SeenKeys:
    """A growing set of 64-bit digests. Two keys share one with odds of 1 in 30,000 over 35 million rows.

    Each digest comes with a day (or any value of an order that the file may follow): only runs that share days are
    searched, which costs a file in order of days next to nothing.
    """

    def __init__(self) -> None:
        self._runs: list[_Run] = []

    def find(self, digests: pl.Series, days: pl.Series) -> pl.Series:
        """Which of the digests (UInt64) were added before, as booleans."""
        known = pl.Series(values=[False], dtype=pl.Boolean).new_from_index(0, len(digests))
        for run in self._runs:
            shared = days.is_between(run.first, run.last)
            if not shared.any():
                continue
            place = run.digests.search_sorted(digests.filter(shared), side="left").clip(0, len(run.digests) - 1)
            found = run.digests.gather(place) == digests.filter(shared)
            if found.any():
                known |= digests.is_in(digests.filter(shared).filter(found).implode())
        return known

    def add(self, digests: pl.Series, days: pl.Series) -> None:
        """Remember the digests."""
        if not len(digests):
            return
        new = _Run(digests.sort(), days.min(), days.max())
        # Like a log-structured merge: each key is merged a logarithmic number of times.
        while self._runs and self._are_alike(self._runs[-1], new, days):
            last = self._runs.pop()
            both = pl.concat([last.digests, new.digests]).sort()
            new = _Run(both, min(last.first, new.first), max(last.last, new.last))
        self._runs.append(new)

    def _are_alike(self, last: _Run, new: _Run, days: pl.Series) -> bool:
        size = len(new.digests)
        if len(last.digests) > 2 * size or size + len(last.digests) > LARGEST_RUN:
            return False
        return days.is_between(last.first, last.last).sum() >= SHARED_ENOUGH * len(days)


def digest_keys(keys: list[tuple[object, ...]]) -> pl.Series:
    """Digests of keys as Python sees them; stable within a process only."""
    return pl.Series(values=[hash(key) & 0xFFFF_FFFF_FFFF_FFFF for key in keys], dtype=pl.UInt64)
