"""One cause shared by several accounts is one row of a list: pools, found after the acts and before the rank.

A product event is shared by the accounts to retain that have its product and whose points of usage and support fell
since the last night before it: the two coincide, which is all that is said. On small accounts, the same first signal
(or the same plain subject) of one person is shared as well; an account in defense always stands alone. So does one
to retain that decides within two weeks or gave notice: it is owed a call of its own, though it shares the cause.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import date
from math import fsum
from typing import Any

import numpy as np
import psycopg
from django.db.backends.utils import CursorWrapper

from diagnostics.book import DiagnosedBook
from diagnostics.priorities.candidates import Candidate
from diagnostics.priorities.comparing import Comparison
from diagnostics.stored_points import SENT, gather_points, read_points

LEAST_SHARED = 3  # accounts; fewer are no shared cause
EVENT_DAYS = 60  # how long after it an event may be felt
SLACK_DAYS = 15  # how much older than the event the night before it may be
ALONE_DAYS = 14  # before its decision an account to retain stands alone
LEAST_FALL = 5.0  # points of health, in usage and support together
MOST_COUNTED = 32_000  # accounts of a pool; more are not told apart
PLAIN_KINDS = ("owner", "plan")  # say the same of every account, without a signal
SIGNAL_KINDS = ("retain", "upsell", "seats", "usage", "cross_sell", "price")
FELT_IN = ("usage", "support")

# The accounts that had an event's product when it came, with their points on the last night before it.
FELT = f"""
WITH event AS MATERIALIZED (
    SELECT e.id, e.happened_on, e.product_id, e.source_id, before.night
    FROM portfolio_productevent e JOIN LATERAL (
        SELECT n.night FROM diagnostics_night n
        WHERE n.organization_id = %(organization)s AND n.night < e.happened_on
            AND n.night >= e.happened_on - %(slack)s::int
        ORDER BY n.night DESC LIMIT 1
    ) before ON true
    WHERE e.organization_id = %(organization)s
        AND e.happened_on BETWEEN %(night)s::date - %(days)s::int AND %(night)s::date
)
SELECT event.id::text, event.happened_on, event.source_id, d.account_id::text, {SENT.format("d.points")},
    d.health, d.top_cause, d.lever
FROM event JOIN diagnostics_diagnosis d ON d.organization_id = %(organization)s AND d.night = event.night
WHERE d.account_id = ANY(%(accounts)s::uuid[]) AND (event.product_id IS NULL OR EXISTS (
    SELECT FROM portfolio_subscription s
    WHERE s.organization_id = %(organization)s AND s.account_id = d.account_id AND s.product_id = event.product_id
        AND s.started_on <= event.happened_on AND (s.ended_on IS NULL OR s.ended_on > event.happened_on)))
