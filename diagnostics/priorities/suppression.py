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

from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any

import numpy as np
import psycopg
from django.db.backends.utils import CursorWrapper
from numpy.typing import NDArray

from accounts.models import Organization
from diagnostics.book import DiagnosedBook
from diagnostics.models import Priority
from diagnostics.priorities.candidates import GROWTH, Candidate
from diagnostics.priorities.comparing import Comparison
from diagnostics.stored_points import SENT, gather_points, read_points

DONE_KINDS = ("called", "mailed", "met", "planned", "no_action")
DATED_KINDS = ("snoozed", "planned")  # their reason is the day on which the subject returns
# An act that put the offer to the account, or decided against it; a plan to do so is none yet.
PITCH_KINDS = ("called", "mailed", "met", "no_action", "dismissed")
SCORE_STEP = 5.0
CONTRIBUTION_STEP = 3.0

# The last act on each subject known on the night, beside the diagnosis that the member saw.
ACTS = f"""
SELECT act.account_id::text, act.priority, act.kind, act.reason, act.acted_on, act.pitched_on,
       seen.health, seen.potential, seen.segment, seen.lever, seen.top_cause, seen.decision_on,
       {SENT.format("seen.points")}, coalesce(row.also, '{{}}')
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
"""  # noqa: S608  # put together from constants


@dataclass(frozen=True, slots=True)
class ActedOn:
    """The last act on a subject, and the account as the member saw it; None where no night was seen."""

    account_id: str
    subject: str
    act: str
    reason: str
    acted_on: date
    pitched_on: date | None
    health: float | None
    potential: float | None
    segment: str | None
    lever: str | None
    top_cause: int | None
    decision_on: date | None
    points: bytes | None  # as sent
    also: list[str]
    # The subject whose row spoke for this one, where the act was on that.
    spoken_for: str | None = None


def ask_acts(cursor: CursorWrapper, organization: Organization, night: date) -> Callable[[], list[Any]]:
    """The last act on each subject before the end of the night, rows as `ActedOn`; what is returned waits for them."""
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
    known = spread_acts(acts, standing)
    acted = [one for key, one in standing.items() if key in known]
    if not acted:
        return
    comparison = Comparison(book.model)
    now = {name: book.diagnoses[name] for name in READ}
    points = gather_points(book.diagnoses, [one.row for one in acted], len(book.model.names))
    for one, its_points in zip(acted, points, strict=True):
        seen = known[one.account_id, one.subject]
        its_own = {name: column[one.row] for name, column in now.items()}
        _judge(one, seen, find_news(one, seen, its_own, its_points, comparison), book)
    _follow_speakers(acted)


READ = ("health", "potential", "segment", "lever")


def spread_acts(acts: list[Any], standing: Container[tuple[str, str]]) -> dict[tuple[str, str], ActedOn]:
    """The newest act that holds for each subject that stands: its own, or one on the subject that spoke for it."""
    own: dict[tuple[str, str], ActedOn] = {}
    found: dict[tuple[str, str], ActedOn] = {}
    spread = []
    for row in acts:
        key = row[0], row[1]
        if key in standing:
            found[key] = own[key] = ActedOn(*row)
        spread += [(row[0], subject, row) for subject in row[-1] if (row[0], subject) in standing]
    for account, subject, row in spread:
        key = account, subject
        pitched_on = own[key].pitched_on if key in own else None
        one = replace(ActedOn(*row), subject=subject, pitched_on=pitched_on, spoken_for=row[1])
        if key not in found or _newest_first(one) < _newest_first(found[key]):
            found[key] = one
    return found


def _newest_first(one: ActedOn) -> tuple[int, str]:
    """Of one day the act on the subject itself, then by the subject that spoke for it."""
    return -one.acted_on.toordinal(), one.spoken_for or ""


@dataclass(frozen=True, slots=True)
class News:
    """What is new about a subject since the act, and how it is told."""

    is_new: bool
    told: dict[str, Any]


