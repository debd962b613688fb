"""The calendar of the sample: days counted back from a night, seasons, office hours.

The *night* is the last day of history, the day before the reference day. `ago(0)` is the
night itself; a negative count lies ahead.
"""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone
from functools import cache
from random import Random

HISTORY_MONTHS = 24


def add_months(day: date, months: int) -> date:
    """Return the same day of the month `months` later; the last day where it does not exist."""
    position = day.year * 12 + day.month - 1 + months
    year, month = divmod(position, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def shift_to_weekday(day: date) -> date:
    """Return `day`, or the Friday before it where it falls on a weekend."""
    return day - timedelta(days=max(0, day.weekday() - 4))


def spread_to_weekday(day: date) -> date:
    """Return `day`, or for a weekend one of the five working days before it, each as often."""
    if day.weekday() < 5:
        return day
    return day - timedelta(days=day.weekday() - 4 + (day.toordinal() // 7 + 3 * day.weekday()) % 5)


def find_easter(year: int) -> date:
    """Return Easter Sunday (anonymous Gregorian computus, Meeus)."""
    a, (b, c) = year % 19, divmod(year, 100)
    d, e = divmod(b, 4)
    g = (8 * b + 13) // 25
    h = (19 * a + b - d - g + 15) % 30
    i, k = divmod(c, 4)
    offset = (32 + 2 * e + 2 * i - h - k) % 7
    m = (a + 11 * h + 22 * offset) // 451
    month, day = divmod(h + offset - 7 * m + 114, 31)
    return date(year, month, day + 1)


@cache
def find_offset(day: date) -> timezone:
    """Return the offset of Central European Time on `day` (summer time by the EU's rule)."""
    begins = max(date(day.year, 3, d) for d in range(25, 32) if date(day.year, 3, d).weekday() == 6)
    ends = max(date(day.year, 10, d) for d in range(25, 32) if date(day.year, 10, d).weekday() == 6)
    return timezone(timedelta(hours=2 if begins <= day < ends else 1))


def place_at(day: date, hour: int, minute: int = 0) -> datetime:
    """Return an instant of Central European Time."""
    return datetime.combine(day, time(hour, minute), find_offset(day))


def draw_instant(rng: Random, day: date, first_hour: int = 8, last_hour: int = 17) -> datetime:
    """Draw an instant of `day` between two hours, to the minute."""
    return place_at(day, rng.randint(first_hour, last_hour), rng.randrange(60))


@dataclass(frozen=True, slots=True)
class History:
    """The stretch of days the sample tells: `begins` … `night`; `today` is the day after."""

    today: date

    @property
    def night(self) -> date:
        return self.today - timedelta(days=1)

    @property
    def begins(self) -> date:
        return add_months(self.today, -HISTORY_MONTHS)

    @property
    def length(self) -> int:
        """Number of days from `begins` to the night, both counted."""
        return (self.today - self.begins).days

    def ago(self, days: int) -> date:
        """Return the day `days` before the night; a negative count lies after it."""
        return self.night - timedelta(days=days)

    def workday_ago(self, days: int) -> date:
        """Return the last Monday-to-Friday on or before `ago(days)`."""
        return shift_to_weekday(self.ago(days))

    def some_workday_ago(self, days: int) -> date:
        """Return `ago(days)`, or a working day of the week before where that is a weekend."""
        return spread_to_weekday(self.ago(days))

    def days_since(self, day: date) -> int:
        """Return how many days before the night `day` lies."""
        return (self.night - day).days

    def covers(self, day: date) -> bool:
        return self.begins <= day <= self.night


# First day, last day and depth of the summer dip, by how a region takes its holidays.
SUMMER = {
    "south": ((7, 28), (8, 27), 0.36),
    "centre": ((7, 20), (8, 31), 0.17),
    "north": ((7, 3), (8, 9), 0.32),
    "isles": ((7, 25), (8, 31), 0.13),
}
REGION = {
    **dict.fromkeys(("FR", "IT", "ES", "PT", "BE", "GR", "LU", "HR"), "south"),
    **dict.fromkeys(("DE", "AT", "CH", "PL", "CZ", "HU", "RO", "SI"), "centre"),
    **dict.fromkeys(("DK", "SE", "NO", "FI", "EE", "LT"), "north"),
    **dict.fromkeys(("GB", "IE", "NL"), "isles"),
}


def measure_season(day: date, region: str, *, summer_trade: bool) -> float:
    """Return the share of its usual activity a customer of `region` has on `day` (about 0.4–1.2)."""
    if (day.month, day.day) >= (12, 24) or (day.month, day.day) <= (1, 1):
        return 0.62 if summer_trade else 0.42
    if (day.month, day.day) >= (12, 20) or (day.month, day.day) <= (1, 5):
        return 0.76
    if day == find_easter(day.year) + timedelta(days=1) or (day.month, day.day) == (5, 1):
        return 0.55
    (month, first), (last_month, last), depth = SUMMER[region]
    begins, ends = date(day.year, month, first), date(day.year, last_month, last)
    if not begins <= day <= ends:
        return 1.0
    edge = min(1.0, (min((day - begins).days, (ends - day).days) + 1) / 8)
    return 1.0 + 0.14 * edge if summer_trade else 1.0 - depth * edge
