"""What moved since the last diagnosed night.

A health move counts from 5 points in a night, or from 7 in thirty days on the night that reaches them. The cause is the
signal whose contribution changed most in the direction of the move, among the signals of the score that moved. Nights
are compared in memory: as one join in SQL, PostgreSQL took few rows for granted and compared every account with every
other, at thirty times the cost.
"""

import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from typing import Any

import numpy as np
import polars as pl
import psycopg
from django.db.backends.utils import CursorWrapper
from numpy.typing import NDArray

from accounts.models import Organization
from diagnostics.book import DiagnosedBook, feature_settings
from diagnostics.engine import ScoringModel
from diagnostics.features.reading import Answer, Facts
from diagnostics.models import ModelVersion, Movement, Night
from diagnostics.writing import insert_night_rows, read_versions

DAY_POINTS = 5.0
MONTH_POINTS = 7.0
MONTH = timedelta(days=30)
# How much older than thirty days the night of comparison may be, where nights are missing.
MONTH_SLACK = timedelta(days=15)
LIMIT_DAYS = 30
LIMIT_STEP_DAYS = 3
DEFENSE, EXPANSION = "defense_priority", "expansion_priority"
PLACES = {kind: place for place, kind in enumerate(Movement.Kind.values, start=1)}

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
# Points travel in PostgreSQL's binary form of an array, one row behind another, which numpy reads without parsing.
POINTS = """
SELECT array_agg(account_id::text), array_agg(night), string_agg(array_send(array_replace(points, NULL, 'NaN')), '')
FROM diagnostics_diagnosis
WHERE organization_id = %(organization)s AND night = ANY(%(nights)s) AND account_id = ANY(%(accounts)s::uuid[])
    AND cardinality(points) = %(width)s
"""
ARRAY_HEAD = 20  # bytes: dimensions, whether there are NULLs, the type, the length and its lower bound


def ask_moves(cursor: CursorWrapper, book: DiagnosedBook) -> Callable[[], pl.DataFrame]:
    """Find what moved since the night before and ask for its points; what is returned waits for them: Movement's rows.

    No rows where there is no night to compare with.
    """
    if book.continued is None:
        return pl.DataFrame
    versions = book.versions or read_versions(cursor, book.organization.id, book.night)
    return ask_causes(cursor, book, find_moves(compare_nights(cursor, book, versions)), versions)


def write_movements(cursor: CursorWrapper, book: DiagnosedBook, moved: pl.DataFrame) -> int:
    """Replace the night's movements by `moved`; returns their number."""
    psycopg.Cursor(cursor.connection).execute(DELETE, [book.organization.id, book.night])
    insert_night_rows(cursor, Movement, book.organization.id, book.night, moved)
    return moved.height


def ask_past(
    cursor: CursorWrapper, organization: Organization, night: date, nights: Iterable[date], continued: date
) -> Answer:
    """Health a month before either night and what notice was given in between, columns PAST_SCHEMA."""
    facts = Facts(cursor, organization.id, night, feature_settings(organization))
    month_ago, month_before = pick_a_month_before(night, nights), pick_a_month_before(continued, nights)
    return facts.ask(PAST, PAST_SCHEMA, month_ago=month_ago, month_before=month_before, continued=continued)


def compare_nights(cursor: CursorWrapper, book: DiagnosedBook, nights: Iterable[date]) -> pl.DataFrame:
    """Tonight's accounts that were there the night before, as they are and were, and health a month before each."""
    organization, night, continued = book.organization, book.night, book.continued
    assert continued is not None
    assert book.previous is not None
    past = book.past if book.past is not None else ask_past(cursor, organization, night, nights, continued)()
    was = book.previous.select("account_id", "health", "segment", "lever", "limit_metric", "limit_on")
    frame = book.diagnoses.select("account_id", "night", "arr", *was.columns[1:])
    frame = frame.join(was, on="account_id", how="inner", suffix="_was", maintain_order="left")
    frame = frame.join(past, on="account_id", how="left", maintain_order="left")
    month_ago = pl.lit(pick_a_month_before(night, nights), dtype=pl.Date)
    frame = frame.with_columns(continued=pl.lit(continued), month_ago=month_ago)
    return frame.with_columns(_COMPARED)


