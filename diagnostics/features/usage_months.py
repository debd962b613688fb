"""Usage of the last 84 days by account and metric, from the months as they are packed.

A month that is behind is read from its days. Accounts are read a thousand at a time, so that the memory of a night does
not grow with its book.
"""

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from itertools import chain, pairwise
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from portfolio.usage_months import FIRST_DAY, PACKED_DAYS, PACKED_QUANTITIES

from .reading import AMOUNT, COUNT, DAY, TEXT, Facts

WINDOW_DAYS = 84  # three times four whole weeks: each window has the same number of Mondays
EARLIER_DAYS = 730  # how far back an account that was silent all the while is looked for
SLICE = 1000  # accounts
LOWEST, HIGHEST = "00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff"

WINDOWS = {"28": slice(0, 28), "29_56": slice(28, 56), "57_84": slice(56, 84)}

METRICS = {
    "account_id": TEXT,
    "metric": TEXT,
    "sum_28": AMOUNT,
    "sum_29_56": AMOUNT,
    "sum_57_84": AMOUNT,
    "peak_28": AMOUNT,
    "peak_29_56": AMOUNT,
    "least": AMOUNT,
    "days_42": COUNT,  # bits of the days of use, bit 0 being the night
    "days_84": COUNT,  # bit 0 being 42 days before it
}

# What a UsageChange names is left out; the last columns tell what that is.
PACKED = """
WITH behind AS MATERIALIZED (
    SELECT min(first_on) AS first_on, max(last_on) AS last_on, coalesce(bool_or(accounts IS NULL), false) AS everyone,
        (SELECT array_agg(DISTINCT account) FROM portfolio_usagechange, unnest(accounts) AS account
            WHERE organization_id = %(organization)s) AS accounts
    FROM portfolio_usagechange WHERE organization_id = %(organization)s
), packed AS (
    SELECT account_id, metric, string_agg(days, '') AS days, string_agg(quantities, '') AS quantities
    FROM portfolio_usagemonth, behind
    WHERE organization_id = %(organization)s AND month BETWEEN %(month)s AND %(night)s
        AND account_id >= %(lowest)s AND account_id < %(highest)s
        AND ((everyone OR account_id = ANY(accounts))
            AND month BETWEEN date_trunc('month', first_on)::date AND last_on) IS NOT TRUE
    GROUP BY account_id, metric
)
SELECT array_agg(account_id::text), array_agg(metric), string_agg(int4send(length(days)), ''), string_agg(days, ''),
    string_agg(quantities, ''), (SELECT first_on FROM behind), (SELECT last_on FROM behind),
    (SELECT everyone FROM behind), (SELECT accounts FROM behind)
FROM packed
"""
# The same of the days themselves. The organization stands in an array because an equality would make PostgreSQL compare
# it with the policy's in a step of its own, through which every row is handed: a fifteenth of the time.
UNPACKED = f"""
SELECT array_agg(account_id::text), array_agg(metric), string_agg(int4send(length(days)), ''), string_agg(days, ''),
    string_agg(quantities, '')
FROM (
    SELECT account_id, metric, {PACKED_DAYS} AS days, {PACKED_QUANTITIES} AS quantities FROM portfolio_usage
    WHERE organization_id = ANY(ARRAY[%(organization)s]::uuid[]) AND day BETWEEN %(first)s AND %(last)s
        AND account_id >= %(lowest)s AND account_id < %(highest)s
        AND (%(everyone)s OR account_id = ANY(%(accounts)s::uuid[]))
    GROUP BY account_id, metric
) AS packed
"""  # noqa: S608  # put together from constants

EARLIER = {"account_id": TEXT, "earlier_on": DAY}
EARLIER_STATEMENT = """
SELECT account_id, max(last_used_on) FROM portfolio_usagemonth
WHERE organization_id = %(organization)s AND month BETWEEN %(earliest)s AND %(before)s
    AND account_id = ANY(%(silent)s::uuid[]) AND last_used_on IS NOT NULL
GROUP BY account_id
"""
EARLIER_UNPACKED = """
SELECT account_id, max(day) FROM portfolio_usage
WHERE organization_id = %(organization)s AND day BETWEEN %(earliest)s AND %(before)s
    AND account_id = ANY(%(silent)s::uuid[]) AND quantity > 0
GROUP BY account_id
"""

type Answer = Callable[[], tuple[Any, ...] | None]