def find_news(
    one: Candidate, seen: ActedOn, now: Mapping[str, Any], points: NDArray[np.float64], comparison: Comparison
) -> News:
    """The last act, and before and now of everything that differs; None where it does not.

    `now`: tonight's health, potential, segment and lever; `points` tonight's contributions.
    """
    growth = one.lever not in ("retain", "")
    sign = 1.0 if growth else -1.0
    score = "potential" if growth else "health"
    before, after = (seen.potential if growth else seen.health), now[score]
    moved = before is not None and after is not None and sign * (after - before) >= SCORE_STEP
    worse = _find_worse(seen, points, sign, comparison)
    on = date.fromisoformat(one.facts["on"]) if one.facts.get("on") else None
    newer = on if on and on > seen.acted_on else None
    segment, lever = _pair(seen.segment, now["segment"]), _pair(seen.lever, now["lever"])
    decision = _pair(seen.decision_on, one.decision_on)
    cause = one.top_cause if _pair(seen.top_cause, one.top_cause) else None
    told = {
        "act": seen.act,
        "acted_on": str(seen.acted_on),
        "on": str(newer) if newer else None,
        "health": [before, after] if moved and not growth else None,
        "potential": [before, after] if moved and growth else None,
        "segment": segment,
        "lever": lever,
        "cause": cause,
        "worse": worse,
        "decision": decision,
    }
    is_new = moved or any(what is not None for what in (segment, lever, cause, worse, decision, newer))
    return News(is_new, told)


def _pair(before: Any, now: Any) -> list[str] | None:
    differs = before is not None and now is not None and before != now
    return [str(before), str(now)] if differs else None


def _find_worse(seen: ActedOn, points: NDArray[np.float64], sign: float, comparison: Comparison) -> int | None:
    """The number of the contribution that became worse (better for growth) by most, if by a step."""
    before = read_points(seen.points, len(points))
    if before is None:
        return None
    change = (points - before) * sign
    if comparison.was_not_kept(before, health=seen.health, top_cause=seen.top_cause, lever=seen.lever or ""):
        change[comparison.health] = 0.0
    worst = int(change.argmax())
    return worst + 1 if change[worst] >= CONTRIBUTION_STEP else None


def _judge(one: Candidate, seen: ActedOn, found: News, book: DiagnosedBook) -> None:
    """What becomes of a candidate that an act holds for."""
    # The list of a day is that of the night before: what returns on a day is in the night before it.
    listed = book.night + timedelta(days=1)
    until = _read_day(seen.reason) if seen.act in DATED_KINDS else None
    kept_away = not found.is_new and not (until and until <= listed)
    one.spoken_for = seen.spoken_for if kept_away else None
    if not kept_away:
        one.news = found.told
    else:
        put_away = {"snoozed": Priority.LeftOut.SNOOZED} | dict.fromkeys(DONE_KINDS, Priority.LeftOut.DONE)
        one.left_out, one.left_out_until = put_away.get(seen.act, Priority.LeftOut.DISMISSED).value, until
    offered_until = seen.pitched_on + timedelta(days=book.organization.cooldown_days) if seen.pitched_on else None
    snoozed = kept_away and seen.act == "snoozed"
    if one.subject in GROWTH and offered_until and offered_until > listed and not snoozed:
        one.left_out, one.left_out_until = Priority.LeftOut.COOLDOWN.value, offered_until


def _read_day(text: str) -> date | None:
    try:
        return datetime.strptime(text, "%Y-%m-%d").date()  # noqa: DTZ007  # a day
    except ValueError:
        return None


def _follow_speakers(acted: list[Candidate]) -> None:
    """A subject that another speaks for is where that one is tonight; it stands for itself where that one is gone."""
    speakers = {(one.account_id, one.owner_email, one.subject): one for one in acted if one.spoken_for is None}
    for one in acted:
        if one.spoken_for is None:
            continue
        speaker = speakers.get((one.account_id, one.owner_email, one.spoken_for))
        if speaker is None:
            one.spoken_for = None
        else:
            one.left_out, one.left_out_until, one.news = speaker.left_out, speaker.left_out_until, speaker.news
