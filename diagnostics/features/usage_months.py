"""Usage of the last 84 days by account and metric, from the months as they are packed.

A month that is behind is read from its days. Accounts are read a thousand at a time, so that the memory of a night does
not grow with its book.
"""

from collections.abc import Callable
from datetime import timedelta
from itertools import pairwise
from typing import Any

import numpy as np

from diagnostics.engine.columns import Marks, Numbers, count_days, where
from portfolio.usage_months import FIRST_DAY, PACKED_DAYS, PACKED_QUANTITIES

from .columns import AccountColumns
from .reading import DAY, ID, NIL, Facts
from .usage_rows import WINDOW_DAYS, PackedUsage, UsageRows, add_up, join_rows

EARLIER_DAYS = 730  # how far back an account that was silent all the while is looked for
SLICE = 1000  # accounts
HIGHEST = "ffffffff-ffff-ffff-ffff-ffffffffffff"
DAY_BYTES = 4

# All of a metric's accounts behind one another.
BY_METRIC = """
SELECT array_agg(metric), string_agg(int8send(rows), ''), string_agg(accounts, ''), string_agg(lengths, ''),
    string_agg(days, ''), string_agg(quantities, '')"""
METRICS = """
    SELECT metric, count(*) AS rows, string_agg(uuid_send(account_id), '') AS accounts,
        string_agg(int4send(length(days)), '') AS lengths, string_agg(days, '') AS days,
        string_agg(quantities, '') AS quantities
    FROM packed GROUP BY metric"""
# What a UsageChange names is left out; the last columns tell what that is.
PACKED = f"""
WITH behind AS MATERIALIZED (
    SELECT min(first_on) AS first_on, max(last_on) AS last_on, coalesce(bool_or(accounts IS NULL), false) AS everyone,
        (SELECT array_agg(DISTINCT account) FROM portfolio_usagechange, unnest(accounts) AS account
            WHERE organization_id = %(organization)s) AS accounts
    FROM portfolio_usagechange WHERE organization_id = %(organization)s
), packed AS (
    SELECT account_id, metric, days, quantities FROM portfolio_usagemonth, behind
    WHERE organization_id = %(organization)s AND month BETWEEN %(month)s AND %(night)s
        AND account_id >= %(lowest)s AND account_id < %(highest)s
        AND ((everyone OR account_id = ANY(accounts))
            AND month BETWEEN date_trunc('month', first_on)::date AND last_on) IS NOT TRUE
)
{BY_METRIC}, (SELECT first_on FROM behind), (SELECT last_on FROM behind),
    (SELECT everyone FROM behind), (SELECT accounts FROM behind)
FROM ({METRICS}) AS metrics
"""  # noqa: S608  # put together from constants
# The same of the days themselves. The organization stands in an array because an equality would make PostgreSQL compare
# it with the policy's in a step of its own, through which every row is handed: a fifteenth of the time.
UNPACKED = f"""
WITH packed AS (
    SELECT account_id, metric, {PACKED_DAYS} AS days, {PACKED_QUANTITIES} AS quantities FROM portfolio_usage
    WHERE organization_id = ANY(ARRAY[%(organization)s]::uuid[]) AND day BETWEEN %(first)s AND %(last)s
        AND account_id >= %(lowest)s AND account_id < %(highest)s
        AND (%(everyone)s OR account_id = ANY(%(accounts)s::uuid[]))
    GROUP BY account_id, metric
)
{BY_METRIC}
FROM ({METRICS}) AS metrics
"""  # noqa: S608  # put together from constants

EARLIER = {"account_id": ID, "earlier_on": DAY}
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

    def __init__(self, facts: Facts, accounts: AccountColumns) -> None:
        """`accounts`: all of the book."""
        self.facts, self.accounts = facts, accounts
        self.first = facts.night - timedelta(days=WINDOW_DAYS - 1)
        self.behind = False
        bounds = accounts.texts["account_id"][SLICE::SLICE].tolist()
        self.slices = list(pairwise([NIL, *bounds, HIGHEST]))
        self.asked = self._ask(0)

    def read(self, ask_more: Callable[[], None]) -> UsageRows:
        """One row per account and metric used within the 84 days; `ask_more` is called once usage is all here."""
        rows = []
        for place in range(len(self.slices)):
            answer = self.asked()
            parts = [answer[:6], *self._read_behind(place, answer[6:])] if answer else []
            if place + 1 < len(self.slices):
                self.asked = self._ask(place + 1)
            else:
                ask_more()
            first = place * SLICE
            ids = self.accounts.ids[first : first + SLICE]
            found = add_up([_take_apart(part) for part in parts], ids, (self.facts.night - FIRST_DAY).days)
            found.account[:] += first
            rows.append(found)
        return join_rows(rows)

    def read_earlier(self, silent: Marks) -> Numbers:
        """The last day of use before the 84 days of the `silent` accounts, as far as two years back."""
        found = np.full(self.accounts.height, np.nan)
        if not silent.any():
            return found
        earliest = self.facts.night - timedelta(days=EARLIER_DAYS)
        days: dict[str, Any] = {
            "earliest": earliest,
            "before": self.first - timedelta(days=1),
            "silent": self.accounts.texts["account_id"][silent].tolist(),
        }
        if self.behind:
            rows = self.facts.ask_rows(EARLIER_UNPACKED, EARLIER, literally=True, **days)()
        else:
            rows = self.facts.ask_rows(EARLIER_STATEMENT, EARLIER, **{**days, "earliest": earliest.replace(day=1)})()
        places, stands = self.accounts.find(rows.ids["account_id"])
        found[places[stands]] = rows.numbers["earlier_on"][stands]
        return where(found >= count_days(earliest), found)

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


def _take_apart(packed: tuple[Any, ...]) -> PackedUsage:
    metrics, rows, accounts, lengths, days, quantities = packed
    return PackedUsage(
        metrics=metrics or [],
        rows=np.frombuffer(rows or b"", ">i8").astype(np.int64),
        account=np.frombuffer(accounts or b"", "S16"),
        items=np.frombuffer(lengths or b"", ">i4").astype(np.int64) // DAY_BYTES,
        days=np.frombuffer(days or b"", ">i4").astype(np.int64),
        quantities=np.frombuffer(quantities or b"", ">f8").astype(np.float64),
    )