"""  # noqa: S608  # put together from constants
type Felt = Callable[[], list[Any]]


def pool_candidates(candidates: list[Candidate], book: DiagnosedBook, felt: Felt) -> None:
    """pool ('' where a row stands alone), event_id, and the accounts and ARR that share the cause in all."""
    events = find_shared_events(candidates, book, felt)
    small, arr = _measure_accounts(book)
    alike = [
        _name_alike(one.kind, one.top_cause, book) if one.left_out == "" and small[one.row] else ""
        for one in candidates
    ]
    sharing = Counter((one.owner_email, name) for one, name in zip(candidates, alike, strict=True))
    shared: dict[str, list[Candidate]] = {}
    for one, name in zip(candidates, alike, strict=True):
        one.event_id = events.get(one.account_id) if one.kind == "retain" else None
        if one.event_id:
            shared.setdefault(f"event:{one.event_id}", []).append(one)
        elif name and sharing[one.owner_email, name] >= LEAST_SHARED:
            shared.setdefault(name, []).append(one)
    for cause, those in shared.items():
        total = round(fsum(arr[one.row] or 0.0 for one in those), 2)
        for one in those:
            one.pool_accounts, one.pool_arr = min(len(those), MOST_COUNTED), total
            one.pool = "" if one.kind == "retain" and _stands_alone(one, book.night) else cause


def _measure_accounts(book: DiagnosedBook) -> tuple[list[bool], list[float | None]]:
    """Of every account: whether it is small and not in defense, and its ARR."""
    segments, values, arr = (book.diagnoses[name].to_list() for name in ("segment", "value_segment", "arr"))
    small = [
        (tier == "smb" or value == "C") and segment != "defense_priority"
        for segment, value, tier in zip(segments, values, book.features["tier"].to_list(), strict=True)
    ]
    return small, arr


def _name_alike(kind: str, top_cause: int | None, book: DiagnosedBook) -> str:
    """What a small account may share with others of its person; '' for nothing."""
    if kind in PLAIN_KINDS:
        return f"kind:{kind}"
    if kind in SIGNAL_KINDS and top_cause is not None:
        return f"signal:{kind}:{book.model.signals[top_cause - 1]}"
    return ""


def _stands_alone(one: Candidate, night: date) -> bool:
    """Whether an account to retain decides within two weeks or gave notice."""
    soon = one.deadline is not None and 0 <= (one.deadline - night).days <= ALONE_DAYS
    return soon or one.facts.get("on") is not None


def ask_felt(cursor: CursorWrapper, book: DiagnosedBook) -> Felt:
    """Ask for the events of the last 60 days with the accounts to retain that had their product.

    What is returned waits for them: event, its day and source id, account, points, health, first
    cause and lever; of too few accounts to share a cause none.
    """
    accounts = book.diagnoses["account_id"].filter(book.diagnoses["lever"] == "retain").to_list()
    if len(accounts) < LEAST_SHARED:
        return list
    named: dict[str, Any] = {"organization": book.organization.id, "night": book.night, "accounts": accounts}
    named |= {"days": EVENT_DAYS, "slack": SLACK_DAYS}
    return psycopg.Cursor(cursor.connection).execute(FELT, named, binary=True).fetchall


def find_shared_events(candidates: list[Candidate], book: DiagnosedBook, felt: Felt) -> dict[str, str]:
    """By account the event that each account to retain shares with others, if there is one."""
    standing = {one.account_id: one for one in candidates if one.kind == "retain"}
    if len(standing) < LEAST_SHARED:
        return {}
    falls = measure_falls([row for row in felt() if row[3] in standing], standing, book)
    sharing = Counter(event for _fall, _day, _source, event, _account in falls)
    # An account that felt several is counted to the one it fell most after.
    falls.sort(key=lambda fall: fall[2])
    falls.sort(key=lambda fall: fall[:2], reverse=True)
    found: dict[str, str] = {}
    for _fall, _day, _source, event, account in falls:
        if sharing[event] >= LEAST_SHARED:
            found.setdefault(account, event)
    return found


def measure_falls(
    felt: list[Any], standing: Mapping[str, Candidate], book: DiagnosedBook
) -> list[tuple[float, date, str, str, str]]:
    """Where points of usage and support fell by `LEAST_FALL` or more since before an event.

    Rows of the fall, the event's day, source id and id, and the account.
    """
    model = book.model
    width, comparison = len(model.names), Comparison(model)
    heard = np.zeros(width)
    heard[: len(model.declarations)] = [one.score == "health" and one.source in FELT_IN for one in model.declarations]
    tonight = gather_points(book.diagnoses, [standing[row[3]].row for row in felt], width)
    falls = []
    for now, (event, day, source, account, sent, health, top_cause, lever) in zip(tonight, felt, strict=True):
        before = read_points(sent, width)
        if before is None or comparison.was_not_kept(before, health=health, top_cause=top_cause, lever=lever):
            continue
        fall = float((before - now) @ heard)
        if fall >= LEAST_FALL:
            falls.append((fall, day, source, event, account))
    return falls
