"""One subject is one priority across nights: what was done, snoozed or dismissed stays away until something is new.

New is, against the night that the member saw when acting: another lever or segment, another first cause, health lower
(for growth: potential higher) by 5 points, one contribution worse (better) by 3, a new date for the decision, or a
newer fact of the subject's own kind. A snooze and a plan also end on their date. What is new is kept with the row, so
that the list can say it.

An act also holds for the lighter subjects that the row spoke for on the night that was seen: whoever called an account
yesterday is not sent to it again today about what stood beside. Those too come back when something is new about them.

An offer has a cool-down: whatever is new, the same growth lever is not put to the same account again within the
organization's number of days after an act on it or its dismissal.
"""

import json
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from typing import Any

import polars as pl
import psycopg
from django.db.backends.utils import CursorWrapper

from accounts.models import Organization
from diagnostics.book import DiagnosedBook
from diagnostics.engine import ScoringModel
from diagnostics.models import Priority
from diagnostics.priorities.candidates import GROWTH, Candidate
from diagnostics.priorities.comparing import list_health, was_not_kept

DONE_KINDS = ("called", "mailed", "met", "planned", "no_action")
DATED_KINDS = ("snoozed", "planned")  # their reason is the day on which the subject returns
# An act that put the offer to the account, or decided against it; a plan to do so is none yet.
PITCH_KINDS = ("called", "mailed", "met", "no_action", "dismissed")
NOTHING_NEW = "{}"
SCORE_STEP = 5.0
CONTRIBUTION_STEP = 3.0

# The last act on each subject known on the night, beside the diagnosis that the member saw.
ACTS = """
SELECT act.account_id::text, act.priority, act.kind, act.reason, act.acted_on, act.pitched_on,
       seen.health, seen.potential, seen.segment, seen.lever, seen.top_cause, seen.decision_on, seen.points,
       coalesce(row.also, '{}')
FROM (
    SELECT DISTINCT ON (account_id, priority)
           account_id, priority, kind, reason, (at AT TIME ZONE %(zone)s::text)::date AS acted_on,
           (max(at) FILTER (WHERE kind = ANY(%(pitches)s)) OVER (PARTITION BY account_id, priority)
               AT TIME ZONE %(zone)s::text)::date AS pitched_on
    FROM portfolio_act
    WHERE organization_id = %(organization)s AND at < %(end)s AND priority <> '' AND kind = ANY(%(kinds)s)
    ORDER BY account_id, priority, at DESC, source_id DESC
) act
LEFT JOIN LATERAL (
    SELECT * FROM diagnostics_diagnosis d
    WHERE d.organization_id = %(organization)s AND d.account_id = act.account_id AND d.night < act.acted_on
    ORDER BY d.night DESC LIMIT 1
) seen ON true
LEFT JOIN diagnostics_priority row ON row.organization_id = %(organization)s AND row.account_id = act.account_id
    AND row.night = seen.night AND row.subject = act.priority
"""
SCHEMA: dict[str, Any] = {
    "account_id": pl.String,
    "subject": pl.String,
    "act": pl.String,
    "reason": pl.String,
    "acted_on": pl.Date,
    "pitched_on": pl.Date,
    "seen_health": pl.Float64,
    "seen_potential": pl.Float64,
    "seen_segment": pl.String,
    "seen_lever": pl.String,
    "seen_top_cause": pl.Int16,
    "seen_decision_on": pl.Date,
    "seen_points": pl.List(pl.Float64),
    "also": pl.List(pl.String),
}


def ask_acts(cursor: CursorWrapper, organization: Organization, night: date) -> Callable[[], list[Any]]:
    """The last act on each subject before the end of the night, rows of `SCHEMA`; what is returned waits for them."""
    end = datetime.combine(night + timedelta(days=1), time(0), organization.zone)
    named = {
        "organization": organization.id,
        "end": end,
        "zone": organization.time_zone,
        "kinds": [*DONE_KINDS, "snoozed", "dismissed"],
        "pitches": list(PITCH_KINDS),
    }
    return psycopg.Cursor(cursor.connection).execute(ACTS, named, binary=True).fetchall