_COMPARED = (
    (pl.col("health") - pl.col("health_was")).alias("by_day"),
    (pl.col("health") - pl.col("month_health")).alias("by_month"),
    (pl.col("health_was") - pl.col("was_month_health")).fill_null(0.0).alias("was_by_month"),
    (pl.col("limit_on") - pl.col("night")).dt.total_days().alias("days_left"),
    (pl.col("limit_on_was") - pl.col("continued")).dt.total_days().alias("days_left_was"),
    # Where the night before has no limit, it reads as ''.
    (pl.col("limit_metric") == pl.col("limit_metric_was")).fill_null(False).alias("same_limit"),
    pl.col("lever", "lever_was").fill_null(""),
    # Where there is no night of a month ago, a crossing is explained by the night before.
    pl.when(pl.col("month_health").is_not_null()).then("month_ago").otherwise("continued").alias("since"),
)


@dataclass(frozen=True, slots=True)
class Move:
    """On which of the compared accounts a kind of movement stands, and what it says of them."""

    holds: pl.Expr
    columns: tuple[pl.Expr, ...]


def find_moves(compared: pl.DataFrame) -> pl.DataFrame:
    """One row per account and kind: Movement's columns but the cause's, and `score` and `direction` to find it by."""
    moves = _write_moves()
    standing = compared.select(move.holds.fill_null(False).alias(str(place)) for place, move in enumerate(moves))
    counts = standing.sum().row(0)
    found = [
        compared.filter(stands).select(move.columns)
        for move, stands, count in zip(moves, standing, counts, strict=True)
        if count
    ]
    return pl.concat(found) if found else compared.clear().select(moves[0].columns)


@cache
def _write_moves() -> tuple[Move, ...]:
    """The kinds in the order of their rows."""
    crossed = pl.col("segment") != pl.col("segment_was")
    was_health = pl.coalesce("month_health", "health_was")
    far = (pl.col("by_day").abs() >= DAY_POINTS).fill_null(False)
    reached = (pl.col("by_month").abs() >= MONTH_POINTS) & (pl.col("was_by_month").abs() < MONTH_POINTS)
    into, out = pl.col("lever"), pl.col("lever_was")
    # The segment's crossing says it already.
    into_defense = crossed & (pl.col("segment") == DEFENSE)
    out_of_defense = crossed & (pl.col("segment_was") == DEFENSE)
    nearer = (
        ~pl.col("same_limit")
        | (pl.col("days_left_was") > LIMIT_DAYS)
        | ((pl.col("limit_on_was") - pl.col("limit_on")).dt.total_days() >= LIMIT_STEP_DAYS)
    )
    segments = {"from_code": pl.col("segment_was"), "to_code": pl.col("segment")}
    levers = {"from_code": out, "to_code": into}
    healths: dict[str, Any] = {
        "from_value": was_health,
        "to_value": pl.col("health"),
        "score": "health",
        "since": pl.col("since"),
    }
    return (
        _move("notice_given", pl.col("noticed"), score="health", direction=-1.0,
              to_code=pl.col("ends_on").cast(pl.String)),
        _move("entered_defense", into_defense, **segments, **healths, direction=-1.0),
        _move("left_defense", out_of_defense, **segments, **healths, direction=1.0),
        _move("entered_expansion", crossed & (pl.col("segment") == EXPANSION), **segments,
              since=pl.col("since"), direction=1.0),
        _move("left_expansion", crossed & (pl.col("segment_was") == EXPANSION) & ~into_defense, **segments,
              since=pl.col("since"), direction=-1.0),
        _move("health_moved", far, from_value=pl.col("health_was"), to_value=pl.col("health"), score="health",
              direction=pl.col("by_day").sign()),
        _move("health_moved", ~far & reached, from_value=pl.col("month_health"), to_value=pl.col("health"),
              score="health", since=pl.col("since"), direction=pl.col("by_month").sign()),
        _move("limit_nearer", (pl.col("days_left") <= LIMIT_DAYS) & nearer.fill_null(True),
              from_value=pl.when(pl.col("same_limit")).then(pl.col("days_left_was")), to_value=pl.col("days_left"),
              from_code=pl.col("limit_metric_was"), to_code=pl.col("limit_metric"), score="potential", direction=1.0),
        _move("lever_opened", (into != out) & (into != "") & ~((into == "retain") & into_defense), **levers,
              score=pl.when(into == "retain").then(pl.lit("health")).otherwise(pl.lit("potential")),
              direction=pl.when(into == "retain").then(-1.0).otherwise(1.0)),
        _move("lever_closed", (into == "") & (out != "") & ~((out == "retain") & out_of_defense), **levers,
              score=pl.when(out == "retain").then(pl.lit("health")).otherwise(pl.lit("")),
              direction=pl.when(out == "retain").then(1.0).otherwise(-1.0)),
    )  # fmt: skip