class UsageMonths:
    """The usage of a night, asked at once for the first slice of accounts and slice by slice when it is read."""

    def __init__(self, facts: Facts, accounts: pl.Series) -> None:
        """`accounts`: the ids of the book, in any order; usage of others is read as well."""
        self.facts = facts
        self.first = facts.night - timedelta(days=WINDOW_DAYS - 1)
        self.behind = False
        bounds = accounts.sort().gather_every(SLICE)[1:].to_list()
        self.slices = list(pairwise([LOWEST, *bounds, HIGHEST]))
        self.asked = self._ask(0)

    def read(self) -> pl.DataFrame:
        """One row per account and metric used within the 84 days: `METRICS`."""
        frames = []
        for place in range(len(self.slices)):
            answer = self.asked()
            parts = [answer[:5], *self._read_behind(place, answer[5:])] if answer else []
            if place + 1 < len(self.slices):
                self.asked = self._ask(place + 1)
            frames.append(add_up(parts, self.facts.night))
        return pl.concat(frames)

    def read_earlier(self, silent: pl.Series) -> pl.DataFrame:
        """The last day of use before the 84 days of the `silent` accounts, as far as two years back: `EARLIER`."""
        if not silent.len():
            return pl.DataFrame(schema=EARLIER)
        earliest = self.facts.night - timedelta(days=EARLIER_DAYS)
        days: dict[str, Any] = {
            "earliest": earliest,
            "before": self.first - timedelta(days=1),
            "silent": silent.to_list(),
        }
        if self.behind:
            return self.facts.ask(EARLIER_UNPACKED, EARLIER, literally=True, **days)()
        days["earliest"] = earliest.replace(day=1)
        return self.facts.ask(EARLIER_STATEMENT, EARLIER, **days)().filter(pl.col("earlier_on") >= earliest)

    def _ask(self, place: int) -> Answer:
        lowest, highest = self.slices[place]
        return self.facts.ask_row(PACKED, month=self.first.replace(day=1), lowest=lowest, highest=highest)

    def _read_behind(self, place: int, told: tuple[Any, ...]) -> list[tuple[Any, ...]]:
        first_on, last_on, everyone, accounts = told
        self.behind |= first_on is not None
        # A month is behind as a whole, the days up to the night too where it is a later one that changed.
        if first_on is None or first_on.replace(day=1) > self.facts.night or last_on < self.first.replace(day=1):
            return []
        lowest, highest = self.slices[place]
        last = (last_on.replace(day=1) + timedelta(days=31)).replace(day=1) - timedelta(days=1)
        days = {"first": max(self.first, first_on.replace(day=1)), "last": min(self.facts.night, last)}
        whose = {"lowest": lowest, "highest": highest, "everyone": everyone, "accounts": accounts or []}
        answer = self.facts.ask_row(UNPACKED, literally=True, **days, **whose)()
        return [answer] if answer else []


def add_up(parts: Sequence[Sequence[Any]], night: date) -> pl.DataFrame:
    """The columns `METRICS` of parts packed by the database: accounts, metrics, bytes of days, days, quantities.

    Sums go day by day, and on a day from the least product to the greatest: nothing depends on how the rows lie.
    """
    parts = [part for part in parts if part[0] is not None]
    if not parts:
        return pl.DataFrame(schema=METRICS)
    names = pl.DataFrame({name: list(chain(*(part[at] for part in parts))) for at, name in enumerate(KEY)})
    lengths, days = (np.frombuffer(b"".join(part[at] for part in parts), ">i4") for at in (2, 3))
    quantities = np.frombuffer(b"".join(part[4] for part in parts), ">f8")
    rows = np.arange(names.height)
    if len(parts) > 1:
        standing = names.unique(maintain_order=True).with_row_index("row")
        rows = names.join(standing, on=KEY, how="left", maintain_order="left")["row"].to_numpy()
        names = standing.select(KEY)
    before = (night - FIRST_DAY).days - days.astype(np.int64)
    known = (before >= 0) & (before < WINDOW_DAYS)
    places = (np.repeat(rows, lengths // 4) * WINDOW_DAYS + before)[known]
    return _name_columns(names, places, quantities.astype(np.float64)[known])


KEY = ("account_id", "metric")


def _name_columns(names: pl.DataFrame, places: NDArray[np.int64], quantity: NDArray[np.float64]) -> pl.DataFrame:
    """`METRICS` of quantities by place: the row in `names` times the days of the window, plus the days before."""
    shape = (names.height, WINDOW_DAYS)
    counts = np.bincount(places, minlength=names.height * WINDOW_DAYS)
    total = np.zeros(counts.size)
    highest = lowest = total
    if counts.max(initial=0) <= 1:
        total[places] = quantity
    else:  # several products on one day
        order = np.lexsort((quantity, places))
        places, quantity = places[order], quantity[order]
        starts = np.flatnonzero(np.diff(places, prepend=-1))
        highest, lowest = np.zeros(counts.size), np.zeros(counts.size)
        for into, add in ((total, np.add), (highest, np.maximum), (lowest, np.minimum)):
            into[places[starts]] = add.reduceat(quantity, starts)
    known = (counts > 0).reshape(shape)
    total, highest, lowest = total.reshape(shape), highest.reshape(shape), lowest.reshape(shape)
    peaks = np.where(known, highest, -np.inf)
    # A count of distinct people over 28 days is read where the window ends, not where it was highest.
    rolling = (names["metric"] == "active_users_28d").to_numpy()
    columns: dict[str, Any] = {name: names[name] for name in KEY}
    for window, days in WINDOWS.items():
        columns[f"sum_{window}"] = np.where(known[:, days].any(axis=1), total[:, days].sum(axis=1), np.nan)
    for window in ("28", "29_56"):
        days = WINDOWS[window]
        at_end = peaks[:, days.start : days.start + 3].max(axis=1)
        peak = np.where(rolling, at_end, peaks[:, days].max(axis=1))
        columns[f"peak_{window}"] = np.where(np.isinf(peak), np.nan, peak)
    columns["least"] = np.where(known, lowest, np.inf).min(axis=1)
    used = known & (highest > 0)
    bits = np.int64(1) << np.arange(WINDOW_DAYS // 2)
    columns["days_42"], columns["days_84"] = used[:, :42] @ bits, used[:, 42:] @ bits
    frame = pl.DataFrame(columns, schema=METRICS, nan_to_null=True)
    return frame.filter(known.any(axis=1))
