"""Days as numbers."""

from datetime import date

UNIX_DAY = date(1970, 1, 1).toordinal()
# What a calendar can say, less a year: the engine adds weeks to a day.
EARLIEST, LATEST = date.min.toordinal() - UNIX_DAY, date(date.max.year, 1, 1).toordinal() - UNIX_DAY


def day_number(day: date) -> int:
    """Days since 1970."""
    return day.toordinal() - UNIX_DAY