def _move(
    kind: str,
    holds: pl.Expr,
    *,
    direction: pl.Expr | float,
    score: pl.Expr | str = "",
    since: pl.Expr | None = None,
    from_value: pl.Expr | None = None,
    to_value: pl.Expr | None = None,
    from_code: pl.Expr | None = None,
    to_code: pl.Expr | None = None,
) -> Move:
    nothing = pl.lit(None)
    columns = (
        pl.col("account_id"),
        pl.col("arr"),
        pl.lit(kind).alias("kind"),
        pl.lit(PLACES[kind], dtype=pl.Int16).alias("place"),
        (nothing if from_value is None else from_value).cast(pl.Float64).alias("from_value"),
        (nothing if to_value is None else to_value).cast(pl.Float64).alias("to_value"),
        (nothing if from_code is None else from_code).cast(pl.String).fill_null("").alias("from_code"),
        (nothing if to_code is None else to_code).cast(pl.String).fill_null("").alias("to_code"),
        (pl.col("continued") if since is None else since).cast(pl.Date).alias("since"),
        (pl.lit(score) if isinstance(score, str) else score).alias("score"),
        (pl.lit(direction) if isinstance(direction, float) else direction).cast(pl.Float64).alias("direction"),
    )
    return Move(holds, columns)


def ask_causes(
    cursor: CursorWrapper, book: DiagnosedBook, moved: pl.DataFrame, versions: Mapping[date, uuid.UUID]
) -> Callable[[], pl.DataFrame]:
    """Ask for the points that the moves are held against; what is returned waits for them and attaches the causes.

    Columns cause and cause_points in the place of score and direction; null where nothing changed that way.
    Contributions are compared within one numbering of the signals only.
    """
    if not moved.height:
        nothing = {"cause": pl.lit(None, dtype=pl.Int16), "cause_points": pl.lit(None, dtype=pl.Float64)}
        return lambda: moved.with_columns(**nothing).drop("score", "direction")
    alike = [day for day in set(moved["since"].to_list()) if _is_numbered_alike(versions[day], book)]
    named = {
        "organization": book.organization.id,
        "nights": alike,
        "accounts": list(set(moved["account_id"].to_list())),
        "width": len(book.model.names),
    }
    answer = psycopg.Cursor(cursor.connection).execute(POINTS, named, binary=True)
    return lambda: _attach_causes(book, moved, *_unpack_points(answer.fetchone(), len(book.model.names)))


def _attach_causes(
    book: DiagnosedBook, moved: pl.DataFrame, places: dict[tuple[str, date], int], before: NDArray[np.float64]
) -> pl.DataFrame:
    """`before` are the points before, a row each, with its place by account and night; the last row is of nothing."""
    accounts, since = moved["account_id"].to_list(), moved["since"].to_list()
    rows = [places.get(key, -1) for key in zip(accounts, since, strict=True)]
    own = {account: place for place, account in enumerate(book.diagnoses["account_id"].to_list())}
    now = book.diagnoses["points"].explode().cast(pl.Float64).to_numpy().reshape(book.diagnoses.height, -1)
    here = [own[account] for account in accounts]
    masks = {score: _mask(book.model, score) for score in ("health", "potential", "")}
    change = (now[here] - before[rows]) * np.stack([masks[score] for score in moved["score"].to_list()])
    change = np.nan_to_num(change * moved["direction"].to_numpy()[:, None], nan=-np.inf)
    most = change.max(axis=1)
    speaks = pl.Series(most > 0)
    return moved.with_columns(
        cause=pl.when(speaks).then(pl.Series(change.argmax(axis=1) + 1, dtype=pl.Int16)),
        cause_points=pl.when(speaks).then(pl.Series(most) * pl.col("direction")),
    ).drop("score", "direction")


def _unpack_points(
    found: tuple[Any, ...] | None, width: int
) -> tuple[dict[tuple[str, date], int], NDArray[np.float64]]:
    nothing = np.full((1, width), np.nan)
    if found is None or found[0] is None:
        return {}, nothing
    ids, days, packed = found
    item = np.dtype([("bytes", ">i4"), ("number", ">f8")])
    rows = np.frombuffer(packed, dtype=np.dtype([("head", f"V{ARRAY_HEAD}"), ("items", item, (width,))]))
    points = np.concatenate([rows["items"]["number"].astype(np.float64), nothing])
    return {key: place for place, key in enumerate(zip(ids, days, strict=True))}, points


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


def _is_numbered_alike(version_id: uuid.UUID, book: DiagnosedBook) -> bool:
    if version_id == book.version.id:
        return True
    signals = ModelVersion.objects.filter(pk=version_id).values_list("parameters__signals", flat=True).get()
    return tuple(signals) == book.model.signals
