"""Fiscal months and quarters: their labels, first and last days."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

import polars as pl

from portfolio.terms import add_months

Every = Literal["month", "quarter"]
LENGTHS: dict[Every, int] = {"month": 1, "quarter": 3}


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """A month (`2026-09`) or a fiscal quarter (`2026-Q3`, of the year in which the fiscal year begins)."""

    first: date
    last: date
    label: str
    every: Every

    def closes_by(self, day: date) -> date:
        """The day on which the period's closing figures are read: its last, or `day` while it runs."""
        return min(self.last, day)


def period_of(day: date, every: Every, *, first_month: int = 1) -> Period:
    """The period in which a day lies."""
    length = LENGTHS[every]
    since_start = (day.month - first_month) % 12
    first = add_months(day.replace(day=1), -(since_start % length))
    last = add_months(first, length) - timedelta(days=1)
    if every == "month":
        return Period(first, last, f"{first:%Y-%m}", every)
    year = first.year - (first.month < first_month)
    return Period(first, last, f"{year}-Q{since_start // length + 1}", every)


def list_periods(first: date, last: date, every: Every, *, first_month: int = 1) -> list[Period]:
    """The periods that hold a day from `first` to `last`, oldest first; none where last comes before first."""
    found: list[Period] = []
    day = first
    while day <= last:
        found.append(period_of(day, every, first_month=first_month))
        day = found[-1].last + timedelta(days=1)
    return found


def frame_periods(periods: Sequence[Period], today: date) -> pl.DataFrame:
    """One row per period: period (its label), place, first, last, and close: its last day, or `today` while it runs."""
    return pl.DataFrame(
        {
            "period": [p.label for p in periods],
            "place": range(len(periods)),
            "first": [p.first for p in periods],
            "last": [p.last for p in periods],
            "close": [p.closes_by(today) for p in periods],
        },
        schema={"period": pl.String, "place": pl.Int32, "first": pl.Date, "last": pl.Date, "close": pl.Date},
    )


def place_in_periods(frame: pl.DataFrame, day: str, periods: pl.DataFrame) -> pl.DataFrame:
    """The rows whose day lies in a period, with the columns of that period; `periods` follow each other."""
    found = frame.sort(day).join_asof(
        periods.sort("first"), left_on=day, right_on="first", strategy="backward", coalesce=False
    )
    return found.filter(pl.col(day) <= pl.col("last"))
