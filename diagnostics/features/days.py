"""Days as numbers."""

from datetime import date

UNIX_DAY = date(1970, 1, 1).toordinal()


def day_number(day: date) -> int:
    """Days since 1970."""
    return day.toordinal() - UNIX_DAY