def suppress(candidates: list[Candidate], book: DiagnosedBook, acts: list[Any]) -> None:
    """left_out, left_out_until and news: subjects that were acted on, and what is new about them since.

    Also `spoken_for`: the subject whose act holds for this one, None where it stands for itself.
    """
    standing = {(one.account_id, one.subject): one for one in candidates}
    told = [row for row in acts if any((row[0], subject) in standing for subject in (row[1], *row[-1]))]
    if not told:
        return
    known = spread_acts(pl.DataFrame(told, schema=SCHEMA, orient="row"))
    acted = [standing[key] for key in known.select("account_id", "subject").iter_rows() if key in standing]
    for row in _judge(acted, known, book).iter_rows(named=True):
        one = standing[row["account_id"], row["subject"]]
        one.left_out, one.left_out_until = row["left_out"], row["left_out_until"]
        one.news, one.spoken_for = json.loads(row["news"]), row["spoken_for"]


def _judge(acted: list[Candidate], known: pl.DataFrame, book: DiagnosedBook) -> pl.DataFrame:
    """What becomes of the candidates that an act holds for."""
    rows = [one.row for one in acted]
    now = book.diagnoses[rows].select(
        "account_id", "health", "potential", "segment", "decision_on", "top_cause", "points", now_lever="lever"
    )
    own: dict[str, Any] = {
        "owner_email": [one.owner_email for one in acted],
        "subject": [one.subject for one in acted],
        "lever": [one.lever for one in acted],
        "facts": [json.dumps(one.facts) for one in acted],
    }
    frame = now.with_columns(pl.Series(name, values, dtype=pl.String) for name, values in own.items())
    frame = frame.join(known, on=["account_id", "subject"], how="left", maintain_order="left")
    dated = pl.col("act").is_in(DATED_KINDS)
    until = pl.when(dated).then(pl.col("reason").str.to_date("%Y-%m-%d", strict=False))
    # The list of a day is that of the night before: what returns on a day is in the night before it.
    returned = (until <= book.night + timedelta(days=1)).fill_null(False)
    why = (
        pl.when(pl.col("act").is_in(DONE_KINDS))
        .then(pl.lit(Priority.LeftOut.DONE.value))
        .when(pl.col("act") == "snoozed")
        .then(pl.lit(Priority.LeftOut.SNOOZED.value))
        .otherwise(pl.lit(Priority.LeftOut.DISMISSED.value))
    )
    frame = frame.with_columns(_find_news(book.model))
    kept_away = pl.col("act").is_not_null() & ~returned & ~pl.col("is_new")
    offered_until = pl.col("pitched_on") + pl.duration(days=book.organization.cooldown_days)
    cooling = pl.col("subject").is_in(GROWTH) & (offered_until > book.night + timedelta(days=1))
    cooling = cooling.fill_null(False) & ~(kept_away & (pl.col("act") == "snoozed"))
    judged = frame.with_columns(
        left_out=pl.when(cooling)
        .then(pl.lit(Priority.LeftOut.COOLDOWN.value))
        .when(kept_away)
        .then(why)
        .otherwise(pl.lit("")),
        left_out_until=pl.when(cooling).then(offered_until).when(kept_away).then(until),
        news=pl.when(pl.col("act").is_not_null() & ~kept_away)
        .then(_write_news().struct.json_encode())
        .otherwise(pl.lit(NOTHING_NEW)),
        spoken_for=pl.when(kept_away).then("spoken_for"),
    ).select("account_id", "subject", "owner_email", "left_out", "left_out_until", "news", "spoken_for")
    return _follow_speakers(judged)


def spread_acts(acts: pl.DataFrame) -> pl.DataFrame:
    """The newest act that holds for each subject: its own, or one on the subject that spoke for it (`spoken_for`)."""
    own = acts.drop("also").with_columns(spoken_for=pl.lit(None, dtype=pl.String))
    spread = (
        acts.filter(pl.col("also").list.len() > 0)
        .with_columns(spoken_for="subject", subject="also", pitched_on=pl.lit(None, dtype=pl.Date))
        .explode("subject")
        .select(own.columns)
    )
    if not spread.height:
        return own
    return (
        pl.concat([own, spread])
        .with_columns(pitched_on=pl.col("pitched_on").max().over("account_id", "subject"))
        .sort("acted_on", "spoken_for", descending=[True, False], nulls_last=False)
        .unique(["account_id", "subject"], keep="first", maintain_order=True)
    )


