"""What moved since the last diagnosed night.

The cause of a movement is the signal whose contribution changed most in its direction, among the signals of the score
that moved.
"""

import uuid
from collections.abc import Callable, Iterable, Mapping
from datetime import date, timedelta
from typing import Any

import numpy as np
import polars as pl
import psycopg
from django.db.backends.utils import CursorWrapper
from numpy.typing import NDArray

from accounts.models import Organization
from diagnostics.arrays import as_array, as_array_and_nothing, place_of
from diagnostics.book import DiagnosedBook, feature_settings
from diagnostics.engine import ScoringModel
from diagnostics.features.reading import Answer, Facts
from diagnostics.few_rows import insert_few
from diagnostics.models import Movement, Night
from diagnostics.moves import STOOD, Compared, Moved, find_moves
from diagnostics.stored_points import SENT, gather_points, read_points
from diagnostics.writing import read_versions

MONTH = timedelta(days=30)
# How much older than thirty days the night of comparison may be, where nights are missing.
MONTH_SLACK = timedelta(days=15)

SIGNALS = "SELECT parameters -> 'signals' FROM diagnostics_modelversion WHERE organization_id = %s AND id = %s"
DELETE = "DELETE FROM diagnostics_movement WHERE organization_id = %s AND night = %s"

# Health a month before either night, and what notice was given in between.
PAST = """
WITH month AS (
    SELECT account_id, max(health) FILTER (WHERE night = %(month_ago)s::date) AS month_health,
        max(health) FILTER (WHERE night = %(month_before)s::date) AS was_month_health
    FROM diagnostics_diagnosis
    WHERE organization_id = %(organization)s AND night IN (%(month_ago)s::date, %(month_before)s::date)
    GROUP BY account_id
), noticed AS (
    SELECT account_id, true AS noticed, max(ended_on) AS ends_on FROM portfolio_subscription
    WHERE organization_id = %(organization)s AND started_on <= %(night)s
        AND notice_given_on > %(continued)s AND notice_given_on <= %(night)s
    GROUP BY account_id
)
SELECT account_id, month_health, was_month_health, noticed, ends_on FROM month FULL JOIN noticed USING (account_id)
"""
PAST_SCHEMA = {
    "account_id": pl.String,
    "month_health": pl.Float64,
    "was_month_health": pl.Float64,
    "noticed": pl.Boolean,
    "ends_on": pl.Date,
}
POINTS = f"""
SELECT account_id::text, night, {SENT.format("points")} FROM diagnostics_diagnosis
WHERE organization_id = %(organization)s AND night = ANY(%(nights)s) AND account_id = ANY(%(accounts)s::uuid[])
"""  # noqa: S608  # put together from constants


def ask_moves(cursor: CursorWrapper, book: DiagnosedBook) -> Callable[[], list[Moved]]:
    """Find what moved since the night before and ask for its points; what is returned waits for them.

    Nothing where there is no night to compare with.
    """
    if book.continued is None:
        return list
    versions = book.versions or read_versions(cursor, book.organization.id, book.night)
    return ask_causes(cursor, book, find_moves(compare_nights(cursor, book, versions)), versions)


def write_movements(cursor: CursorWrapper, book: DiagnosedBook, moved: list[Moved]) -> int:
    """Replace the night's movements by `moved`; returns their number."""
    psycopg.Cursor(cursor.connection).execute(DELETE, [book.organization.id, book.night])
    insert_few(cursor, Movement, book.organization.id, book.night, [one.list_columns() for one in moved])
    return len(moved)


def ask_past(
    cursor: CursorWrapper, organization: Organization, night: date, nights: Iterable[date], continued: date
) -> Answer:
    """Health a month before either night and what notice was given in between, columns PAST_SCHEMA."""
    facts = Facts(cursor, organization.id, night, feature_settings(organization))
    month_ago, month_before = pick_a_month_before(night, nights), pick_a_month_before(continued, nights)
    return facts.ask(PAST, PAST_SCHEMA, month_ago=month_ago, month_before=month_before, continued=continued)


