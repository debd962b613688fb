"""The day on which the books of these tests stand lasts until the last of them has run."""

from datetime import UTC, datetime, time, timedelta

import pytest
from django.utils import timezone

from tests.diagnostics.books import PARIS, TODAY

MARGIN = timedelta(minutes=10)  # longer than any test
BACK_AT = time(14)  # far from midnight in every time zone that tests name


@pytest.fixture(autouse=True)
def the_day_lasts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the day is over, or about to be, Django's clock runs on from its afternoon; elsewhere it is the real one.

    Within a test the clock never stands still nor goes back. PostgreSQL's and that of tokens are left alone.
    """
    began = datetime.now(UTC)
    ends = datetime.combine(TODAY + timedelta(days=1), time(0), PARIS)
    if began > ends - MARGIN:
        ahead = began - datetime.combine(TODAY, BACK_AT, PARIS)
        monkeypatch.setattr(timezone, "now", lambda: datetime.now(UTC) - ahead)