def _follow_speakers(judged: pl.DataFrame) -> pl.DataFrame:
    """A subject that another speaks for is where that one is tonight; it stands for itself where that one is gone."""
    if not judged["spoken_for"].count():
        return judged
    who = ["account_id", "owner_email", "spoken_for"]
    speakers = judged.filter(pl.col("spoken_for").is_null()).select(
        "account_id", "owner_email", spoken_for="subject", as_out="left_out", as_until="left_out_until", as_news="news"
    )
    followed = judged.join(speakers, on=who, how="left", maintain_order="left")
    follows = pl.col("as_out").is_not_null()
    return followed.with_columns(
        left_out=pl.coalesce("as_out", "left_out"),
        left_out_until=pl.when(follows).then("as_until").otherwise("left_out_until"),
        news=pl.coalesce("as_news", "news"),
        spoken_for=pl.when(follows).then("spoken_for"),
    ).drop("as_out", "as_until", "as_news")


def _find_news(model: ScoringModel) -> list[pl.Expr]:
    """Column is_new, and what makes it so: contribution `worse` by `worse_by`, score_moved, own_day."""
    growth = ~pl.col("lever").is_in(["retain", ""])
    sign = pl.when(growth).then(1.0).otherwise(-1.0)
    moved = sign * pl.when(growth).then(pl.col("potential") - pl.col("seen_potential")).otherwise(
        pl.col("health") - pl.col("seen_health")
    )
    comparable = pl.when(pl.col("seen_points").list.len() == len(model.names)).then(pl.col("seen_points"))
    change = (pl.col("points") - comparable) * sign
    not_kept = was_not_kept(
        points=comparable, health="seen_health", top_cause="seen_top_cause", lever="seen_lever", model=model
    )
    change = pl.when(not_kept).then(change * (1.0 - list_health(model))).otherwise(change)
    own_day = pl.col("facts").str.json_path_match("$.on").str.to_date("%Y-%m-%d", strict=False)
    newer = pl.when(own_day > pl.col("acted_on")).then(own_day)
    is_new = pl.any_horizontal(
        pl.col("segment") != pl.col("seen_segment"),
        pl.col("now_lever") != pl.col("seen_lever"),
        pl.col("top_cause") != pl.col("seen_top_cause"),
        moved >= SCORE_STEP,
        change.list.max() >= CONTRIBUTION_STEP,
        pl.col("decision_on") != pl.col("seen_decision_on"),
        newer.is_not_null(),
    )
    stepped = change.list.max() >= CONTRIBUTION_STEP
    return [
        is_new.fill_null(False).alias("is_new"),
        (moved >= SCORE_STEP).fill_null(False).alias("score_moved"),
        pl.when(stepped).then(change.list.arg_max() + 1).cast(pl.Int16).alias("worse"),
        newer.alias("own_day"),
        growth.alias("growth"),
    ]


def _write_news() -> pl.Expr:
    """The last act, and before and now of everything that differs; null where it does not."""

    def pair(now: str, seen: str) -> pl.Expr:
        differs = pl.col(now) != pl.col(seen)
        return pl.when(differs.fill_null(False)).then(
            pl.concat_list(pl.col(seen).cast(pl.String), pl.col(now).cast(pl.String))
        )

    moved, growth = pl.col("score_moved"), pl.col("growth")
    return pl.struct(
        act="act",
        acted_on=pl.col("acted_on").cast(pl.String),
        on=pl.col("own_day").cast(pl.String),
        health=pl.when(moved & ~growth).then(pl.concat_list("seen_health", "health")),
        potential=pl.when(moved & growth).then(pl.concat_list("seen_potential", "potential")),
        segment=pair("segment", "seen_segment"),
        lever=pair("now_lever", "seen_lever"),
        cause=pl.when((pl.col("top_cause") != pl.col("seen_top_cause")).fill_null(False)).then("top_cause"),
        worse="worse",
        decision=pair("decision_on", "seen_decision_on"),
    )