def compare_nights(cursor: CursorWrapper, book: DiagnosedBook, nights: Iterable[date]) -> Compared:
    """Tonight's accounts that were there the night before."""
    organization, night, continued = book.organization, book.night, book.continued
    assert continued is not None
    assert book.previous is not None
    past = book.past if book.past is not None else ask_past(cursor, organization, night, nights, continued)()
    accounts = book.diagnoses["account_id"].to_list()
    before = place_of(accounts, book.previous["account_id"].to_list())
    rows = np.flatnonzero(before >= 0)
    of_past = place_of(accounts, past["account_id"].to_list())[rows]
    return Compared(
        night,
        continued,
        pick_a_month_before(night, nights),
        rows,
        {name: as_array(book.diagnoses[name])[rows] for name in ("account_id", "arr", *STOOD)},
        {name: as_array(book.previous[name])[before[rows]] for name in STOOD},
        # The last place is of nothing.
        {name: as_array_and_nothing(past[name])[of_past] for name in past.columns[1:]},
    )


def ask_causes(
    cursor: CursorWrapper, book: DiagnosedBook, moved: list[Moved], versions: Mapping[date, uuid.UUID]
) -> Callable[[], list[Moved]]:
    """Ask for the points that the moves are held against; what is returned waits for them and gives the causes.

    A cause stays None where nothing changed that way. Contributions are compared within one numbering of the signals
    only.
    """
    if not moved:
        return lambda: moved
    alike = [day for day in {one.since for one in moved} if _is_numbered_alike(cursor, versions[day], book)]
    width = len(book.model.names)
    named = {
        "organization": book.organization.id,
        "nights": alike,
        "accounts": list({one.account_id for one in moved}),
    }
    answer = psycopg.Cursor(cursor.connection).execute(POINTS, named, binary=True)

    def attach() -> list[Moved]:
        nothing = np.full(width, np.nan)
        before = {(account, night): read_points(sent, width) for account, night, sent in answer.fetchall()}
        then = [before.get((one.account_id, one.since)) for one in moved]
        masks = {score: _mask(book.model, score) for score in ("health", "potential", "")}
        change = gather_points(book.diagnoses, [one.row for one in moved], width)
        change = change - np.stack([nothing if points is None else points for points in then])
        change *= np.stack([masks[one.score] * one.direction for one in moved])
        change = np.nan_to_num(change, nan=-np.inf)
        for one, most, cause in zip(moved, change.max(axis=1).tolist(), change.argmax(axis=1).tolist(), strict=True):
            if most > 0:
                one.cause, one.cause_points = cause + 1, most * one.direction
        return moved

    return attach


def _mask(model: ScoringModel, score: str) -> NDArray[np.float64]:
    """1 for the signals among which a movement's cause is looked for, 0 for the others; a score of '' is either."""
    wanted = (score,) if score else ("health", "potential")
    return np.array([float(one in wanted) for one in name_scores(model)])


def find_night_a_month_before(night: date) -> date | None:
    """The diagnosed night that the 30-day changes of `night` are measured against; None where there is none."""
    oldest = night - MONTH - MONTH_SLACK
    nights = Night.objects.filter(night__lt=night, night__gte=oldest).values_list("night", flat=True)
    return pick_a_month_before(night, nights)


def pick_a_month_before(night: date, nights: Iterable[date]) -> date | None:
    """The newest of `nights` that is thirty days old or a little more."""
    wanted = night - MONTH
    return max((day for day in nights if wanted - MONTH_SLACK <= day <= wanted), default=None)


def name_scores(model: ScoringModel) -> list[str]:
    """By signal number: the score it belongs to; the ends of the scale are nobody's cause."""
    return [signal.score for signal in model.declarations] + ["scale"] * (len(model.names) - len(model.signals))


def _is_numbered_alike(cursor: CursorWrapper, version_id: uuid.UUID, book: DiagnosedBook) -> bool:
    if version_id == book.version.id:
        return True
    found: Any = psycopg.Cursor(cursor.connection).execute(SIGNALS, [book.organization.id, version_id]).fetchone()
    return tuple(found[0]) == book.model.signals
